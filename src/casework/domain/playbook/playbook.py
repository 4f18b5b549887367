"""The playbook of an incident: which duties its floor and its pack impose, and which steps they refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from math import inf
from typing import TYPE_CHECKING, Any, Final

import msgspec

from casework.domain.clocks import LONDON, Calendar, due
from casework.domain.errors import Refusal
from casework.domain.incident.facts import GROUPS, Item, fact
from casework.domain.moments import Instant
from casework.domain.playbook.rules import (
    Clock,
    Floor,
    KindOfIncident,
    Modality,
    Pack,
    Rule,
    Test,
    merged,
)
from casework.domain.values import Scalar, ValueSet, as_values

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident
    from casework.domain.incident.steps import Step


KIND_FIELDS: Final = ("direction",)
"""The fields of a report that only some kinds have."""


class Duty(msgspec.Struct, frozen=True):
    """A rule that applies to an incident: the fields of its step, when it is due, and which step met it."""

    rule: Rule
    preset: dict[str, Any]
    due_at: Instant | None
    answered_by: int | None
    answered_at: Instant | None

    @property
    def open(self) -> bool:
        return self.answered_by is None

    def late_at(self, now: datetime) -> bool:
        """Whether it was met too late, or is not met and overdue at `now`."""
        return self.due_at is not None and (self.answered_at or now).timestamp() > self.due_at.timestamp()


class Situation:
    """What the rules need to know about an incident: facts, steps by name, since when it is critical."""

    def __init__(self, incident: Incident, critical_since: datetime | None) -> None:
        self.incident = incident
        self.critical_since = critical_since
        self.steps: dict[str, list[Step]] = {}
        for step in incident.timeline:
            self.steps.setdefault(step.name(), []).append(step)
        # Cached, because most rules use the same few facts.
        self._facts = {"critical": frozenset[Scalar]({critical_since is not None})}

    def fact(self, name: str) -> ValueSet:
        if name not in self._facts:
            self._facts[name] = fact(self.incident, name)
        return self._facts[name]

    def holds(self, tests: Iterable[Test]) -> bool:
        # A loop, because it runs for every rule in every request, and a generator takes twice as long.
        for test in tests:  # noqa: SIM110
            if test.fact is not None and not test.holds(self.fact(test.fact)):
                return False
        return True

    def matches(self, step: Step, tests: Iterable[Test]) -> bool:
        return all(self._field_holds(step, test) for test in tests)

    def _field_holds(self, step: Step, test: Test) -> bool:
        if test.fact is not None:
            return test.holds(self.fact(test.fact))
        value = getattr(step, test.field or "", None)
        if test.in_ is not None:
            return any(item.value == value for item in GROUPS[test.in_](self.incident))
        return test.holds(as_values(value))

    def content_since(self, tests: Iterable[Test]) -> datetime | None:
        """When the content that `tests` name came to light, or the time of the report if that is later."""
        concerns = self.incident.concerns
        found = [
            [concerns[f"content:{word}"] for word in test.any if f"content:{word}" in concerns]
            for test in tests
            if test.fact == "content" and test.any is not None
        ]
        if not found or not all(found):
            return None
        first = (min(moments, key=datetime.timestamp) for moments in found)
        return max(self.incident.reported_at, *first, key=datetime.timestamp)

    def last_number(self, names: Iterable[str]) -> int:
        return max((self.steps[name][-1].number for name in names if name in self.steps), default=0)


class _Rules:
    """The rules that apply to one kind, those of the kind before the common ones, grouped by their effect."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        every = tuple(rules)
        self.duties = tuple(rule for rule in every if rule.is_duty)
        self.bans = tuple(rule for rule in every if not rule.is_duty)
        self.gates = tuple(rule for rule in every if rule.before)


