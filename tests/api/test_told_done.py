"""Over HTTP: contact under 004 §5.4 is not closed before the head knows, or the next in the route."""

from __future__ import annotations

import pytest

from tests.api.client import REASON, House, Json
from tests.api.people import related
from tests.api.test_telling import SAID, person_of_head

RULE = "st-thomas-contact-classify-told"
NOW = "2026-09-14 10:20"


def contact(house: House) -> Json:
    house.clock.set(NOW)
    people = [
        {"person": house.person("Tara Teacher", "staff"), "involvement": "target"},
        {"person": house.person("Petra Pupil"), "involvement": "alleged"},
    ]
    return house.report(kind="unsolicited_contact", direction="pupil_to_staff", people=people)


def asked(house: House, incident: str) -> list[Json]:
    return [item for item in house.next_steps(incident) if item["rule"] == RULE]


def outstanding(house: House, incident: str) -> list[str]:
    refusal = house.refused(incident, "close", outcome="Over.", rationale=REASON)
    return list(refusal["outstanding"])


@pytest.fixture
def incident(house: House) -> str:
    return str(contact(house)["id"])


def test_the_lead_alone_cannot_close_it(house: House, incident: str) -> None:
    house.take(incident, "acknowledge")
    (item,) = asked(house, incident)
    assert (item["step"], item["preset"], item["clause"]) == (
        "tell",
        {"role": "headteacher"},
        "004 §5.4, §6.3",
    )
    assert RULE in outstanding(house, incident)


@pytest.mark.parametrize("by", ["role", "user"])
def test_it_is_enough_that_the_head_is_told(house: House, incident: str, by: str) -> None:
    whom = {"role": "headteacher"} if by == "role" else {"user": house.users["headteacher"]}
    house.take(incident, "tell", **whom, **SAID)
    assert asked(house, incident) == []


def test_it_is_enough_that_the_head_acknowledges(house: House, incident: str) -> None:
    house.take(incident, "acknowledge", "headteacher")
    assert asked(house, incident) == []


def test_a_head_who_is_also_the_lead_knows(house: House, incident: str) -> None:
    house.appoint("dsl", "headteacher", house.school)
    house.take(incident, "acknowledge")
    assert asked(house, incident) == []


def test_a_head_who_is_recused_is_replaced_by_the_next(house: House) -> None:
    house.add_user("chair", "chair_of_governors", house.school)
    case = contact(house)
    related(house, person_of_head(house), "parent_of", case["people"][1]["person"])
    incident = str(case["id"])
    (item,) = asked(house, incident)
    assert item["preset"] == {"role": "chair_of_governors"}
    house.refused(incident, "tell", role="headteacher", **SAID)
    house.take(incident, "tell", **item["preset"], **SAID)
    assert asked(house, incident) == []
