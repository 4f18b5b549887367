"""The Incident aggregate: one case, the steps taken in it, and its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.bars import Bar, Bonds, Subject, Why, bars_of
from casework.domain.errors import Invalid, Refusal, Refused, refuse_any
from casework.domain.event import Event
from casework.domain.fields import limit_faults, moment_faults, text_faults, values_of
from casework.domain.incident.reporting import Party, Report, each_once, stream_of
from casework.domain.incident.steps import Step
from casework.domain.vocabulary import (
    Agency,
    Answer,
    Category,
    Content,
    Direction,
    Involvement,
    RemovalOutcome,
    Setting,
    State,
    Stream,
)

S = TypeVar("S", bound=Step)

SUBJECT_INVOLVEMENTS = (Involvement.TARGET, Involvement.ALLEGED)


class Judge(Protocol):
    """What an incident needs of its playbook before it takes a step."""

    def faults(self, incident: Incident, step: Step, /) -> dict[str, str]:
        """What is wrong with the fields of `step`: message by JSON path."""

    def refusal(self, incident: Incident, step: Step, /) -> Refusal | None:
        """Why `step` may not be taken; None if it may."""


class Incident(Aggregate, begins_with=Report):
    """The state of one case: milestones, people, and what the playbook tests; changed only by its steps.

    `take` is the one way to add a step: it asks the playbook first and leaves the incident as it was
    when the step is refused. `judge` only checks. Replaying the steps of the log rebuilds the same incident.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.school = report.school
        self.kind = report.kind
        self.kinds_been: frozenset[str] = frozenset({report.kind})
        self.kind_stream = report.kind_stream
        self.policy = report.policy
        self.reporter = report.reporter
        self.confidential_reporter = report.confidential_reporter
        self.occurred_at = report.occurred_at
        self.reported_at = report.reported_at
        self.recorded_at = report.recorded_at
        self.setting: Setting = report.setting
        self.platform = report.platform
        self.direction: Direction | None = report.direction
        self.summary = report.summary
        self.child_voice = report.child_voice
        self.people: tuple[Party, ...] = each_once(report.people)
        # Users who may be meant, as well as people.
        self.leaders = frozenset(report.leaders)
        self.may_be_about_leader = report.may_be_about_leader
        self.about: dict[UUID, Subject] = {}
        self.parents: dict[UUID, Subject] = {}
        self._follow_people(report.recorded_at)
        self.content: frozenset[Content] = frozenset()
        self.declared: dict[UUID, datetime] = {}
        self.let_in: dict[UUID, datetime] = {}
        self.state: State = State.REPORTED
        self.milestones: dict[State, datetime] = {}
        self.timeline: list[Step] = []
        self.assignees: tuple[UUID, ...] = ()
        self.appointed: frozenset[UUID] = frozenset()
        self.case_manager: UUID | None = None
        self.concerns: dict[str, datetime] = {}
        self.risk: dict[str, Answer] = {}
        self.risk_since: datetime | None = None
        self.told_agencies: frozenset[Agency] = frozenset()
        self.open_enquiries: frozenset[str] = frozenset()
        self.parents_held_by: frozenset[str] = frozenset()
        self.removal: RemovalOutcome | None = None
        self.withheld: dict[UUID, date] = {}
        self.open_actions: dict[UUID, date] = {}
        self.lessons: frozenset[UUID] = frozenset()
        self.waived: frozenset[str] = frozenset()
        self.corrected_by: dict[int, int] = {}
        self.files: frozenset[UUID] = frozenset()

    @classmethod
    def report(cls, report: Report, playbook: Judge) -> Incident:
        """A new incident from its first step. Raises `Invalid` or `Refused`, like `take`."""
        incident = cls(report)
        incident.take(report, playbook)
        return incident

    def take(self, step: Step, playbook: Judge) -> None:
        """Record `step`, or raise `Invalid` or `Refused` and change nothing."""
        self.judge(step, playbook)
        self.append(step)

    def judge(self, step: Step, playbook: Judge) -> None:
        """Raise `Invalid` or `Refused` if `step` may not be taken now."""
        values = values_of(step)
        limits = limit_faults(values)
        if limits:
            # A time without an offset cannot even be compared with the others.
            raise Invalid.of({step.path_of(path): message for path, message in limits.items()})
        faults = text_faults(values) | step.faults(self) | playbook.faults(self, step)
        # Last, because a client understands "in the future" better than a comparison with another moment.
        faults |= self._time_faults(step) | moment_faults(values, step.recorded_at)
        refuse_any(faults)
        refusal = playbook.refusal(self, step)
        if refusal is not None:
            raise Refused(refusal)
        if isinstance(step, Report) and self.version > 0:
            raise Invalid.at("$.step", "an incident is reported once")

    def _apply(self, event: Event) -> None:
        if not isinstance(event, Step):
            raise TypeError(f"{event.TOPIC} is not a step")
        before = self.people
        super()._apply(event)
        self.timeline.append(event)
        if self.people is not before:
            self._follow_people(event.recorded_at)
        reached = event.milestone()
        if reached is not None:
            self.milestones.setdefault(reached, event.happened_at)
            if reached.rank > self.state.rank:
                self.state = reached

    def reopen(self) -> None:
        """Return to the furthest milestone before `debriefed`."""
        self.milestones.pop(State.CLOSED, None)
        self.milestones.pop(State.DEBRIEFED, None)
        self.state = max(self.milestones, key=lambda state: state.rank)

    def assign(self, user: UUID) -> None:
        """Let `user` work on the case. In an allegation this gives them access that their role lacks."""
        self.assignees = tuple(dict.fromkeys((*self.assignees, user)))
        # A user to whom a child's case was assigned gets no access to the allegation it may become.
        if self.stream is Stream.ALLEGATION:
            self.appointed |= {user}

    def subjects(self) -> frozenset[UUID]:
        """The people and users the case is about. Nobody reads, manages or closes a case about themselves."""
        return self._members(*SUBJECT_INVOLVEMENTS)

    @property
    def concerned(self) -> frozenset[UUID]:
        """The people and users whose bonds decide to whom the case is closed."""
        return frozenset({*self.about, *self.parents, *self.declared})

    def bars(self, bonds: Bonds) -> tuple[Bar, ...]:
        """To whom the case is closed, given the `bonds` of the people it is about."""
        about = (
            bar
            for bar in bars_of(self.about.values(), bonds, parents=self.parents.values())
            if bar.until is None or not self._let_in_since(bar.member, bar.until)
        )
        return (*about, *self._declared_bars(bonds))

    def _declared_bars(self, bonds: Bonds) -> Iterator[Bar]:
        """A conflict of a user shuts out every record and account of theirs."""
        shut_out = {
            record
            for member, since in self.declared.items()
            for record in bonds.one_person(member, since)
            # At one moment, a conflict that is declared again comes after they were let in.
            if record not in self.let_in or self.let_in[record] <= since
        }
        return (Bar(member=record, why=Why.DECLARED) for record in sorted(shut_out))

    def _let_in_since(self, member: UUID, moment: datetime) -> bool:
        """Whether `member` was let back in at `moment` or later."""
        return member in self.let_in and self.let_in[member] >= moment

    def raise_concern(self, concern: str, since: datetime) -> None:
        """Record when `concern` first came to light; a concern is never removed."""
        self.concerns[concern] = min(since, self.concerns.get(concern, since))

    def add_content(self, content: Iterable[Content], since: datetime) -> None:
        """Add content that was found in the material."""
        found = frozenset(content)
        self.content |= found
        for item in found:
            self.raise_concern(f"content:{item}", since)

    @property
    def stream(self) -> Stream:
        """`allegation` if an adult at the school, in the wide sense, is alleged, even if not named yet."""
        return stream_of(self.people, self.direction, self.kind_stream)

    @property
    def reported_stream(self) -> Stream:
        """The stream by what the report said, which is all that the person who reported knows."""
        report = next(self.taken(Report))
        return stream_of(report.people, report.direction, report.kind_stream)

    @property
    def closed(self) -> bool:
        return self.state is State.CLOSED

    def involved(self, *involvements: Involvement) -> Iterator[Party]:
        """The people involved in any of these ways, in the order in which they were recorded."""
        return (party for party in self.people if party.involvement in involvements)

    def children(self, *involvements: Involvement) -> list[UUID]:
        """The pupils involved in any of these ways (by default as target or alleged), once each.

        Without former pupils: the category does not say whether they are still children, and the duties
        towards a child and the parents are those of the school where the child is now.
        """
        wanted = involvements or SUBJECT_INVOLVEMENTS
        return list(dict.fromkeys(p.person for p in self.involved(*wanted) if p.category is Category.PUPIL))

    def reported_by(self, user: UUID) -> bool:
        """Whether `user` made the report, in confidence or not."""
        return self.reporter.text == str(user)

    def is_party(self, person: UUID) -> bool:
        return any(party.person == person for party in self.people)

    def taken(self, step: type[S]) -> Iterator[S]:
        """The steps of this class, oldest first."""
        return (taken for taken in self.timeline if isinstance(taken, step))

    def _members(self, *involvements: Involvement) -> frozenset[UUID]:
        """The people and users involved in any of these ways."""
        parties = [*self.involved(*involvements)]
        users = (party.user for party in parties if party.user is not None)
        return frozenset(party.person for party in parties).union(users)

    def _follow_people(self, moment: datetime) -> None:
        """Note since when each person is a subject, or a parent in the case, and when they stopped to be."""
        self.about = _followed(self.about, self.subjects() | self.leaders, moment)
        self.parents = _followed(self.parents, self._members(Involvement.PARENT), moment)

    def _time_faults(self, step: Step) -> dict[str, str]:
        if step.happened_at > step.recorded_at:
            return {step.AT_FIELD: "is in the future"}
        if step.happened_at < self.occurred_at and not isinstance(step, Report):
            return {step.AT_FIELD: "is before the incident took place"}
        if step.happened_at < self.reported_at and step.ANSWERS_REPORT:
            return {step.AT_FIELD: "is before the incident was reported"}
        return {}


def _followed(
    known: Mapping[UUID, Subject], present: Iterable[UUID], moment: datetime
) -> dict[UUID, Subject]:
    """`known` when only those `present` still are; from `moment` on, the others no longer are.

    A person who takes the place of others, as one who was unknown and is identified, was it all along.
    """
    now = frozenset(present)
    gone = [each for key, each in known.items() if each.until is None and key not in now]
    since = min((each.since for each in gone), default=moment)
    found = {**known, **{each.member: msgspec.structs.replace(each, until=moment) for each in gone}}
    for member in now:
        before = known.get(member)
        if before is None or before.until is not None:
            first = since if before is None else min(before.since, since)
            found[member] = Subject(member=member, since=first)
    return found
