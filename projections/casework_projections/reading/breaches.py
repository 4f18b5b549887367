"""How many cases breached each clause of the school's policy, for those who read these cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.incident import Incident
from casework.domain.incident.outcomes import Decide
from casework.library import Library
from casework_projections.reading.asking import Asker
from casework_projections.reading.comparison import in_order
from casework_projections.reading.known import page_of
from casework_projections.reading.listing import Filters
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.reading.terms import known_term


class BreachCount(msgspec.Struct, frozen=True, kw_only=True):
    """A clause, and in how many cases a decision says that it was breached."""

    clause: str
    title: str
    cases: int


class CountBreaches(Question[Page[BreachCount]], frozen=True, kw_only=True):
    """The clauses that were breached in cases of a school, reported in `term` or any, most often first.

    Only cases that the user may read in full are counted, so the figures are exact and differ between users.
    """

    NAME: ClassVar = "breaches"

    school: UUID
    term: str | None = None

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[BreachCount]]:
        school = room.admission.school(asker, self.school, Permission.READ_SUMMARY).school
        scope = ["breaches", school.id, self.term, asker.principal.id]
        with known_term():
            listed = page_of(room, asker, Filters(school=school.id, term=self.term), Part(), scope)
        read = in_order(room.record, [each.incident for each in listed.items if not each.own])
        breached = {incident.id: found for incident in read if (found := _breached(incident))}
        incidents = [incident for incident in read if incident.id in breached]
        shown = tuple(Shown(about=incident, parts=("breaches",)) for incident in breached)
        return Answer(Page(_counted(incidents, breached, room.library), None, listed.stale), shown)


def _breached(incident: Incident) -> frozenset[str]:
    """The clauses that decisions in the case name; none of a case that is in no figure."""
    if incident.uncounted is not None:
        return frozenset()
    return frozenset(clause for step in incident.taken(Decide) for clause in step.breach or ())


def _counted(
    incidents: Iterable[Incident], breached: Mapping[UUID, frozenset[str]], library: Library
) -> tuple[BreachCount, ...]:
    cases: dict[str, int] = {}
    titles: dict[str, str] = {}
    for incident in incidents:
        listed = library.playbook_of(incident).pack.breaches
        titles |= {breach.clause: breach.title for breach in listed}
        for clause in breached[incident.id]:
            cases[clause] = cases.get(clause, 0) + 1
    found = (BreachCount(clause=each, title=titles.get(each, each), cases=cases[each]) for each in cases)
    return tuple(sorted(found, key=lambda count: (-count.cases, count.clause)))
