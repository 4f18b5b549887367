"""Whether somebody was a child is worked out from the birth date, for the day of the incident."""

from __future__ import annotations

from typing import Final

import pytest

from tests.api.client import REASON, House, Json
from tests.api.people import changed

REPORTED: Final = "2026-09-14 10:20"
OF_AGE: Final = "2008-09-14"
A_DAY_TOO_YOUNG: Final = "2008-09-15"


def case_of(house: House, target: str) -> str:
    house.clock.set(REPORTED)
    people = [{"person": target, "involvement": "target"}]
    return str(house.report(people=people, occurred_at="2026-09-14T09:00:00+01:00")["id"])


def owed_to(house: House, case: str, person: str) -> set[str]:
    """The steps about parents that are due for `person`."""
    due = [each for each in house.next_steps(case) if person in each.get("preset", {}).values()]
    return {each["step"] for each in due} & {"inform_parents", "record_child_voice"}


@pytest.mark.parametrize(("born_on", "parents_due"), [(OF_AGE, False), (A_DAY_TOO_YOUNG, True), (None, True)])
def test_the_birth_date_decides_whether_parents_are_informed(
    house: House, born_on: str | None, parents_due: bool
) -> None:
    pupil = house.person("Petra Pupil", born_on=born_on)
    case = case_of(house, pupil)
    assert ("inform_parents" in owed_to(house, case, pupil)) is parents_due
    if not parents_due:
        refused = house.refused(case, "inform_parents", **telling(house, pupil))
        assert refused["rule"] == "adult-pupil-decides-about-parents"


def telling(house: House, child: str) -> Json:
    parent = house.person("Pat Parent", "parent")
    known: Json = {"relation_confirmed": "His mother, who says so.", "method": "telephone"}
    return {"parent": parent, "child": child, "summary": "What happened.", **known}


@pytest.mark.parametrize("step", ["involve_person", "identify_person"])
def test_it_is_worked_out_for_who_is_involved_later(house: House, step: str) -> None:
    unknown = house.person("An account", "unknown")
    case = case_of(house, unknown)
    pupil = house.person("Petra Pupil", born_on=OF_AGE)
    if step == "involve_person":
        house.take(case, step, person=pupil, involvement="target")
    else:
        house.take(case, step, person=unknown, **{"as": pupil})
    assert owed_to(house, case, pupil) == {"record_child_voice"}


def test_another_record_of_the_same_person_may_hold_the_birth_date(house: House) -> None:
    known, other = house.person("Petra Pupil"), house.person("Petra Pupil", born_on=OF_AGE)
    house.created("dsl", f"/people/{known}/same-as", {"person": other, "reason": REASON})
    case = case_of(house, house.person("Tess Target"))
    house.take(case, "involve_person", person=known, involvement="target")
    assert owed_to(house, case, known) == {"record_child_voice"}


def test_it_is_worked_out_again_when_the_time_of_the_incident_is_corrected(house: House) -> None:
    named, later = (house.person(name, born_on="2008-09-12") for name in ("Petra Pupil", "Perry Pupil"))
    case = case_of(house, named)
    house.take(case, "involve_person", person=later, involvement="target")
    assert owed_to(house, case, named) == owed_to(house, case, later) == {"record_child_voice"}
    correction: Json = {"corrects": 1, "reason": REASON}
    day_before = {"occurred_at": "2026-09-11T09:00:00+01:00"}
    house.take(case, "correct", fields=day_before, **correction)
    assert "inform_parents" in owed_to(house, case, named)
    assert "inform_parents" in owed_to(house, case, later)
    # The other way round a child would lose what protects them: two people decide.
    back = house.step(case, "correct", fields={"occurred_at": "2026-09-14T09:00:00+01:00"}, **correction)
    assert back.status_code == 202, back.text


def test_a_birth_date_corrected_later_counts_once_the_person_is_involved_again(house: House) -> None:
    pupil, other = house.person("Petra Pupil", born_on=OF_AGE), house.person("Tess Target")
    case = case_of(house, pupil)
    house.take(case, "involve_person", person=other, involvement="target")
    changed(house, pupil, born_on="2011-09-14")
    assert owed_to(house, case, pupil) == {"record_child_voice"}
    house.take(case, "withdraw_involvement", person=pupil, reason=REASON)
    house.take(case, "involve_person", person=pupil, involvement="target")
    assert "inform_parents" in owed_to(house, case, pupil)


def test_no_birth_date_gets_into_the_case(house: House) -> None:
    pupil = house.person("Petra Pupil", born_on=OF_AGE)
    case = case_of(house, pupil)
    shown = house.ask("dsl", "GET", f"/incidents/{case}/steps").text
    assert OF_AGE not in shown
    assert "2008" not in shown
