"""`/declarations`: relationships across the staff-pupil line, declared and decided on beforehand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import Permission
from casework.domain.moments import Instant, LocalDate
from casework.domain.registers.declaration import Declaration
from casework.domain.sealed import Sealed
from casework.usecases.declarations import DeclareRelationship
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.fields import Identifier
from casework_api.http.paging import PageQuery, cut
from casework_api.http.schema_of import schema_of
from casework_api.http.set_aside import stale_mark
from casework_projections.views.sealed_names import unsealed_soon

DeclarationInput = schema_of(DeclareRelationship, name="DeclarationInput")


class DeclarationQuery(PageQuery):
    """Whose declarations."""

    person = Identifier(required=True, metadata={"description": "Either of the two people."})


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


class Declarations(msgspec.Struct, frozen=True):
    """A page of declarations and the cursor of the one that follows.

    `stale` where it may be behind the log.
    """

    items: list[DeclarationBody]
    next: str | None
    stale: bool | UnsetType = UNSET


blueprint = Blueprint(
    "declarations", __name__, url_prefix="/declarations", description="Relationships declared beforehand"
)


def _body(declaration: Declaration) -> DeclarationBody:
    made = declaration.made
    told = {name: getattr(made, name) for name in DeclarationBody.__struct_fields__ if hasattr(made, name)}
    return DeclarationBody(id=declaration.id, **told)


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(DeclarationInput)
@blueprint.returns(201, DeclarationBody, problems=(404, 409, 422))
def declare(fields: dict[str, Any]) -> DeclarationBody:
    """Record a declared relationship, decided on by a safeguarding lead and the head together."""
    return _body(current.casework().declarations.declare(current.context(), DeclareRelationship(**fields)))


@blueprint.route("", methods=["GET"])
@blueprint.arguments(DeclarationQuery, location="query")
@blueprint.returns(200, Declarations, problems=(404, 422))
def index(query: dict[str, Any]) -> Declarations:
    """The declarations a person is in, newest first."""
    casework, views = current.casework(), current.views()
    person = casework.people.read(current.reading(), query["person"], Permission.READ_DECLARATIONS)
    with views.read(views.declarations) as connection:
        ids = views.declarations.of_person(connection, person.id)
        stale = stale_mark(connection)
    shown, following = cut(current.cursors(), query, ["declarations", person.id], len(ids))
    found = casework.record.load_many(ids[shown])
    loaded = [found[declaration] for declaration in ids[shown]]
    made = [declaration for declaration in loaded if isinstance(declaration, Declaration)]
    unsealed_soon(casework.keys, [declaration.made.relation for declaration in made])
    return Declarations([_body(declaration) for declaration in made], following, stale)
