"""The floor: the playbook of law and guidance in one jurisdiction, and what it states beside rules."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from casework.domain.clocks import Span, Unit
from casework.domain.moments import LocalDate
from casework.domain.playbook.conditions import AnswersNothing, RestingDuty, StatedFact, Test
from casework.domain.playbook.rules import Modality, Rule, Source
from casework.domain.vocabulary import Stream


class Switch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Law that applies from a day on: the rules that name it are off until that day, or until it is known."""

    id: str
    title: str
    clause: str
    in_force_from: LocalDate | None = None

    def is_on(self, day: date) -> bool:
        return self.in_force_from is not None and self.in_force_from <= day


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
    switches: tuple[Switch, ...] = ()

    @property
    def edition(self) -> str:
        return f"{self.jurisdiction}@{self.in_force_from.isoformat()}"

    def switches_on(self, day: date) -> tuple[str, ...]:
        """The switches in force on `day`, by id."""
        return tuple(switch.id for switch in self.switches if switch.is_on(day))

    def every_rule(self) -> tuple[Rule, ...]:
        """The rules of the floor and those that its kinds imply, in the order in which they refuse.

        The rule that a case of a kind holds no files comes before the other rules about evidence. The rules
        about cases that once were of such a kind, or may become one, come last.
        """
        implied = [rule for kind in self.kinds for rule in kind.prohibitions()]
        about_one = (rule for rule in implied if rule.kinds)
        about_all = (rule for rule in implied if not rule.kinds)
        return (*about_one, *self.rules, *about_all)
