"""What the people of the demonstration school wrote, and how the steps they took differ from the examples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from casework.domain.incident import STEPS, Incident
from casework.domain.incident.examples import EXAMPLES, example, typed
from casework.domain.incident.slots import LaterDay, Occasion, Slot, Slots
from casework.domain.moments import Instant
from casework.domain.vocabulary import (
    Addressee,
    Answer,
    Change,
    Content,
    DecisionTopic,
    EvidenceForm,
    Involvement,
    Timing,
)

SUMMARIES: Final = {
    "cyberbullying": (
        "A run of unkind messages in the year group chat, carried on at lunch.",
        "A made-up account posts jokes about one pupil's voice.",
        "Edited pictures of a pupil's lunch box sent round with a nasty caption.",
        "Left out of every game server, then told so in front of the class.",
    ),
    "unsolicited_contact": (
        "A friend request from a pupil arrived on a personal account over the weekend.",
        "A pupil sent a wave and a question to a teaching assistant's private profile.",
        "A message request from a former pupil's account, still at the school by age.",
    ),
    "sexting": (
        "Told in the corridor that a picture is going round; nobody on staff has seen it.",
        "A pupil says a picture sent to one person was passed on to others.",
    ),
    "online_grooming": (
        "An account that nobody knows asked a pupil to move to another app and to keep it quiet.",
        "Somebody asks a pupil for vouchers, or else will tell the whole class what she wrote.",
    ),
    "adult_image": ("A faked picture of a teacher is said to go round in the sixth week of term.",),
    "other_concern": ("A pupil stays up at night with a chat program and talks of nothing else.",),
}
CONTENT: Final = {
    "cyberbullying": ((), (Content.ABUSIVE,), (Content.THREATENING,), (Content.RACIST,), (Content.SEXIST,)),
    "unsolicited_contact": ((),),
    "sexting": ((Content.INDECENT_IMAGE, Content.SEXUAL),),
    "online_grooming": ((Content.ADULT_CONTACT,), (Content.ADULT_CONTACT, Content.BLACKMAIL)),
    "adult_image": ((Content.AI_GENERATED,),),
    "other_concern": ((),),
}
PLATFORMS: Final = ("WhatsApp", "Snapchat", "Instagram", "TikTok", "Roblox", "Discord")
VOICES: Final = (
    "I just want it to stop.",
    "I want to sit somewhere else for a bit.",
    "I would rather nobody knew.",
)
LESSONS: Final = (
    ("Talk about group chats before the summer, not after it.", Change.CURRICULUM),
    ("Show every class where the report button is.", Change.CURRICULUM),
    ("The phone rule at the gate is not known to new families.", Change.POLICY),
    ("Remind staff how to lock down a private profile.", Change.TRAINING),
    ("The filter lets a mirror site through.", Change.FILTERING),
)


class Scene(msgspec.Struct):
    """What the fields of a step depend on: the incident, the time, the people involved, and chance."""

    incident: Incident
    now: Instant
    rng: Random
    parents: dict[UUID, UUID]
    colleague: UUID
    head: UUID


def fields(step: str, scene: Scene, preset: dict[str, Any]) -> dict[str, Any]:
    """The fields of `step` in this scene: its example, what the story varies, and what the rule requires."""
    varied = _VARIED[step](scene) if step in _VARIED else {}
    values = example(step, _occasion(scene, preset), varied | preset)
    return typed(STEPS[step], values)


def _occasion(scene: Scene, preset: dict[str, Any]) -> Occasion:
    child = preset.get("child", next(iter(scene.parents)))
    slots: Slots = {
        Slot.KIND: scene.incident.kind,
        Slot.OCCURRED_AT: scene.incident.occurred_at,
        Slot.CHILD: scene.incident.children()[0],
        Slot.ALLEGED: next(scene.incident.involved(Involvement.ALLEGED)).person,
        Slot.PARENT: scene.parents[child],
        Slot.COLLEAGUE: scene.colleague,
        Slot.HEAD: scene.head,
    }
    return Occasion(now=scene.now, slots=slots)


def _evidence(scene: Scene) -> dict[str, Any]:
    nudes = not {Content.INDECENT_IMAGE, Content.AI_GENERATED}.isdisjoint(scene.incident.content)
    form = EvidenceForm.WRITTEN_ACCOUNT if nudes else EvidenceForm.SCREENSHOT
    return {"form": form, "captured_at": scene.now - timedelta(minutes=5)}


def _removal(scene: Scene) -> dict[str, Any]:
    of_a_child = scene.incident.children(Involvement.TARGET)
    return {} if of_a_child else {"addressee": Addressee.REVENGE_PORN_HELPLINE}


def _debrief(scene: Scene) -> dict[str, Any]:
    (lesson,), (action,) = EXAMPLES["debrief"]["lessons"], EXAMPLES["debrief"]["actions"]
    chosen = scene.rng.sample(LESSONS, scene.rng.choice((1, 1, 2)))
    due_on = LaterDay(scene.rng.choice((7, 14, 28)))
    ceop = "ceop" in scene.incident.open_enquiries
    return {
        **({"where_enquiries_stand": "CEOP has the account and has not answered yet."} if ceop else {}),
        "lessons": [{**lesson, "text": text, "changes": changes} for text, changes in chosen],
        "actions": [{**action, "due_on": due_on, "lesson": place} for place in range(len(chosen))],
    }


_VARIED: Final[dict[str, Callable[[Scene], dict[str, Any]]]] = {
    "triage": lambda s: {"timing": s.rng.choice(tuple(Timing))},
    "save_evidence": _evidence,
    "record_child_voice": lambda s: {"voice": s.rng.choice(VOICES)},
    "consider_police": lambda s: {"refer": s.rng.random() < 0.15},
    "request_removal": _removal,
    "assess_risk": lambda s: {"coercion": Answer.UNKNOWN} if s.rng.random() < 0.3 else {},
    "decide": lambda _: {"topic": DecisionTopic.MANAGED_IN_SCHOOL},
    "debrief": _debrief,
}
"""By step, the fields in which the story differs from the example."""

EVERY_NARRATIVE: Final = (
    *(text for texts in SUMMARIES.values() for text in texts),
    *VOICES,
    *(text for text, _ in LESSONS),
    EXAMPLES["triage"]["rationale"],
    EXAMPLES["offer_support"]["what"],
    EXAMPLES["save_evidence"]["description"],
)
"""Texts that must never be in a database file unencrypted."""
