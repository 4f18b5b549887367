"""The slots in an example of a step (ids, words of a playbook, moments), and how they are filled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from casework.domain.clocks import day_of
from casework.domain.moments import Instant


class Slot(StrEnum):
    """A value that an example leaves open; each member says in words what it stands for."""

    SCHOOL = "the school"
    KIND = "the kind of the incident"
    OTHER_KIND = "another kind, which needs no direction"
    PACK = "a pack that the school may follow"
    OCCURRED_AT = "when the incident took place"
    CHILD = "the pupil who is the target"
    ALLEGED = "the pupil who is alleged to have done it"
    ADULT = "a member of staff who is involved"
    UNKNOWN = "a person involved whom the school does not know"
    NEWCOMER = "a person who is not involved yet"
    PARENT = "a parent of the child"
    COLLEAGUE = "a user, such as the one who takes the step"
    HEAD = "another user, who may authorise a step and manage an allegation"
    ACTION = "an open action of the incident"
    FILE = "a file that was saved"
    OTHER_INCIDENT = "another incident at the school"


Slots = Mapping[Slot, UUID | str | Instant]


class Later(msgspec.Struct, frozen=True):
    """The moment `days` days after the step is taken."""

    days: int


class LaterDay(msgspec.Struct, frozen=True):
    """The day in London `days` days after the step is taken."""

    days: int


NOW: Final = Later(0)


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What fills an example: when the step is taken, and the ids, words and moments by slot."""

    now: Instant
    slots: Slots = {}


def filled(value: Any, occasion: Occasion) -> Any:
    """`value` of an example as JSON. Raises KeyError if `occasion` does not fill a slot."""
    match value:
        case Slot():
            known = occasion.slots[value]
            return known.isoformat() if isinstance(known, datetime) else str(known)
        case Later(days=days):
            return (occasion.now + timedelta(days=days)).isoformat()
        case LaterDay(days=days):
            return (day_of(occasion.now) + timedelta(days=days)).isoformat()
        case list():
            return [filled(item, occasion) for item in value]
        case dict():
            return {name: filled(item, occasion) for name, item in value.items()}
    return value
