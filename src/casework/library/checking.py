"""Checks the rules of a floor or a pack before they are used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from casework.domain.clocks import Unit
from casework.domain.errors import SetUpError
from casework.domain.incident import STEPS
from casework.domain.incident.facts import GROUPS
from casework.domain.incident.telling import TOLD_IN_PERSON
from casework.domain.playbook.conditions import Test
from casework.domain.playbook.floor import Floor
from casework.domain.playbook.rules import Clock, Rule, Satisfier, Source, ToldDone
from casework.domain.playbook.situation import STARTS
from casework.domain.vocabulary import RECIPIENTS
from casework.library.citing import citation_faults
from casework.library.hints import hint
from casework.library.shape import in_words
from casework.library.words import Words, field_types, own_fields

Fault = tuple[str, str, str]
"""The rule's id, the field, and what is wrong with the field."""

_CLOCK_STARTS: Final = (*STARTS, "applies", "last_duty", "item")
_OF_A_PROHIBITION: Final = ("given", "except_steps", "only_steps")
_NOT_OF_A_PROHIBITION: Final = (
    "clock",
    "per",
    "per_field",
    "preset",
    "satisfied_by",
    "since",
    "before",
    "told",
    "told_done",
    "protects",
    "waivable",
)
# A clock that starts in the last year a record accepts must end in a year that a datetime can hold.
TEN_YEARS: Final = {
    Unit.HOURS: 87_600,
    Unit.DAYS: 3_650,
    Unit.WORKING_DAYS: 2_600,
    Unit.SCHOOL_DAYS: 1_950,
    Unit.MONTHS: 120,
}


class PlaybookError(SetUpError):
    """A floor or a pack that cannot be used; the message says where the mistake is."""

    def __init__(self, file: str, message: str, *, rule: str = "", field: str = "") -> None:
        place = ", ".join(
            part for part in (file, rule and f"rule {rule!r}", field and f"field {field!r}") if part
        )
        super().__init__(f"{place}: {message}")
        self.file, self.rule, self.field, self.message = file, rule, field, message


def shape_error(
    file: str, document: dict[str, Any], wanted: type, error: msgspec.ValidationError
) -> PlaybookError:
    """A `PlaybookError` for a document that is not a `wanted`, naming the rule by its id if it has one."""
    message, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    message = in_words(message, wanted, path)
    place = re.match(r"(rules|added_rules)\[(\d+)\]\.?(.*)", path)
    if place is None:
        return PlaybookError(file, message, field=path)
    number = int(place[2])
    rule = document[place[1]][number]
    name = rule.get("id", f"number {number + 1}") if isinstance(rule, dict) else number
    return PlaybookError(file, message, rule=str(name), field=place[3])


def words_of(floor: Floor) -> Words:
    """The words that rules used with `floor` may use."""
    return Words(
        {kind.id for kind in floor.kinds},
        frozenset(each.id for each in floor.facts),
        frozenset(each.id for each in floor.switches),
    )


