"""What the rules need to know about an incident, read from it once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from casework.domain.incident.departures import gone_since
from casework.domain.incident.facts import GROUPS, Item, fact
from casework.domain.playbook.restarts import involved_in_place_of_others
from casework.domain.playbook.rules import Test
from casework.domain.values import Scalar, ValueSet, as_values

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident
    from casework.domain.incident.steps import Step


STARTS: Final[Mapping[str, Callable[[Incident, datetime | None], datetime | None]]] = {
    "reported": lambda incident, _: incident.first_reported_at,
    "critical": lambda _, critical_since: critical_since,
    "risk": lambda incident, _: incident.risk_since,
    "gone": lambda incident, _: gone_since(incident),
}
"""When clocks start that start with no step, given the incident and since when it is critical."""


class Situation:
    """What the rules need to know about an incident: facts, steps by name, since when it is critical.

    A step that was taken in vain is not among its `steps`.
    """

    def __init__(self, incident: Incident, critical_since: datetime | None) -> None:
        self.incident = incident
        self.critical_since = critical_since
        self.steps: dict[str, list[Step]] = {}
        for step in incident.standing:
            if step.in_vain:
                continue
            self.steps.setdefault(step.name(), []).append(step)
        # Cached, because the clock of a debrief needs the answers to every other duty.
        self.answers: dict[tuple[str, UUID | str | None], Step | None] = {}
        self.last_duties: dict[tuple[str | None, tuple[str, ...]], datetime | None] = {}
        self._joined: dict[UUID, datetime] | None = None
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
        return max(self.incident.first_reported_at, *first, key=datetime.timestamp)

    def joined(self, item: Item) -> datetime | None:
        """When a person was involved who took the place of one who never was; None for other items."""
        if self._joined is None:
            self._joined = involved_in_place_of_others(self.incident)
        return self._joined.get(item.value) if isinstance(item.value, UUID) else None

    def last_number(self, names: Iterable[str]) -> int:
        return max((self.steps[name][-1].number for name in names if name in self.steps), default=0)

    def last_after(self, since: Iterable[str], name: str) -> Step | None:
        """The last step `name`, if none of `since` was taken after it."""
        steps = self.steps.get(name)
        return steps[-1] if steps and steps[-1].number > self.last_number(since) else None
