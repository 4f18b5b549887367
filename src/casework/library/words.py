"""Checks the words a rule uses: whether its facts and fields exist and may have the values it names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from casework.domain.incident import STEPS, Step
from casework.domain.incident.facts import GROUPS, STATED, known_facts
from casework.domain.playbook.conditions import Test
from casework.domain.playbook.rules import Rule
from casework.domain.vocabulary import Role
from casework.library.hints import hint
from casework.library.shape import enum_words

_OPERATORS: Final = ("is_", "any", "all", "none", "present", "in_", "says")
_COMPUTED_FIELDS: Final = frozenset({"embeds_file", "says_breach"})
_TEXTS: Final = "every_text"


class Words(msgspec.Struct, frozen=True):
    """The words that rules may use: `kinds` of incident, stated `facts`, `switches`, and the code's."""

    kinds: Collection[str]
    facts: frozenset[str] = frozenset()
    switches: frozenset[str] = frozenset()

    def switch_faults(self, rule: Rule) -> Iterator[str]:
        """Every mistake in the switch of `rule`."""
        if rule.switch is None:
            return
        if rule.switch not in self.switches:
            yield f"{rule.switch!r} is not a switch of this floor; its switches are {sorted(self.switches)}"
        if rule.adjustable or rule.replaces is not None:
            yield "belongs to a rule that neither is a default nor replaces one"

    def test_faults(self, test: Test, step: str | None) -> Iterator[str]:
        """Every mistake in a test. It may name fields of `step` (`*`: of every step; None: no fields)."""
        operators = [name for name in _OPERATORS if getattr(test, name) is not None]
        if len(operators) != 1:
            yield "a test has exactly one of is, any, all, none, present, in, says"
            return
        if getattr(test, operators[0]) == ():
            yield f"{operators[0]} is empty"
        if (test.fact is None) == (test.field is None):
            yield "a test is about exactly one of fact and field"
        elif (test.says is not None) != (test.field == _TEXTS):
            yield f"`says` and the field {_TEXTS!r} go together"
        elif test.says is not None:
            yield from ("a word of `says` is empty" for word in test.says if not word.strip())
        elif test.fact is not None:
            yield from self._fact_faults(test, test.fact)
        elif step is None:
            yield "a test of `when` is about a fact"
        elif test.in_ is not None and test.in_ not in GROUPS:
            yield f"{test.in_!r} is not a group{hint(test.in_, GROUPS)}"
        elif test.field is not None:
            yield from self._field_faults(test, test.field, step)

    def _field_faults(self, test: Test, field: str, step: str) -> Iterator[str]:
        for value in _operands(test):
            if field in _COMPUTED_FIELDS and hasattr(Step if step == "*" else STEPS[step], field):
                if value not in (True, False, None):
                    yield f"{value!r} is not a value of {field!r}: it is true or false"
            elif step == "*":
                yield f"{field!r} is not a field of every step"
            else:
                yield from self.value_faults(step, field, value)

    def value_faults(self, step: str, name: str, value: Any) -> Iterator[str]:
        """What is wrong with `value` as the value of the field `name` of `step`; any field may be None."""
        if name not in field_types(step):
            yield f"{step!r} has no field {name!r}{hint(name, own_fields(step))}"
        elif value is not None and not self._may_be(step, name, value):
            known = self._words_of(name) or enum_words(field_types(step)[name])
            yield f"{value!r} is not a value of {step}.{name}{hint(value, known)}"

    def _fact_faults(self, test: Test, name: str) -> Iterator[str]:
        if test.in_ is not None:
            yield "`in` is about a field of a step, not about a fact"
        known = STATED if name in self.facts else known_facts().get(name)
        if known is None:
            yield f"{name!r} is not a fact{hint(name, known_facts().keys() | self.facts)}"
            return
        values: Collection[Any] = self.kinds if known.values is None else known.values
        for value in _operands(test):
            if value is not None and value not in values:
                yield f"{value!r} is not a value of {name!r}{hint(value, values)}"

    def _may_be(self, step: str, name: str, value: Any) -> bool:
        words = self._words_of(name)
        if words is not None:
            return value in words
        return any(_converts(shaped, field_types(step)[name]) for shaped in (value, (value,)))

    def _words_of(self, name: str) -> Collection[str] | None:
        """The words of a field that is declared as plain text, so that its type does not say them."""
        words: Mapping[str, Collection[str]] = {"kind": self.kinds, "waived": STEPS, "role": frozenset(Role)}
        return words.get(name)


def field_types(step: str) -> dict[str, Any]:
    """The type of each field of `step`."""
    return {field.name: field.type for field in msgspec.structs.fields(STEPS[step])}


def own_fields(step: str) -> set[str]:
    """The fields of `step` that not every step has."""
    return field_types(step).keys() - set(Step.__struct_fields__)


def _operands(test: Test) -> tuple[Any, ...]:
    """The values a test names; a single None if it names none, so that its field is still checked."""
    if test.is_ is not None:
        return (test.is_,)
    return test.any or test.all or test.none or (None,)


def _converts(value: Any, wanted: Any) -> bool:
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError:
        return False
    return True
