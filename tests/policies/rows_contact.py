"""Contact between staff and families or past pupils: the rows of the floor and of every pack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.domain.casefile import POSTER, TEACHER
from tests.policies.rows import (
    DEBRIEF,
    NEXT_WORKING_DAY,
    Fields,
    Forbids,
    Requires,
    Row,
    taking,
)

BY_A_PARENT: Final[Fields] = {
    "people": ((TEACHER, "target", "staff"), (POSTER, "alleged", "parent")),
    "direction": "parent_to_staff",
}
TO_A_PARENT: Final[Fields] = {
    "people": ((POSTER, "target", "parent"), (TEACHER, "alleged", "staff")),
    "direction": "staff_to_parent",
}


def _classified(clause: str, *told: str) -> Row:
    return Requires(
        kind="unsolicited_contact", opening=BY_A_PARENT, step="classify_contact", due=NEXT_WORKING_DAY,
        told=told, bars=DEBRIEF, clause=clause,
    )  # fmt: skip


def _channel_shown(clause: str) -> Row:
    return Requires(
        kind="unsolicited_contact", opening=BY_A_PARENT, step="advise", due=NEXT_WORKING_DAY,
        preset={"about": "official_channel", "person": POSTER}, bars=DEBRIEF, clause=clause,
    )  # fmt: skip


def _reminded(clause: str) -> Row:
    return Requires(
        kind="unsolicited_contact", opening=BY_A_PARENT, step="advise", due=NEXT_WORKING_DAY,
        since=taking(("classify_contact", {"no_reply_attested": False})),
        preset={"about": "official_channel", "person": TEACHER}, bars=DEBRIEF, clause=clause,
    )  # fmt: skip


# fmt: off
CONTACT_ROWS: Final[Mapping[str, Row]] = {
    "contact-families-classify": _classified("casework default", "dsl"),
    "tow-law-contact-families-classify": _classified("000 Staff personal use", "dsl"),
    "headcorn-contact-families-classify": _classified("002 §4.2", "dsl"),
    "hr-cooperative-contact-families-classify": _classified("003 §3", "headteacher", "slt"),
    "st-thomas-contact-families-classify": _classified("004 §5.4", "headteacher"),
    "contact-family-concern": Requires(
        kind="unsolicited_contact", opening=TO_A_PARENT, since=taking("decide_threshold"), step="decide",
        modality="consider", due=NEXT_WORKING_DAY, told=("headteacher",), bars=DEBRIEF,
        clause="KCSIE part 4, section two",
    ),
    "tow-law-contact-family-advise": _channel_shown("000 Staff personal use"),
    "headcorn-contact-family-advise": _channel_shown("002 §4.2"),
    "tow-law-contact-family-replied": _reminded("000 Staff personal use"),
    "headcorn-contact-family-replied": _reminded("002 §4.2"),
    "tow-law-contact-private-account": Forbids(
        kind="unsolicited_contact", clause="000 Staff personal use", word="private account",
    ),
    "headcorn-contact-private-account": Forbids(
        kind="unsolicited_contact", clause="002 §4.2", word="private account",
    ),
    "hr-cooperative-contact-family-interest": Requires(
        kind="unsolicited_contact", opening=BY_A_PARENT, step="decide", modality="consider",
        due=NEXT_WORKING_DAY, told=("headteacher", "slt"), bars=DEBRIEF, clause="003 §3",
    ),
    "st-thomas-contact-banned": Forbids(
        kind="unsolicited_contact", clause="004 §5.3, §6.3", word="befriend",
    ),
    "todwick-contact-family-advise": Requires(
        kind="unsolicited_contact", opening=BY_A_PARENT, step="advise", preset={"person": TEACHER},
        modality="may", clause="001 A",
    ),
}
# fmt: on
