"""People: register a person at a school."""

from __future__ import annotations

from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.clocks import day_of
from casework.domain.errors import Forbidden, Invalid
from casework.domain.event import event_of
from casework.domain.fields import Name, limit_fault, record_faults
from casework.domain.limits import YearGroup
from casework.domain.moments import LocalDate
from casework.domain.person import Person, PersonRegistered, Related
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Role
from casework.record import Record, retrying
from casework.usecases.context import Context, replaced
from casework.usecases.named_ids import check_ids, named_ids
from casework.usecases.schools import Schools


class RegisterPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person to register at a school. `born_on` is stored sealed, like the name."""

    school: UUID
    category: Category
    name: Name
    born_on: LocalDate | None = None
    year_group: YearGroup | None = None
    relations: tuple[Related, ...] = ()


class People:
    """The use cases of people."""

    def __init__(self, record: Record, schools: Schools) -> None:
        self._record = record
        self._schools = schools

    def register(self, context: Context, command: RegisterPerson) -> Person:
        """Register a person, as a user who may register people at the school or an administrator.

        Raises NotFound, Forbidden, KeyReused or Invalid.
        """
        return retrying(lambda: self._register(context, command))

    def _register(self, context: Context, command: RegisterPerson) -> Person:
        school, actor = self._schools.actor_at(context, command.school)
        role = actor.role_for(Permission.REGISTER_PEOPLE)
        if role is None and not context.principal.administers:
            raise Forbidden
        person_id = context.new_id("person")
        existing = self._record.load(Person, person_id)
        if existing is not None and context.earlier(existing) is not None:
            return existing
        registered = _registered(context, command, person_id, role or Role.ADMIN)
        ids = named_ids(registered)
        check_ids(self._record.load_many(leaf.value for leaf, _ in ids), ids, school)
        person = Person(registered)
        person.append(registered)
        self._record.commit(person)
        return person


def _registered(context: Context, command: RegisterPerson, person_id: UUID, role: Role) -> PersonRegistered:
    born_on = command.born_on
    fault = limit_fault(born_on)
    if fault is not None:
        raise Invalid.at("$.born_on", fault)
    if born_on is not None and born_on > day_of(context.now):
        raise Invalid.at("$.born_on", "is in the future")
    sealed = None if born_on is None else Sealed(born_on.isoformat())
    stamp = context.stamp(person_id, 1, role)
    registered = event_of(stamp, PersonRegistered, **replaced(command, born_on=sealed))
    faults = record_faults(registered)
    if faults:
        raise Invalid.of(faults)
    return registered
