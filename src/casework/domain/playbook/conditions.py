"""The tests that rules are made of, and what a floor states by such tests alone."""

from __future__ import annotations

import msgspec

from casework.domain.naming import holds_word
from casework.domain.values import Scalar, ValueSet


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition on a fact of the incident (`fact`) or on a field of the step being taken (`field`).

    Exactly one of `is`, `any`, `all`, `none`, `present`, `in` and `says` says what the value must be: equal
    to it; sharing a member; having all members; sharing none; given or not; a member of the named group; a
    text with one of these words.
    """

    fact: str | None = None
    field: str | None = None
    is_: Scalar | None = msgspec.field(name="is", default=None)
    any: tuple[Scalar, ...] | None = None
    all: tuple[Scalar, ...] | None = None
    none: tuple[Scalar, ...] | None = None
    present: bool | None = None
    in_: str | None = msgspec.field(name="in", default=None)
    says: tuple[str, ...] | None = None

    def holds(self, values: ValueSet) -> bool:
        """Whether `values` (a set of one for a single value) meet the test."""
        if self.is_ is not None:
            return values == {self.is_}
        if self.any is not None:
            return not values.isdisjoint(self.any)
        if self.all is not None:
            return values.issuperset(self.all)
        if self.none is not None:
            return values.isdisjoint(self.none)
        if self.says is not None:
            return any(holds_word(value, self.says) for value in values if isinstance(value, str))
        return bool(values) is self.present


class StatedFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fact that a floor states by tests on other facts: true if all of `when` hold, with exceptions.

    It is false where every test of any of the alternatives in `unless` holds. It may test facts stated
    before it.
    """

    id: str
    clause: str
    when: tuple[Test, ...] = ()
    unless: tuple[tuple[Test, ...], ...] = ()


class AnswersNothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A step that stays in the record and meets no duty, while all tests of `when` and `given` hold."""

    step: str
    clause: str
    when: tuple[Test, ...] = ()
    given: tuple[Test, ...] = ()


class RestingDuty(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The duties to take `step`, of the floor or a pack, are not asked for while all tests of `when` hold."""

    step: str
    clause: str
    when: tuple[Test, ...]
