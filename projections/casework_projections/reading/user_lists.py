"""Users in lists, for those who administer, appoint or assign; and one's own tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.errors import Forbidden, NotFound
from casework.domain.moments import Instant
from casework.domain.naming import normalised
from casework.domain.sealed import Sealed
from casework.domain.user import Scope, User
from casework.domain.vocabulary import Role
from casework_projections.reading.asking import Asker, reach_of
from casework_projections.reading.paging import Page, Part, moment_and_id, position_of
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown, Snapshot
from casework_projections.views.directory import Known, Wanted
from casework_projections.views.directory_tables import Acting


class HeldRole(msgspec.Struct, frozen=True):
    """A role in which a user acts at a school today: they hold it, or they are `standing_in`."""

    school: UUID
    role: Role
    standing_in: bool


class ListedUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user in a list, with the roles they hold today at the schools whose users the reader may list.

    `unlinked` are those of these schools where they hold a role that reads cases, now or later, and are no
    person: a case about them could not be hidden from them.
    """

    id: UUID
    name: Sealed
    active: bool
    roles: tuple[HeldRole, ...]
    unlinked: tuple[UUID, ...]


class TokenBody(msgspec.Struct, frozen=True, kw_only=True):
    """A token or an invitation that can be used until `expires_at`.

    Its secret was shown once and is not stored. An invitation has no scopes and no label.
    """

    id: UUID
    kind: Literal["token", "invitation"]
    scopes: tuple[Scope, ...]
    expires_at: Instant
    label: Sealed | None


class ListUsers(Question[Page[ListedUser]], frozen=True, kw_only=True):
    """A page of users, ordered by id.

    Administrators may list all users, other users those who hold a role today where the reader may list
    users. `school` and `role` are of roles held today; `name` is any part of a name. Users who are not
    `active` cannot be assigned or appointed, so only administrators list them. `linked` is false for users
    who are unlinked at one of these schools. Raises Forbidden.
    """

    NAME: ClassVar = "users"

    school: UUID | None = None
    role: Role | None = None
    name: str | None = None
    active: bool = True
    linked: bool | None = None
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[ListedUser]]:
        filters = [self.school, self.role, self.name, self.active, self.linked]
        scope = ["users", *filters, asker.principal.id]
        start = room.cursors.start(self.part, scope)
        with room.snapshot(room.views.directory) as snapshot:
            schools = _listable(room, snapshot, asker)
            if schools is not None and not self.active:
                raise Forbidden
            found = self._found(
                room, snapshot, asker, schools, None if start is None else UUID(str(start[0]))
            )
            page = found[: self.part.limit]
            items = _listed(room, snapshot, asker, schools, page)
            stale = snapshot.stale
        cursor = room.cursors.make([page[-1].user.hex], scope) if len(found) > len(page) else None
        shown = tuple(Shown(about=each.id, parts=("name", "roles")) for each in items)
        return Answer(Page(items, cursor, stale), shown)

    def _found(
        self,
        room: ReadingRoom,
        snapshot: Snapshot,
        asker: Asker,
        schools: Sequence[UUID] | None,
        after: UUID | None,
    ) -> list[Known]:
        """More users than the page takes, or the last of them."""
        limit = None if self.part.limit is None else self.part.limit + 1
        wanted = Wanted(
            schools=schools if self.school is None else _one_of(schools, self.school),
            role=self.role,
            active=self.active,
            linked=self.linked,
            day=asker.today,
            after=after,
            # A name is compared after it is unsealed, so the view cannot filter by it.
            limit=limit if self.name is None else None,
        )
        found = room.views.directory.known(snapshot.connection, wanted)
        if self.name is None:
            return found
        part = normalised(self.name)
        return [each for each in found if part in normalised(each.name.text)][:limit]


class ListTokens(Question[Page[TokenBody]], frozen=True, kw_only=True):
    """A page of the user's own tokens and invitation that can be used now, the first to expire first."""

    NAME: ClassVar = "own tokens"

    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[TokenBody]]:
        user = room.record.peek(User, asker.principal.id)
        if user is None:
            raise NotFound
        scope = ["own tokens", user.id]
        start = room.cursors.start(self.part, scope)
        after = None if start is None else moment_and_id(start)
        usable = (
            each
            for each in _secrets_of(user)
            if each.expires_at > asker.now and (after is None or (each.expires_at, each.id) > after)
        )
        found = sorted(usable, key=lambda each: (each.expires_at, each.id))
        page = tuple(found[: self.part.limit])
        more = len(found) > len(page)
        cursor = room.cursors.make(position_of(page[-1].expires_at, page[-1].id), scope) if more else None
        return Answer(Page(page, cursor), (Shown(about=user.id, parts=("tokens",)),))


def _secrets_of(user: User) -> Iterator[TokenBody]:
    for token in user.tokens.values():
        yield TokenBody(
            id=token.id, kind="token", scopes=token.scopes, expires_at=token.expires_at, label=token.label
        )
    invited = user.open_invitation
    if invited is not None:
        yield TokenBody(
            id=invited.id, kind="invitation", scopes=(), expires_at=invited.expires_at, label=None
        )


def listed_roles(room: ReadingRoom, asker: Asker, user: UUID) -> tuple[HeldRole, ...]:
    """The roles that `user` holds today at the schools where the asker may list users.

    All roles, if it is the asker's own user. Raises Forbidden if the asker may list no users.
    """
    with room.snapshot(room.views.directory) as snapshot:
        schools = None if user == asker.principal.id else _listable(room, snapshot, asker)
        held = room.views.directory.roles_held(snapshot.connection, [user], schools, asker.today)
    return tuple(map(_held_role, held))


def _listable(room: ReadingRoom, snapshot: Snapshot, asker: Asker) -> list[UUID] | None:
    """The schools whose users the asker may list; None for every user of every school. Raises Forbidden."""
    if asker.principal.administers:
        return None
    reach = reach_of(asker, room.views.directory, snapshot.connection)
    schools = reach.schools(Permission.LIST_USERS)
    if not schools:
        raise Forbidden
    return schools


def _held_role(acting: Acting) -> HeldRole:
    return HeldRole(acting.school, acting.role, acting.standing_in)


def _one_of(schools: Sequence[UUID] | None, school: UUID) -> list[UUID]:
    return [school] if schools is None or school in schools else []


def _listed(
    room: ReadingRoom,
    snapshot: Snapshot,
    asker: Asker,
    schools: Sequence[UUID] | None,
    page: Sequence[Known],
) -> tuple[ListedUser, ...]:
    ids = [each.user for each in page]
    roles: dict[UUID, list[HeldRole]] = {}
    for held in room.views.directory.roles_held(snapshot.connection, ids, schools, asker.today):
        roles.setdefault(held.user, []).append(_held_role(held))
    unlinked = room.views.directory.unlinked(snapshot.connection, ids, schools, asker.today)
    return tuple(
        ListedUser(
            id=each.user,
            name=each.name,
            active=each.active,
            roles=tuple(roles.get(each.user, ())),
            unlinked=unlinked.get(each.user, ()),
        )
        for each in page
    )
