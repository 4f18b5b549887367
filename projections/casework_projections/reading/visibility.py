"""Which incidents of a list a reader may know of, said in SQL so that no page is cut before it is filtered.

It says what `casework.domain.access.standing` says of one incident; a test holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Self
from uuid import UUID

import msgspec

from casework.domain.access import Actor, Permission, Standing, standing
from casework.domain.incident import Incident
from casework.domain.vocabulary import Role, Stream

READING: Mapping[Stream, Permission] = {
    Stream.CHILD: Permission.READ_CHILD_CASES,
    Stream.ALLEGATION: Permission.READ_ALLEGATIONS,
}


class VisibleTo(msgspec.Struct, frozen=True, kw_only=True):
    """A reader: the user, the person they are in incidents, and what their roles let them read where.

    `streams` are the schools whose cases of a stream they read; at the schools in `when_assigned` they
    read an allegation they are appointed to, and at those in `where_head_is_subject` one that is about
    any of `heads`, the people who lead them.
    """

    user: UUID
    person: UUID | None
    streams: Mapping[Stream, frozenset[UUID]]
    when_assigned: frozenset[UUID]
    where_head_is_subject: frozenset[UUID] = frozenset()
    heads: frozenset[UUID] = frozenset()
    actors: Mapping[UUID, Actor] = {}

    @classmethod
    def of(
        cls,
        user: UUID,
        person: UUID | None,
        actors: Mapping[UUID, Actor],
        heads: frozenset[UUID] = frozenset(),
    ) -> Self:
        """The reader who is one of `actors` at each school where they hold a role."""
        chairs = _where(actors, Permission.MANAGE_WHERE_HEAD_IS_SUBJECT)
        return cls(
            user=user,
            person=person,
            streams={stream: _where(actors, permission) for stream, permission in READING.items()},
            when_assigned=_where(actors, Permission.HANDLE_CHILD_CASES) | chairs,
            where_head_is_subject=chairs,
            heads=heads,
            actors=actors,
        )

    def standing(self, incident: Incident) -> Standing:
        """How the reader stands to `incident`, by its own history."""
        nobody = Actor(user=self.user, person=self.person, roles=())
        return standing(
            self.actors.get(incident.school, nobody),
            incident,
            reported_it=incident.reported_by(self.user),
            leaders={Role.HEADTEACHER: self.heads},
        )

    def reads(
        self, school: UUID, stream: Stream, subjects: Collection[UUID], appointed: Collection[UUID]
    ) -> bool:
        """Whether the reader may read a case of that school and stream, by whom it is about and given to."""
        if self.person is not None and self.person in subjects:
            return False
        if school in self.streams[stream]:
            return True
        assigned = school in self.when_assigned and self.user in appointed
        stands_in = school in self.where_head_is_subject and not self.heads.isdisjoint(subjects)
        return stream is Stream.ALLEGATION and (assigned or stands_in)


def _where(actors: Mapping[UUID, Actor], permission: Permission) -> frozenset[UUID]:
    return frozenset(school for school, actor in actors.items() if actor.role_for(permission) is not None)
