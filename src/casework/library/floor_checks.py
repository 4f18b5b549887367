"""Checks a floor before it is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from casework.domain.clocks import Unit
from casework.domain.fields import limit_fault
from casework.domain.incident import STEPS
from casework.domain.incident.concerns import CONCERNS
from casework.domain.incident.facts import known_facts
from casework.domain.playbook.conditions import AnswersNothing, RestingDuty, Test
from casework.domain.playbook.floor import Floor, KindOfIncident
from casework.domain.playbook.kind_fields import KIND_FIELDS
from casework.library.checking import (
    TEN_YEARS,
    Fault,
    recipient_faults,
    repeated,
    rule_faults,
    stated_faults,
    words_of,
)
from casework.library.citing import cites
from casework.library.waivers import as_of_a_floor, waiver_faults
from casework.library.words import Words, field_types


def floor_faults(floor: Floor) -> Iterator[Fault]:
    """Every mistake in a floor."""
    kinds = {kind.id for kind in floor.kinds}
    words = words_of(floor)
    rules = floor.every_rule()
    yield from stated_faults(floor.rules)
    yield from repeated(rules)
    for rule in rules:
        yield from rule_faults(rule, words, floor.sources)
        for message in waiver_faults(rule, as_of_a_floor(floor.sources)):
            yield rule.id, "waivable", message
        if rule.replaces is not None:
            yield rule.id, "replaces", "a floor rule replaces nothing"
    yield from _kind_faults(floor.kinds)
    yield from _fact_faults(floor)
    yield from _answer_faults(floor, words)
    yield from _switch_faults(floor)
    if floor.low_level_concern is not None and floor.low_level_concern not in kinds:
        yield "", "low_level_concern", f"{floor.low_level_concern!r} is not a kind of this floor"
    yield from (("", "recusal", message) for message in recipient_faults(floor.recusal))
    yield from _name_faults(floor)
    for item in floor.critical:
        if item.concern not in CONCERNS and item.concern not in {f"kind:{kind}" for kind in kinds}:
            yield "", "critical", f"no step raises the concern {item.concern!r}"
        if not cites(item.clause, floor.sources):
            yield "", "critical", f"clause {item.clause!r} cites no source of this file"


def _fact_faults(floor: Floor) -> Iterator[Fault]:
    """Every mistake in the facts that a floor states."""
    before: set[str] = set()
    for each in floor.facts:
        words = Words(words_of(floor).kinds, frozenset(before))
        if each.id in known_facts() or each.id in before:
            yield each.id, "facts", "is the name of another fact"
        before.add(each.id)
        if not cites(each.clause, floor.sources):
            yield each.id, "clause", "cites no source of this file"
        if () in each.unless or not (each.when or each.unless):
            yield each.id, "facts", "a list of tests is empty"
        for test in (*each.when, *chain.from_iterable(each.unless)):
            yield from ((each.id, "facts", message) for message in words.test_faults(test, None))


def _switch_faults(floor: Floor) -> Iterator[Fault]:
    """Every mistake in the switches of a floor."""
    seen: set[str] = set()
    for switch in floor.switches:
        if switch.id in seen:
            yield switch.id, "switches", "is the id of another switch"
        seen.add(switch.id)
        if not switch.title.strip():
            yield switch.id, "title", "is empty"
        if not cites(switch.clause, floor.sources):
            yield switch.id, "clause", "cites no source of this file"
        unlikely = limit_fault(switch.in_force_from)
        if unlikely is not None:
            yield switch.id, "in_force_from", unlikely


def _answer_faults(floor: Floor, words: Words) -> Iterator[Fault]:
    """Every mistake in what a floor says of steps that answer nothing, and of duties that rest."""
    for void in floor.answers_nothing:
        for message in _stated_of_step(void, void.given, floor, words):
            yield "", "answers_nothing", message
    for resting in floor.resting:
        for message in _stated_of_step(resting, (), floor, words):
            yield "", "resting", message


def _stated_of_step(
    stated: AnswersNothing | RestingDuty, given: Iterable[Test], floor: Floor, words: Words
) -> Iterator[str]:
    if not cites(stated.clause, floor.sources):
        yield f"clause {stated.clause!r} cites no source of this file"
    if stated.step not in STEPS:
        yield f"{stated.step!r} is not a step"
        return
    for test in stated.when:
        yield from words.test_faults(test, None)
    for test in given:
        yield from words.test_faults(test, stated.step)


def _name_faults(floor: Floor) -> Iterator[Fault]:
    """Every mistake in the duty to clear a name."""
    stated = floor.name_to_clear
    if stated is None:
        return
    fields = field_types(stated.step) if stated.step in STEPS else {}
    if not {"person", "user"} <= fields.keys():
        yield stated.rule, "step", f"{stated.step!r} is not a step about a person and a user"
    if any(rule.id == stated.rule for rule in floor.every_rule()):
        yield stated.rule, "rule", "is the id of another rule"
    if not cites(stated.clause, floor.sources):
        yield stated.rule, "clause", "cites no source of this file"
    if stated.unit is Unit.SCHOOL_DAYS:
        yield stated.rule, "unit", "a safety duty never waits for school days"
    if not 0 <= stated.within <= TEN_YEARS[stated.unit]:
        yield stated.rule, "within", "is less than 0 or more than ten years"


def _kind_faults(kinds: Iterable[KindOfIncident]) -> Iterator[Fault]:
    seen: set[str] = set()
    for kind in kinds:
        if kind.id in seen:
            yield "", "kinds", f"{kind.id!r} is stated twice"
        seen.add(kind.id)
        for field in kind.requires:
            if field not in KIND_FIELDS:
                yield "", "kinds", f"{kind.id!r} requires {field!r}, which is none of {list(KIND_FIELDS)}"
