"""What the rules need to know about an incident, read from it once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from casework.domain.incident.amending import Reclassify
from casework.domain.incident.departures import gone_since
from casework.domain.incident.facts import GROUPS, GROUPS_WITH_PAST_PUPILS, Item, fact
from casework.domain.incident.welfare import at_risk_since
from casework.domain.playbook.conditions import AnswersNothing, StatedFact, Test
from casework.domain.playbook.floor import Floor
from casework.domain.playbook.pack import Pack
from casework.domain.playbook.restarts import involved_in_place_of_others
from casework.domain.playbook.rules import Rule
from casework.domain.values import Scalar, ValueSet, as_values

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident
    from casework.domain.incident.steps import Step


_WITH_PAST_PUPILS: Final = {**GROUPS, **GROUPS_WITH_PAST_PUPILS}


class Situation:
    """What the rules need to know about an incident: facts, steps by name, since when it is critical.

    A step that was taken in vain, or that answers nothing by `floor`, is not among its `steps`.
    """

    def __init__(self, incident: Incident, critical_since: datetime | None, floor: Floor, pack: Pack) -> None:
        self.incident = incident
        self.critical_since = critical_since
        self._stated = {each.id: each for each in floor.facts}
        # Cached, because the clock of a debrief needs the answers to every other duty.
        self.answers: dict[tuple[int, UUID | str | None], Step | None] = {}
        self.last_duties: dict[tuple[str | None, tuple[str, ...]], datetime | None] = {}
        self._joined: dict[UUID, datetime] | None = None
        # Cached, because most rules use the same few facts.
        self._facts = {
            "critical": frozenset[Scalar]({critical_since is not None}),
            "past_pupils_are_pupils": frozenset[Scalar]({pack.past_pupils is not None}),
        }
        self._groups = GROUPS if pack.past_pupils is None else _WITH_PAST_PUPILS
        self.steps: dict[str, list[Step]] = {}
        void = [each for each in floor.answers_nothing if self.holds(each.when)]
        for step in incident.standing:
            if not (step.in_vain or any(self._is(step, each) for each in void)):
                self.steps.setdefault(step.name(), []).append(step)

    def _is(self, step: Step, void: AnswersNothing) -> bool:
        return void.step == step.name() and self.matches(step, void.given)

    def fact(self, name: str) -> ValueSet:
        if name not in self._facts:
            stated = self._stated.get(name)
            self._facts[name] = fact(self.incident, name) if stated is None else self._value_of(stated)
        return self._facts[name]

    def _value_of(self, stated: StatedFact) -> ValueSet:
        return frozenset({self.holds(stated.when) and not any(map(self.holds, stated.unless))})

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
            return any(item.value == value for item in self.members(test.in_))
        return test.holds(as_values(value))

    def members(self, group: str) -> list[Item]:
        return self._groups[group](self.incident)

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
        return max(self.incident.first_reported_at, *first, key=datetime.timestamp)

    def risk_since(self, tests: Iterable[Test]) -> datetime | None:
        """Since when a risk question is open, but not before what `tests` name came to light.

        That is the content, one of the kinds, and a question that was answered yes.
        """
        since = self.incident.risk_since
        if since is None:
            return None
        found = [since, self.content_since(tests), self._of_kind_since(tests), self._yes_since(tests)]
        return max((moment for moment in found if moment is not None), key=datetime.timestamp)

    def at_risk_since(self, tests: Iterable[Test]) -> datetime | None:
        """Since when a person is at risk, or may be: from the content that `tests` name, if they name any."""
        return at_risk_since(self.incident, self.content_since(tests))

    def _of_kind_since(self, tests: Iterable[Test]) -> datetime | None:
        """When the incident first was of one of the kinds that `tests` name; None if they name none."""
        kinds = {kind for test in tests if test.fact == "kinds_been" for kind in test.any or ()}
        if self.incident.submitted.kind in kinds:
            return self.incident.first_reported_at
        turned = self.incident.taken(Reclassify)
        return min(
            (step.happened_at for step in turned if step.kind in kinds), key=datetime.timestamp, default=None
        )

    def _yes_since(self, tests: Iterable[Test]) -> datetime | None:
        """When one of the risk questions that `tests` name was first answered yes; None if they name none."""
        questions = [question for test in tests if test.fact == "risk_yes" for question in test.any or ()]
        answered = (self.incident.concerns.get(f"risk:{question}") for question in questions)
        return min((at for at in answered if at is not None), key=datetime.timestamp, default=None)

    def joined(self, item: Item) -> datetime | None:
        """When a person was involved who took the place of one who never was; None for other items."""
        if self._joined is None:
            self._joined = involved_in_place_of_others(self.incident)
        return self._joined.get(item.value) if isinstance(item.value, UUID) else None

    def after(self, rule: Rule) -> int:
        """The number of the last step of `since` of `rule`: only a later step satisfies it."""
        last = self.last_number(rule.since)
        return max(last, self._content_found_by(rule.when)) if "content" in rule.since else last

    def _content_found_by(self, tests: Iterable[Test]) -> int:
        """The number of the step that first recorded content that `tests` name; 0 if it was the report."""
        named = [frozenset(test.any) for test in tests if test.fact == "content" and test.any is not None]
        later = self.incident.standing[1:]
        known = frozenset(getattr(self.incident.standing[0], "content", ()))
        found = [
            next((step.number for step in later if words.intersection(getattr(step, "content", ()))), 0)
            for words in named
            if known.isdisjoint(words)
        ]
        return max(found, default=0)

    def last_number(self, names: Iterable[str]) -> int:
        return max((self.steps[name][-1].number for name in names if name in self.steps), default=0)

    def last_after(self, since: Iterable[str], name: str) -> Step | None:
        """The last step `name`, if none of `since` was taken after it."""
        steps = self.steps.get(name)
        return steps[-1] if steps and steps[-1].number > self.last_number(since) else None


STARTS: Final[Mapping[str, Callable[[Situation, Iterable[Test]], datetime | None]]] = {
    "reported": lambda case, _: case.incident.first_reported_at,
    "critical": lambda case, _: case.critical_since,
    "content": Situation.content_since,
    "risk": Situation.risk_since,
    "welfare": Situation.at_risk_since,
    "gone": lambda case, _: gone_since(case.incident),
}
"""By the word of a clock, when it starts, given the tests in the `when` of its rule; None if it has not."""
