"""What an incident may amount to and whom it can be taken to, by what was in force on its day.

An offence is a tag and never a finding. Both tables are data, asked of an incident as a rule asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from casework.domain.clocks import day_of
from casework.domain.dated import Platforms
from casework.domain.moments import LocalDate
from casework.domain.playbook.rules import Source, Test
from casework.domain.values import Scalar

if TYPE_CHECKING:
    from casework.domain.incident import Incident
    from casework.domain.playbook import Playbook

Holds = Callable[[Iterable[Test]], bool]


class Circumstances(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The kinds something is about (all, where none is named), and tests that must all hold."""

    kinds: tuple[str, ...] = ()
    when: tuple[Test, ...] = ()

    def are_those_of(self, incident: Incident, holds: Holds) -> bool:
        """Whether `incident` is of such a kind and stands so."""
        return (not self.kinds or incident.kind in self.kinds) and holds(self.when)


class Grounds(Circumstances, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Circumstances in which a channel suits, or does not, and why."""

    reason: str


class Remark(Circumstances, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said beside the offences in such circumstances."""

    text: str
    source: str


class Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that holds from its first day to its last; without one, for as long as the table reaches."""

    id: str
    title: str
    source: str
    since: LocalDate | None = None
    until: LocalDate | None = None

    def in_force(self, day: date) -> bool:
        """Whether it held on `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Offence(Dated, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An offence, worded about the act, and the circumstances in which its tag is shown."""

    shown: tuple[Circumstances, ...]


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The step by which turning to a channel is recorded, and the values it then has."""

    step: str
    preset: dict[str, Scalar]


class Channel(Dated, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom one can turn to, what about, and when that suits."""

    about: str
    suits: tuple[Grounds, ...]
    unsuited: tuple[Grounds, ...]
    otherwise: str
    recorded_by: Recording | None = None


class Advice(msgspec.Struct, frozen=True):
    """Whether a channel suits an incident, and why or why not."""

    channel: Channel
    suits: bool
    reason: str


class Guidance(msgspec.Struct, frozen=True):
    """The offences an incident may amount to, the channels it may be taken to, and what to bear in mind."""

    offences: tuple[Offence, ...]
    channels: tuple[Advice, ...]
    note: str


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """The dated tables. `finding` is the sentence that goes with every offence."""

    platforms: Platforms = Platforms(())
    offences: tuple[Offence, ...] = ()
    channels: tuple[Channel, ...] = ()
    remarks: tuple[Remark, ...] = ()
    finding: str = ""
    sources: tuple[Source, ...] = ()

    def offences_on(self, day: date) -> tuple[Offence, ...]:
        """The offences in force on `day`."""
        return tuple(offence for offence in self.offences if offence.in_force(day))

    def channels_on(self, day: date) -> tuple[Channel, ...]:
        """The channels there were on `day`."""
        return tuple(channel for channel in self.channels if channel.in_force(day))

    def guidance(self, incident: Incident, playbook: Playbook) -> Guidance:
        """What the tables say of `incident`, by the day it occurred in London."""
        day = day_of(incident.occurred_at)
        holds = playbook.asking(incident)
        remarks = dict.fromkeys(each.text for each in self.remarks if each.are_those_of(incident, holds))
        return Guidance(
            offences=tuple(
                offence
                for offence in self.offences_on(day)
                if any(each.are_those_of(incident, holds) for each in offence.shown)
            ),
            channels=tuple(_advice(channel, incident, holds) for channel in self.channels_on(day)),
            note=" ".join((self.finding, *remarks)),
        )


def _advice(channel: Channel, incident: Incident, holds: Holds) -> Advice:
    against = (each for each in channel.unsuited if each.are_those_of(incident, holds))
    if (found := next(against, None)) is not None:
        return Advice(channel, False, found.reason)
    speaking_for = (each for each in channel.suits if each.are_those_of(incident, holds))
    if (found := next(speaking_for, None)) is not None:
        return Advice(channel, True, found.reason)
    return Advice(channel, False, channel.otherwise)
