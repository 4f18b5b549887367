"""What is answered about the dated tables. None of it names anybody."""

from __future__ import annotations

import msgspec

from casework.domain.moments import LocalDate
from casework.domain.playbook.rules import Source
from casework_api.http.fields import Day, Record


class ReferenceQuery(Record):
    """On which day."""

    on = Day(metadata={"description": "The day asked about; today where it is left out."})


class FloorEdition(msgspec.Struct, frozen=True, kw_only=True):
    """An edition of a floor and the first day it is in force."""

    edition: str
    jurisdiction: str
    in_force_from: LocalDate


class PlatformAge(msgspec.Struct, frozen=True, kw_only=True):
    """How old a platform asked its users to be, and since when."""

    name: str
    minimum_age: int
    since: LocalDate
    source: str


class OffenceBody(msgspec.Struct, frozen=True, kw_only=True):
    """An offence in force, worded about the act; null where no first or last day is in the table."""

    offence: str
    title: str
    source: str
    since: LocalDate | None
    until: LocalDate | None


class ChannelBody(msgspec.Struct, frozen=True, kw_only=True):
    """Whom one could turn to, and what about and what not."""

    channel: str
    title: str
    about: str
    source: str
    since: LocalDate | None
    until: LocalDate | None


class ReferenceBody(msgspec.Struct, frozen=True, kw_only=True):
    """What was in force on one day; `floors` are those an incident reported on it is judged by."""

    on: LocalDate
    floors: list[FloorEdition]
    platforms: list[PlatformAge]
    offences: list[OffenceBody]
    channels: list[ChannelBody]
    sources: list[Source]
