"""Two requests about one approval at the same moment: the record stays consistent."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.approving import case, shown, waiver
from tests.api.client import BASE, REASON, House, Json, body_of
from tests.api.scene import ANY
from tests.api.test_idempotency import at_once, bearer, processes


class Sent(msgspec.Struct, frozen=True):
    """A POST by `who`, to be sent by another process at the same moment as others."""

    who: str
    path: str
    body: Json


@pytest.fixture
def race(house: House) -> Callable[..., list[TestResponse]]:
    """Sends several requests at one moment, each through a process of its own."""

    def together(*sent: Sent) -> list[TestResponse]:
        def send(client: FlaskClient, number: int) -> TestResponse:
            each = sent[number]
            return client.post(f"{BASE}{each.path}", json=each.body, headers=bearer(house, each.who, **ANY))

        with processes(house, len(sent)) as clients:
            return at_once(clients, send)

    return together


Race = Callable[..., list[TestResponse]]


def decision(approval: str, who: str = "headteacher", *, approve: bool = True) -> Sent:
    return Sent(who, f"/approvals/{approval}/decision", {"approve": approve, "reason": REASON})


def statuses(answers: list[TestResponse]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_of_two_decisions_one_is_recorded(house: House, race: Race) -> None:
    incident = case(house)
    approval = house.ask_to_waive(incident, "save_evidence")
    answers = race(decision(approval), decision(approval, approve=False))
    assert statuses(answers) == [200, 409]
    (counts,) = (body_of(answer)["state"] for answer in answers if answer.status_code == 200)
    assert house.get("dsl", f"/approvals/{approval}")["state"] == counts
    assert shown(house, incident)["version"] == (2 if counts == "approved" else 1)


def test_a_decision_and_another_step_are_both_recorded(house: House, race: Race) -> None:
    incident = case(house)
    approval = house.ask_to_waive(incident, "save_evidence")
    note = Sent("dsl", f"/incidents/{incident}/steps", {"step": "add_note", "text": "Rang home."})
    assert statuses(race(decision(approval), note)) == [200, 201]
    steps = house.get("dsl", f"/incidents/{incident}/steps")["items"]
    assert {step["step"] for step in steps} == {"report", "add_note", "waive"}
    waived = next(step["number"] for step in steps if step["step"] == "waive")
    assert house.get("dsl", f"/approvals/{approval}")["result"]["version"] == waived


def test_a_decider_does_not_approve_after_becoming_a_witness(house: House, race: Race) -> None:
    house.clock.set("2026-09-14 10:20")
    me = house.person("Nadia Named", "staff")
    house.add_user("named", "headteacher", house.school, person=me)
    incident = case(house)
    approval = house.ask_to_waive(incident, "save_evidence", by="named")
    involved = {"step": "involve_person", "person": me, "involvement": "witness"}
    answers = race(
        decision(approval, "named"),
        Sent("dsl", f"/incidents/{incident}/steps", involved),
    )
    steps = [step["step"] for step in house.get("dsl", f"/incidents/{incident}/steps")["items"]]
    assert statuses(answers) in ([200, 201], [201, 403])
    assert steps in (["report", "waive", "involve_person"], ["report", "involve_person"])


def test_of_two_requests_for_the_same_step_one_is_recorded(house: House, race: Race) -> None:
    incident = case(house)
    path = f"/incidents/{incident}/steps"
    answers = race(*(Sent(who, path, waiver(house)) for who in ("dsl", "deputy_dsl")))
    assert statuses(answers) == [202, 409]
    assert len(shown(house, incident)["approvals"]) == 1


def test_two_requests_for_different_steps_are_both_recorded(house: House, race: Race) -> None:
    incident = case(house)
    path = f"/incidents/{incident}/steps"
    asked = [waiver(house), waiver(house, waived="debrief")]
    answers = race(*(Sent("dsl", path, each) for each in asked))
    assert statuses(answers) == [202, 202]
    waiting = {each["id"] for each in shown(house, incident)["approvals"]}
    assert waiting == {body_of(answer)["approval"] for answer in answers}
