"""What the people of the demonstration school wrote, and the fields of each step they took."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from casework.domain.clocks import day_of
from casework.domain.incident import STEPS, Incident
from casework.domain.incident.outcomes import Action, Lesson
from casework.domain.moments import Instant
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import (
    Addressee,
    Answer,
    Change,
    Content,
    DecisionTopic,
    EvidenceForm,
    MeetingOutcome,
    RemovalOutcome,
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
}
CONTENT: Final = {
    "cyberbullying": ((), (Content.ABUSIVE,), (Content.THREATENING,), (Content.RACIST,), (Content.SEXIST,)),
    "unsolicited_contact": ((),),
    "sexting": ((Content.INDECENT_IMAGE, Content.SEXUAL),),
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
REASON: Final = "Talked through with the deputy; this is in proportion to what happened."


class Scene(msgspec.Struct):
    """The incident a step is taken in, when, by whom, and chance."""

    incident: Incident
    now: Instant
    rng: Random
    parents: dict[UUID, UUID]
    colleague: UUID


def fields(step: str, scene: Scene, preset: dict[str, Any]) -> dict[str, Any]:
    """The fields of `step` in this scene; what the rule calls for is kept."""
    types = {field.name: field.type for field in msgspec.structs.fields(STEPS[step])}
    known = {name: msgspec.convert(value, types[name]) for name, value in preset.items()}
    return _FIELDS[step](scene, known) | known


def _says(text: str) -> Sealed:
    return Sealed(text)


def _evidence(scene: Scene, _: dict[str, Any]) -> dict[str, Any]:
    nudes = Content.INDECENT_IMAGE in scene.incident.content
    return {
        "form": EvidenceForm.WRITTEN_ACCOUNT if nudes else EvidenceForm.SCREENSHOT,
        "description": _says("What was shown or told, as the pupil put it, with the time it was sent."),
        "captured_at": scene.now - timedelta(minutes=5),
        "incident_at": scene.incident.occurred_at,
    }


def _debrief(scene: Scene, _: dict[str, Any]) -> dict[str, Any]:
    chosen = scene.rng.sample(LESSONS, scene.rng.choice((1, 1, 2)))
    due_on = day_of(scene.now + timedelta(days=scene.rng.choice((7, 14, 28))))
    return {
        "summary": _says("What worked, what took too long, and what changes because of it."),
        "lessons": tuple(Lesson(text=_says(text), changes=change) for text, change in chosen),
        "actions": tuple(
            Action(
                text=_says("Put it on the agenda and report back."),
                owner=_says("Computing lead"),
                due_on=due_on,
                lesson=place,
            )
            for place in range(len(chosen))
        ),
    }


def _inform(scene: Scene, known: dict[str, Any]) -> dict[str, Any]:
    return {
        "parent": scene.parents[known["child"]],
        "method": _says("telephone"),
        "summary": _says("What happened, what the school does, and whom to ring."),
    }


_FIELDS: Final[dict[str, Callable[[Scene, dict[str, Any]], dict[str, Any]]]] = {
    "acknowledge": lambda s, _: {},
    "triage": lambda s, _: {
        "timing": s.rng.choice(tuple(Timing)),
        "critical": False,
        "rationale": _says(REASON),
    },
    "save_evidence": _evidence,
    "record_child_voice": lambda s, _: {"voice": _says(s.rng.choice(VOICES))},
    "inform_parents": _inform,
    "family_decision": lambda s, _: {
        "decision": _says("They will report it to the platform themselves."),
        "decided_by": _says("both parents"),
    },
    "consider_police": lambda s, _: {"refer": s.rng.random() < 0.15, "reason": _says(REASON)},
    "escalate": lambda s, _: {"reason": _says(REASON)},
    "record_agency_response": lambda s, _: {
        "outcome": _says("No further action; advice given to both families."),
    },
    "assess_risk": lambda s, _: (
        dict.fromkeys(
            ("adult_involved", "coercion", "violent_or_unusual", "under_13_sexual", "immediate_risk"),
            Answer.NO,
        )
        | ({"coercion": Answer.UNKNOWN} if s.rng.random() < 0.3 else {})
    ),
    "attest_no_copy": lambda s, _: {
        "statement": _says("Nobody at the school holds or has forwarded any picture.")
    },
    "establish_involvement": lambda s, _: {
        "person": s.incident.children()[0],
        "held": True,
        "passed_on": False,
    },
    "request_removal": lambda s, _: {"addressee": Addressee.REPORT_REMOVE},
    "record_removal": lambda s, _: {"outcome": RemovalOutcome.REMOVED},
    "offer_support": lambda s, _: {"what": _says("Time with the learning mentor on Tuesdays.")},
    "classify_contact": lambda s, _: {"immediate_family": False, "no_reply_attested": True},
    "advise": lambda s, _: {"text": _says("How to reach staff through the school's own channel.")},
    "decide": lambda s, _: {
        "decision": _says("Managed in school with both families."),
        "rationale": _says(REASON),
        "topic": DecisionTopic.MANAGED_IN_SCHOOL,
    },
    "invite_parent": lambda s, _: {
        "parent": next(iter(s.parents.values())),
        "meeting_at": s.now + timedelta(days=1),
        "method": _says("letter"),
        "purpose": _says("To talk about what was posted and what happens next."),
    },
    "record_meeting": lambda s, _: {
        "parent": next(iter(s.parents.values())),
        "outcome": MeetingOutcome.ATTENDED,
        "with_": (s.colleague,),
    },
    "complete_investigation": lambda s, _: {"findings": _says("It happened much as it was reported.")},
    "debrief": _debrief,
    "complete_action": lambda s, _: {"effect": _says("Raised with all classes; fewer reports since.")},
    "close": lambda s, _: {
        "outcome": _says("Settled between the pupils; watched for the rest of term."),
        "rationale": _says(REASON),
    },
}

EVERY_NARRATIVE: Final = (
    *(text for texts in SUMMARIES.values() for text in texts),
    *VOICES,
    *(text for text, _ in LESSONS),
    REASON,
    "Time with the learning mentor on Tuesdays.",
    "What was shown or told, as the pupil put it",
)
"""Texts that must never be found in a database file in clear."""
