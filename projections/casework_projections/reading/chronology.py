"""The chronology of a person: every case that involves them and that the user may see."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.vocabulary import Involvement
from casework.record.identity import one_person
from casework_projections.reading.asking import Asker
from casework_projections.reading.cases import ListedIncident, listed_incident
from casework_projections.reading.knowing import person_to_read
from casework_projections.reading.known import listing, shown
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown


class ChronologyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An incident, and how the person is involved."""

    incident: ListedIncident
    involvements: tuple[Involvement, ...]


class ReadChronology(Question[Page[ChronologyEntry]], frozen=True):
    """A page of the cases that involve a person, by time of occurrence, oldest first."""

    NAME: ClassVar = "chronology"

    person: UUID
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[ChronologyEntry]]:
        person = person_to_read(room, asker, self.person)
        with room.snapshot(*room.views.of_cases) as snapshot:
            involved = listing(room, snapshot, asker).chronology(*one_person(room.record, [person.id]))
            stale = snapshot.stale
        scope = ["chronology", person.id, asker.principal.id]
        place, following = room.cursors.cut(self.part, scope, len(involved))
        entries = [
            ChronologyEntry(incident=listed_incident(each.listed), involvements=each.involvements)
            for each in involved[place]
        ]
        of_person = Shown(about=person.id, parts=("chronology",))
        of_cases = shown((each.listed for each in involved[place]), "listing")
        return Answer(Page(tuple(entries), following, stale), (of_person, *of_cases))
