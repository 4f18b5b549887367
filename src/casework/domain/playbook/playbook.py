"""The playbook of an incident: which duties its floor and its pack impose, and which steps they refuse."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime, time
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final

from casework.domain.clocks import LONDON, Calendar, due, is_recorded_late
from casework.domain.errors import Refusal
from casework.domain.incident.corrections import answers_at
from casework.domain.incident.facts import Item
from casework.domain.playbook.applying import applies_since
from casework.domain.playbook.asked import Asked, OnePerson, asked_of
from casework.domain.playbook.breaches import breach_faults
from casework.domain.playbook.conditions import Test
from casework.domain.playbook.duty import Duty, distinct
from casework.domain.playbook.floor import Floor, KindOfIncident
from casework.domain.playbook.kind_fields import kind_faults
from casework.domain.playbook.last_duty import last_duty
from casework.domain.playbook.merging import Earlier, beside, kept_beside, merged, with_facts_of
from casework.domain.playbook.pack import Pack
from casework.domain.playbook.restarts import names_others
from casework.domain.playbook.rules import NEVER_WAIVED, Clock, Modality, Rule
from casework.domain.playbook.situation import STARTS, Situation
from casework.domain.vocabulary import Role

if TYPE_CHECKING:
    from casework.domain.incident.corrections import Superseded
    from casework.domain.incident.incident import Incident
    from casework.domain.incident.steps import Step


_OTHER: Final = object()


class _Rules:
    """The rules that apply to one kind, those of the kind before the common ones, grouped by their effect."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        every = tuple(rules)
        self.duties = tuple(rule for rule in every if rule.is_duty)
        self.bans = tuple(rule for rule in every if not rule.is_duty)
        self.gates = tuple(rule for rule in every if rule.before)


