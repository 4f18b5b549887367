"""Declared relationships: disclosed by staff, decided on by the DSL and the head together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casework.domain.access import Permission
from casework.domain.clocks import LONDON
from casework.domain.errors import Forbidden, Invalid
from casework.domain.fields import record_faults
from casework.domain.person import Person
from casework.domain.registers.declaration import Declaration, RelationshipDeclared
from casework.domain.school import School
from casework.domain.user import User
from casework.domain.vocabulary import Role
from casework.usecases.command import Command
from casework.usecases.references import check_references, referenced

if TYPE_CHECKING:
    from casework.application import Casework

_LEADS = frozenset({Role.DSL, Role.DEPUTY_DSL})


class Declarations:
    """The use cases of declared relationships."""

    def __init__(self, app: Casework) -> None:
        self._app = app

    def declare(self, command: Command, fields: dict[str, Any]) -> Declaration:
        """Record a declared relationship. `decided_by` must be a lead and the head (002 §4.2)."""
        return self._app.rerun(lambda: self._declare(command, fields))

    def _declare(self, command: Command, fields: dict[str, Any]) -> Declaration:
        school, actor = self._app.schools.actor_at(fields["school"], command)
        role = actor.role_for(Permission.DECLARE)
        if role is None:
            raise Forbidden
        declaration_id = command.new_id("declaration")
        existing = self._app.load(Declaration, declaration_id)
        if existing is not None and command.earlier(existing) is not None:
            return existing
        made = RelationshipDeclared(**command.stamp(declaration_id, 1, role), **fields)
        self._check(made, school, command)
        declaration = Declaration(made)
        declaration.record(made)
        self._app.commit(declaration)
        return declaration

    def _check(self, made: RelationshipDeclared, school: School, command: Command) -> None:
        references = referenced(made)
        found = self._app.load_many(leaf.value for leaf, _ in references)
        check_references(found, references, school)
        faults = record_faults(made)
        staff = found[made.staff]
        if not (isinstance(staff, Person) and staff.category.works_at_school):
            faults["$.staff"] = "does not work at the school"
        if made.other == made.staff:
            faults["$.other"] = "is the same person"
        if made.disclosed_on > command.now.astimezone(LONDON).date():
            faults["$.disclosed_on"] = "is in the future"
        if not _decided_together(made, school):
            faults["$.decided_by"] = "must be a designated safeguarding lead and the head, two users"
        deciders = (found[user] for user in made.decided_by)
        if any(isinstance(user, User) and user.person in (made.staff, made.other) for user in deciders):
            faults["$.decided_by"] = "must not be either of the two whose relationship it is"
        if faults:
            raise Invalid({path: [message] for path, message in faults.items()})


def _decided_together(made: RelationshipDeclared, school: School) -> bool:
    """Whether one of the deciders was a lead and another the head, when it was disclosed or is recorded."""
    days = (made.disclosed_on, made.recorded_at.astimezone(LONDON).date())
    held = {user: {role for day in days for role in school.roles_of(user, day)} for user in made.decided_by}
    leads = {user for user, roles in held.items() if roles & _LEADS}
    heads = {user for user, roles in held.items() if Role.HEADTEACHER in roles}
    return any(lead != head for lead in leads for head in heads)
