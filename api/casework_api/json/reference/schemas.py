"""The responses about the dated tables. They name no person."""

from __future__ import annotations

import msgspec

from casework.domain.moments import LocalDate
from casework.domain.playbook.rules import Source
from casework_api.http.fields import Day, InputSchema


class ReferenceQuery(InputSchema):
    """The day to look up."""

    on = Day(metadata={"description": "The day to look up; today if it is left out."})


class FloorEdition(msgspec.Struct, frozen=True, kw_only=True):
    """An edition of a floor and the first day it is in force."""

    edition: str
    jurisdiction: str
    in_force_from: LocalDate


class PlatformAge(msgspec.Struct, frozen=True, kw_only=True):
    """The minimum age a platform required of its users, and since when."""

    name: str
    minimum_age: int
    since: LocalDate
    source: str


class OffenceBody(msgspec.Struct, frozen=True, kw_only=True):
    """An offence in force, described by the act; null if the table has no first or last day."""

    offence: str
    title: str
    source: str
    since: LocalDate | None
    until: LocalDate | None


class ChannelBody(msgspec.Struct, frozen=True, kw_only=True):
    """A channel for reports: what it takes reports about and what not."""

    channel: str
    title: str
    about: str
    source: str
    since: LocalDate | None
    until: LocalDate | None


class ReferenceBody(msgspec.Struct, frozen=True, kw_only=True):
    """The entries in force on one day; `floors` are those that judge an incident reported that day."""

    on: LocalDate
    floors: list[FloorEdition]
    platforms: list[PlatformAge]
    offences: list[OffenceBody]
    channels: list[ChannelBody]
    sources: list[Source]
