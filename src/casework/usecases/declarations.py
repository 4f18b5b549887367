"""Declared relationships: disclosed by staff; the DSL and the head decide together."""

from __future__ import annotations

from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.clocks import day_of
from casework.domain.errors import Forbidden, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import Narrative, PersonId, Short, UserId, record_faults
from casework.domain.moments import LocalDate
from casework.domain.person import Person
from casework.domain.registers.declaration import Declaration, RelationshipDeclared
from casework.domain.school import School
from casework.domain.user import User
from casework.domain.vocabulary import Role
from casework.library import Library
from casework.record import Record, retrying
from casework.record.identity import one_person
from casework.record.second_person import are_one
from casework.usecases.context import Context
from casework.usecases.named_ids import check_ids, named_ids
from casework.usecases.schools import Schools

_LEADS = frozenset({Role.DSL, Role.DEPUTY_DSL})


class DeclareRelationship(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship to record, and the decision about it."""

    school: UUID
    staff: PersonId
    other: PersonId
    relation: Short
    disclosed_on: LocalDate
    decision: Short
    advice: Narrative
    decided_by: tuple[UserId, ...]
    review_on: LocalDate | None = None


class Declarations:
    """The use cases of declared relationships."""

    def __init__(self, record: Record, schools: Schools, library: Library) -> None:
        self._record = record
        self._schools = schools
        self._library = library

    def declare(self, context: Context, command: DeclareRelationship) -> Declaration:
        """Record a declared relationship; a lead and the head decide on it, or either, as the pack says.

        Raises Forbidden or Invalid.
        """
        return retrying(lambda: self._declare(context, command))

    def _declare(self, context: Context, command: DeclareRelationship) -> Declaration:
        school, actor = self._schools.actor_at(context, command.school)
        role = actor.role_for(Permission.DECLARE)
        if role is None:
            raise Forbidden
        declaration_id = context.new_id("declaration")
        existing = self._record.load(Declaration, declaration_id)
        if existing is not None and context.earlier(existing) is not None:
            return existing
        stamp = context.stamp(declaration_id, 1, role)
        made = event_of(stamp, RelationshipDeclared, **msgspec.structs.asdict(command))
        self._check(made, school, context)
        declaration = Declaration(made)
        declaration.append(made)
        self._record.commit(declaration)
        return declaration

    def _check(self, made: RelationshipDeclared, school: School, context: Context) -> None:
        ids = named_ids(made)
        found = self._record.load_many(leaf.value for leaf, _ in ids)
        check_ids(found, ids, school)
        faults = record_faults(made)
        staff = found[made.staff]
        if not (isinstance(staff, Person) and staff.category.works_at_school):
            faults["$.staff"] = "does not work at the school"
        known = {key: each for key, each in found.items() if isinstance(each, Person)}
        parties = {
            each: one_person(self._record, known[each].joined, {each: known[each]})
            for each in (made.staff, made.other)
            if each in known
        }
        if made.other in parties[made.staff]:
            faults["$.other"] = "is the same person"
        if made.disclosed_on > day_of(context.now):
            faults["$.disclosed_on"] = "is in the future"
        deciders = [user for key in made.decided_by if isinstance(user := found[key], User)]
        undecided = self._undecided(made, school, deciders)
        if undecided is not None:
            faults["$.decided_by"] = undecided
        if any(user.persons & {*parties[made.staff], *parties[made.other]} for user in deciders):
            faults["$.decided_by"] = "must not include either person in the relationship"
        refuse_any(faults)

    def _undecided(self, made: RelationshipDeclared, school: School, deciders: list[User]) -> str | None:
        """What is wrong with who decided; without a rule of the pack, a lead and the head must (002 §4.2)."""
        rule = self._library.pack(school.pack).declarations
        leads, heads = _leads_and_heads(made, school, deciders)
        if rule is not None and not rule.together:
            only_they = bool(deciders) and all(user in leads or user in heads for user in deciders)
            return None if only_they else "must be a designated safeguarding lead, the head, or both"
        if any(not are_one(self._record, lead, head) for lead in leads for head in heads):
            return None
        return "must be a designated safeguarding lead and the head, two people"


def _leads_and_heads(
    made: RelationshipDeclared, school: School, deciders: list[User]
) -> tuple[list[User], list[User]]:
    """Those who decided and were leads, and those who were heads, on the day of disclosure or of recording.

    Nobody is one of them by a provisional appointment.
    """
    days = (made.disclosed_on, day_of(made.recorded_at))
    held = [
        (user, {role for day in days for role in school.held_roles(user.id, day).in_case(None)})
        for user in deciders
    ]
    return (
        [user for user, roles in held if roles & _LEADS],
        [user for user, roles in held if Role.HEADTEACHER in roles],
    )
