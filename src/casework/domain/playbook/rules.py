"""What a playbook is made of: rules as values, read from data and checked before anything relies on them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any

import msgspec

from casework.domain.clocks import Span, Unit
from casework.domain.moments import LocalDate
from casework.domain.values import Scalar, ValueSet
from casework.domain.vocabulary import Stream


class Modality(StrEnum):
    MUST = "must"
    CONSIDER = "consider"
    MAY = "may"
    MUST_NOT = "must_not"

    @property
    def rank(self) -> int:
        """How much it binds: the lower, the more."""
        return ("must_not", "must", "consider", "may").index(self)


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question about the incident (`fact`) or about the step at hand (`field`).

    Exactly one of `is`, `any`, `all`, `none`, `present` and `in` says what the answer must be: equal;
    sharing a member; holding every member; sharing none; given or not; a person of a named group.
    """

    fact: str | None = None
    field: str | None = None
    is_: Scalar | None = msgspec.field(name="is", default=None)
    any: tuple[Scalar, ...] | None = None
    all: tuple[Scalar, ...] | None = None
    none: tuple[Scalar, ...] | None = None
    present: bool | None = None
    in_: str | None = msgspec.field(name="in", default=None)

    def holds(self, values: ValueSet) -> bool:
        """Whether `values` (a single answer is a set of one) are as asked; `in` is asked elsewhere."""
        if self.is_ is not None:
            return values == {self.is_}
        if self.any is not None:
            return not values.isdisjoint(self.any)
        if self.all is not None:
            return values.issuperset(self.all)
        if self.none is not None:
            return values.isdisjoint(self.none)
        return bool(values) is self.present


class CriticalClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shorter time a critical incident allows, from when it became critical."""

    within: int
    unit: Unit

    @property
    def span(self) -> Span:
        return Span(self.within, self.unit)


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By when: so long after `of`: `reported`, `critical`, `content`, `item` or the last step of that name.

    `content` is when the content that the rule's `when` asks for came to light, never before the report.
    With `field`, the time is counted from what that field of the step says (a meeting's time, say).
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
    """A step that answers a duty, where its fields are as `given`."""

    step: str
    given: tuple[Test, ...] = ()


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One duty, decision, possibility or prohibition, with the clause it comes from.

    `when` are tests on the incident that must all hold; `given` are tests on the step at hand, for a
    prohibition. A duty is answered by `step` with the values of `preset`, or by any of `satisfied_by`,
    once for each member of the group `per` (named in the field `per_field`), after the last step named
    in `since`. While it is unanswered the steps in `before` are refused. A floor rule that is
    `adjustable` states a default which a pack may replace; no other floor rule can be relaxed. What is
    not `waivable` cannot be set aside for one incident either, whoever states it.
    A prohibition without a step is about conduct no step records.
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
    preset: dict[str, Scalar] = {}
    per: str | None = None
    per_field: str | None = None
    satisfied_by: tuple[Satisfier, ...] = ()
    since: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    clock: Clock | None = None
    told: tuple[str, ...] = ()
    adjustable: bool = False
    waivable: bool = True
    replaces: str | None = None
    floor: bool = False

    @property
    def is_duty(self) -> bool:
        return self.modality is not Modality.MUST_NOT

    @property
    def relaxable(self) -> bool:
        """Whether a school may set this rule aside for one incident, with a reason."""
        return self.waivable and (self.adjustable or not self.floor)

    def applies_to(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds

    def is_about(self, step: str) -> bool:
        """Whether `step` is the one it names, or one of all but a few."""
        return self.step == step or (self.step == "*" and step not in self.except_steps)

    def answered_by(self) -> tuple[Satisfier, ...]:
        """The steps that answer this duty."""
        if self.satisfied_by:
            return self.satisfied_by
        tests = tuple(Test(field=name, is_=value) for name, value in self.preset.items())
        return (Satisfier(step=self.step or "", given=tests),)


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document that rules cite, and what it is cited as."""

    cited_as: str
    title: str


