"""The parts of a playbook: rules as values, read from data and checked before they are used."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import msgspec

from casework.domain.clocks import Span, Unit
from casework.domain.moments import LocalDate
from casework.domain.playbook.conditions import AnswersNothing, RestingDuty, StatedFact, Test
from casework.domain.values import Scalar
from casework.domain.vocabulary import Stream


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

    `of` is `reported`, `critical`, `content`, `risk`, `applies`, `item` or the name of a step, of which the
    last one counts. `content` is when the content named in the rule's `when` came to light, never before the
    report. `applies` is when the tests of the rule's `when` came to hold.
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
    A duty that `protects` a child never waits for school days.
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


class CriticalConcern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A concern that makes an incident of any kind critical at once, under every pack."""

    concern: str
    clause: str


class FileRefusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The id of a prohibition of files, and the reason shown to the user who is refused."""

    rule: str
    reason: str


class NoFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The clause by which a kind may hold no files, and the three prohibitions that keep files out.

    `while_of_kind` refuses a file in a case of the kind, and `once_of_kind` in a case that once was of the
    kind. `on_becoming` refuses to reclassify a case that holds files to the kind.
    """

    clause: str
    while_of_kind: FileRefusal
    once_of_kind: FileRefusal
    on_becoming: FileRefusal

    def prohibitions(self, kind: str) -> tuple[Rule, ...]:
        """The rules that keep files out of `kind`."""
        a_file = (Test(field="file", present=True),)
        was_of_kind = (Test(fact="kinds_been", any=(kind,)),)
        holds_files = (Test(fact="holds_files", is_=True),)
        becomes = (Test(field="kind", is_=kind),)
        return (
            self._rule(self.while_of_kind, step="save_evidence", kinds=(kind,), given=a_file),
            self._rule(self.once_of_kind, step="save_evidence", when=was_of_kind, given=a_file),
            self._rule(self.on_becoming, step="reclassify", when=holds_files, given=becomes),
        )

    def _rule(self, refusal: FileRefusal, **fields: Any) -> Rule:
        return Rule(
            id=refusal.rule,
            modality=Modality.MUST_NOT,
            clause=self.clause,
            reason=refusal.reason,
            floor=True,
            **fields,
        )


class KindOfIncident(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of incident: which fields a report of it must have, and which stream it is in.

    The `stream` applies until an adult at the school is named as alleged, which puts a case of any kind
    into the stream of allegations. With `no_files`, a case that is or ever was of the kind holds no file.
    """

    id: str
    title: str
    requires: tuple[str, ...] = ()
    stream: Stream = Stream.CHILD
    no_files: NoFiles | None = None

    def prohibitions(self) -> tuple[Rule, ...]:
        """The rules that the kind itself implies."""
        return () if self.no_files is None else self.no_files.prohibitions(self.id)


class NameToClear(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The duty to say whether a person of the case is a colleague whose name could be theirs, and by when.

    It is counted from when the person was recorded. Whose names are alike is no fact of the incident, so this
    is not one of the rules that are tested on it.
    """

    rule: str
    step: str
    clause: str
    reason: str
    within: int
    unit: Unit

    @property
    def span(self) -> Span:
        return Span(self.within, self.unit)

    def as_rule(self) -> Rule:
        """The rule that its duty is shown with."""
        return Rule(
            id=self.rule,
            modality=Modality.MUST,
            clause=self.clause,
            reason=self.reason,
            step=self.step,
            floor=True,
        )


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The playbook of law and statutory guidance in one jurisdiction from a date on.

    `low_level_concern` is the kind that reports count as a low-level concern (KCSIE part 4, section two). If
    a case is about the holder of a role in `recusal`, the next role in that list is notified instead.
    """

    jurisdiction: str
    in_force_from: LocalDate
    sources: tuple[Source, ...]
    kinds: tuple[KindOfIncident, ...]
    critical: tuple[CriticalConcern, ...]
    rules: tuple[Rule, ...]
    facts: tuple[StatedFact, ...] = ()
    answers_nothing: tuple[AnswersNothing, ...] = ()
    resting: tuple[RestingDuty, ...] = ()
    low_level_concern: str | None = None
    recusal: tuple[str, ...] = ()
    name_to_clear: NameToClear | None = None

    @property
    def edition(self) -> str:
        return f"{self.jurisdiction}@{self.in_force_from.isoformat()}"

    def every_rule(self) -> tuple[Rule, ...]:
        """The rules of the floor and those that its kinds imply, in the order in which they refuse.

        The rule that a case of a kind holds no files comes before the other rules about evidence. The rules
        about cases that once were of such a kind, or may become one, come last.
        """
        implied = [rule for kind in self.kinds for rule in kind.prohibitions()]
        about_one = (rule for rule in implied if rule.kinds)
        about_all = (rule for rule in implied if not rule.kinds)
        return (*about_one, *self.rules, *about_all)


class DeclarationRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who decides on a declared relationship: a lead and the head, `together` or either of them."""

    together: bool
    clause: str


class PastPupilRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """In contact with staff, a past pupil is a pupil."""

    clause: str


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
    past_pupils: PastPupilRule | None = None
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
