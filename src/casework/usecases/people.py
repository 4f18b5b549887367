"""People: register somebody at a school, and read what is known of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from casework.domain.access import Permission
from casework.domain.errors import Forbidden, Invalid, NotFound
from casework.domain.fields import record_faults
from casework.domain.person import Person, PersonRegistered
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Role
from casework.usecases.command import Command
from casework.usecases.references import check_references, referenced

if TYPE_CHECKING:
    from casework.application import Casework


class People:
    """The use cases of people."""

    def __init__(self, app: Casework) -> None:
        self._app = app

    def register(self, command: Command, fields: dict[str, Any]) -> Person:
        """A person at a school, by anybody who may report there or by an administrator.

        `born_on` is a date, kept sealed as the name is.
        """
        return self._app.rerun(lambda: self._register(command, fields))

    def read(
        self, command: Command, person_id: UUID, permission: Permission = Permission.READ_PEOPLE
    ) -> Person:
        """A person, for whoever holds `permission` at their school. Raises NotFound or Forbidden."""
        person = self._app.load(Person, person_id)
        if person is None:
            raise NotFound
        self._app.schools.read(command, person.school, permission)
        return person

    def _register(self, command: Command, fields: dict[str, Any]) -> Person:
        school, actor = self._app.schools.actor_at(fields["school"], command)
        role = actor.role_for(Permission.REGISTER_PEOPLE)
        if role is None:
            if command.user is None or not command.user.administrator:
                raise Forbidden
            role = Role.ADMIN
        person_id = command.new_id("person")
        existing = self._app.load(Person, person_id)
        if existing is not None and command.earlier(existing) is not None:
            return existing
        born_on: date | None = fields.get("born_on")
        if born_on is not None and born_on > command.now.date():
            raise Invalid.at("$.born_on", "is in the future")
        sealed = {"born_on": None if born_on is None else Sealed(born_on.isoformat())}
        registered = PersonRegistered(**command.stamp(person_id, 1, role), **(fields | sealed))
        faults = record_faults(registered)
        if faults:
            raise Invalid({path: [message] for path, message in faults.items()})
        references = referenced(registered)
        check_references(self._app.load_many(leaf.value for leaf, _ in references), references, school)
        person = Person(registered)
        person.record(registered)
        self._app.commit(person)
        return person