class CriticalConcern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that makes an incident critical at once, in every kind and under every pack."""

    concern: str
    clause: str


class FileRefusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The id of a prohibition of files, and why, for the person who is refused."""

    rule: str
    reason: str


class NoFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why a kind holds no file, by which clause, and the three ways a file is kept out.

    `while_of_kind` refuses a file in a case of the kind, `once_of_kind` in a case that was of the kind
    before, and `on_becoming` refuses to make a case that holds files one of the kind.
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
    """A kind: what it is, which fields a report of it must carry, and who may know of it at all.

    The `stream` holds while nobody alleged is named; an adult at the school who is puts a case of any kind
    into the allegations. With `no_files` no case that is or ever was of the kind holds a file.
    """

    id: str
    title: str
    requires: tuple[str, ...] = ()
    stream: Stream = Stream.CHILD
    no_files: NoFiles | None = None

    def prohibitions(self) -> tuple[Rule, ...]:
        """The rules that follow from the kind itself."""
        return () if self.no_files is None else self.no_files.prohibitions(self.id)


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The playbook of law and statutory guidance in one jurisdiction from one date on.

    `low_level_concern` is the kind that reports count as one (KCSIE part 4, section two). Where a case is
    about whoever holds a role of `recusal`, the next role there is told in their place.
    """

    jurisdiction: str
    in_force_from: LocalDate
    sources: tuple[Source, ...]
    kinds: tuple[KindOfIncident, ...]
    critical: tuple[CriticalConcern, ...]
    rules: tuple[Rule, ...]
    low_level_concern: str | None = None
    recusal: tuple[str, ...] = ()

    @property
    def edition(self) -> str:
        return f"{self.jurisdiction}@{self.in_force_from.isoformat()}"

    def every_rule(self) -> tuple[Rule, ...]:
        """The rules it states and those that follow from its kinds, in the order in which they refuse.

        A kind without files refuses one before its other rules look at the form of the evidence. What its
        earlier kind refuses comes after what is refused in every case.
        """
        implied = [rule for kind in self.kinds for rule in kind.prohibitions()]
        about_one = (rule for rule in implied if rule.kinds)
        about_all = (rule for rule in implied if not rule.kinds)
        return (*about_one, *self.rules, *about_all)


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One school's policy: what it adds to the floor, and which of its defaults it replaces."""

    id: str
    version: str
    title: str
    adopted: LocalDate | None = None
    review_every_months: int
    sources: tuple[Source, ...]
    silent_on: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    rules: tuple[Rule, ...]

    @property
    def edition(self) -> str:
        return f"{self.id}@{self.version}"

    def review_due(self, reviewed_on: date | None = None) -> date | None:
        """The day by which the policy is to be looked at again, where it was last on `reviewed_on`.

        None where it bears no date and was never looked at, and so is due.
        """
        looked_at = [day for day in (self.adopted, reviewed_on) if day is not None]
        if not looked_at:
            return None
        last = max(looked_at)
        months = last.month - 1 + self.review_every_months
        year, month = last.year + months // 12, months % 12 + 1
        return date(year, month, min(last.day, monthrange(year, month)[1]))


def merged(floor: Iterable[Rule], pack: Iterable[Rule]) -> tuple[Rule, ...]:
    """The floor's rules with the pack's: a replacement stands where the default stood, the rest follow.

    Rules about one kind come before the rules common to all, so that a refusal names the nearest one.
    """
    replacing = {rule.replaces: rule for rule in pack if rule.replaces}
    rules = [_replaced(rule, replacing.get(rule.id)) for rule in floor]
    rules += [rule for rule in pack if not rule.replaces]
    return tuple(sorted(rules, key=lambda rule: not rule.kinds))


def _replaced(default: Rule, by: Rule | None) -> Rule:
    """The rule in the place of `default`: what cannot be waived there cannot be waived here."""
    if by is None:
        return default
    return msgspec.structs.replace(by, waivable=by.waivable and default.waivable)
