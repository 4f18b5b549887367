"""Random steps over HTTP on one incident: the record is consistent, and the views match the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework.domain.incident import STEPS, Incident
from casework.domain.vocabulary import State
from tests.api.client import House, Json, body_of, example
from tests.whole.tables import updated_and_rebuilt

REPORTED: Final = "2026-09-14 10:20"
KINDS: Final = ("cyberbullying", "unsolicited_contact", "sexting")
EXAMPLES: Final = 6

Turn = tuple[str, Json]
"""The name of a step, and fields that replace those of a well-formed step or are added to them."""

odd: Final = st.sampled_from(
    [
        {},
        {"note": "Something to add."},
        {"reason": "short"},
        {"nonsense": 1},
        {"person": str(UUID(int=7))},
        {"agency": "police"},
        {"critical": True},
        {"form": "screenshot"},
        {"refer": True},
        {"at": "2030-01-01T00:00:00+00:00"},
    ]
)
turns: Final = st.lists(st.tuples(st.sampled_from([None, *sorted(STEPS)]), odd), min_size=4, max_size=14)


@pytest.mark.parametrize("kind", KINDS)
def test_the_record_is_consistent_after_any_steps(open_house: Callable[..., House], kind: str) -> None:
    house = open_house(now=REPORTED)
    parent = house.person("Pat Parent", "parent")

    @given(turns)
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck], database=None)
    def holds(chosen: list[tuple[str | None, Json]]) -> None:
        house.clock.set(REPORTED)
        incident = report(house, kind)
        for step, more in chosen:
            take(house, incident["id"], step, more, parent)
        shown = house.get("dsl", f"/incidents/{incident['id']}")
        assert of_answer(shown) == of_log(house, incident["id"])

    holds()
    updated, rebuilt = updated_and_rebuilt(house.casework)
    assert updated == rebuilt
    assert updated["view_caseload"]


def report(house: House, kind: str) -> Json:
    people = house.two_pupils()
    more: Json = {}
    if kind == "unsolicited_contact":
        people[0] = {"person": house.person("Terry Teacher", "staff"), "involvement": "target"}
        more = {"direction": "pupil_to_staff"}
    return house.report(kind=kind, people=people, **more)


def take(house: House, incident: str, step: str | None, more: Json, parent: str) -> None:
    """Send `step`, or if it is None what is due next: it is recorded once, or changes nothing."""
    before = house.get("dsl", f"/incidents/{incident}")
    name, preset = step_to_send(before, step)
    fields = example(name, before, parent, manager=house.users["headteacher"], now=house.clock())
    answer = house.step(incident, name, **(fields | preset | more))
    after = house.get("dsl", f"/incidents/{incident}")
    assert answer.status_code in {201, 202, 403, 409, 422}, answer.text
    if answer.status_code >= 400:
        assert after == before
        return
    if answer.status_code == 202:
        assert {**after, "approvals": []} == before
        after = approved(house, incident, body_of(answer)["approval"])
    else:
        assert without_links(after) == answer.json
    assert after["version"] == before["version"] + 1
    assert name == "reopen" or State(after["state"]).rank >= State(before["state"]).rank


def approved(house: House, incident: str, approval: str) -> Json:
    """The incident after the head has approved the step that was asked for."""
    decision = house.decide(approval)
    assert decision.status_code == 200, decision.text
    after = house.get("dsl", f"/incidents/{incident}")
    assert body_of(decision)["result"] == without_links(after)
    return after


def without_links(incident: Json) -> Json:
    """The incident as the answer to a step shows it: only a read shows its links to other cases."""
    return {name: value for name, value in incident.items() if name != "links"}


def step_to_send(incident: Json, step: str | None) -> Turn:
    """`step`, or what is due next, with the values that a rule requires."""
    due = [item for item in incident["next_steps"] if step in (None, item["step"])]
    name = step or (due[0]["step"] if due else "close")
    return name, due[0].get("preset", {}) if due else {}


def of_log(house: House, incident: str) -> Json:
    """The incident as replayed from the log alone, without a cache."""
    found = house.casework.record.load(Incident, UUID(incident))
    assert found is not None
    return {
        "version": len(found.timeline),
        "kind": found.kind,
        "state": found.state.value,
        "milestones": {state.value: moment for state, moment in found.milestones.items()},
        "people": [(str(p.person), p.involvement.value) for p in found.people],
        "assigned_to": [str(user) for user in found.assignees],
        "summary": found.summary.text,
    }


def of_answer(shown: Json) -> Json:
    """The same fields, from an answer of the API."""
    moments = {state: datetime.fromisoformat(at) for state, at in shown["milestones"].items()}
    people = [(party["person"], party["involvement"]) for party in shown["people"]]
    same = ("version", "kind", "state", "assigned_to", "summary")
    return {name: shown[name] for name in same} | {"milestones": moments, "people": people}
