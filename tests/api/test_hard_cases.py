"""Cases that do not follow the book, by the names by which a school knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.api.client import NO_RISK, REASON, House, Json, opened_house
from tests.engines import Engine

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

HEAD: Final = "headteacher"
TOLD: Final = {"method": "telephone", "summary": "What happened, and what the school does now."}


@pytest.fixture
def house(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A school under St Thomas' policy with a chair of governors, on a Monday in term."""
    with opened_house(engine, tmp_path_factory.mktemp("hard")) as house:
        house.clock.set("2026-09-14 10:20")
        house.add_user("chair", "chair_of_governors", house.school)
        yield house


def report(house: House, *people: tuple[str, str], kind: str = "cyberbullying", **more: Json) -> str:
    named = [{"person": person, "involvement": involvement} for person, involvement in people]
    return str(house.report(kind=kind, people=named, **more)["id"])


def parent_of(house: House, *children: str, relation: str = "parent_of", name: str = "Pat Parent") -> str:
    category = "external" if relation == "social_worker_of" else "parent"
    return house.person(
        name, category, relations=[{"relation": relation, "person": each} for each in children]
    )


def inform(house: House, case: str, parent: str, child: str, **more: Json) -> None:
    house.take(case, "inform_parents", parent=parent, child=child, **{**TOLD, **more})


def owed(house: House, case: str, child: str) -> bool:
    """Whether the parents of the child are still to be informed."""
    return bool(house.asked(case, "inform_parents", child=child))


def reads(house: House, who: str, case: str) -> bool:
    return house.ask(who, "GET", f"/incidents/{case}").status_code == 200


def absent(house: House, who: str) -> None:
    held = house.get(who, "/me")["appointments"][0]["id"]
    body = {"absent_until": "2026-12-18"}
    answer = house.ask(who, "PATCH", f"/schools/{house.school}/appointments/{held}", json=body)
    assert answer.status_code == 200, answer.text


def test_a_brother_bullies_his_sister_and_one_mother_hears_of_both(house: House) -> None:
    sister, brother = house.person("Sue Sibling"), house.person("Bob Sibling")
    mother = parent_of(house, sister, brother)
    case = report(house, (sister, "target"), (brother, "alleged"))
    inform(house, case, mother, sister)
    assert (owed(house, case, sister), owed(house, case, brother)) == (False, True)
    inform(house, case, mother, brother)
    assert not owed(house, case, brother)


def test_nobody_knows_who_did_it_until_a_pupil_is_named(house: House) -> None:
    child, unknown = house.person("Tess Target"), house.person("Someone unknown", "unknown")
    case = report(house, (child, "target"), (unknown, "alleged"))
    assert [item["preset"] for item in house.asked(case, "inform_parents")] == [{"child": child}]
    found = house.person("Alan Alleged")
    house.take(case, "identify_person", person=unknown, **{"as": found})
    assert owed(house, case, found)


def test_a_pupil_of_another_school_is_left_to_its_safeguarding_lead(house: House) -> None:
    child = house.person("Tess Target")
    other = house.person("Oscar Other", "external", employer="Hillside Primary School")
    case = report(house, (child, "target"), (other, "alleged"))
    assert [item["preset"] for item in house.asked(case, "inform_parents")] == [{"child": child}]
    shown = house.take(
        case,
        "escalate",
        agency="other_school",
        reason="Their pupil sent it; we lead together.",
        contact="Their DSL",
    )
    assert "escalated" not in shown["milestones"]
    house.take(case, "assign", user=house.users["deputy_dsl"])
    answer = {"agency": "other_school", "outcome": "They speak to him and his parents.", "enquiry": "closed"}
    house.take(case, "record_agency_response", **answer)


def test_the_social_worker_of_a_looked_after_child_is_informed(house: House) -> None:
    child = house.person("Lena Looked-After")
    worker = parent_of(house, child, relation="social_worker_of", name="Wanda Worker")
    case = report(house, (child, "target"))
    inform(house, case, worker, child)
    assert not owed(house, case, child)


def test_of_separated_parents_one_is_alleged_and_the_other_is_told(house: House) -> None:
    child = house.person("Tess Target")
    mother, father = parent_of(house, child, name="Mo Field"), parent_of(house, child, name="Fred Field")
    case = report(house, (child, "target"), (father, "alleged"), kind="sexting", content=["adult_contact"])
    refused = house.refused(case, "inform_parents", parent=father, child=child, **TOLD)
    assert refused["rule"] == "alleged-parent-not-told"
    assert owed(house, case, child)
    inform(house, case, mother, child)
    assert not owed(house, case, child)


def test_a_parent_who_refuses_contact_counts_as_informed_and_one_who_does_not_answer_does_not(
    house: House,
) -> None:
    child = house.person("Tess Target")
    mother = parent_of(house, child)
    case = report(house, (child, "target"))
    inform(house, case, mother, child, outcome="no_answer")
    assert owed(house, case, child)
    inform(house, case, mother, child, outcome="refused", summary="She hung up; a letter was sent.")
    assert not owed(house, case, child)


def test_one_chat_becomes_several_cases_that_know_of_each_other(house: House) -> None:
    first = report(house, *((house.person(name), "target") for name in ("Ann Able", "Ben Bold")))
    second = report(house, (house.person("Cy Clear"), "target"))
    house.take(second, "link", incident=first, **{"as": "part_of_the_same"})
    assert [each["incident"] for each in house.get("dsl", f"/incidents/{first}")["links"]] == [second]


