"""Twelve pupils in one chat with a nude of one of them, walked to the end in few requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from tests.api.client import REASON, House, Json, body_of, example
from tests.domain.casefile import PACKS

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

PUPILS: Final = 12
MOST_REQUESTS: Final = 12


class Chat:
    """The case, walked by a client that takes together all that is due next."""

    def __init__(self, house: House) -> None:
        house.clock.set("2026-11-10 09:05")
        self.house = house
        self.pupils = [house.person(f"Pupil {chr(ord('A') + number) * 3}") for number in range(PUPILS)]
        self.parent = house.person("Pat Parent", "parent")
        involved = ("target", "alleged", *("bystander",) * (PUPILS - 2))
        people = [
            {"person": pupil, "involvement": involvement}
            for pupil, involvement in zip(self.pupils, involved, strict=True)
        ]
        self.shown = house.report("dsl", kind="sexting", people=people, content=["indecent_image"])
        self.requests = 1
        self.steps: Counter[str] = Counter()

    def take(self, *steps: Json) -> None:
        answer = self.house.ask(
            "dsl", "POST", f"/incidents/{self.shown['id']}/steps", json=[*steps], headers={"If-Match": "*"}
        )
        assert answer.status_code == 201, answer.text
        self.shown = body_of(answer)
        self.requests += 1
        self.steps.update(step["step"] for step in steps)

    def due(self, *later: str) -> list[Json]:
        """Everything that must be done or considered now, without the steps in `later`."""
        asked = (item for item in self.shown["next_steps"] if item["modality"] != "may")
        return [self.fields(item) for item in asked if item["step"] not in later]

    def fields(self, item: Json) -> Json:
        manager = self.house.users["headteacher"]
        fields = example(item["step"], self.shown, self.parent, manager=manager, now=self.house.clock())
        return {"step": item["step"], **fields, **item.get("preset", {})}


@pytest.mark.parametrize("pack", PACKS)
def test_a_nude_in_a_chat_of_twelve_is_closed_in_at_most_twelve_requests(
    open_house: Callable[..., House], pack: str
) -> None:
    chat = Chat(open_house(pack))
    while due := chat.due("debrief"):
        chat.take(*due)
    chat.take({"step": "complete_investigation", "findings": "As it was reported."})
    while due := chat.due():
        chat.take(*due)
    if chat.shown["state"] != "debriefed":
        chat.take({"step": "debrief", "summary": "What was learnt.", "lessons": [], "actions": []})
    chat.take({"step": "close", "outcome": "Settled.", "rationale": REASON})
    assert chat.shown["state"] == "closed"
    assert chat.requests <= MOST_REQUESTS
    # Each pupil was asked, and for each child it was decided whether the parents are informed.
    assert chat.steps["establish_involvement"] == PUPILS
    assert chat.steps["inform_parents"] == PUPILS