class Playbook:
    """The rules of one floor and one pack, merged, and what they require of an incident."""

    def __init__(self, floor: Floor, pack: Pack) -> None:
        self.floor = floor
        self.pack = pack
        self.rules = merged(floor.every_rule(), pack.rules)
        self.kinds: dict[str, KindOfIncident] = {kind.id: kind for kind in floor.kinds}
        self._critical = frozenset(item.concern for item in floor.critical)
        self._by_kind = {
            kind: _Rules(rule for rule in self.rules if rule.applies_to(kind)) for kind in self.kinds
        }

    def critical_since(self, incident: Incident) -> datetime | None:
        """When the first concern that makes `incident` critical came to light; None if there is none."""
        return min(
            (at for concern, at in incident.concerns.items() if concern in self._critical), default=None
        )

    def predicate_of(self, incident: Incident) -> Callable[[Iterable[Test]], bool]:
        """A function that returns whether tests hold for `incident` now, as in the `when` of a rule."""
        return self._case(incident).holds

    def faults(self, incident: Incident, step: Step) -> dict[str, str]:
        """What is wrong with the kind or the waived step in the fields, and with what that kind requires."""
        return self._kind_faults(incident, step) | self._waiver_faults(incident, step)

    def _kind_faults(self, incident: Incident, step: Step) -> dict[str, str]:
        named = getattr(step, "kind", None)
        if named is None:
            return {}
        kind = self.kinds.get(named)
        if kind is None:
            return {"$.kind": "is not a kind of incident"}
        given = {field for field in KIND_FIELDS if getattr(step, field, None) or getattr(incident, field)}
        missing = {f"$.{field}": "is required for this kind" for field in kind.requires if field not in given}
        surplus = {
            f"$.{field}": "does not belong to this kind"
            for field in KIND_FIELDS
            if getattr(step, field, None) and field not in kind.requires
        }
        return missing | surplus

    def _waiver_faults(self, incident: Incident, step: Step) -> dict[str, str]:
        waived = getattr(step, "waived", None)
        if waived is None:
            return {}
        if waived in incident.waived:
            return {"$.waived": "is waived already"}
        waivable = any(rule.step == waived for rule in self.rules if rule.is_duty and rule.relaxable)
        fixed = any(rule.step == waived for rule in self._by_kind[incident.kind].duties)
        return {} if waivable or fixed else {"$.waived": "is not a step that any rule lets a school waive"}

    def refusal(self, incident: Incident, step: Step) -> Refusal | None:
        """Why `step` may not be taken on `incident` now; None if it may."""
        case = self._case(incident)
        rules = self._by_kind[incident.kind]
        return (
            self._prohibition(case, rules, step)
            or self._waiving_the_floor(case, rules, step)
            or self._left_undone(case, rules, step)
        )

    def duties(self, incident: Incident, calendar: Calendar) -> list[Duty]:
        """All duties of `incident`, met or not, in the order of the playbook."""
        case = self._case(incident)
        return [
            duty
            for rule in self._by_kind[incident.kind].duties
            if case.holds(rule.when) and not self._waived(case, rule)
            for duty in self._duties_of(case, rule, calendar)
        ]

    def outstanding(self, incident: Incident, calendar: Calendar) -> list[Duty]:
        """The duties not met yet, the earliest first; those without a date last, in the playbook's order."""
        if incident.closed:
            return []
        pending = _distinct(duty for duty in self.duties(incident, calendar) if duty.open)
        return sorted(pending, key=lambda duty: inf if duty.due_at is None else duty.due_at.timestamp())

    def _case(self, incident: Incident) -> Situation:
        return Situation(incident, self.critical_since(incident))

    def _prohibition(self, case: Situation, rules: _Rules, step: Step) -> Refusal | None:
        name = step.name()
        for rule in rules.bans:
            if (
                rule.is_about(name)
                and case.holds(rule.when)
                and case.matches(step, rule.given)
                and (rule.floor or not self._required_by_the_floor(case, rules, step))
            ):
                return Refusal(rule.id, rule.clause, rule.reason)
        return None

    def _required_by_the_floor(self, case: Situation, rules: _Rules, step: Step) -> bool:
        """Whether `step` meets a duty of the floor that no pack may relax, and so none can forbid."""
        return any(
            rule.floor
            and not rule.adjustable
            and rule.modality in (Modality.MUST, Modality.CONSIDER)
            and case.holds(rule.when)
            and any(s.step == step.name() and case.matches(step, s.given) for s in rule.answered_by)
            for rule in rules.duties
        )

    def _waiving_the_floor(self, case: Situation, rules: _Rules, step: Step) -> Refusal | None:
        waived = getattr(step, "waived", None)
        if waived is None:
            return None
        for rule in rules.duties:
            if (
                waived == rule.step
                and not rule.relaxable
                and case.holds(rule.when)
                and self._items(case, rule)
            ):
                return Refusal(rule.id, rule.clause, f"This cannot be waived. {rule.reason}")
        return None

    def _left_undone(self, case: Situation, rules: _Rules, step: Step) -> Refusal | None:
        name = step.name()
        undone = [
            rule
            for rule in rules.gates
            if name in rule.before
            and case.holds(rule.when)
            and not self._waived(case, rule)
            and any(self._answer(case, rule, item) is None for item in self._items(case, rule))
        ]
        if not undone:
            return None
        first = undone[0]
        return Refusal(first.id, first.clause, first.reason, tuple(rule.id for rule in undone))

    def _waived(self, case: Situation, rule: Rule) -> bool:
        return rule.relaxable and rule.step in case.incident.waived

    def _items(self, case: Situation, rule: Rule) -> list[Item | None]:
        return [None] if rule.per is None else [*GROUPS[rule.per](case.incident)]

    def _duties_of(self, case: Situation, rule: Rule, calendar: Calendar) -> Iterator[Duty]:
        for item in self._items(case, rule):
            answer = self._answer(case, rule, item)
            preset: dict[str, Any] = dict(rule.preset)
            if item is not None and rule.per_field is not None:
                preset[rule.per_field] = item.value
            yield Duty(
                rule=rule,
                preset=preset,
                due_at=self._due_at(case, rule, item, calendar),
                answered_by=None if answer is None else answer.number,
                answered_at=None if answer is None else answer.happened_at,
            )

    def _answer(self, case: Situation, rule: Rule, item: Item | None) -> Step | None:
        """The first step that meets `rule` for `item`."""
        answers = [
            step
            for satisfier in rule.answered_by
            for step in case.steps.get(satisfier.step, ())
            if step.number > case.last_number(rule.since)
            and case.matches(step, satisfier.given)
            and self._is_about(step, rule, item)
        ]
        return min(answers, key=lambda step: step.number, default=None)

    def _is_about(self, step: Step, rule: Rule, item: Item | None) -> bool:
        if item is None or rule.per_field is None:
            return True
        return bool(getattr(step, rule.per_field, None) == item.value)

    def _due_at(self, case: Situation, rule: Rule, item: Item | None, calendar: Calendar) -> datetime | None:
        clock = rule.clock
        if clock is None:
            return None
        start = case.content_since(rule.when) if clock.of == "content" else self._start(case, clock, item)
        if start is None:
            return None
        moment = due(start, clock.span, calendar)
        if clock.critical is not None and case.critical_since is not None:
            urgent = due(
                max(start, case.critical_since, key=datetime.timestamp), clock.critical.span, calendar
            )
            moment = min(moment, urgent, key=datetime.timestamp)
        return moment

    def _start(self, case: Situation, clock: Clock, item: Item | None) -> datetime | None:
        if clock.of == "reported":
            return case.incident.reported_at
        if clock.of == "critical":
            return case.critical_since
        if clock.of == "risk":
            return case.incident.risk_since
        if clock.of == "item":
            return None if item is None or item.due_on is None else _start_of(item.due_on)
        steps = case.steps.get(clock.of)
        if not steps:
            return None
        return _moment(getattr(steps[-1], clock.field)) if clock.field else steps[-1].happened_at


def _distinct(duties: Iterable[Duty]) -> Iterable[Duty]:
    """Merge duties for the same step and values: the rule of the pack wins, and the earliest time counts."""
    same: dict[tuple[str | None, frozenset[tuple[str, Any]]], list[Duty]] = {}
    for duty in duties:
        same.setdefault((duty.rule.step, frozenset(duty.preset.items())), []).append(duty)
    for alike in same.values():
        if len(alike) == 1:
            yield alike[0]
            continue
        nearest = min(alike, key=lambda duty: (duty.rule.modality.rank, duty.rule.floor))
        moments = [duty.due_at for duty in alike if duty.due_at is not None]
        yield msgspec.structs.replace(nearest, due_at=min(moments, key=datetime.timestamp, default=None))


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=LONDON)


def _moment(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else _start_of(value)
