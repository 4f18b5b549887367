"""People: register a person at a school, and change what is recorded of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import Permission
from casework.domain.aggregate import Aggregate
from casework.domain.clocks import day_of
from casework.domain.errors import Forbidden, Invalid, PossibleDuplicate, Stale, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import Name, Reason, Short, record_faults
from casework.domain.limits import YearGroup
from casework.domain.moments import LocalDate
from casework.domain.one_person import is_parent
from casework.domain.person import (
    Contact,
    Details,
    Identifiers,
    Person,
    PersonChanged,
    PersonDistinguished,
    PersonRegistered,
    Related,
    day_in,
)
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Relation, Role
from casework.record import Record, retrying
from casework.record.identity import one_person
from casework.record.known_people import KnownPeople
from casework.record.user_directory import UserDirectory
from casework.usecases.context import Context, as_it_was, replaced
from casework.usecases.named_ids import check_ids, named_ids
from casework.usecases.people_access import Admitted, ChangedPerson, PeopleAccess, keeps_roll
from casework.usecases.schools import Schools

_ROLL_KEEPERS: Final = "Only safeguarding leads, the head and administrators say who is on the roll."
_COLLEAGUE: Final = (
    "Who a user is in cases is for safeguarding leads and the head to change: name, category, birth date and "
    "whether they are on the roll."
)
_WHO_FIELDS: Final = ("name", "known_as", "category", "born_on", "on_roll")
_AGE_FIELDS: Final = ("year_group", "born_on", "category")
PARENT_OF_PRIMARY_AGE: Final = "would make a pupil of primary age a parent"
USER_A_PUPIL: Final = "would make a pupil and a user of casework one person"


class RegisterPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person to register at a school.

    `on_roll` is for safeguarding leads, the head and administrators to say: whether the person belongs to the
    school. Its default is true if one of them registers a pupil, a member of staff, a governor, a volunteer
    or a contractor, else false. `distinct` says that no record the user knows is of this person, however
    alike they are.
    """

    school: UUID
    category: Category
    name: Name
    known_as: Name | None = None
    born_on: LocalDate | None = None
    year_group: YearGroup | None = None
    on_roll: bool | None = None
    employer: Short | None = None
    contact: Contact | None = None
    identifiers: Identifiers | None = None
    relations: tuple[Related, ...] = ()
    distinct: bool = False


