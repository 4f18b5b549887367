"""`/declarations`: relationships declared in advance, and what was decided about them."""

from __future__ import annotations

from typing import Any

from casework.usecases.declarations import DeclareRelationship
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.fields import Identifier
from casework_api.http.paging import PageQuery, part
from casework_api.http.schema_of import schema_of
from casework_projections.reading.declarations import (
    DeclarationBody,
    ListDeclarations,
    declaration_body,
)
from casework_projections.reading.paging import Page

DeclarationInput = schema_of(DeclareRelationship, name="DeclarationInput")


class DeclarationQuery(PageQuery):
    """The person whose declarations to list."""

    person = Identifier(required=True, metadata={"description": "Either of the two people."})


blueprint = Blueprint(
    "declarations", __name__, url_prefix="/declarations", description="Relationships declared in advance"
)


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(DeclarationInput)
@blueprint.returns(201, DeclarationBody, problems=(404, 409, 422))
def declare(fields: dict[str, Any]) -> DeclarationBody:
    """Record a declared relationship, decided on by a safeguarding lead and the head together."""
    declarations = current.casework().declarations
    return declaration_body(declarations.declare(current.context(), DeclareRelationship(**fields)))


@blueprint.route("", methods=["GET"])
@blueprint.arguments(DeclarationQuery, location="query")
@blueprint.returns(200, Page[DeclarationBody], problems=(404, 422))
def index(query: dict[str, Any]) -> Page[DeclarationBody]:
    """The declarations a person is in, newest first."""
    return current.answer(ListDeclarations(query["person"], part(query)))
