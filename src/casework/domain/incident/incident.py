"""The Incident aggregate: one case, the steps taken in it, and its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import date, datetime
from typing import Final, Protocol, Self, TypeVar
from uuid import UUID

from casework.domain.aggregate import Aggregate
from casework.domain.bars import Bar, Bonds, Subject, bars_of, declared_bars
from casework.domain.errors import Invalid, Refusal, Refused, refuse_any
from casework.domain.event import Event
from casework.domain.fields import limit_faults, moment_faults, text_faults, values_of
from casework.domain.incident.amending import Correct
from casework.domain.incident.connecting import CloseAsDuplicate, Uncounted, WithdrawReport
from casework.domain.incident.corrections import Superseded, corrected, corrected_paths
from casework.domain.incident.evidence import SaveEvidence
from casework.domain.incident.outcomes import Close, Reopen
from casework.domain.incident.reporting import KeptRules, NamesPeople, Party, Report, stream_of
from casework.domain.incident.steps import Step
from casework.domain.incident.subjects import (
    SUBJECT_INVOLVEMENTS,
    children_of,
    followed,
    members_of,
    named_by,
)
from casework.domain.vocabulary import (
    Agency,
    Answer,
    Content,
    Direction,
    Involvement,
    RemovalOutcome,
    Setting,
    State,
    Stream,
)

T = TypeVar("T")
S = TypeVar("S", bound=Step)
_CLOSING: Final = (Close, CloseAsDuplicate, WithdrawReport)


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
        self.submitted = report
        self.school = report.school
        self.reporter = report.reporter
        self.confidential_reporter = report.confidential_reporter
        self.recorded_at = report.recorded_at
        self.timeline: list[Step] = []
        self.corrected_by: dict[int, int] = {}
        self.files: frozenset[UUID] = frozenset()
        self.about: dict[UUID, Subject] = {}
        self.parents: dict[UUID, Subject] = {}
        self.first_named: dict[tuple[UUID, Involvement], datetime] = {}
        self.witnesses: dict[UUID, Subject] = {}
        self._naming: list[Step] = []
        self._folded = 0
        self._begin(report)

    def _begin(self, report: Report) -> None:
        """The state right after the report, which is all that has been folded."""
        self.kind = report.kind
        self.kinds_been: frozenset[str] = frozenset({report.kind})
        self.kind_stream = report.kind_stream
        self.policy = report.policy
        self.kept: tuple[KeptRules, ...] = ()
        self.occurred_at = report.occurred_at
        self.reported_at = report.reported_at
        self.setting: Setting = report.setting
        self.platform = report.platform
        self.direction: Direction | None = report.direction
        self.on_school_account = report.on_school_account
        self.summary = report.summary
        self.child_voice = report.child_voice
        self.late_reason = report.late_reason
        self.people: tuple[Party, ...] = report.people_after(())
        self.may_be_about_leader = report.may_be_about_leader
        self.content: frozenset[Content] = frozenset()
        self.declared: dict[UUID, datetime] = {}
        self.let_in: dict[UUID, datetime] = {}
        self.state: State = State.REPORTED
        self.milestones: dict[State, datetime] = {}
        self.standing: list[Step] = []
        self.superseded: list[Superseded] = []
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
        self.duplicate_of: UUID | None = None
        self.duplicates: dict[UUID, datetime] = {}
        self.uncounted: Uncounted | None = None

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
        if isinstance(step, Correct) and not faults:
            self._judge_new_form(step, playbook)
        # Last, because a client understands "in the future" better than a comparison with another moment.
        faults |= self._time_faults(step) | moment_faults(values, step.recorded_at)
        refuse_any(faults)
        refusal = playbook.refusal(self, step)
        if refusal is not None:
            raise Refused(refusal)
        if isinstance(step, Report) and self.version > 0:
            raise Invalid.at("$.step", "an incident is reported once")

    def _judge_new_form(self, correction: Correct, playbook: Judge) -> None:
        """Hold the new form of a corrected step to the rules of that step."""
        form = correction.judged_as(self)
        if form is correction:
            return
        judged_on = self._reported_as(form) if isinstance(form, Report) else self.without(form.number)
        try:
            judged_on.judge(form, playbook)
        except Invalid as error:
            raise Invalid(corrected_paths(error.errors)) from error

    def _reported_as(self, form: Report) -> Incident:
        """This incident before its first step, had its report been `form`."""
        other = Incident(form)
        other.submitted = self.submitted
        return other

    @classmethod
    def replay(cls, events: Iterable[Event], onto: Self | None = None) -> Self | None:
        incident = onto
        for event in events:
            if incident is None:
                incident = cls(event)  # type: ignore[arg-type]
            incident._record(event)
        if incident is not None:
            incident._fold()
        return incident

    def after(self, step: Step) -> Incident:
        """This incident as it would be with `step`, which is stamped as its next."""
        other = self._copy()
        other._apply(step)
        return other

    def until(self, number: int) -> Incident:
        """This incident right after step `number`, as it stood then."""
        other = Incident.replay(self.timeline[:number])
        if other is None:
            raise ValueError("an incident begins with its report")
        return other

    def without(self, number: int) -> Incident:
        """This incident as it would stand had step `number` not been taken.

        Not closed either, unless that step reopened it: the rules of a closed case are not those of the step.
        """
        other = self._copy()
        closing = () if isinstance(self.timeline[number - 1], Reopen) else _CLOSING
        left = [step for step in self.standing if step.number != number and not isinstance(step, closing)]
        other._refold(left)
        return other

    def _copy(self) -> Incident:
        """A copy that changes apart from this one."""
        other = copy(self)
        for name, value in vars(self).items():
            if isinstance(value, (list, dict)):
                setattr(other, name, value.copy())
        return other

    def form_of(self, number: int) -> Step | None:
        """Step `number` with the values that stand; None if there is no such step, or it is voided."""
        return next((step for step in self.standing if step.number == number), None)

    def retold(self) -> Iterator[tuple[Incident, Step]]:
        """Each step that stands after the report, and the incident right before it, of such steps alone.

        The incident is the same each time, and changes when the next is asked for.
        """
        first, *later = self.standing
        before = self._copy()
        before._refold([first])
        for step in later:
            yield before, step
            before._fold_one(step)

    def _apply(self, event: Event) -> None:
        self._record(event)
        self._fold()

    def _record(self, event: Event) -> None:
        """Add `event` to the timeline and to the history that no correction takes back."""
        if not isinstance(event, Step):
            raise TypeError(f"{event.TOPIC} is not a step")
        self._number(event)
        self.timeline.append(event)
        if isinstance(event, SaveEvidence) and event.file is not None:
            self.files |= {event.file.id}
        if isinstance(event, Correct):
            self.corrected_by[event.corrects] = event.number
        if self._is_about_people(event):
            self._naming.append(event)
            self._follow_people(event.recorded_at)

    def _is_about_people(self, event: Step) -> bool:
        """Whether it decides who is in the case, or corrects a step that does."""
        if isinstance(event, Correct):
            return event.changes and any(step.number == event.corrects for step in self._naming)
        return isinstance(event, NamesPeople)

    def _fold(self) -> None:
        """Bring the state up to the timeline."""
        new = self.timeline[self._folded :]
        if any(isinstance(step, Correct) and step.changes for step in new):
            found = corrected(self.timeline)
            self._refold(found.standing)
            self.superseded = found.superseded
        else:
            for step in new:
                self._fold_one(step)
        self._folded = len(self.timeline)

    def _refold(self, standing: Iterable[Step]) -> None:
        """Compute the state of `standing` alone."""
        first, *later = standing
        if not isinstance(first, Report):
            raise TypeError("an incident begins with its report")
        self._begin(first)
        for step in (first, *later):
            self._fold_one(step)

    def _fold_one(self, step: Step) -> None:
        step.apply(self)
        self.standing.append(step)
        reached = step.milestone()
        if reached is not None:
            self.milestones.setdefault(reached, step.happened_at)
            if reached.rank > self.state.rank:
                self.state = reached

    def reopen(self) -> None:
        """Return to the furthest milestone before `debriefed`."""
        self.milestones.pop(State.CLOSED, None)
        self.milestones.pop(State.DEBRIEFED, None)
        self.duplicate_of = self.uncounted = None
        self.state = max(self.milestones, key=lambda state: state.rank)

    def assign(self, user: UUID) -> None:
        """Let `user` work on the case. In an allegation this gives them access that their role lacks."""
        self.assignees = tuple(dict.fromkeys((*self.assignees, user)))
        # A user to whom a child's case was assigned gets no access to the allegation it may become.
        if self.stream is Stream.ALLEGATION:
            self.appointed |= {user}

    def subjects(self) -> frozenset[UUID]:
        """The people and users the case is about. Nobody reads, manages or closes a case about themselves."""
        return members_of(self.people, *SUBJECT_INVOLVEMENTS)

    @property
    def concerned(self) -> frozenset[UUID]:
        """The people and users whose bonds decide to whom the case is closed."""
        return frozenset({*self.about, *self.parents, *self.witnesses, *self.declared})

    def bars(self, bonds: Bonds) -> tuple[Bar, ...]:
        """To whom the case is closed and who is a witness in it, given the `bonds` of its people."""
        parties = {"parents": self.parents.values(), "witnesses": self.witnesses.values()}
        about = (
            bar
            for bar in bars_of(self.about.values(), bonds, **parties)
            if bar.until is None or not self._let_in_since(bar.member, bar.until)
        )
        return (*about, *declared_bars(self.declared, self.let_in, bonds))

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
    def first_reported_at(self) -> datetime:
        """When it was reported, here or in a report that was closed as a duplicate of this one."""
        if not self.duplicates:
            return self.reported_at
        return min((self.reported_at, *self.duplicates.values()), key=datetime.timestamp)

    @property
    def stream(self) -> Stream:
        """`allegation` if an adult at the school, in the wide sense, is alleged, even if not named yet."""
        return stream_of(self.people, self.direction, self.kind_stream)

    @property
    def reported_stream(self) -> Stream:
        """The stream by what the report said, which is all that the person who reported knows."""
        report = self.submitted
        return stream_of(report.people, report.direction, report.kind_stream)

    @property
    def closed(self) -> bool:
        return self.state is State.CLOSED

    def involved(self, *involvements: Involvement) -> Iterator[Party]:
        """The people involved in any of these ways, in the order in which they were recorded."""
        return (party for party in self.people if party.involvement in involvements)

    def children(self, *involvements: Involvement) -> list[UUID]:
        """The pupils involved in any of these ways (by default as target or alleged), once each."""
        return children_of(self.people, involvements or SUBJECT_INVOLVEMENTS)

    def withheld_children(self) -> dict[UUID, date]:
        """Each child in the case whose parents are not informed, and when that is reviewed."""
        return {child: on for child, on in self.withheld.items() if self.is_party(child)}

    def reported_by(self, user: UUID) -> bool:
        """Whether `user` made the report, in confidence or not."""
        return self.reporter.text == str(user)

    def is_party(self, person: UUID) -> bool:
        return any(party.person == person for party in self.people)

    def taken(self, step: type[S]) -> Iterator[S]:
        """The steps of this class that stand, oldest first."""
        return (taken for taken in self.standing if isinstance(taken, step))

    def _follow_people(self, moment: datetime) -> None:
        """Note who is in the case at `moment`, and who no longer is."""
        people, leaders = named_by(corrected(self._naming).standing)
        # Users who may be meant, as well as people.
        subjects = members_of(people, *SUBJECT_INVOLVEMENTS) | leaders
        self.about = followed(self.about, subjects, moment)
        self.parents = followed(self.parents, members_of(people, Involvement.PARENT), moment)
        self.witnesses = followed(self.witnesses, members_of(people, Involvement.WITNESS), moment)
        for party in people:
            self.first_named.setdefault((party.person, party.involvement), moment)

    def _time_faults(self, step: Step) -> dict[str, str]:
        if step.happened_at > step.recorded_at:
            return {step.AT_FIELD: "is in the future"}
        if step.happened_at < self.occurred_at and not isinstance(step, Report):
            return {step.AT_FIELD: "is before the incident took place"}
        if step.happened_at < self.first_reported_at and step.ANSWERS_REPORT:
            return {step.AT_FIELD: "is before the incident was reported"}
        return {}
