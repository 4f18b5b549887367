"""The offences an incident may amount to and the channels it can be taken to, as in force on its day.

An offence is a tag and never a finding. Both tables are data; their tests work like the tests of a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from casework.domain.clocks import day_of
from casework.domain.dated import Platforms
from casework.domain.moments import LocalDate
from casework.domain.playbook.conditions import Test
from casework.domain.playbook.rules import Source
from casework.domain.values import Scalar

if TYPE_CHECKING:
    from casework.domain.incident import Incident
    from casework.domain.playbook import Playbook

Holds = Callable[[Iterable[Test]], bool]


class Circumstances(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The kinds of incident something applies to (all if none is named), and tests that must all hold."""

    kinds: tuple[str, ...] = ()
    when: tuple[Test, ...] = ()

    def apply_to(self, incident: Incident, holds: Holds) -> bool:
        """Whether `incident` is of one of the kinds and the tests hold."""
        return (not self.kinds or incident.kind in self.kinds) and holds(self.when)


class Grounds(Circumstances, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Circumstances in which a channel is suitable or unsuitable, and why."""

    reason: str


class Remark(Circumstances, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A remark shown with the offences in these circumstances."""

    text: str
    source: str


class Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something in force from its first day to its last. A missing day means that there is no limit."""

    id: str
    title: str
    source: str
    since: LocalDate | None = None
    until: LocalDate | None = None

    def in_force(self, day: date) -> bool:
        """Whether it was in force on `day`."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Offence(Dated, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An offence, worded as the act, and the circumstances in which its tag is shown."""

    shown: tuple[Circumstances, ...]


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The step that records the use of a channel, and the values of its fields."""

    step: str
    preset: dict[str, Scalar]


class Channel(Dated, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A service that a school or a child can turn to, what it is for, and when it is suitable."""

    about: str
    suits: tuple[Grounds, ...]
    unsuited: tuple[Grounds, ...]
    otherwise: str
    recorded_by: Recording | None = None


class Advice(msgspec.Struct, frozen=True):
    """Whether a channel is suitable for an incident, and why or why not."""

    channel: Channel
    suits: bool
    reason: str


class Guidance(msgspec.Struct, frozen=True):
    """The offences an incident may amount to, the channels it may be taken to, and a note on both."""

    offences: tuple[Offence, ...]
    channels: tuple[Advice, ...]
    note: str


class DatedTables(msgspec.Struct, frozen=True, kw_only=True):
    """The dated tables. `finding` is the sentence that is shown with every offence."""

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
        """The channels that existed on `day`."""
        return tuple(channel for channel in self.channels if channel.in_force(day))

    def guidance(self, incident: Incident, playbook: Playbook) -> Guidance:
        """What the tables say about `incident`, as in force on the day it occurred in London."""
        day = day_of(incident.occurred_at)
        holds = playbook.predicate_of(incident)
        remarks = dict.fromkeys(each.text for each in self.remarks if each.apply_to(incident, holds))
        return Guidance(
            offences=tuple(
                offence
                for offence in self.offences_on(day)
                if any(each.apply_to(incident, holds) for each in offence.shown)
            ),
            channels=tuple(_advice(channel, incident, holds) for channel in self.channels_on(day)),
            note=" ".join((self.finding, *remarks)),
        )


def _advice(channel: Channel, incident: Incident, holds: Holds) -> Advice:
    against = (each for each in channel.unsuited if each.apply_to(incident, holds))
    if (found := next(against, None)) is not None:
        return Advice(channel, False, found.reason)
    in_favour = (each for each in channel.suits if each.apply_to(incident, holds))
    if (found := next(in_favour, None)) is not None:
        return Advice(channel, True, found.reason)
    return Advice(channel, False, channel.otherwise)