class Playbook:
    """The rules of one floor and one pack, merged, and what they require of an incident.

    Of the rules with a switch, only those whose switch is in `switches` are among them. An incident that was
    rebased also keeps rules of `earlier` editions, which its new pack cannot forbid.
    """

    def __init__(
        self, floor: Floor, pack: Pack, switches: Collection[str] = (), earlier: tuple[Earlier, ...] = ()
    ) -> None:
        self.floor = with_facts_of(floor, earlier) if earlier else floor
        self.pack = pack
        every = merged(floor.every_rule(), pack.rules)
        self._own = tuple(rule for rule in every if rule.switch is None or rule.switch in switches)
        self._kept = kept_beside(self._own, earlier)
        self.rules = beside(self._own, self._kept)
        self.kinds: dict[str, KindOfIncident] = {kind.id: kind for kind in floor.kinds}
        self._critical = frozenset(item.concern for item in self.floor.critical)
        self._by_kind = {
            kind: _Rules(rule for rule in self.rules if rule.applies_to(kind)) for kind in self.kinds
        }

    def critical_since(self, incident: Incident) -> datetime | None:
        """When the first concern that makes `incident` critical came to light; None if there is none."""
        return min(
            (at for concern, at in incident.concerns.items() if concern in self._critical), default=None
        )

    def receivers(self, kind: str) -> frozenset[Role]:
        """The roles that receive incidents of `kind` for the head, if these are low-level concerns."""
        stated = self.pack.low_level_concerns
        if stated is None or kind != self.floor.low_level_concern:
            return frozenset()
        return frozenset(map(Role, stated.received_by))

    def predicate_of(self, incident: Incident) -> Callable[[Iterable[Test]], bool]:
        """A function that returns whether tests hold for `incident` now, as in the `when` of a rule."""
        return self._case(incident).holds

    def faults(self, incident: Incident, step: Step) -> dict[str, str]:
        """What is wrong with the kind, the waived step or the clauses in the fields, or is missing for it."""
        return (
            kind_faults(self.kinds, incident, step)
            | self._waiver_faults(incident, step)
            | breach_faults(self.pack, step)
        )

    def _waiver_faults(self, incident: Incident, step: Step) -> dict[str, str]:
        waived = getattr(step, "waived", None)
        if waived is None:
            return {}
        if waived in incident.waived:
            return {"$.waived": "is waived already"}
        known = any(rule.step == waived for rule in self._by_kind[incident.kind].duties)
        if known and waived not in NEVER_WAIVED:
            return {}
        return {"$.waived": "is not a step that any rule lets a school waive"}

    def refusal(self, incident: Incident, step: Step) -> Refusal | None:
        """Why `step` may not be taken on `incident` now; None if it may."""
        case = self._case(incident)
        rules = self._by_kind[incident.kind]
        return (
            self._prohibition(case, rules, step)
            or self._waiving_what_stands(case, rules, step)
            or self._left_undone(case, rules, step)
        )

    def duties(self, incident: Incident, calendar: Calendar) -> list[Duty]:
        """All duties of `incident`, met or not, in the order of the playbook."""
        case = self._case(incident)
        return [
            duty
            for rule in self._by_kind[incident.kind].duties
            if self._asked(case, rule)
            for duty in self._duties_of(case, rule, calendar)
        ]

    def outstanding(self, incident: Incident, calendar: Calendar) -> list[Duty]:
        """The duties not met yet, the earliest first; those without a date last, in the playbook's order."""
        if incident.closed:
            return []
        pending = distinct(duty for duty in self.duties(incident, calendar) if duty.open)
        return sorted(pending, key=lambda duty: inf if duty.due_at is None else duty.due_at.timestamp())

    def opens_duty(self, before: Incident, after: Incident) -> bool:
        """Whether something must be done in `after` that need not be in `before`, whether closed or not."""
        return bool(self._musts_left(after) - self._musts_left(before))

    def _musts_left(self, incident: Incident) -> set[tuple[str, Any]]:
        """The musts that are not met, by rule and item."""
        case = self._case(incident)
        return {
            (rule.id, None if item is None else item.value)
            for rule, item in self._owed(case)
            if rule.modality is Modality.MUST and self._answer(case, rule, item) is None
        }

    def undone_in(self, incident: Incident, one_person: OnePerson) -> set[Asked]:
        """What is to be done or considered in `incident` and is not yet: step, values and whom it is about.

        `one_person` returns the same for all records of a person.
        """
        case = self._case(incident)
        left = ((rule, item) for rule, item in self._owed(case) if self._answer(case, rule, item) is None)
        return asked_of(left, one_person)

    def asked_in(self, incident: Incident, one_person: OnePerson) -> set[Asked]:
        """As `undone_in`, with what is done."""
        return asked_of(self._owed(self._case(incident)), one_person)

    def in_force(self, incident: Incident) -> tuple[str, ...]:
        """The ids of the rules of its own editions that a rebase of `incident` must keep, met or not.

        Those are its duties, and what is required before another step. One that is met may be due again when
        the step that met it is corrected, and one that was waived when the waiver is.
        """
        case, own = self._case(incident), set(map(id, self._own))
        return tuple(
            rule.id
            for rule in self._by_kind[incident.kind].duties
            if id(rule) in own and (rule.modality.binding or rule.before) and case.holds(rule.when)
        )

    def _owed(self, case: Situation) -> Iterator[tuple[Rule, Item | None]]:
        """What must be done or considered, done or not."""
        for rule in self._by_kind[case.incident.kind].duties:
            if rule.modality.binding and self._asked(case, rule):
                yield from ((rule, item) for item in self._items(case, rule))

    def _case(self, incident: Incident) -> Situation:
        return Situation(incident, self.critical_since(incident), self.floor, self.pack)

    def _prohibition(self, case: Situation, rules: _Rules, step: Step) -> Refusal | None:
        name = step.name()
        for rule in rules.bans:
            if (
                rule.is_about(name)
                and case.holds(rule.when)
                and case.matches(step, rule.given)
                and (rule.floor or not self._required(case, rules, step))
            ):
                return Refusal(rule.id, rule.clause, rule.reason, open=step.open_before())
        return None

    def _required(self, case: Situation, rules: _Rules, step: Step) -> bool:
        """Whether `step` meets a duty that no pack can forbid: a fixed one of the floor, or a kept one."""
        return any(
            rule.modality.binding
            and ((rule.floor and not rule.adjustable) or rule in self._kept)
            and case.holds(rule.when)
            and any(s.step == step.name() and case.matches(step, s.given) for s in rule.answered_by)
            for rule in rules.duties
        )

    def _waiving_what_stands(self, case: Situation, rules: _Rules, step: Step) -> Refusal | None:
        """Why the step that `step` waives cannot be waived: the rule that requires it, whatever is waived.

        If no rule requires it now, it can be waived only if a rule of the kind lets a school waive it.
        """
        waived = getattr(step, "waived", None)
        if waived is None:
            return None
        about = [rule for rule in rules.duties if rule.step == waived]
        fixed = [rule for rule in about if not rule.waivable]
        in_force = [rule for rule in fixed if case.holds(rule.when) and self._items(case, rule)]
        standing = [rule for rule in in_force if rule.modality.binding or rule.before]
        if not standing and len(fixed) == len(about):
            standing = in_force or fixed
        stands = next(iter(standing), None)
        if stands is None:
            return None
        return Refusal(stands.id, stands.clause, f"This cannot be waived. {stands.reason}")

    def _left_undone(self, case: Situation, rules: _Rules, step: Step) -> Refusal | None:
        name = step.name()
        undone = [
            rule
            for rule in rules.gates
            if name in rule.before
            and self._asked(case, rule)
            and any(self._answer(case, rule, item) is None for item in self._items(case, rule))
        ]
        if not undone:
            return None
        first = undone[0]
        return Refusal(first.id, first.clause, first.reason, tuple(dict.fromkeys(rule.id for rule in undone)))

    def _asked(self, case: Situation, rule: Rule) -> bool:
        """Whether the duty applies, is not waived, and does not rest."""
        waived = rule.waivable and rule.step in case.incident.waived
        return case.holds(rule.when) and not waived and not self._rests(case, rule)

    def _rests(self, case: Situation, rule: Rule) -> bool:
        return any(each.step == rule.step and case.holds(each.when) for each in self.floor.resting)

    def _items(self, case: Situation, rule: Rule) -> list[Item | None]:
        return [None] if rule.per is None else [*case.members(rule.per)]

    def _duties_of(self, case: Situation, rule: Rule, calendar: Calendar) -> Iterator[Duty]:
        for item in self._items(case, rule):
            answer = self._answer(case, rule, item)
            preset: dict[str, Any] = dict(rule.preset)
            if item is not None and rule.per_field is not None:
                preset[rule.per_field] = item.value
            due_at, first_due_at = self._due(case, rule, item, answer, calendar)
            yield Duty(
                rule=rule,
                preset=preset,
                due_at=due_at,
                answered_by=None if answer is None else answer.number,
                answered_at=None if answer is None else self._answered_at(case, rule, item, answer),
                first_due_at=first_due_at,
            )

    def _due(
        self, case: Situation, rule: Rule, item: Item | None, answer: Step | None, calendar: Calendar
    ) -> tuple[datetime | None, datetime | None]:
        """When it is due, and when it was due at first if that counts too."""
        joined = None if item is None else case.joined(item)
        first = due_at = self._due_at(case, rule, item, calendar, not_before=joined)
        taken_back = self._taken_back(case, rule, item, answer)
        steps = [each.step for each in taken_back]
        for each, then in zip(taken_back, [*steps[1:], answer], strict=False):
            due_at = self._due_at(case, rule, item, calendar, not_before=each.by.recorded_at)
            in_time = first is None or answers_at(each.step, case.incident.superseded) <= first
            if in_time and then is not None and names_others(each.step, then):
                first = due_at
        return due_at, None if first == due_at else first

    def _taken_back(
        self, case: Situation, rule: Rule, item: Item | None, answer: Step | None
    ) -> list[Superseded]:
        """The steps that met it until they were corrected before `answer`; the oldest correction first."""
        if not case.incident.superseded:
            return []
        met = (each for each in case.incident.superseded if self._meets(case, rule, item, each.step))
        last = {each.step.number: each for each in met}
        before = (each for each in last.values() if answer is None or each.by.number < answer.number)
        return sorted(before, key=lambda each: each.by.number)

    def _answered_at(self, case: Situation, rule: Rule, item: Item | None, answer: Step) -> datetime:
        """When `answer` counts as taken: not before the correction that made it meet this duty."""
        if not case.incident.superseded:
            return answers_at(answer, ())
        forms = [each for each in case.incident.superseded if each.step.number == answer.number]
        others = (each.by.recorded_at for each in forms if not self._meets(case, rule, item, each.step))
        since = max(others, default=answer.recorded_at, key=datetime.timestamp)
        if is_recorded_late(answer.happened_at, since):
            return since
        return answers_at(answer, case.incident.superseded)

    def _meets(self, case: Situation, rule: Rule, item: Item | None, step: Step) -> bool:
        return (
            not step.in_vain
            and any(each.step == step.name() and case.matches(step, each.given) for each in rule.answered_by)
            and step.number > case.after(rule)
            and self._is_about(step, rule, item)
        )

    def _answer(self, case: Situation, rule: Rule, item: Item | None) -> Step | None:
        """The first step that meets `rule` for `item`."""
        # By its `id()`: a rule that is kept after a rebase may be called as a newer one.
        key = id(rule), None if item is None else item.value
        if key not in case.answers:
            case.answers[key] = self._find_answer(case, rule, item)
        return case.answers[key]

    def _find_answer(self, case: Situation, rule: Rule, item: Item | None) -> Step | None:
        after = case.after(rule)
        answers = [
            step
            for satisfier in rule.answered_by
            for step in case.steps.get(satisfier.step, ())
            if step.number > after
            and case.matches(step, satisfier.given)
            and self._is_about(step, rule, item)
        ]
        return min(answers, key=lambda step: step.number, default=None)

    def _is_about(self, step: Step, rule: Rule, item: Item | None) -> bool:
        if item is None or rule.per_field is None:
            return True
        # A step that leaves the field out was taken for everybody.
        return getattr(step, rule.per_field, _OTHER) in (None, item.value)

    def _due_at(
        self,
        case: Situation,
        rule: Rule,
        item: Item | None,
        calendar: Calendar,
        *,
        not_before: datetime | None,
    ) -> datetime | None:
        """When it is due, by a clock that starts at `not_before` or later."""
        clock = rule.clock
        if clock is None:
            return None
        start = self._start(case, rule, clock, item)
        if start is None:
            return None
        if not_before is not None:
            start = max(start, not_before, key=datetime.timestamp)
        moment = due(start, clock.span, calendar)
        if clock.critical is not None and case.critical_since is not None:
            urgent = due(
                max(start, case.critical_since, key=datetime.timestamp), clock.critical.span, calendar
            )
            moment = min(moment, urgent, key=datetime.timestamp)
        return moment

    def _start(self, case: Situation, rule: Rule, clock: Clock, item: Item | None) -> datetime | None:
        if clock.of in STARTS:
            return STARTS[clock.of](case, rule.when)
        if clock.of == "applies":
            return applies_since(case.incident, lambda then: self._case(then).holds(rule.when))
        if clock.of == "last_duty":
            key = rule.step, rule.since
            if key not in case.last_duties:
                duties = self._by_kind[case.incident.kind].duties
                answered = partial(self._when_answered, case)
                case.last_duties[key] = last_duty(case, rule, duties, self._owed(case), answered)
            return case.last_duties[key]
        if clock.of == "item":
            return None if item is None or item.due_on is None else _start_of(item.due_on)
        steps = case.steps.get(clock.of)
        if not steps:
            return None
        return _moment(getattr(steps[-1], clock.field)) if clock.field else steps[-1].happened_at

    def _when_answered(self, case: Situation, rule: Rule, item: Item | None) -> datetime | None:
        answer = self._answer(case, rule, item)
        return None if answer is None else self._answered_at(case, rule, item, answer)


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=LONDON)


def _moment(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else _start_of(value)
