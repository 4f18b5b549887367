"""Declared relationships of a person."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.moments import Instant, LocalDate
from casework.domain.registers.declaration import Declaration
from casework.domain.sealed import Sealed
from casework_projections.reading.asking import Asker
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.views.sealed_names import prefetch_keys


class DeclarationBody(msgspec.Struct, frozen=True, kw_only=True):
    """A declared relationship and what was decided about it."""

    id: UUID
    school: UUID
    staff: UUID
    other: UUID
    relation: Sealed
    disclosed_on: LocalDate
    decision: Sealed
    advice: Sealed
    decided_by: tuple[UUID, ...]
    review_on: LocalDate | None
    recorded_at: Instant


class ListDeclarations(Question[Page[DeclarationBody]], frozen=True):
    """A page of the declarations a person is in, the latest disclosed first."""

    NAME: ClassVar = "declarations"

    person: UUID
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[DeclarationBody]]:
        person = room.admission.person(asker, self.person, Permission.READ_DECLARATIONS)
        index = room.views.declarations
        with room.snapshot(index) as snapshot:
            ids = index.of_person(snapshot.connection, person.id)
            stale = snapshot.stale
        place, following = room.cursors.cut(self.part, ["declarations", person.id], len(ids))
        found = room.record.load_many(ids[place])
        loaded = (found[declaration] for declaration in ids[place])
        made = [declaration for declaration in loaded if isinstance(declaration, Declaration)]
        prefetch_keys(room.sealer.keys, [declaration.made.relation for declaration in made])
        items = tuple(map(declaration_body, made))
        shown = tuple(Shown(about=each, parts=("declaration",)) for each in _people(items))
        return Answer(Page(items, following, stale), shown)


def declaration_body(declaration: Declaration) -> DeclarationBody:
    """A declaration as a user who may read it sees it."""
    made = declaration.made
    shared = {name: getattr(made, name) for name in DeclarationBody.__struct_fields__ if hasattr(made, name)}
    return DeclarationBody(id=declaration.id, **shared)


def _people(declarations: tuple[DeclarationBody, ...]) -> dict[UUID, None]:
    return dict.fromkeys(person for each in declarations for person in (each.staff, each.other))
