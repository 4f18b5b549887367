"""The Person aggregate: a person who may be involved in an incident, named elsewhere only by an id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID, uuid5

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.event import Event
from casework.domain.fields import Name, PersonId, Reason, Short, Text
from casework.domain.identifiers import compact, nhs_number_fault, upn_fault
from casework.domain.limits import YEAR_GROUPS, YearGroup
from casework.domain.moments import LocalDate
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, MayBeContacted, Relation

LAST_PRIMARY_YEAR: Final = 6
AGE_AFTER_PRIMARY: Final = 12
ADULT_AGE: Final = 18
TEEN_AGE: Final = 13
LAST_YEAR_UNDER_13: Final = 7
"""The last year group in which pupils who are not kept back are under 13 until its end."""

# As it was decided for the events of versions 1 and 2: it must not change when a permission or a word does.
_KEPT_THE_ROLL: Final = frozenset({"dsl", "deputy_dsl", "headteacher", "admin"})
_BELONGED_TO_SCHOOL: Final = frozenset({"pupil", "staff", "governor", "volunteer", "contractor"})


class Related(msgspec.Struct, frozen=True):
    """What this person is to `person`: for example their parent, their spouse or their line manager."""

    relation: Relation
    person: PersonId


class Relationship(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is to `person`, from one day to another (both included; None if it is open).

    `parental_responsibility` and `may_be_contacted` are None if nobody has recorded them.
    """

    id: UUID
    relation: Relation
    person: PersonId
    parental_responsibility: bool | None = None
    may_be_contacted: MayBeContacted | None = None
    from_: LocalDate | None = msgspec.field(default=None, name="from")
    until: LocalDate | None = None

    def repeats(self, other: Relationship) -> bool:
        """Whether `other` says the same of the same person for some of the same days."""
        same = (self.relation, self.person) == (other.relation, other.person)
        return same and _begins(self) <= _ends(other) and _begins(other) <= _ends(self)

    def from_other_side(self, holder: UUID) -> Relationship:
        """The same relation as if the other person held it to `holder`."""
        return msgspec.structs.replace(self, person=holder)


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a person."""

    phone: Annotated[Sealed, Text(max=50)] | None = None
    email: Name | None = None
    address: Short | None = None


class Identifiers(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers by which a school and the NHS know a child, in their compact form."""

    upn: Annotated[Sealed, Text(max=30)] | None = None
    nhs_number: Annotated[Sealed, Text(max=30)] | None = None

    def compact(self) -> Identifiers:
        """The same numbers without spaces and hyphens, in capitals."""
        return Identifiers(upn=_compact(self.upn), nhs_number=_compact(self.nhs_number))

    def faults(self) -> dict[str, str]:
        """What is wrong with the numbers, by field; they must be compact."""
        found = {
            "upn": None if self.upn is None else upn_fault(self.upn.text),
            "nhs_number": None if self.nhs_number is None else nhs_number_fault(self.nhs_number.text),
        }
        return {field: fault for field, fault in found.items() if fault is not None}


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded of a person apart from relations.

    `on_roll` is true for a person who belongs to the school, false for one who was made for a case. Days are
    ISO dates, sealed like the name.
    """

    category: Category
    name: Name
    known_as: Name | None = None
    born_on: Sealed | None = None
    year_group: YearGroup | None = None
    on_roll: bool = False
    employer: Short | None = None
    contact: Contact | None = None
    identifiers: Identifiers | None = None
    left_on: Sealed | None = None
    died_on: Sealed | None = None

    def is_of_primary_age(self, today: date) -> bool:
        """Whether this is a pupil of year 6 or below, or under 12 on `today`.

        The year group of a former pupil is the one in which they left, and so says nothing of today.
        """
        if not self.category.is_or_was_pupil:
            return False
        year_now = self.year_group if self.category is Category.PUPIL else None
        young = year_now is not None and year_now <= LAST_PRIMARY_YEAR
        born_on = day_in(self.born_on)
        return young or (born_on is not None and _age(born_on, today) < AGE_AFTER_PRIMARY)


class PersonRegistered(Event, frozen=True, kw_only=True):
    """A person was registered at a school."""

    TOPIC: ClassVar[str] = "person.registered"
    VERSION: ClassVar[int] = 3

    school: UUID
    category: Category
    name: Name
    known_as: Name | None = None
    born_on: Sealed | None = None
    year_group: YearGroup | None = None
    on_roll: bool = False
    employer: Short | None = None
    contact: Contact | None = None
    identifiers: Identifiers | None = None
    relations: tuple[Related, ...] = ()

    @classmethod
    def upcast(cls, state: dict[str, Any], version: int) -> dict[str, Any]:
        """`state` in the shape of version 3.

        Version 1 accepted any number as a year group; one outside the limits is read as unknown. Versions 1
        and 2 did not say who is on the roll: those whom a lead or an administrator registered, in a category
        that belongs to the school.
        """
        if version == 1:
            return cls.upcast({**state, "year_group": _year_group(state.get("year_group"))}, 2)
        if version == 2:
            kept = state["role"] in _KEPT_THE_ROLL and state["category"] in _BELONGED_TO_SCHOOL
            return cls.upcast({**state, "on_roll": kept}, 3)
        return super().upcast(state, version)

    @property
    def details(self) -> Details:
        """The details as they were registered."""
        return Details(
            category=self.category,
            name=self.name,
            known_as=self.known_as,
            born_on=self.born_on,
            year_group=self.year_group,
            on_roll=self.on_roll,
            employer=self.employer,
            contact=self.contact,
            identifiers=self.identifiers,
        )

    @property
    def relationships(self) -> Iterator[Relationship]:
        """The relations given at registration. Their ids are derived: the event has none."""
        for number, each in enumerate(self.relations):
            relation_id = uuid5(self.originator_id, f"relation:{number}")
            yield Relationship(id=relation_id, relation=each.relation, person=each.person)

    def apply(self, person: Any) -> None:
        person.details = self.details
        for each in self.relationships:
            person.relate(each)
        person.history.append(self)


class PersonChanged(Event, frozen=True, kw_only=True):
    """Details of a person changed. All details are repeated, so that one that was cleared is known to be.

    `school` is repeated so that a view can compute its row from this event alone.
    """

    TOPIC: ClassVar[str] = "person.changed"

    school: UUID
    details: Details
    reason: Reason

    def apply(self, person: Any) -> None:
        person.details = self.details
        person.history.append(self)


class PersonRelated(Event, frozen=True, kw_only=True):
    """A relation of this person to another was recorded."""

    TOPIC: ClassVar[str] = "person.related"

    relationship: Relationship

    def apply(self, person: Any) -> None:
        person.relate(self.relationship)
        person.history.append(self)


class PersonRelationEnded(Event, frozen=True, kw_only=True):
    """A relation of this person was ended. It stays in the history."""

    TOPIC: ClassVar[str] = "person.relation_ended"

    relationship: UUID

    def apply(self, person: Any) -> None:
        person.relations.pop(self.relationship, None)
        person.history.append(self)


class PersonJoined(Event, frozen=True, kw_only=True):
    """The record and the `other` one are of one person. Both records have the event."""

    TOPIC: ClassVar[str] = "person.joined"

    other: UUID
    reason: Reason

    def apply(self, person: Any) -> None:
        person.joined.add(self.other)
        person.history.append(self)


class PersonParted(Event, frozen=True, kw_only=True):
    """The record and the `other` one are not of one person. Both records have the event."""

    TOPIC: ClassVar[str] = "person.parted"

    other: UUID
    reason: Reason

    def apply(self, person: Any) -> None:
        person.joined.discard(self.other)
        person.distinct_from.add(self.other)
        person.history.append(self)


class PersonDistinguished(Event, frozen=True, kw_only=True):
    """The user who registered the person knew `others`, who could have been the same person, and are not."""

    TOPIC: ClassVar[str] = "person.distinguished"

    others: tuple[UUID, ...]

    def apply(self, person: Any) -> None:
        person.distinct_from.update(self.others)
        person.history.append(self)


PersonEvent = (
    PersonRegistered
    | PersonChanged
    | PersonRelated
    | PersonRelationEnded
    | PersonJoined
    | PersonParted
    | PersonDistinguished
)
_WITH_DETAILS: Final = (PersonRegistered, PersonChanged)


class AlsoNamed(msgspec.Struct, frozen=True):
    """A name of a person beside the present one: what they are known as, or a `former` name."""

    name: Sealed
    former: bool


class Person(Aggregate, begins_with=PersonRegistered):
    """A pseudonymous id, with details that are sealed with the person's own data key.

    `relations` are those that were not ended, by id, and `relations_ever` all of them; `joined` are the
    records that are the same person, `distinct_from` records that a user said are of other people;
    `history` is every event of the person.
    """

    def __init__(self, first: PersonRegistered) -> None:
        super().__init__(first)
        self.school = first.school
        self.details = first.details
        self.relations: dict[UUID, Relationship] = {}
        self.relations_ever: dict[UUID, Relationship] = {}
        self.joined: set[UUID] = set()
        self.distinct_from: set[UUID] = set()
        self.history: list[PersonEvent] = []

    @property
    def name(self) -> Sealed:
        """The present name."""
        return self.details.name

    @property
    def category(self) -> Category:
        """The present category."""
        return self.details.category

    def category_at(self, moment: datetime) -> Category:
        """The category at `moment`; the first one if the person was registered later.

        Staff in the wide sense whom casework knew as others then, or has since called something else, are
        staff: a change or a mistake of a category never takes an allegation out of its stream.
        """
        recorded = [each for each in self.history if isinstance(each, _WITH_DETAILS)]
        known = [each for each in recorded if each.recorded_at <= moment] or recorded[:1]
        then = known[-1].details.category
        return self.category if self.category.works_at_school and not then.works_at_school else then

    def has_left_by(self, day: date) -> bool:
        """Whether they left the school, or died, on `day` or before."""
        ends = (self.details.left_on, self.details.died_on)
        return any(date.fromisoformat(each.text) <= day for each in ends if each is not None)

    def adult_on(self, day: date) -> bool | None:
        """Whether the person was 18 or over on `day`, by the present birth date; None without one."""
        born_on = day_in(self.details.born_on)
        return None if born_on is None else _age(born_on, day) >= ADULT_AGE

    def under_13_on(self, day: date) -> bool | None:
        """Whether the person was under 13 on `day`, by the birth date, or the year group; None if not known.

        A pupil of year 7 or below is, whose year group is the present one.
        """
        born_on, year_group = day_in(self.details.born_on), self.details.year_group
        if born_on is not None:
            return _age(born_on, day) < TEEN_AGE
        return None if year_group is None else year_group <= LAST_YEAR_UNDER_13

    @property
    def former_names(self) -> tuple[Sealed, ...]:
        """Every other name the person was recorded under, the earliest first."""
        named = (each.details.name for each in self.history if isinstance(each, _WITH_DETAILS))
        return tuple(name for name in dict.fromkeys(named) if name != self.name)

    @property
    def also_named(self) -> tuple[AlsoNamed, ...]:
        """What the person is known as, and every other name that was ever recorded in either field."""
        ever = (each.details for each in self.history if isinstance(each, _WITH_DETAILS))
        names = dict.fromkeys(name for each in ever for name in (each.name, each.known_as))
        present = self.details.known_as
        others = (each for each in (present, *names) if each is not None and each != self.name)
        return tuple(AlsoNamed(each, former=each != present) for each in dict.fromkeys(others))

    @property
    def is_parent(self) -> bool:
        """Whether the person is recorded as a parent."""
        return any(each.relation is Relation.PARENT_OF for each in self.relations.values())

    def relate(self, relationship: Relationship) -> None:
        """Add a relation."""
        self.relations[relationship.id] = self.relations_ever[relationship.id] = relationship

    def holds(self, wanted: Relationship) -> bool:
        """Whether a relation that was not ended says the same as `wanted`."""
        return any(wanted.repeats(each) for each in self.relations.values())


def day_in(sealed: Sealed | None) -> date | None:
    """The day in a sealed ISO date; None if there is none or it was erased."""
    return None if sealed is None or sealed.erased else date.fromisoformat(sealed.text)


def _compact(number: Sealed | None) -> Sealed | None:
    return None if number is None else Sealed(compact(number.text))


def _year_group(stored: int | None) -> int | None:
    return stored if stored is not None and YEAR_GROUPS.fault(stored) is None else None


def _age(born_on: date, today: date) -> int:
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def _begins(relationship: Relationship) -> date:
    return relationship.from_ or date.min


def _ends(relationship: Relationship) -> date:
    return relationship.until or date.max
