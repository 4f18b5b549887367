"""The parts of a playbook: rules as values, read from data and checked before they are used."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Final

import msgspec

from casework.domain.clocks import Span, Unit
from casework.domain.moments import LocalDate
from casework.domain.naming import holds_word
from casework.domain.values import Scalar, ValueSet


class Modality(StrEnum):
    MUST = "must"
    CONSIDER = "consider"
    MAY = "may"
    MUST_NOT = "must_not"

    @property
    def binding(self) -> bool:
        """Whether it is to be done, or considered."""
        return self in (Modality.MUST, Modality.CONSIDER)

    @property
    def rank(self) -> int:
        """The position from the strictest (0) to the least strict."""
        return ("must_not", "must", "consider", "may").index(self)


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


class CriticalClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shorter time allowed for a critical incident, from when it became critical."""

    within: int
    unit: Unit

    @property
    def span(self) -> Span:
        return Span(self.within, self.unit)


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a duty is due: `within` units after `of`.

    `of` is `reported`, `critical`, `content`, `risk`, `welfare`, `gone`, `last_duty`, `item` or the name of a
    step, of which the last one counts. `content` is when the content named in the rule's `when` came to
    light, never before the report. `risk` and `welfare` never start before what `when` names of content and
    of kinds was known; `gone` when it became known that an alleged adult no longer works at the school;
    `last_duty` when the investigation ended, or else when the last of the other duties was answered.
    With `field`, the time is counted from the value of that field of the step, such as a meeting's time.
    """

    of: str
    within: int
    unit: Unit
    field: str | None = None
    critical: CriticalClock | None = None

    @property
    def span(self) -> Span:
        return Span(self.within, self.unit)


class Satisfier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step that meets a duty if its fields pass the tests `given`."""

    step: str
    given: tuple[Test, ...] = ()


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """One duty, decision, possibility or prohibition, with the clause it comes from.

    `when` holds tests on the incident that must all pass; `given` holds tests on the step being taken, for
    a prohibition. A duty is met by `step` with the values of `preset`, or by any of `satisfied_by`, once
    for each member of the group `per` (which the field `per_field` of the step names), after the last step
    named in `since`. Until it is met, the steps in `before` are refused. A floor rule that is `adjustable`
    states a default which a pack may replace; no other floor rule can be relaxed. Only a duty that is
    `waivable`, of a floor or a pack, can be waived for one incident.
    A duty that `protects` a child never waits for school days. A rule with a `switch` applies to an incident
    if that was in force when the incident was reported.
    A prohibition without a step is about conduct that no step records.
    """

    id: str
    modality: Modality
    clause: str
    reason: str
    step: str | None = None
    kinds: tuple[str, ...] = ()
    when: tuple[Test, ...] = ()
    given: tuple[Test, ...] = ()
    except_steps: tuple[str, ...] = ()
    only_steps: tuple[str, ...] = ()
    preset: dict[str, Scalar] = {}
    per: str | None = None
    per_field: str | None = None
    satisfied_by: tuple[Satisfier, ...] = ()
    since: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    clock: Clock | None = None
    told: tuple[str, ...] = ()
    protects: bool = False
    adjustable: bool = False
    waivable: bool = False
    replaces: str | None = None
    switch: str | None = None
    floor: bool = False

    @property
    def is_duty(self) -> bool:
        return self.modality is not Modality.MUST_NOT

    def applies_to(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds

    def is_about(self, step: str) -> bool:
        """Whether the rule names `step`, or every step without making an exception for it.

        With `only_steps`, "every step" is each of these.
        """
        if self.step != "*":
            return self.step == step
        return step not in self.except_steps and (not self.only_steps or step in self.only_steps)

    @cached_property
    def answered_by(self) -> tuple[Satisfier, ...]:
        """The steps that meet this duty."""
        if self.satisfied_by:
            return self.satisfied_by
        tests = tuple(Test(field=name, is_=value) for name, value in self.preset.items())
        return (Satisfier(step=self.step or "", given=tests),)


NEVER_WAIVED: Final = frozenset({"report", "close"})
"""The steps that begin and end a case, which no rule lets a school waive."""


class Authority(StrEnum):
    """What a document is: law, guidance, or the place of a default where neither gives a number."""

    LAW = "law"
    GUIDANCE = "guidance"
    DEFAULT = "default"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document that rules cite, and the name they cite it by.

    Without an `authority`, a source of a floor is law, and one of a pack is the school's own policy.
    """

    cited_as: str
    title: str
    authority: Authority | None = None


class DeclarationRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who decides on a declared relationship: a lead and the head, `together` or either of them."""

    together: bool
    clause: str


class ConcernRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who receives low-level concerns about adults: the head, or leads who record them for the head."""

    received_by: tuple[str, ...]
    clause: str


class Breach(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A clause of a policy that somebody can breach, and what it asks, in words."""

    clause: str
    title: str


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One school's policy: which rules it adds to the floor, and which defaults of the floor it replaces."""

    id: str
    version: str
    title: str
    adopted: LocalDate | None = None
    review_every_months: int
    sources: tuple[Source, ...]
    silent_on: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    declarations: DeclarationRule | None = None
    low_level_concerns: ConcernRule | None = None
    breaches: tuple[Breach, ...] = ()
    rules: tuple[Rule, ...]

    @property
    def edition(self) -> str:
        return f"{self.id}@{self.version}"

    def review_due(self, reviewed_on: date | None = None) -> date | None:
        """The day by which the policy must be reviewed again, if the last review was on `reviewed_on`.

        None if the policy has no date and was never reviewed, so that a review is due now.
        """
        looked_at = [day for day in (self.adopted, reviewed_on) if day is not None]
        if not looked_at:
            return None
        last = max(looked_at)
        months = last.month - 1 + self.review_every_months
        year, month = last.year + months // 12, months % 12 + 1
        return date(year, month, min(last.day, monthrange(year, month)[1]))


def merged(floor: Iterable[Rule], pack: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules of the floor and the pack. A replacement takes the place of its default; the rest follow.

    Rules about one kind come before the common rules, so that a refusal names the most specific rule.
    """
    replacing = {rule.replaces: rule for rule in pack if rule.replaces}
    rules = [_replaced(rule, replacing.get(rule.id)) for rule in floor]
    rules += [rule for rule in pack if not rule.replaces]
    return tuple(sorted(rules, key=lambda rule: not rule.kinds))


def _replaced(default: Rule, by: Rule | None) -> Rule:
    """`by` in the place of `default`; if the default cannot be waived, its replacement cannot either."""
    if by is None:
        return default
    return msgspec.structs.replace(by, waivable=by.waivable and default.waivable)
