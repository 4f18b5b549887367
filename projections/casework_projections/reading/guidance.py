"""What the dated tables say about one case: offences it may amount to, and channels that suit it."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.moments import LocalDate
from casework_projections.reading.asking import Asker
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown


class OffenceTag(msgspec.Struct, frozen=True, kw_only=True):
    """An offence that the recorded facts may amount to. It is a tag, never a finding, and names no person."""

    offence: str
    title: str
    source: str
    since: LocalDate | None


class ChannelAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a channel suits this incident, and why or why not."""

    channel: str
    title: str
    suits: bool
    reason: str
    source: str


class GuidanceBody(msgspec.Struct, frozen=True, kw_only=True):
    """The tables applied to an incident on the day it occurred. `note` says that a tag is never a finding."""

    offences: tuple[OffenceTag, ...]
    channels: tuple[ChannelAdvice, ...]
    note: str


class ReadGuidance(Question[GuidanceBody], frozen=True):
    """What the dated tables say about a case."""

    NAME: ClassVar = "guidance"

    incident: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[GuidanceBody]:
        case = room.admission.case_to_read(asker, self.incident)
        guidance = room.library.dated_tables.guidance(case.incident, case.playbook)
        body = GuidanceBody(
            offences=tuple(
                OffenceTag(offence=each.id, title=each.title, source=each.source, since=each.since)
                for each in guidance.offences
            ),
            channels=tuple(
                ChannelAdvice(
                    channel=each.channel.id,
                    title=each.channel.title,
                    suits=each.suits,
                    reason=each.reason,
                    source=each.channel.source,
                )
                for each in guidance.channels
            ),
            note=guidance.note,
        )
        return Answer(body, (Shown.of(case, "guidance"),))