def circumstance_faults(
    kinds: Iterable[str], when: Iterable[Test], known: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Every mistake in the kinds and the tests of something other than a rule, with its field."""
    yield from (("kinds", f"{kind!r} is not a kind of any floor") for kind in kinds if kind not in known)
    yield from (("when", message) for test in when for message in Words(known).test_faults(test, None))


def preset_faults(step: str, preset: Mapping[str, Any], kinds: Collection[str]) -> Iterator[str]:
    """Every mistake in a step and the values given for its fields."""
    if step not in STEPS:
        yield from _step_faults([step])
        return
    for name, value in preset.items():
        yield from Words(kinds).value_faults(step, name, value)


def repeated(rules: Iterable[Rule]) -> Iterator[Fault]:
    seen: set[str] = set()
    every = [*rules]
    for rule in (*every, *(rule.telling for rule in every if rule.telling is not None)):
        if rule.id in seen:
            yield rule.id, "id", "is the id of another rule"
        seen.add(rule.id)


def stated_faults(rules: Iterable[Rule]) -> Iterator[Fault]:
    for rule in rules:
        if rule.floor:
            yield rule.id, "floor", "is set by casework for the rules of a floor"


def rule_faults(rule: Rule, words: Words, sources: Iterable[Source]) -> Iterator[Fault]:
    parts: list[tuple[str, Iterable[str]]] = [
        ("clause", citation_faults(rule.clause, sources)),
        ("reason", [] if rule.reason.strip() else ["is empty"]),
        (
            "kinds",
            (
                f"{each!r} is not a kind of this floor{hint(each, words.kinds)}"
                for each in rule.kinds
                if each not in words.kinds
            ),
        ),
        ("switch", words.switch_faults(rule)),
        ("before", _step_faults(rule.before)),
        ("since", _step_faults(name for name in rule.since if name != "content")),
        ("except_steps", _step_faults(rule.except_steps)),
        ("only_steps", _step_faults(rule.only_steps)),
        ("told", recipient_faults(rule.told)),
        ("when", (fault for test in rule.when for fault in words.test_faults(test, None))),
        ("given", (fault for test in rule.given for fault in _given_faults(test, rule.step, words))),
    ]
    for field, messages in parts:
        for message in messages:
            yield rule.id, field, message
    for field, message in _duty_faults(rule, words) if rule.is_duty else _prohibition_faults(rule):
        yield rule.id, field, message


def _step_faults(steps: Iterable[str]) -> Iterator[str]:
    return (f"{step!r} is not a step{hint(step, STEPS)}" for step in steps if step not in STEPS)


def recipient_faults(recipients: Iterable[str]) -> Iterator[str]:
    unknown = (each for each in recipients if each not in RECIPIENTS)
    return (f"{each!r} is not a recipient{hint(each, RECIPIENTS)}" for each in unknown)


def _given_faults(test: Test, step: str | None, words: Words) -> Iterable[str]:
    """The faults of a test; none if the step does not exist, because then the step itself is the fault."""
    return words.test_faults(test, step) if step == "*" or step in STEPS else ()


def _prohibition_faults(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.step is not None and rule.step != "*":
        yield from (("step", message) for message in _step_faults([rule.step]))
    if rule.only_steps and (rule.step != "*" or rule.except_steps):
        yield "only_steps", 'belongs to a prohibition of "*" without except_steps'
    for field in _NOT_OF_A_PROHIBITION:
        if getattr(rule, field) not in (None, False, (), {}):
            yield field, "does not belong to a prohibition"


def _duty_faults(rule: Rule, words: Words) -> Iterator[tuple[str, str]]:
    if rule.step is None:
        yield "step", "is missing: a duty names the step it requires"
        return
    if rule.step not in STEPS:
        yield from (("step", message) for message in _step_faults([rule.step]))
        return
    for field in _OF_A_PROHIBITION:
        if getattr(rule, field):
            yield field, "belongs to prohibitions only"
    for message in preset_faults(rule.step, rule.preset, words.kinds):
        yield "preset", message
    for satisfier in rule.satisfied_by:
        for message in _satisfier_faults(satisfier, words):
            yield "satisfied_by", message
    yield from _per_faults(rule)
    if "content" in rule.since and not _names_content(rule):
        yield "since", "'content' needs a test of the fact content in `when`, with any"
    if rule.told_done is not None:
        yield from (("told_done", message) for message in _told_faults(rule, rule.told_done))
    yield from _timing_faults(rule)


def _timing_faults(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.clock is not None:
        yield from (("clock", message) for message in _clock_faults(rule.clock))
        yield from _faults_of_clock_in(rule, rule.clock)


def _faults_of_clock_in(rule: Rule, clock: Clock) -> Iterator[tuple[str, str]]:
    """Where the clock does not go with the rest of the rule."""
    if rule.protects and clock.unit is Unit.SCHOOL_DAYS:
        yield "protects", "a duty that protects a child never waits for school days"
    if clock.of == "content" and not _names_content(rule):
        yield "clock", "of 'content' needs a test of the fact content in `when`, with any"
    if clock.of == "welfare" and not any(test.fact == "at_risk_now" for test in rule.when):
        yield "clock", "of 'welfare' needs a test of the fact at_risk_now in `when`"


def _told_faults(rule: Rule, done: ToldDone) -> Iterator[str]:
    known = sorted(TOLD_IN_PERSON)
    yield from (f"{each!r} is none of the roles {known}" for each in done.any if each not in known)
    if not done.any or done.any[0] not in rule.told:
        yield "the first role of any is one of told"
    if not done.reason.strip():
        yield "reason is empty"
    if rule.waivable:
        yield "a rule with told_done cannot be waived"


def _names_content(rule: Rule) -> bool:
    return any(test.fact == "content" and test.any for test in rule.when)


def _per_faults(rule: Rule) -> Iterator[tuple[str, str]]:
    if (rule.per is None) != (rule.per_field is None):
        yield "per", "per and per_field go together: give both or neither"
    elif rule.per is not None:
        yield from _group_faults(rule)
    elif rule.clock is not None and rule.clock.of == "item":
        yield "clock", "of 'item' needs a group: give per"


def _group_faults(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.per not in GROUPS:
        yield "per", f"{rule.per!r} is not a group{hint(rule.per, GROUPS)}"
    # The step that is shown as due needs the field too, even if another step satisfies the duty.
    for step in dict.fromkeys([rule.step or "", *(satisfier.step for satisfier in rule.answered_by)]):
        if step in STEPS and rule.per_field not in field_types(step):
            yield (
                "per_field",
                f"{step!r} has no field {rule.per_field!r}{hint(rule.per_field, own_fields(step))}",
            )


def _satisfier_faults(satisfier: Satisfier, words: Words) -> Iterator[str]:
    if satisfier.step not in STEPS:
        yield from _step_faults([satisfier.step])
        return
    for test in satisfier.given:
        yield from words.test_faults(test, satisfier.step)


def _clock_faults(clock: Clock) -> Iterator[str]:
    fields = field_types(clock.of) if clock.of in STEPS else {}
    if clock.of not in _CLOCK_STARTS and clock.of not in STEPS:
        starts = (*_CLOCK_STARTS, *STEPS)
        alike = hint(clock.of, starts if get_close_matches(clock.of, starts) else _CLOCK_STARTS)
        yield f"of {clock.of!r} is neither a step nor another start of a clock{alike}"
    elif clock.field is not None and clock.field not in fields:
        alike = hint(clock.field, own_fields(clock.of)) if fields else ""
        yield f"{clock.of!r} has no field {clock.field!r}{alike}"
    elif clock.field is not None and not _is_time(fields[clock.field]):
        yield f"{clock.field!r} of {clock.of!r} is neither a date nor a time"
    for counted, which in ((clock, ""), (clock.critical, "critical: ")):
        if counted is not None and counted.within < 0:
            yield f"{which}within is less than 0"
        elif counted is not None and counted.within > TEN_YEARS[counted.unit]:
            yield f"{which}within is more than ten years"
    if clock.unit is Unit.SCHOOL_DAYS and clock.critical is None:
        yield "a clock in school days needs a critical one: a safety duty never waits for school days"
    if clock.critical is not None and clock.critical.unit is Unit.SCHOOL_DAYS:
        yield "a critical clock never waits for school days"


def _is_time(field_type: Any) -> bool:
    # `Instant` and `LocalDate` are annotated.
    kind = getattr(field_type, "__origin__", None)
    return isinstance(kind, type) and issubclass(kind, date)
