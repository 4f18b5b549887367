"""The editions of floors and packs: stated in full, or as the differences from another edition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from casework.domain.moments import LocalDate
from casework.domain.playbook import Floor, Pack, Rule
from casework.domain.playbook.floor import CriticalConcern, KindOfIncident
from casework.domain.playbook.pack import Breach, ConcernRule, DeclarationRule, PastPupilRule
from casework.domain.playbook.rules import Source
from casework.library.checking import Fault, PlaybookError
from casework.library.floor_checks import floor_faults
from casework.library.reading import raise_first, shaped


class _Differences(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An edition, stated as the differences of its sources and rules from another edition.

    A source replaces the one with the same `cited_as`, and a rule the one with the same id. New sources and
    rules are stated separately, so that a mistyped id is not taken for a new one. The rules named in
    `without` and the sources named in `without_sources` are dropped.
    """

    differs_from: str
    sources: tuple[Source, ...] = ()
    without_sources: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    added_sources: tuple[Source, ...] = ()
    added_rules: tuple[Rule, ...] = ()

    def _source_faults(self, other: Floor | Pack) -> Iterator[Fault]:
        cited = {source.cited_as for source in other.sources}
        for name in self.without_sources:
            if name not in cited:
                yield "", "without_sources", f"{name!r} is not a source of {other.edition}"
        for source in self.sources:
            if source.cited_as not in cited:
                new = "a new one belongs in added_sources"
                yield "", "sources", f"{source.cited_as!r} is not a source of {other.edition}; {new}"
            if source.cited_as in self.without_sources:
                yield "", "sources", f"{source.cited_as!r} is also named in without_sources"
        for source in self.added_sources:
            if source.cited_as in cited:
                yield "", "added_sources", f"{source.cited_as!r} is a source of {other.edition} already"
            cited.add(source.cited_as)

    def _rule_faults(self, other: Floor | Pack) -> Iterator[Fault]:
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

    def _sources_after(self, other: Floor | Pack) -> tuple[Source, ...]:
        own = {source.cited_as: source for source in self.sources}
        kept = (source for source in other.sources if source.cited_as not in self.without_sources)
        return (*(own.get(source.cited_as, source) for source in kept), *self.added_sources)

    def _rules_after(self, other: Floor | Pack) -> tuple[Rule, ...]:
        own = {rule.id: rule for rule in self.rules}
        kept = (rule for rule in other.rules if rule.id not in self.without)
        return (*(own.get(rule.id, rule) for rule in kept), *self.added_rules)


class FloorDifferences(_Differences, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An edition of a floor, as differences. `kinds` and `critical`, if left out, are those of the other."""

    jurisdiction: str
    in_force_from: LocalDate
    kinds: tuple[KindOfIncident, ...] | None = None
    critical: tuple[CriticalConcern, ...] | None = None

    def faults(self, other: Floor) -> Iterator[Fault]:
        """Every mistake in the differences from `other`."""
        if self.jurisdiction != other.jurisdiction:
            yield "", "differs_from", f"{other.edition} is of another jurisdiction"
        yield from self._source_faults(other)
        yield from self._rule_faults(other)

    def applied_to(self, other: Floor) -> Floor:
        """The edition in full."""
        return msgspec.structs.replace(
            other,
            jurisdiction=self.jurisdiction,
            in_force_from=self.in_force_from,
            sources=self._sources_after(other),
            kinds=other.kinds if self.kinds is None else self.kinds,
            critical=other.critical if self.critical is None else self.critical,
            rules=self._rules_after(other),
        )


class PackDifferences(_Differences, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A version of a pack, as differences from another version of it. What is left out is as in the other.

    `adopted` is never that of the other: a policy that changed was adopted again.
    """

    id: str
    version: str
    adopted: LocalDate
    title: str | None = None
    review_every_months: int | None = None
    silent_on: tuple[str, ...] | None = None
    readings: tuple[str, ...] | None = None
    declarations: DeclarationRule | None = None
    past_pupils: PastPupilRule | None = None
    low_level_concerns: ConcernRule | None = None
    breaches: tuple[Breach, ...] | None = None

    def faults(self, other: Pack) -> Iterator[Fault]:
        """Every mistake in the differences from `other`."""
        if self.id != other.id:
            yield "", "differs_from", f"{other.edition} is a version of another pack"
        if other.adopted is not None and self.adopted <= other.adopted:
            yield "", "adopted", f"must be after {other.adopted}, when {other.edition} was adopted"
        yield from self._source_faults(other)
        yield from self._rule_faults(other)

    def applied_to(self, other: Pack) -> Pack:
        """The version in full."""
        stated = {name: value for name in _STATED_ANEW if (value := getattr(self, name)) is not None}
        return msgspec.structs.replace(
            other,
            version=self.version,
            adopted=self.adopted,
            sources=self._sources_after(other),
            rules=self._rules_after(other),
            **stated,
        )


_STATED_ANEW: Final = (
    *("title", "review_every_months", "silent_on", "readings", "declarations", "low_level_concerns"),
    *("past_pupils", "breaches"),
)
"""The fields of a pack that a later version states as a whole, if it changes them."""

E = TypeVar("E", Floor, Pack)
D = TypeVar("D", FloorDifferences, PackDifferences)


def editions_of(
    documents: Mapping[Path, dict[str, Any]],
    full: type[E],
    differences: type[D],
    check: Callable[[E], Iterator[Fault]],
    known: Iterable[E] = (),
) -> dict[Path, E]:
    """Every edition in full, by its file, checked by `check`. Raises PlaybookError.

    An edition may be stated as `differences` from another one, of these or of those `known` already.
    """
    found: dict[Path, E] = {}
    waiting: dict[Path, D] = {}
    for path, document in documents.items():
        if "differs_from" in document:
            waiting[path] = shaped(path, document, differences)
        else:
            found[path] = shaped(path, document, full)
            raise_first(path, check(found[path]))
    while waiting:
        editions = {each.edition: each for each in (*known, *found.values())}
        ready = [path for path, each in waiting.items() if each.differs_from in editions]
        if not ready:
            path, stated = next(iter(waiting.items()))
            raise no_such_edition(path, stated.differs_from)
        for path in ready:
            stated = waiting.pop(path)
            other: Any = editions[stated.differs_from]
            raise_first(path, stated.faults(other))
            in_full: Any = stated.applied_to(other)
            found[path] = in_full
            raise_first(path, check(found[path]))
    return {path: found[path] for path in documents}


def no_such_edition(path: Path, edition: str) -> PlaybookError:
    """The error of a file whose `differs_from` names no edition."""
    message = f"{edition!r} is neither an edition stated in full nor based on one"
    return PlaybookError(path.name, message, field="differs_from")


def floors_of(documents: Mapping[Path, dict[str, Any]]) -> dict[Path, Floor]:
    """Every edition of a floor in full, checked, by its file. Raises PlaybookError."""
    floors = editions_of(documents, Floor, FloorDifferences, floor_faults)
    return {path: _marked(floor) for path, floor in floors.items()}


def _marked(floor: Floor) -> Floor:
    rules = tuple(msgspec.structs.replace(rule, floor=True) for rule in floor.rules)
    return msgspec.structs.replace(floor, rules=rules)
