"""Finding people by whole name, and what they were in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import Permission
from casework.domain.person import Person
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Involvement
from casework_api.http import current
from casework_api.http.paging import cut
from casework_api.http.problems import forbidden
from casework_api.http.reader import schools_where, visible
from casework_api.http.set_aside import stale_mark
from casework_api.json.incidents.listing import listed_incident
from casework_api.json.incidents.schemas import ListedIncident


class FoundPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody found by name."""

    id: UUID
    school: UUID
    category: Category
    name: Sealed
    year_group: int | None


class People(msgspec.Struct, frozen=True):
    """A page of people and the cursor of the one that follows; `stale` where it may be behind the log."""

    items: list[FoundPerson]
    next: str | None
    stale: bool | UnsetType = UNSET


class ChronologyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An incident somebody is in, and how they are involved."""

    incident: ListedIncident
    involvements: list[Involvement]


class Chronology(msgspec.Struct, frozen=True):
    """A page of a person's incidents and the cursor of the one that follows.

    `stale` where it may be behind the log.
    """

    items: list[ChronologyEntry]
    next: str | None
    stale: bool | UnsetType = UNSET


def people_named(query: dict[str, Any]) -> People:
    """The people of that name where the reader may find people. A problem (403) where that is nowhere."""
    name, school = query["name"], query.get("school")
    scope = ["people", name, school, current.user().id]
    views = current.views()
    with views.read(views.directory, views.people) as connection:
        schools = schools_where(connection, Permission.READ_PEOPLE)
        if not schools:
            raise forbidden()
        wanted = [each for each in schools if school in (None, each)]
        found = views.people.find(connection, wanted, name)
        stale = stale_mark(connection)
    shown, following = cut(current.cursors(), query, scope, len(found))
    items = [
        FoundPerson(
            id=each.person,
            school=each.school,
            category=each.category,
            name=each.name,
            year_group=each.year_group,
        )
        for each in found[shown]
    ]
    return People(items, following, stale)


def chronology_of(person: Person, query: dict[str, Any]) -> Chronology:
    """Every incident `person` is in that the reader may know of, in the order they took place."""
    views = current.views()
    with views.read(views.directory, views.caseload) as connection:
        involved = views.caseload.known_to(visible(connection), connection).chronology(person.id)
        stale = stale_mark(connection)
    scope = ["chronology", person.id, current.user().id]
    shown, following = cut(current.cursors(), query, scope, len(involved))
    items = [
        ChronologyEntry(incident=listed_incident(each.listed), involvements=list(each.involvements))
        for each in involved[shown]
    ]
    return Chronology(items, following, stale)
