"""`/people`: register somebody, find them by whole name, read every visible incident they are in."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from flask import url_for

from casework.domain.fields import Text
from casework.domain.moments import LocalDate
from casework.domain.person import Person, Related
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category
from casework.usecases.people import RegisterPerson
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.fields import Identifier, Words
from casework_api.http.paging import PageQuery
from casework_api.http.schema_of import schema_of
from casework_api.json.people.finding import Chronology, People, chronology_of, people_named

PersonInput = schema_of(RegisterPerson, name="PersonInput")


class PersonQuery(PageQuery):
    """Which people to find."""

    name = Words(Text(max=200), required=True, metadata={"description": "The whole name."})
    school = Identifier()


class PersonBody(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody known at a school."""

    id: UUID
    school: UUID
    category: Category
    name: Sealed
    born_on: LocalDate | None
    year_group: int | None
    relations: list[Related]


blueprint = Blueprint(
    "people", __name__, url_prefix="/people", description="People, known elsewhere by their ids"
)


def _body(person: Person) -> PersonBody:
    born_on = person.born_on
    return PersonBody(
        id=person.id,
        school=person.school,
        category=person.category,
        name=person.name,
        born_on=None if born_on is None or born_on.erased else date.fromisoformat(born_on.text),
        year_group=person.year_group,
        relations=list(person.relations),
    )


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(PersonInput)
@blueprint.returns(201, PersonBody, headers=("Location",), problems=(404, 409, 422))
def register(fields: dict[str, Any]) -> tuple[PersonBody, int, dict[str, str]]:
    """Register a person at a school."""
    person = current.casework().people.register(current.context(), RegisterPerson(**fields))
    return _body(person), 201, {"Location": url_for("people.read_person", person_id=person.id)}


@blueprint.route("", methods=["GET"])
@blueprint.arguments(PersonQuery, location="query")
@blueprint.returns(200, People, problems=(422,))
def find(query: dict[str, Any]) -> People:
    """The people of that whole name at the schools where the reader may find people."""
    return people_named(query)


@blueprint.route("/<uuid:person_id>", methods=["GET"])
@blueprint.returns(200, PersonBody)
def read_person(person_id: UUID) -> PersonBody:
    """A person."""
    return _body(current.casework().people.read(current.reading(), person_id))


@blueprint.route("/<uuid:person_id>/chronology", methods=["GET"])
@blueprint.arguments(PageQuery, location="query")
@blueprint.returns(200, Chronology, problems=(422,))
def chronology(query: dict[str, Any], person_id: UUID) -> Chronology:
    """Every incident the person is in that the reader may know of, newest first."""
    person = current.casework().people.read(current.reading(), person_id)
    return chronology_of(person, query)