class ChangePerson(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a person, and the reason. A field that is not given stays; null clears it.

    A contact that is given replaces the whole contact, and identifiers replace all identifiers.
    """

    reason: Reason
    name: Name | UnsetType = UNSET
    known_as: Name | UnsetType | None = UNSET
    category: Category | UnsetType = UNSET
    year_group: YearGroup | UnsetType | None = UNSET
    born_on: LocalDate | UnsetType | None = UNSET
    on_roll: bool | UnsetType = UNSET
    employer: Short | UnsetType | None = UNSET
    contact: Contact | UnsetType | None = UNSET
    identifiers: Identifiers | UnsetType | None = UNSET
    left_on: LocalDate | UnsetType | None = UNSET
    died_on: LocalDate | UnsetType | None = UNSET


class People:
    """The use cases of people."""

    def __init__(
        self, record: Record, schools: Schools, known_people: KnownPeople, directory: UserDirectory
    ) -> None:
        self._record = record
        self._schools = schools
        self._known_people = known_people
        self._directory = directory
        self.access = PeopleAccess(record, schools, known_people, directory)

    def register(self, context: Context, command: RegisterPerson) -> Person:
        """Register a person, as a user who may register people at the school or an administrator.

        Raises NotFound, Forbidden, KeyReused or Invalid, and PossibleDuplicate if the user may know a record
        that could be of the same person, unless the command says that they are distinct.
        """
        return retrying(lambda: self._register(context, command))

    def change(
        self, context: Context, person_id: UUID, command: ChangePerson, expected: int | None = None
    ) -> ChangedPerson:
        """Change a person whose version is `expected` (None for any). The same values record nothing.

        The version is the one that the user knows: it does not count what they may not know. Raises
        NotFound, Forbidden, Stale, KeyReused or Invalid.
        """
        return retrying(lambda: self._change(context, person_id, command, expected))

    def _is_colleague_changed(self, admitted: Admitted, details: Details) -> bool:
        """Whether the change says who a user is in cases."""
        before = admitted.person.details
        same = all(getattr(before, name) == getattr(details, name) for name in _WHO_FIELDS)
        return not same and bool(self._directory.linked_to(admitted.records.keys()))

    def _register(self, context: Context, command: RegisterPerson) -> Person:
        school, actor = self._schools.actor_at(context, command.school)
        keeper = keeps_roll(context, actor)
        role = keeper or actor.role_for(Permission.REGISTER_PEOPLE)
        if role is None:
            raise Forbidden
        if keeper is None and command.on_roll is not None:
            raise Forbidden(_ROLL_KEEPERS)
        person_id = context.new_id("person")
        existing = self._record.load(Person, person_id)
        if existing is not None and context.earlier(existing) is not None:
            return as_it_was(self._record, context, existing)
        on_roll = command.on_roll
        if on_roll is None:
            on_roll = keeper is not None and command.category.belongs_to_school
        registered = _registered(context, command, person_id, role, on_roll)
        ids = named_ids(registered)
        named = self._record.load_many(leaf.value for leaf, _ in ids)
        known = self.access.known(context, role, named)
        check_ids(known, ids, school)
        self._require_others(context, role, known.values())
        person = Person(registered)
        person.append(registered)
        refuse_any(_relation_faults(registered, day_of(context.now)))
        self._distinguish(context, person, role, distinct=command.distinct)
        self._record.commit(person)
        return person

    def _require_others(self, context: Context, role: Role, related: Collection[Aggregate]) -> None:
        """Raise Forbidden if the user, or somebody close to them, is among those `related` to a person."""
        if related:
            own = self.access.own(context, role)
            for other in related:
                if isinstance(other, Person):
                    own.require_other(self.access.records_of(context, role, other))

    def _distinguish(self, context: Context, person: Person, role: Role, *, distinct: bool) -> None:
        """Record that `person` is distinct from the records like it. Raises PossibleDuplicate."""
        alike = self._known_people.known_like(context.principal, context.now, person.school, person.details)
        if not alike:
            return
        if not distinct:
            raise PossibleDuplicate(alike)
        stamp = context.stamp(person.id, person.version + 1, role)
        person.append(event_of(stamp, PersonDistinguished, others=alike))

    def _change(
        self, context: Context, person_id: UUID, command: ChangePerson, expected: int | None
    ) -> ChangedPerson:
        admitted = self.access.admit(context, person_id)
        person, role = admitted.person, admitted.role
        if context.earlier(person) is not None:
            then = as_it_was(self._record, context, person)
            return self.access.changed(context, role, then, admitted.records)
        before = self.access.changed(context, role, person, admitted.records)
        if expected is not None and expected != before.version:
            raise Stale(before.version)
        details = _changed(person.details, command, context.now)
        if details == person.details:
            return before
        if role is Role.ADMIN and self._is_colleague_changed(admitted, details):
            raise Forbidden(_COLLEAGUE)
        today = day_of(context.now)
        if is_parent(admitted.records) and _becomes_primary_pupil(person.details, details, today):
            raise Invalid.at(f"$.{_age_field(command)}", PARENT_OF_PRIMARY_AGE)
        if self._makes_user_a_pupil(person, details):
            raise Invalid.at("$.category", USER_A_PUPIL)
        stamp = context.stamp(person.id, person.version + 1, role)
        fields = {"school": person.school, "details": details, "reason": command.reason}
        person.append(event_of(stamp, PersonChanged, **fields))
        self._record.commit(person)
        return msgspec.structs.replace(before, version=before.version + 1)

    def _makes_user_a_pupil(self, person: Person, after: Details) -> bool:
        """Whether a person becomes a pupil or former pupil to whom, under any record, a user was linked."""
        if person.category.is_or_was_pupil or not after.category.is_or_was_pupil:
            return False
        return bool(self._directory.linked_to(one_person(self._record, [person.id])))


def _registered(
    context: Context, command: RegisterPerson, person_id: UUID, role: Role, on_roll: bool
) -> PersonRegistered:
    refuse_any(record_faults(command))
    stamp = context.stamp(person_id, 1, role)
    stored = {name: getattr(command, name) for name in ("born_on", "contact", "identifiers")}
    changes = {"on_roll": on_roll, **_as_recorded(stored)}
    fields = replaced(command, **changes)
    del fields["distinct"]
    registered = event_of(stamp, PersonRegistered, **fields)
    refuse_any(_detail_faults(registered.details, context.now))
    return registered


def _changed(before: Details, command: ChangePerson, now: datetime) -> Details:
    refuse_any(record_faults(command))
    given = {name: value for name, value in msgspec.structs.asdict(command).items() if value is not UNSET}
    del given["reason"]
    details = msgspec.structs.replace(before, **_as_recorded(given))
    refuse_any(_detail_faults(details, now))
    return details


def _relation_faults(registered: PersonRegistered, today: date) -> dict[str, str]:
    """What is wrong with the relations of a new person, by JSON path."""
    faults = {}
    for number, each in enumerate(registered.relations):
        if each in registered.relations[:number]:
            faults[f"$.relations[{number}]"] = "is the same relation twice"
        elif each.relation is Relation.PARENT_OF and registered.details.is_of_primary_age(today):
            faults[f"$.relations[{number}].relation"] = PARENT_OF_PRIMARY_AGE
    return faults


def _becomes_primary_pupil(before: Details, after: Details, today: date) -> bool:
    return after.is_of_primary_age(today) and not before.is_of_primary_age(today)


def _age_field(command: ChangePerson) -> str:
    """The field of a change by which a parent becomes a pupil of primary age."""
    return next(name for name in _AGE_FIELDS if getattr(command, name) is not UNSET)


def _as_recorded(given: dict[str, Any]) -> dict[str, Any]:
    """`given` as it is stored: days as sealed texts, identifiers compact, and an empty record as none."""
    return {name: _recorded(value) for name, value in given.items()}


def _recorded(value: Any) -> Any:
    if isinstance(value, date):
        return Sealed(value.isoformat())
    if isinstance(value, Identifiers):
        value = value.compact()
    return None if value in (Contact(), Identifiers()) else value


def _detail_faults(details: Details, now: datetime) -> dict[str, str]:
    identifiers = details.identifiers or Identifiers()
    numbers = {f"$.identifiers.{field}": fault for field, fault in identifiers.faults().items()}
    return numbers | _day_faults(details, now)


def _day_faults(details: Details, now: datetime) -> dict[str, str]:
    """What is wrong with the days of a life, by JSON path."""
    born_on, left_on, died_on = map(day_in, (details.born_on, details.left_on, details.died_on))
    first, today = born_on or date.min, day_of(now)
    faults = {
        "$.born_on": "is in the future" if first > today else None,
        "$.left_on": "is before born_on" if left_on is not None and left_on < first else None,
        "$.died_on": _death_fault(died_on, first, today),
    }
    return {path: fault for path, fault in faults.items() if fault is not None}


def _death_fault(died_on: date | None, born_on: date, today: date) -> str | None:
    if died_on is not None and died_on > today:
        return "is in the future"
    return "is before born_on" if died_on is not None and died_on < born_on else None
