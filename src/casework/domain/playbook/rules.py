"""The parts of a playbook: rules as values, read from data and checked before they are used."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Final

import msgspec

from casework.domain.clocks import Span, Unit
from casework.domain.playbook.conditions import Test
from casework.domain.values import Scalar


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


class CriticalClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shorter time allowed for a critical incident, from when it became critical."""

    within: int
    unit: Unit

    @property
    def span(self) -> Span:
        return Span(self.within, self.unit)


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a duty is due: `within` units after `of`.

    `of` is `reported`, `critical`, `content`, `risk`, `welfare`, `gone`, `applies`, `last_duty`, `item` or
    the name of a step, of which the last one counts. `content` is when the content named in the rule's `when`
    came to light, never before the report. `risk` and `welfare` never start before what `when` names of
    content and of kinds was known; `gone` when it became known that an alleged adult no longer works at the
    school; `applies` when the tests of the rule's `when` came to hold; `last_duty` when the investigation
    ended, or else when the last of the other duties was answered.
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


class ToldDone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The duty that somebody who holds `any` of these roles is told, and its `reason`."""

    any: tuple[str, ...]
    reason: str


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """One duty, decision, possibility or prohibition, with the clause it comes from.

    `when` holds tests on the incident that must all pass; `given` holds tests on the step being taken, for
    a prohibition. A duty is met by `step` with the values of `preset`, or by any of `satisfied_by`, once
    for each member of the group `per` (which the field `per_field` of the step names), after the last step
    named in `since`. Until it is met, the steps in `before` are refused. A floor rule that is `adjustable`
    states a default which a pack may replace; no other floor rule can be relaxed. Only a duty that is
    `waivable`, of a floor or a pack, can be waived for one incident.
    A duty that `protects` a child never waits for school days. With `told_done`, being told is a duty beside
    it. A rule with a `switch` applies to an incident if that was in force when the incident was reported.
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
    told_done: ToldDone | None = None
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

    @cached_property
    def telling(self) -> Rule | None:
        """The duty that somebody is told, if the rule has one, due and required before as the rule itself.

        It is met by `tell`, and by whoever holds such a role: by acknowledging the case, and by reporting it,
        or by taking or approving a step that meets this rule.
        """
        if self.told_done is None:
            return None
        reached = Test(field="reached", any=self.told_done.any)
        own = (Satisfier(step=each.step, given=(*each.given, reached)) for each in self.answered_by)
        others = (Satisfier(step=step, given=(reached,)) for step in ("tell", "acknowledge", "report"))
        return Rule(
            id=f"{self.id}-told",
            modality=Modality.MUST,
            clause=self.clause,
            reason=self.told_done.reason,
            step="tell",
            preset={"role": next(iter(self.told_done.any), "")},
            satisfied_by=(*others, *own),
            kinds=self.kinds,
            when=self.when,
            before=self.before,
            clock=self.clock,
            told=self.told_done.any,
            protects=self.protects,
            floor=self.floor,
            adjustable=self.adjustable,
        )


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
