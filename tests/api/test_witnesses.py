"""A witness may know of an allegation, and manages nothing in it: the next in the route does."""

from __future__ import annotations

import pytest

from tests.api.client import REASON, House, Json, body_of
from tests.api.test_recusal import School


@pytest.fixture
def school(house: House) -> School:
    return School(house)


def seen_by(school: School, *witnesses: str) -> str:
    """An allegation against a teacher, of which users are witnesses."""
    teacher = {"person": school.made("lead", "Sam Subject"), "involvement": "alleged"}
    people = [{"person": school.people[who], "involvement": "witness"} for who in witnesses]
    return school.report(teacher, *people, confidential_reporter=False)


def add_note(school: School, incident: str, who: str) -> int:
    return school.house.step(incident, "add_note", who, text="Something to note.").status_code


@pytest.mark.parametrize("step", ["assign", "appoint_case_manager"])
def test_a_witness_is_not_made_its_manager(school: School, step: str) -> None:
    incident = seen_by(school, "head")
    for user in ("head", "chair"):
        answer = school.house.step(incident, step, "chair", user=school.house.users[user])
        assert answer.status_code == (409 if user == "head" else 201), answer.text
        if user == "head":
            assert body_of(answer)["rule"] == f"not-a-witness-{step.replace('_', '-')}"
            assert body_of(answer)["clause"] == "KCSIE part 4; WTSC"


def test_a_head_who_is_a_witness_reads_it_and_the_chair_manages_it(school: School) -> None:
    incident = seen_by(school, "head")
    assert school.readers(incident) == {"head", "chair"}
    own = {"user": school.house.users["head"]}
    assert school.house.step(incident, "appoint_case_manager", "head", **own).status_code == 403
    assert add_note(school, incident, "head") == 403
    school.house.take(incident, "appoint_case_manager", "chair", user=school.house.users["chair"])


def test_a_chair_who_is_a_witness_too_leaves_it_to_the_vice_chair(school: School) -> None:
    incident = seen_by(school, "head", "chair")
    assert school.readers(incident) == {"head", "chair", "vice"}
    assert [add_note(school, incident, who) for who in ("head", "chair", "vice")] == [403, 403, 201]
    school.house.take(incident, "appoint_case_manager", "vice", user=school.house.users["vice"])


def test_a_manager_who_becomes_a_witness_manages_it_no_more(school: School) -> None:
    incident = seen_by(school)
    house = school.house
    house.take(incident, "appoint_case_manager", "head", user=house.users["head"])
    house.take(incident, "involve_person", "head", person=school.people["head"], involvement="witness")
    assert add_note(school, incident, "head") == 403
    assert add_note(school, incident, "chair") == 201
    waits = house.get("chair", "/me/notices")["items"]
    assert incident in [each.get("incident") for each in waits if each["what"] == "case_waits"]


def test_nobody_becomes_a_witness_and_its_manager_in_one_list(school: School) -> None:
    incident = seen_by(school)
    own = {"person": school.people["head"], "involvement": "witness"}
    steps: Json = [
        {"step": "involve_person", **own},
        {"step": "appoint_case_manager", "user": school.house.users["head"]},
    ]
    path = f"/incidents/{incident}/steps"
    answer = school.house.ask("head", "POST", path, json=steps, headers={"If-Match": "*"})
    assert (answer.status_code, body_of(answer)["failed"]) == (403, {"index": 1, "step": steps[1]["step"]})
    assert school.house.get("head", f"/incidents/{incident}")["version"] == 1


def test_it_is_the_same_under_a_record_that_is_joined_with_theirs(school: School) -> None:
    twin = school.made("lead", "Second Record")
    incident = seen_by(school)
    school.house.take(incident, "involve_person", "head", person=twin, involvement="witness")
    assert add_note(school, incident, "head") == 201
    body = {"person": twin, "reason": REASON}
    school.house.created("lead", f"/people/{school.people['head']}/same-as", body)
    assert add_note(school, incident, "head") == 403
    own = {"user": school.house.users["head"]}
    assert school.house.step(incident, "assign", "chair", **own).status_code == 409


def test_a_witness_of_a_childs_case_goes_on_with_it(school: School) -> None:
    said: Json = {"kind": "cyberbullying", "confidential_reporter": False}
    witness = {"person": school.people["lead"], "involvement": "witness"}
    incident = school.report(witness, **said)
    assert school.readers(incident) == {"lead", "deputy", "head"}
    assert add_note(school, incident, "lead") == 201
    school.house.take(incident, "assign", "head", user=school.house.users["lead"])
