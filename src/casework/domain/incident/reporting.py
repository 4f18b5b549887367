"""Steps that open an incident and record who is involved: report, acknowledge, triage, people, notes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final
from uuid import UUID, uuid5

import msgspec

from casework.domain.fields import (
    AdultId,
    Code,
    Narrative,
    PartyId,
    PastInstant,
    PersonId,
    Reason,
    ServerSet,
    UserId,
)
from casework.domain.incident.age import Age, age_of
from casework.domain.incident.steps import Correctable, Step
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import (
    BY_STAFF,
    Category,
    Content,
    Direction,
    Ground,
    Involvement,
    Setting,
    State,
    Stream,
    Timing,
)

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


_KEPT: Final = ("category", "left", "stands_for", "adult", "under_13")


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is in one incident. `category` is the one the person had when they were involved.

    `adult`: whether they were 18 or over on the day of the incident, by their birth date; None if that is
    not known; `under_13`: by that or by the year group. `left` says whether they had left the school, or had
    died, when they were named; `stands_for` are those of whom somebody who is alleged was recorded as parent,
    guardian or carer then. `user` is given if the report named a user, and no record of a person.
    """

    person: PersonId
    involvement: Involvement
    category: Annotated[Category, ServerSet()] = Category.UNKNOWN
    user: Annotated[UUID | None, ServerSet()] = None
    left: Annotated[bool, ServerSet()] = False
    stands_for: Annotated[tuple[UUID, ...], ServerSet()] = ()
    adult: Annotated[bool | None, ServerSet()] = None
    under_13: Annotated[bool | None, ServerSet()] = None

    @property
    def as_named(self) -> Party:
        """The party without what casework keeps of the person."""
        return Party(person=self.person, involvement=self.involvement, user=self.user)

    @property
    def age(self) -> Age:
        """Whether this is a child, by the birth date, or else by the category."""
        return age_of(self.category, self.adult)


def each_once(
    people: Iterable[Party], one_person: Callable[[UUID], Hashable] = lambda person: person
) -> tuple[Party, ...]:
    """`people` with each person once in each involvement, under the record that was named first.

    `one_person` returns the same for all records of a person. The user whom a party names is kept, because
    the case is closed to them: two parties who name different users stay two.
    """
    found: dict[Hashable, Party] = {}
    for party in people:
        place: Hashable = (one_person(party.person), party.involvement)
        known = found.get(place)
        if known is not None and None not in (known.user, party.user) and known.user != party.user:
            place = (place, party.user)
            known = found.get(place)
        if known is None:
            found[place] = party
        elif known.user is None:
            found[place] = msgspec.structs.replace(known, user=party.user)
    return tuple(found.values())


def adult_at_school_alleged(people: Iterable[Party], direction: Direction | None) -> bool:
    """Whether an adult at the school, in the wide sense, is alleged, even if not named yet.

    Contact "from staff" of which only people from outside the school are alleged did not come from staff.
    """
    alleged = [party.category for party in people if party.involvement is Involvement.ALLEGED]
    if any(category.works_at_school for category in alleged):
        return True
    outsiders = bool(alleged) and all(category is Category.EXTERNAL for category in alleged)
    return direction in BY_STAFF and not outsiders


def stream_of(people: Iterable[Party], direction: Direction | None, kind_stream: Stream) -> Stream:
    """`allegation` if an adult at the school, in the wide sense, is alleged, even if not named yet."""
    return Stream.ALLEGATION if adult_at_school_alleged(people, direction) else kind_stream


class Policy(msgspec.Struct, frozen=True):
    """The editions that apply to an incident: `england@2026-09-01`, `oakfield@2026-09`.

    `switches` are the dated duties of the floor that were in force when the incident was reported.
    """

    floor: str
    pack: str
    switches: tuple[Code, ...] = ()


class KeptRules(msgspec.Struct, frozen=True):
    """Rules, by id, of the editions that applied until a rebase, and that the incident keeps."""

    policy: Policy
    rules: tuple[str, ...]


class NamesPeople(Step, frozen=True, kw_only=True):
    """A step that decides who is involved in the case."""

    CHANGES_PEOPLE: ClassVar[bool] = True

    def people_after(self, people: tuple[Party, ...]) -> tuple[Party, ...]:
        """The people of the case after this step; `people` are those before it."""
        raise NotImplementedError

    def apply(self, incident: Incident) -> None:
        incident.people = self.people_after(incident.people)


