"""Checks a pack before it is used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from casework.domain.clocks import Unit
from casework.domain.fields import limit_fault
from casework.domain.playbook.floor import Floor
from casework.domain.playbook.pack import Pack
from casework.domain.playbook.rules import Authority, Modality, Rule, Source
from casework.domain.vocabulary import Role
from casework.library.checking import TEN_YEARS, Fault, repeated, rule_faults, stated_faults, words_of
from casework.library.citing import citation_faults
from casework.library.hints import hint
from casework.library.waivers import as_of_a_floor, waiver_faults

_PROTECTING: Final = "give this one `protects = true` and a `clock` that does not count school_days"


def pack_faults(pack: Pack, floor: Floor) -> Iterator[Fault]:
    """Every mistake in a pack, when it is used with `floor`."""
    words = words_of(floor)
    defaults = {rule.id: rule for rule in floor.every_rule()}
    yield from _name_faults(pack)
    yield from _source_faults(pack.sources)
    yield from _review_faults(pack)
    for field in ("declarations", "past_pupils"):
        stated = getattr(pack, field)
        if stated is not None:
            yield from (("", field, message) for message in citation_faults(stated.clause, pack.sources))
    yield from _concern_faults(pack)
    yield from _breach_faults(pack)
    yield from stated_faults(pack.rules)
    yield from repeated([*floor.every_rule(), *pack.rules])
    replaced = Counter(rule.replaces for rule in pack.rules if rule.replaces is not None)
    for rule in pack.rules:
        yield from rule_faults(rule, words, (*floor.sources, *pack.sources))
        citable = (*as_of_a_floor(floor.sources), *pack.sources)
        for message in waiver_faults(rule, citable, defaults.get(rule.replaces or "")):
            yield rule.id, "waivable", message
        if rule.adjustable:
            yield rule.id, "adjustable", "only a floor states defaults"
        if _forbids_outright(rule) and rule.step in _fixed_duties(floor, rule):
            yield rule.id, "step", f"the floor requires {rule.step!r}; a pack cannot forbid it"
        if rule.replaces is not None and replaced[rule.replaces] > 1:
            yield rule.id, "replaces", f"the rule {rule.replaces!r} is replaced twice"
        if rule.replaces is not None:
            yield from _replacement_faults(rule, defaults.get(rule.replaces), defaults)


def _name_faults(pack: Pack) -> Iterator[Fault]:
    """Every mistake in what a pack is called; its edition is `id@version`."""
    for field, value in (("id", pack.id), ("version", pack.version)):
        if not re.fullmatch(r"[A-Za-z0-9._-]+", value):
            yield "", field, f"{value!r} must be letters, digits, `.`, `_` and `-`, and not empty"
    if not pack.title.strip():
        yield "", "title", "is empty"
    for number, rule in enumerate(pack.rules, start=1):
        if not rule.id.strip():
            yield f"number {number}", "id", "is empty"


def _source_faults(sources: tuple[Source, ...]) -> Iterator[Fault]:
    """Every mistake in the sources of a pack."""
    for source in sources:
        if not source.cited_as.strip() or not source.title.strip():
            yield "", "sources", f"cited_as or title of {source.cited_as or source.title!r} is empty"
        if source.authority is Authority.DEFAULT:
            yield "", "sources", f"{source.cited_as!r}: only a floor has sources with the authority 'default'"
    stated = Counter(source.cited_as for source in sources)
    yield from (("", "sources", f"{each!r} is stated twice") for each, times in stated.items() if times > 1)


def _concern_faults(pack: Pack) -> Iterator[Fault]:
    """Every mistake in who receives low-level concerns."""
    stated = pack.low_level_concerns
    if stated is None:
        return
    for message in citation_faults(stated.clause, pack.sources):
        yield "", "low_level_concerns", message
    known = [role.value for role in Role if role.leads]
    if not stated.received_by:
        yield "", "low_level_concerns", "received_by is empty: without the table, the head receives them"
    for role, times in Counter(stated.received_by).items():
        if times > 1:
            yield "", "low_level_concerns", f"{role!r} is named twice"
    for role in stated.received_by:
        if role not in known:
            yield "", "low_level_concerns", f"{role!r} is none of the roles that receive one: {known}"


def _breach_faults(pack: Pack) -> Iterator[Fault]:
    """Every mistake in the clauses that can be breached."""
    stated = Counter(breach.clause for breach in pack.breaches)
    for breach in pack.breaches:
        for message in citation_faults(breach.clause, pack.sources):
            yield "", "breaches", message
        if not breach.title.strip():
            yield "", "breaches", f"the title of clause {breach.clause!r} is empty"
    yield from (("", "breaches", f"{each!r} is stated twice") for each, times in stated.items() if times > 1)


def _review_faults(pack: Pack) -> Iterator[Fault]:
    """Every mistake that leaves no day for the next review of the policy."""
    if not 1 <= pack.review_every_months <= TEN_YEARS[Unit.MONTHS]:
        yield "", "review_every_months", f"must be from 1 to {TEN_YEARS[Unit.MONTHS]}"
    unlikely = limit_fault(pack.adopted)
    if unlikely is not None:
        yield "", "adopted", unlikely


def _forbids_outright(rule: Rule) -> bool:
    return rule.modality is Modality.MUST_NOT and not rule.when and not rule.given


def _fixed_duties(floor: Floor, rule: Rule) -> set[str | None]:
    """The steps that the floor requires in any kind `rule` is about, and that no pack may relax."""
    return {
        other.step
        for other in floor.rules
        if other.is_duty
        and other.modality is not Modality.MAY
        and not other.adjustable
        and (not other.kinds or not rule.kinds or not set(other.kinds).isdisjoint(rule.kinds))
    }


def _replacement_faults(rule: Rule, default: Rule | None, known: Iterable[str]) -> Iterator[Fault]:
    if default is None:
        yield rule.id, "replaces", f"the floor has no rule {rule.replaces!r}{hint(rule.replaces, known)}"
    elif not default.adjustable and default.step is not None:
        yield rule.id, "replaces", f"the floor's rule {rule.replaces!r} cannot be relaxed"
    elif set(default.kinds) != set(rule.kinds):
        yield rule.id, "kinds", f"must be those of the rule it replaces: {list(default.kinds)}"
    elif default.told_done is not None and rule.told_done is None:
        yield rule.id, "told_done", "the rule it replaces requires that somebody is told: it must too"
    elif default.protects and not (rule.protects and rule.clock is not None):
        yield rule.id, "protects", f"the rule {rule.replaces!r} protects a child: {_PROTECTING}"
