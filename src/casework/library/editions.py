"""The editions of the floors: stated in full, or as the differences from another edition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from casework.domain.moments import LocalDate
from casework.domain.playbook import Floor, Rule
from casework.domain.playbook.floor import CriticalConcern, KindOfIncident
from casework.domain.playbook.rules import Source
from casework.library.checking import Fault, PlaybookError
from casework.library.floor_checks import floor_faults
from casework.library.reading import raise_first, shaped


class Differences(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An edition of a floor, stated as the differences from another edition.

    A source replaces the one with the same `cited_as`, and a rule the one with the same id. New sources and
    rules are stated separately, so that a mistyped id is not taken for a new one. `kinds` and `critical`, if
    left out, are those of the other edition; the rules named in `without` are dropped.
    """

    jurisdiction: str
    in_force_from: LocalDate
    differs_from: str
    sources: tuple[Source, ...] = ()
    kinds: tuple[KindOfIncident, ...] | None = None
    critical: tuple[CriticalConcern, ...] | None = None
    without: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    added_sources: tuple[Source, ...] = ()
    added_rules: tuple[Rule, ...] = ()

    def faults(self, other: Floor) -> Iterator[Fault]:
        """Every mistake in the differences from `other`."""
        if self.jurisdiction != other.jurisdiction:
            yield "", "differs_from", f"{other.edition} is of another jurisdiction"
        yield from self._source_faults(other)
        yield from self._rule_faults(other)

    def _source_faults(self, other: Floor) -> Iterator[Fault]:
        cited = {source.cited_as for source in other.sources}
        for source in self.sources:
            if source.cited_as not in cited:
                new = "a new one belongs in added_sources"
                yield "", "sources", f"{source.cited_as!r} is not a source of {other.edition}; {new}"
        for source in self.added_sources:
            if source.cited_as in cited:
                yield "", "added_sources", f"{source.cited_as!r} is a source of {other.edition} already"
            cited.add(source.cited_as)

    def _rule_faults(self, other: Floor) -> Iterator[Fault]:
        known = {rule.id for rule in other.rules}
        stated: set[str] = set()
        for name in self.without:
            if name not in known:
                yield "", "without", f"{name!r} is not a rule of {other.edition}"
        for rule in self.rules:
            if rule.id not in known:
                yield (
                    rule.id,
                    "id",
                    f"is not a rule of {other.edition}; a new one belongs in added_rules",
                )
            if rule.id in self.without:
                yield rule.id, "id", "is also named in without"
            if rule.id in stated:
                yield rule.id, "id", "is the id of another rule"
            stated.add(rule.id)
        for rule in self.added_rules:
            if rule.id in known:
                yield rule.id, "id", f"is a rule of {other.edition} already; it belongs in rules"

    def applied_to(self, other: Floor) -> Floor:
        """The edition in full."""
        rules = {rule.id: rule for rule in self.rules}
        sources = {source.cited_as: source for source in self.sources}
        return msgspec.structs.replace(
            other,
            jurisdiction=self.jurisdiction,
            in_force_from=self.in_force_from,
            sources=(
                *(sources.get(source.cited_as, source) for source in other.sources),
                *self.added_sources,
            ),
            kinds=other.kinds if self.kinds is None else self.kinds,
            critical=other.critical if self.critical is None else self.critical,
            rules=(
                *(rules.get(rule.id, rule) for rule in other.rules if rule.id not in self.without),
                *self.added_rules,
            ),
        )


def floors_of(documents: Mapping[Path, dict[str, Any]]) -> dict[Path, Floor]:
    """Every edition in full, checked, by its file. Raises PlaybookError."""
    found: dict[Path, Floor] = {}
    waiting: dict[Path, Differences] = {}
    for path, document in documents.items():
        if "differs_from" in document:
            waiting[path] = shaped(path, document, Differences)
        else:
            found[path] = _checked(path, shaped(path, document, Floor))
    while waiting:
        editions = {floor.edition: floor for floor in found.values()}
        ready = [path for path, each in waiting.items() if each.differs_from in editions]
        if not ready:
            path, differences = next(iter(waiting.items()))
            message = f"{differences.differs_from!r} is neither an edition stated in full nor based on one"
            raise PlaybookError(path.name, message, field="differs_from")
        for path in ready:
            differences = waiting.pop(path)
            other = editions[differences.differs_from]
            raise_first(path, differences.faults(other))
            found[path] = _checked(path, differences.applied_to(other))
    return {path: _marked(floor) for path, floor in found.items()}


def _checked(path: Path, floor: Floor) -> Floor:
    raise_first(path, floor_faults(floor))
    return floor


def _marked(floor: Floor) -> Floor:
    rules = tuple(msgspec.structs.replace(rule, floor=True) for rule in floor.rules)
    return msgspec.structs.replace(floor, rules=rules)