def test_an_allegation_against_somebody_who_left_years_ago(house: House) -> None:
    """Nobody is suspended; the LADO hears of it, and the DBS and the TRA are considered at once."""
    teacher = house.person("Tara Teacher", "staff")
    left = {"left_on": "2019-07-19", "reason": REASON}
    house.ask("dsl", "PATCH", f"/people/{teacher}", json=left, headers={"If-Match": "*"})
    pupil = (house.person("Fay Former", "former_pupil"), "target")
    case = report(house, pupil, (teacher, "alleged"), kind="staff_allegation")
    assert house.asked(case, "consult_lado", HEAD)
    assert house.asked(case, "decide_regulatory_referral", HEAD)
    house.take(case, "consult_lado", HEAD, advice="Go on.", may_tell_subject=True, may_tell_parents=True)
    assert not house.asked(case, "decide_suspension", HEAD)


def test_the_agency_of_a_supply_teacher_is_told(house: House) -> None:
    teacher = house.person("Sid Supply", "contractor", employer="Anytown Supply")
    case = report(
        house, (house.person("Tess Target"), "target"), (teacher, "alleged"), kind="staff_allegation"
    )
    house.take(case, "consult_lado", HEAD, advice="Go on.", may_tell_subject=True, may_tell_parents=True)
    assert house.asked(case, "escalate", HEAD, agency="employer")


@pytest.mark.parametrize("with_deputy", [True, False], ids=["with a deputy", "without a deputy"])
def test_the_safeguarding_lead_is_bullied_and_somebody_else_handles_it(
    house: House, with_deputy: bool
) -> None:
    if not with_deputy:
        absent(house, "deputy_dsl")
    case = report(house, (house.person("Alan Alleged"), "alleged"))
    dsl = house.get("dsl", "/me")["user"]["persons"][0]["person"]
    house.take(case, "involve_person", HEAD, person=dsl, involvement="target")
    assert not reads(house, "dsl", case)
    handles = "deputy_dsl" if with_deputy else HEAD
    house.take(case, "acknowledge", handles)


def test_while_the_head_is_away_an_allegation_goes_to_the_chair(house: House) -> None:
    teacher = house.person("Tara Teacher", "staff")
    absent(house, HEAD)
    case = report(
        house, (house.person("Tess Target"), "target"), (teacher, "alleged"), kind="staff_allegation"
    )
    assert reads(house, "chair", case)
    house.take(case, "appoint_case_manager", "chair", user=house.users["chair"])


def test_the_risks_of_a_nude_are_all_no_and_the_school_manages_it(house: House) -> None:
    """Decided by the DSL, with a reason; nobody calls a child an offender."""
    child = house.person("Tess Target")
    case = report(house, (child, "target"), kind="sexting")
    house.take(case, "assess_risk", **NO_RISK)
    decision = {"decision": "Managed in school.", "rationale": REASON, "topic": "managed_in_school"}
    house.take(case, "decide", **decision)
    support = {"person": child, "what": "Somebody to talk to about an offender."}
    assert house.refused(case, "offer_support", **support)["rule"] == "sexting-no-child-an-offender"


def test_a_faked_picture_of_a_teacher_is_an_image_of_an_adult(house: House) -> None:
    """The police are considered, and it is no child's image; the pupil who made it is supported too."""
    teacher, pupil = house.person("Tara Teacher", "staff"), house.person("Alan Alleged")
    case = report(
        house, (teacher, "target"), (pupil, "alleged"), kind="adult_image", content=["ai_generated"]
    )
    assert house.asked(case, "consider_police")
    assert not house.asked(case, "assess_risk")
    assert {item["preset"]["person"] for item in house.asked(case, "offer_support")} == {teacher, pupil}
    assert owed(house, case, pupil)


def test_a_stranger_abroad_blackmails_a_pupil_with_a_picture(house: House) -> None:
    pupil, stranger = house.person("Tess Target"), house.person("Someone abroad", "unknown")
    people = (pupil, "target"), (stranger, "alleged")
    case = report(house, *people, kind="online_grooming", content=["blackmail", "indecent_image"])
    asked = {item["preset"]["agency"] for item in house.asked(case, "escalate")}
    assert {"police", "childrens_social_care", "ceop"} <= asked
    assert house.asked(case, "save_evidence")


def test_for_an_image_that_a_ten_year_old_made_of_herself_social_care_is_considered(house: House) -> None:
    child = house.person("Tess Target", born_on="2016-05-04")
    case = report(house, (child, "target"), kind="sexting")
    house.take(case, "assess_risk", **NO_RISK)
    (item,) = house.asked(case, "escalate", agency="childrens_social_care")
    assert (item["modality"], item["rule"]) == ("consider", "sexting-under-13")
    decision = {"decision": "No referral.", "rationale": "Advice was taken from social care by telephone."}
    house.take(case, "decide", topic="managed_in_school", **decision)
    assert not house.asked(case, "escalate", agency="childrens_social_care")


def test_a_parent_bullies_a_teacher_online_and_the_police_are_considered_the_same_day(house: House) -> None:
    teacher, parent = house.person("Tara Teacher", "staff"), house.person("Pat Poster", "parent")
    case = report(house, (teacher, "target"), (parent, "alleged"), kind="parent_post", content=["abusive"])
    assert house.due(case, "consider_police")[:10] == "2026-09-14"
