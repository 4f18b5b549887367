"""One example of every step, as a client sends it. The tests, the demonstration and OpenAPI use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import msgspec

from casework.domain.fields import named_fields
from casework.domain.incident.slots import NOW, Later, LaterDay, Occasion, Slot, filled
from casework.domain.incident.steps import STEPS
from casework.domain.sealed import Sealed

_REASON: Final = "Talked through with the deputy; this is in proportion to what happened."

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "report": {
        "school": Slot.SCHOOL,
        "kind": Slot.KIND,
        "occurred_at": Slot.OCCURRED_AT,
        "setting": "on_site",
        "summary": "A run of unkind messages in the year group chat, carried on at lunch.",
        "people": [
            {"person": Slot.CHILD, "involvement": "target"},
            {"person": Slot.ALLEGED, "involvement": "alleged"},
        ],
    },
    "acknowledge": {},
    "triage": {"timing": "in_school", "critical": False, "rationale": _REASON},
    "involve_person": {"person": Slot.NEWCOMER, "involvement": "witness"},
    "identify_person": {"person": Slot.UNKNOWN, "as": Slot.NEWCOMER},
    "withdraw_involvement": {"person": Slot.ALLEGED, "reason": "Another pupil of the same name was meant."},
    "link": {"incident": Slot.OTHER_INCIDENT, "as": "part_of_the_same"},
    "unlink": {"incident": Slot.OTHER_INCIDENT, "as": "part_of_the_same", "reason": _REASON},
    "close_as_duplicate": {"of": Slot.OTHER_INCIDENT, "reason": "A colleague reported the same messages."},
    "take_up_duplicate": {"incident": Slot.OTHER_INCIDENT, "reported_at": Slot.OCCURRED_AT},
    "release_duplicate": {"incident": Slot.OTHER_INCIDENT},
    "withdraw_report": {"reason": "The messages turned out to be lines of a school play."},
    "record_content": {"content": ["racist"], "how": "A pupil showed the rest of the messages."},
    "declare_conflict": {"user": Slot.COLLEAGUE, "reason": "My sister teaches the pupil it is about."},
    "let_in": {"user": Slot.COLLEAGUE, "reason": _REASON},
    "clear_name": {"person": Slot.CHILD, "user": Slot.HEAD, "reason": _REASON},
    "add_note": {"text": "The class teacher keeps an eye on the group at break."},
    "assign": {"user": Slot.HEAD},
    "seek_advice": {"of": "The helpline for professionals.", "advice": "Keep the messages; answer none."},
    "record_search": {
        "person": Slot.CHILD,
        "searched_by": Slot.COLLEAGUE,
        "witness": Slot.HEAD,
        "grounds": "The pupil was seen to film in the changing room.",
        "found": "Nothing; the phone was given back.",
    },
    "save_evidence": {
        "form": "written_account",
        "description": "What was shown or told, as the pupil put it, with the time it was sent.",
        "captured_at": NOW,
        "incident_at": Slot.OCCURRED_AT,
    },
    "open_evidence": {"file": Slot.FILE},
    "request_removal": {"addressee": "report_remove"},
    "record_removal": {"outcome": "removed"},
    "record_child_voice": {"person": Slot.CHILD, "voice": "I just want it to stop."},
    "inform_parents": {
        "parent": Slot.PARENT,
        "child": Slot.CHILD,
        "relation_confirmed": "The child's mother, whom the class teacher knows.",
        "method": "telephone",
        "summary": "What happened, what the school does, and whom to ring.",
    },
    "tell": {
        "person": Slot.NEWCOMER,
        "method": "in person",
        "summary": "What was reported, and who deals with it.",
    },
    "withhold_from_parents": {"child": Slot.CHILD, "reason": _REASON, "review_on": LaterDay(7)},
    "invite_parent": {
        "parent": Slot.PARENT,
        "relation_confirmed": "The child's mother, whom the class teacher knows.",
        "meeting_at": Later(2),
        "method": "letter",
        "purpose": "To talk about what was posted and what happens next.",
    },
    "record_meeting": {"parent": Slot.PARENT, "outcome": "no_show", "with": [Slot.HEAD]},
    "family_decision": {
        "child": Slot.CHILD,
        "decision": "They report it to the platform themselves.",
        "by": "both parents",
    },
    "advise": {
        "person": Slot.CHILD,
        "about": "official_channel",
        "text": "How to reach staff through the school's own channel.",
    },
    "offer_support": {"person": Slot.CHILD, "what": "Time with the learning mentor on Tuesdays."},
    "apply_sanction": {"person": Slot.ALLEGED, "what": "Two lunchtimes inside."},
    "consider_police": {"refer": False, "reason": _REASON},
    "escalate": {"agency": "police", "reason": _REASON},
    "record_mandatory_report": {"person": Slot.COLLEAGUE, "agency": "police"},
    "decide_sharing": {
        "person": Slot.CHILD,
        "with": "childrens_social_care",
        "share": True,
        "reason": _REASON,
    },
    "record_agency_response": {
        "agency": "police",
        "outcome": "No further action; advice given to both families.",
        "enquiry": "closed",
    },
    "record_challenge": {
        "agency": "police",
        "disagreement": "We think that it needs more than advice to both families.",
        "outcome": "They look at it again with their supervisor.",
    },
    "assess_risk": {
        "adult_involved": "no",
        "coercion": "no",
        "violent_or_unusual": "no",
        "under_13_sexual": "no",
        "immediate_risk": "no",
    },
    "assess_welfare": {
        "person": Slot.CHILD,
        "at_risk_now": "no",
        "health_told": False,
        "plan": "Sees the learning mentor every day this week and knows whom to ring at night.",
    },
    "attest_no_copy": {"statement": "Nobody at the school holds or has forwarded any picture."},
    "record_viewing": {
        "viewer": Slot.COLLEAGUE,
        "authorised_by": Slot.HEAD,
        "witness": Slot.HEAD,
        "place": "The head's office",
        "reason": "There was no other way to know whether a child was at risk.",
    },
    "record_deletion": {"person": Slot.CHILD, "advised_by": "police"},
    "establish_involvement": {"person": Slot.CHILD, "held": True, "passed_on": False},
    "make_safe": {"how": "The child is with another member of staff until the end of the day."},
    "classify_contact": {"immediate_family": False, "no_reply_attested": True},
    "decide_threshold": {"limbs": [], "met": False, "rationale": _REASON},
    "decide": {
        "decision": "Managed in school with both families.",
        "rationale": _REASON,
        "breach": [],
        "sanction": "none",
        "handled_under": "behaviour",
    },
    "complete_investigation": {"findings": "It happened much as it was reported."},
    "debrief": {
        "summary": "What worked, what took too long, and what changes because of it.",
        "lessons": [
            {
                "text": "Talk about group chats before the summer, not after it.",
                "changes": "curriculum",
            }
        ],
        "actions": [
            {
                "text": "Put it on the agenda and report back.",
                "owner": "Computing lead",
                "due_on": LaterDay(14),
                "lesson": 0,
            }
        ],
    },
    "add_action": {
        "text": "Put group chats on the agenda of the next staff meeting.",
        "owner": "Computing lead",
        "due_on": LaterDay(14),
    },
    "complete_action": {"action": Slot.ACTION, "effect": "Raised with all classes; fewer reports since."},
    "cancel_action": {"action": Slot.ACTION, "reason": "The platform closed its group chats."},
    "waive": {"waived": "debrief", "reason": _REASON, "authorised_by": Slot.HEAD},
    "correct": {"corrects": 1, "correction": "It was on Tuesday.", "reason": "The day was misheard."},
    "reclassify": {"kind": Slot.OTHER_KIND, "reason": _REASON},
    "rebase": {"pack": Slot.PACK, "reason": _REASON},
    "check_age": {"person": Slot.CHILD, "platform": "TikTok", "age": 10},
    "check_consent": {"person": Slot.CHILD, "in_force": False},
    "contain": {"what": "The page was closed on every computer of the room."},
    "request_block": {"url": "https://example.org/page"},
    "confirm_block": {"outcome": "It is blocked."},
    "ban_from_computing": {
        "person": Slot.CHILD,
        "from": LaterDay(0),
        "until": LaterDay(14),
        "reason": _REASON,
    },
    "welfare_check": {
        "person": Slot.CHILD,
        "prevent_considered": True,
        "outcome": "The child is well and knows whom to ask.",
    },
    "decide_data_breach": {"notify_regulator": False, "notify_people": True, "reason": _REASON},
    "appoint_case_manager": {"user": Slot.HEAD},
    "consult_lado": {
        "advice": "Go on with the investigation in school.",
        "may_tell_subject": True,
        "may_tell_parents": True,
    },
    "decide_suspension": {
        "suspend": False,
        "alternatives": "Other duties, away from the class.",
        "reason": _REASON,
    },
    "record_departure": {"person": Slot.ADULT, "how": "left", "on": LaterDay(0)},
    "tell_subject": {"method": "in person"},
    "record_account": {"person": Slot.ALLEGED, "account": "I answered once, to say that I could not answer."},
    "determine_outcome": {"outcome": "unfounded", "rationale": _REASON},
    "give_outcome_copy": {"to": "the member of staff"},
    "decide_regulatory_referral": {"dbs": False, "tra": False, "reason": _REASON},
    "check_pattern": {"person": Slot.ADULT, "earlier": [], "conclusion": _REASON},
    "close": {
        "outcome": "Settled between the pupils; watched for the rest of term.",
        "rationale": _REASON,
    },
    "reopen": {"reason": "There were messages again after the holidays."},
}
"""Well-formed fields for each step, by their names in the API, with slots for what varies."""


_ONE_OF: Final[Mapping[str, tuple[frozenset[str], ...]]] = {"tell": (frozenset({"role", "user", "person"}),)}


def example(step: str, occasion: Occasion, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The example of `step` as JSON, filled in for `occasion`.

    `given` replaces fields of the example, by attribute or by API name. Raises KeyError if there is no
    such step or `occasion` does not fill a slot that is needed.
    """
    api_names = {named.attribute: named.api_name for named in named_fields(STEPS[step])}
    renamed = {api_names.get(name, name): value for name, value in (given or {}).items()}
    # Of fields of which a step has one, the example has another than those given.
    instead = next((names for names in _ONE_OF.get(step, ()) if not names.isdisjoint(renamed)), frozenset())
    kept = {name: value for name, value in EXAMPLES[step].items() if name not in instead}
    fields: dict[str, Any] = filled({**kept, **renamed}, occasion)
    return fields


def typed(
    record: type[msgspec.Struct], fields: Mapping[str, Any], seal: Callable[[str], Sealed] = Sealed
) -> dict[str, Any]:
    """`fields` of `record` by attribute. JSON is converted to the declared types; other values are unchanged.

    `seal` turns the text that a client sends into a sealed one.
    """

    def read(_: type, text: Any) -> Sealed:
        return text if isinstance(text, Sealed) else seal(text)

    def as_declared(value: Any, declared: Any) -> Any:
        is_json = isinstance(value, (str, list, dict))
        return msgspec.convert(value, declared, dec_hook=read) if is_json else value

    known = _declared(record)
    return {known[name].name: as_declared(value, known[name].type) for name, value in fields.items()}


@cache
def _declared(record: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of `record` by their names in the API."""
    fields = msgspec.structs.fields(record)
    return {named.api_name: field for named, field in zip(named_fields(record), fields, strict=True)}
