"""Any steps at all, over HTTP, on one incident: the record is whole, and the views say what the log says."""

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
from tests.api.client import House, Json, example
from tests.whole.tables import kept_and_rebuilt

REPORTED: Final = "2026-09-14 10:20"
KINDS: Final = ("cyberbullying", "unsolicited_contact", "sexting")
EXAMPLES: Final = 6

Turn = tuple[str, Json]
"""A step by its name, and fields it is given over those that make it well formed."""

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
def test_the_record_is_whole_whatever_is_asked(open_house: Callable[..., House], kind: str) -> None:
    house = open_house(now=REPORTED)
    parent = house.person("Pat Parent", "parent")

    @given(turns)
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck], database=None)
    def holds(asked: list[tuple[str | None, Json]]) -> None:
        house.clock.set(REPORTED)
        incident = report(house, kind)
        for step, more in asked:
            take(house, incident["id"], step, more, parent)
        shown = house.get("dsl", f"/incidents/{incident['id']}")
        assert of_answer(shown) == of_log(house, incident["id"])

    holds()
    kept, rebuilt = kept_and_rebuilt(house.casework)
    assert kept == rebuilt
    assert kept["view_caseload"]


def report(house: House, kind: str) -> Json:
    people = house.two_pupils()
    more: Json = {}
    if kind == "unsolicited_contact":
        people[0] = {"person": house.person("Terry Teacher", "staff"), "involvement": "target"}
        more = {"direction": "pupil_to_staff"}
    return house.report(kind=kind, people=people, **more)


def take(house: House, incident: str, step: str | None, more: Json, parent: str) -> None:
    """Ask for `step`, or where it is None for what is due next: it lands once, or changes nothing."""
    before = house.get("dsl", f"/incidents/{incident}")
    name, preset = asked_for(before, step)
    fields = example(name, before, parent, manager=house.users["headteacher"], now=house.clock())
    answer = house.step(incident, name, **(fields | preset | more))
    after = house.get("dsl", f"/incidents/{incident}")
    assert answer.status_code in {201, 403, 409, 422}, answer.text
    if answer.status_code != 201:
        assert after == before
        return
    assert after == answer.json
    assert after["version"] == before["version"] + 1
    assert name == "reopen" or State(after["state"]).rank >= State(before["state"]).rank


def asked_for(incident: Json, step: str | None) -> Turn:
    """`step`, or what is due next, with the values that a rule calls for."""
    due = [item for item in incident["next_steps"] if step in (None, item["step"])]
    name = step or (due[0]["step"] if due else "close")
    return name, due[0].get("preset", {}) if due else {}


def of_log(house: House, incident: str) -> Json:
    """What the log alone says of the incident, replayed by a process that has nothing at hand."""
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
    """The same, as a reader is shown it."""
    moments = {state: datetime.fromisoformat(at) for state, at in shown["milestones"].items()}
    people = [(party["person"], party["involvement"]) for party in shown["people"]]
    kept = ("version", "kind", "state", "assigned_to", "summary")
    return {name: shown[name] for name in kept} | {"milestones": moments, "people": people}