class Report(NamesPeople, frozen=True, kw_only=True):
    """The first step: what is said to have happened, to whom, and where.

    `on_school_account` says whether it is on an account of the school.
    `about_leader` is what the report says of whether it is about the person who leads the school. `leaders`
    are the users who led it from that day to the report, if it may be about one of them, and all people they
    were ever linked to; in reports of earlier releases, the users alone. `late_reason` says why it is
    recorded more than a day after it was reported.
    """

    TOPIC: ClassVar[str] = "incident.report"
    MILESTONE: ClassVar[State | None] = State.REPORTED
    INTERNAL: ClassVar[bool] = True
    CORRECTABLE: ClassVar[Correctable] = Correctable(
        not_voided="is the report: give other values for its fields",
        fixed=frozenset({"school", "kind", "confidential_reporter", "people", "about_leader"}),
    )
    AT_FIELD: ClassVar[str] = "$.reported_at"

    school: UUID
    kind: Code
    occurred_at: PastInstant
    setting: Setting
    summary: Narrative
    policy: Annotated[Policy, ServerSet()]
    platform: Code | None = None
    direction: Direction | None = None
    child_voice: Narrative | None = None
    content: tuple[Content, ...] = ()
    confidential_reporter: bool = False
    people: tuple[Party, ...] = ()
    on_school_account: bool | None = None
    about_leader: bool | None = None
    late_reason: Reason | None = None
    leaders: Annotated[tuple[UUID, ...], ServerSet()] = ()
    kind_stream: Annotated[Stream, ServerSet()] = Stream.CHILD
    reporter: Annotated[Sealed, ServerSet()]

    @staticmethod
    def reporter_key_of(incident: UUID) -> UUID:
        """The subject of the data key that seals who reported, separate from the incident's own key."""
        return uuid5(incident, "reporter")

    @property
    def reported_at(self) -> datetime:
        return self.happened_at

    @property
    def may_be_about_leader(self) -> bool:
        """Whether it may be about the person who leads the school.

        An allegation made in confidence that names nobody may be, unless the report says that it is not:
        people who cannot say whom they mean must not have to fear that this person reads it.
        """
        if self.about_leader is not None or not self.confidential_reporter:
            return self.about_leader is True
        named = any(party.involvement is Involvement.ALLEGED for party in self.people)
        return not named and stream_of(self.people, self.direction, self.kind_stream) is Stream.ALLEGATION

    def faults(self, incident: Incident) -> dict[str, str]:
        faults = {}
        if self.occurred_at > self.happened_at:
            faults["$.occurred_at"] = "is after reported_at"
        if self._lacks_late_reason(incident.submitted):
            faults["$.late_reason"] = "is required if reported_at is more than a day before the recording"
        return faults

    def _lacks_late_reason(self, submitted: Report) -> bool:
        """Whether it gives no reason for being recorded late.

        In the new form of a report that was `submitted` late without one, to an earlier release, a reason is
        required only if the correction moves it.
        """
        if not self.recorded_late or self.late_reason is not None:
            return False
        return submitted is self or (submitted.happened_at, submitted.late_reason) != (self.happened_at, None)

    def works_out_again(self, attribute: str, value: Any) -> bool:
        if attribute != "people":
            return False
        return [party.as_named for party in self.people] == [party.as_named for party in value]

    def people_after(self, people: tuple[Party, ...]) -> tuple[Party, ...]:
        return each_once(self.people)

    def apply(self, incident: Incident) -> None:
        super().apply(incident)
        incident.add_content(self.content, self.happened_at)
        incident.raise_concern(f"kind:{self.kind}", self.happened_at)


class Acknowledge(Step, frozen=True, kw_only=True):
    """The person who reported is notified that the report was received."""

    TOPIC: ClassVar[str] = "incident.acknowledge"
    ANSWERS_REPORT: ClassVar[bool] = True


class Triage(Step, frozen=True, kw_only=True):
    """Whether it happened in or out of school, on what ground the school acts, and whether it is critical."""

    TOPIC: ClassVar[str] = "incident.triage"
    ANSWERS_REPORT: ClassVar[bool] = True
    FOR_RECEIVERS: ClassVar[bool] = True

    timing: Timing
    critical: bool
    rationale: Reason
    jurisdiction: tuple[Ground, ...] = ()
    content: tuple[Content, ...] = ()

    def apply(self, incident: Incident) -> None:
        incident.add_content(self.content, self.happened_at)
        if self.critical:
            incident.raise_concern("triage:critical", self.happened_at)


