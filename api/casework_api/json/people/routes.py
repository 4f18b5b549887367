"""`/people`: register and change people and their relations, find people, read what they are involved in."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Response, url_for
from msgspec import UNSET
from msgspec.structs import asdict

from casework.domain.errors import PossibleDuplicate
from casework.domain.fields import Text
from casework.domain.limits import YEAR_GROUPS
from casework.domain.vocabulary import Category
from casework.usecases.joins import OtherPerson, SamePerson
from casework.usecases.people import ChangePerson, RegisterPerson
from casework.usecases.relations import RelatePerson
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER, Blueprint
from casework_api.http.etags import etag, if_match
from casework_api.http.fields import Choice, Day, Identifier, Words
from casework_api.http.paging import PageQuery, QueryNumber, part
from casework_api.http.problems import possible_duplicate
from casework_api.http.schema_of import schema_of
from casework_projections.reading.chronology import ChronologyEntry, ReadChronology
from casework_projections.reading.duplicates import ListPairs, PairBody, ReadCandidates
from casework_projections.reading.paging import Page
from casework_projections.reading.people import (
    Candidate,
    FindPeople,
    FoundPerson,
    PersonBody,
    ReadPerson,
    changed_body,
    person_body,
)
from casework_projections.reading.person_history import HistoryEntry, ReadPersonHistory
from casework_projections.reading.relations import RelationBody, relation_body

PersonInput = schema_of(RegisterPerson, name="PersonInput")
PersonPatch = schema_of(ChangePerson, name="PersonPatch")
SameAsInput = schema_of(SamePerson, name="SameAsInput")
PartInput = schema_of(OtherPerson, name="PartInput")
RelationInput = schema_of(RelatePerson, name="RelationInput")

Shown = tuple[PersonBody, int, dict[str, str]]


_SCHOOL: Final = "3b9d1a52-7c1e-5a3f-9d0a-2f1f6f8f4c10"
PAIRS_EXAMPLE: Final = {
    "items": [
        {
            "one": {
                "id": "7f0f2a54-9a52-5f1d-8f39-0d5b8a1c7e21",
                "school": _SCHOOL,
                "category": "pupil",
                "name": "Petra Pupil",
                "year_group": 4,
            },
            "other": {
                "id": "c1a4f0de-51b0-5f5c-b7a3-64f9de1b2a32",
                "school": _SCHOOL,
                "category": "unknown",
                "name": "Petra P.",
                "year_group": None,
            },
        }
    ],
    "next": None,
}


class PersonQuery(PageQuery):
    """Which people to find; at least one filter is needed."""

    name = Words(
        Text(max=200),
        metadata={"description": "Any parts of the name, in any order; at least two letters or digits."},
    )
    category = Choice({category.value: category for category in Category})
    year_group = QueryNumber(
        YEAR_GROUPS.low, YEAR_GROUPS.high, metadata={"description": "0 is reception, -1 nursery."}
    )
    born_on = Day(metadata={"description": "The birth date. For users who may read people."})
    school = Identifier()


class PairQuery(PageQuery):
    """At which school to look for pairs."""

    school = Identifier(required=True)


blueprint = Blueprint(
    "people", __name__, url_prefix="/people", description="People, who appear elsewhere only by id"
)


def _shown(person: PersonBody, status: int = 200, **headers: str) -> Shown:
    """A person with their version as the entity tag."""
    return person, status, {"ETag": etag(person.version), **headers}


def _candidate(found: Candidate) -> dict[str, Any]:
    """A candidate as a problem shows it."""
    given = {field: value for field, value in asdict(found).items() if value is not UNSET}
    return given | {"name": found.name.text}


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(PersonInput)
@blueprint.returns(201, PersonBody, headers=("Location", "ETag"), problems=(404, 409, 422))
def register(fields: dict[str, Any]) -> Shown | Response:
    """Register a person at a school.

    If the name could be that of a person whose record you may know, the answer is the problem
    `possible-duplicate` with at most 10 `candidates`: the id, name, category and year group of each, and
    `born_on` if you may read people. If the person is none of them, send the same body with `distinct: true`.
    """
    command = RegisterPerson(**fields)
    try:
        person = current.casework().people.register(current.context(), command)
    except PossibleDuplicate as alike:
        # It shows names, as a search does.
        current.check_name_searches()
        found = current.answer(ReadCandidates(command.school, alike.candidates))
        return possible_duplicate(list(map(_candidate, found)))
    where = url_for("people.read_person", person_id=person.id)
    return _shown(person_body(person), 201, Location=where)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(PersonQuery, location="query")
@blueprint.returns(200, Page[FoundPerson], problems=(422,))
def find(query: dict[str, Any]) -> Page[FoundPerson]:
    """The people with that name at the schools where the user may find people: the best matches first.

    `born_on` is shown to users who may read people at the school. A search by it finds people there only,
    and is 403 for users who may read people nowhere.
    """
    current.check_name_searches()
    filters = {name: query.get(name) for name in ("name", "category", "year_group", "born_on", "school")}
    return current.answer(FindPeople(**filters, part=part(query)))


@blueprint.route("/pairs", methods=["GET"])
@blueprint.arguments(PairQuery, location="query")
@blueprint.returns(200, Page[PairBody], problems=(404, 422), example=PAIRS_EXAMPLE)
def pairs(query: dict[str, Any]) -> Page[PairBody]:
    """Pairs of records that could be of one person, for safeguarding leads and the head, sorted by name.

    A user to whom a case came by the route sees those with a person who is in it.

    A pair is left out once its records are joined, and if a user who knew both has said that they are of
    two people: with `distinct` in `POST /people`, or by parting them.
    """
    return current.answer(ListPairs(query["school"], part(query)))


@blueprint.route("/<uuid:person_id>", methods=["GET"])
@blueprint.returns(200, PersonBody, headers=("ETag",))
def read_person(person_id: UUID) -> Shown:
    """A person, with their former names and their relations from both sides."""
    return _shown(current.answer(ReadPerson(person_id)))


@blueprint.route("/<uuid:person_id>", methods=["PATCH"])
@blueprint.takes(IF_MATCH_HEADER, IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(PersonPatch)
@blueprint.returns(200, PersonBody, headers=("ETag",), problems=(409, 412, 422))
def change_person(fields: dict[str, Any], person_id: UUID) -> Shown:
    """Change the given details, with a reason; null clears one, and the others stay.

    For safeguarding leads and the head, and for those to whom a case came by the route, of people in it.
    Administrators may change people on the roll.
    """
    people, expected = current.casework().people, if_match()
    changed = people.change(current.context(), person_id, ChangePerson(**fields), expected)
    return _shown(changed_body(changed.person, changed.version, in_full=changed.in_full))


@blueprint.route("/<uuid:person_id>/relations", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(RelationInput)
@blueprint.returns(201, RelationBody, problems=(409, 422))
def relate(fields: dict[str, Any], person_id: UUID) -> RelationBody:
    """Record what the person is to another person of the school."""
    relations = current.casework().relations
    made = relations.relate(current.context(), person_id, RelatePerson(**fields))
    return relation_body(made, person_id)


@blueprint.route("/<uuid:person_id>/relations/<uuid:relation_id>", methods=["DELETE"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.returns(204)
def end_relation(person_id: UUID, relation_id: UUID) -> None:
    """End a relation of the person, for whichever of the two it was recorded; it stays in the history."""
    current.casework().relations.end(current.context(), person_id, relation_id)


@blueprint.route("/<uuid:person_id>/same-as", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(SameAsInput)
@blueprint.returns(201, PersonBody, headers=("ETag",), problems=(409, 422))
def join(fields: dict[str, Any], person_id: UUID) -> Shown:
    """Say that another record is the same person. From then on, either id answers for both."""
    joins = current.casework().joins
    joined = joins.join(current.context(), person_id, SamePerson(**fields))
    return _shown(changed_body(joined.person, joined.version, in_full=joined.in_full), 201)


@blueprint.route("/<uuid:person_id>/same-as/<uuid:other_id>", methods=["DELETE"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(PartInput)
@blueprint.returns(204, problems=(409, 422))
def part_records(fields: dict[str, Any], person_id: UUID, other_id: UUID) -> None:
    """Part two records that are two people after all. Nobody is let back into a case by it."""
    current.casework().joins.part(current.context(), person_id, other_id, OtherPerson(**fields))


@blueprint.route("/<uuid:person_id>/history", methods=["GET"])
@blueprint.arguments(PageQuery, location="query")
@blueprint.returns(200, Page[HistoryEntry], problems=(422,))
def history(query: dict[str, Any], person_id: UUID) -> Page[HistoryEntry]:
    """What changed in the person's record, when, by whom and why, the oldest first."""
    return current.answer(ReadPersonHistory(person_id, part(query)))


@blueprint.route("/<uuid:person_id>/chronology", methods=["GET"])
@blueprint.arguments(PageQuery, location="query")
@blueprint.returns(200, Page[ChronologyEntry], problems=(422,))
def chronology(query: dict[str, Any], person_id: UUID) -> Page[ChronologyEntry]:
    """Every incident that involves the person and that the user may see, in order of occurrence."""
    return current.answer(ReadChronology(person_id, part(query)))