class NamesOnePerson(NamesPeople, frozen=True, kw_only=True):
    """A step that names one more person of the case, with what the case keeps of them, as `Party` has it."""

    category: Annotated[Category, ServerSet()] = Category.UNKNOWN
    left: Annotated[bool, ServerSet()] = False
    stands_for: Annotated[tuple[UUID, ...], ServerSet()] = ()
    adult: Annotated[bool | None, ServerSet()] = None
    under_13: Annotated[bool | None, ServerSet()] = None

    @property
    def kept(self) -> dict[str, Any]:
        """What the case keeps of the person."""
        return {name: getattr(self, name) for name in _KEPT}


class InvolvePerson(NamesOnePerson, frozen=True, kw_only=True):
    """A person turns out to be involved, or to be involved in another way as well."""

    TOPIC: ClassVar[str] = "incident.involve_person"

    person: PersonId
    involvement: Involvement

    def faults(self, incident: Incident) -> dict[str, str]:
        known = any(
            party.person == self.person and party.involvement is self.involvement for party in incident.people
        )
        return {"$.person": "is already involved in this way"} if known else {}

    def people_after(self, people: tuple[Party, ...]) -> tuple[Party, ...]:
        party = Party(person=self.person, involvement=self.involvement, **self.kept)
        return each_once((*people, party))


class IdentifyPerson(NamesOnePerson, frozen=True, kw_only=True):
    """A person recorded as unknown turns out to be a known person, who replaces them."""

    TOPIC: ClassVar[str] = "incident.identify_person"

    person: PartyId
    as_: PersonId = msgspec.field(name="as")

    def faults(self, incident: Incident) -> dict[str, str]:
        unknown = any(
            party.person == self.person and party.category is Category.UNKNOWN for party in incident.people
        )
        return {} if unknown else {"$.person": "is not an unknown person in this incident"}

    def people_after(self, people: tuple[Party, ...]) -> tuple[Party, ...]:
        return each_once(
            msgspec.structs.replace(party, person=self.as_, user=None, **self.kept)
            if party.person == self.person
            else party
            for party in people
        )

    def apply(self, incident: Incident) -> None:
        super().apply(incident)
        review_on = incident.withheld.pop(self.person, None)
        if review_on is not None:
            incident.withheld[self.as_] = min(review_on, incident.withheld.get(self.as_, review_on))


class WithdrawInvolvement(NamesPeople, frozen=True, kw_only=True):
    """A person was not involved, or not in this way: from then on it counts only as history.

    Without `involvement`, in no way at all. Casework sets `last_child`: whether the case is then about no
    child, and was about one.
    """

    TOPIC: ClassVar[str] = "incident.withdraw_involvement"

    person: PartyId
    reason: Reason
    involvement: Involvement | None = None
    last_child: Annotated[bool, ServerSet()] = False

    def faults(self, incident: Incident) -> dict[str, str]:
        if any(self._names(party) for party in incident.people):
            return {}
        return {"$.involvement": "is not how this person is involved"}

    def people_after(self, people: tuple[Party, ...]) -> tuple[Party, ...]:
        return tuple(party for party in people if not self._names(party))

    def _names(self, party: Party) -> bool:
        return party.person == self.person and self.involvement in (None, party.involvement)


class AddNote(Step, frozen=True, kw_only=True):
    """Something worth recording for which there is no other step."""

    TOPIC: ClassVar[str] = "incident.add_note"
    FOR_REPORTERS: ClassVar[bool] = True
    FOR_ASSIGNEES: ClassVar[bool] = True

    text: Narrative


class Assign(Step, frozen=True, kw_only=True):
    """The case is assigned to a colleague.

    Casework sets `user_is_subject`, whether it is about them, and `user_is_witness`.
    """

    TOPIC: ClassVar[str] = "incident.assign"

    user: UserId
    user_is_subject: Annotated[bool, ServerSet()] = False
    user_is_witness: Annotated[bool, ServerSet()] = False

    def apply(self, incident: Incident) -> None:
        incident.assign(self.user)


class SeekAdvice(Step, frozen=True, kw_only=True):
    """A service or a colleague was asked for advice, and what they advised."""

    TOPIC: ClassVar[str] = "incident.seek_advice"

    of: Narrative
    advice: Narrative


class RecordSearch(Step, frozen=True, kw_only=True):
    """A pupil or a device was searched: on what grounds, by whom, the witness and the result."""

    TOPIC: ClassVar[str] = "incident.record_search"

    person: PartyId
    searched_by: AdultId
    witness: AdultId
    grounds: Reason
    found: Narrative

    def faults(self, incident: Incident) -> dict[str, str]:
        return {"$.witness": "must not be the one who searched"} if self.witness == self.searched_by else {}
