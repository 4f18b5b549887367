"""What became of every clause of the five policies that the packs were made from.

`clauses/*.toml` has one entry for each clause: what it says, whether it bears on handling incidents, what it
became and the test that shows it, or why it became nothing. `python -m casework.library.coverage` prints
them as Markdown, with each rule as it is in the pack.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from casework.domain.clocks import Unit
from casework.domain.playbook import Pack, Rule
from casework.domain.playbook.rules import Clock
from casework.library.library import OWN_FILES, Library

CLAUSES: Final = OWN_FILES / "clauses"

_UNITS: Final = {
    Unit.HOURS: "hour",
    Unit.DAYS: "day",
    Unit.WORKING_DAYS: "working day",
    Unit.SCHOOL_DAYS: "school day",
    Unit.MONTHS: "month",
}
_STARTS: Final = {
    "reported": "the report",
    "critical": "it became critical",
    "content": "the content came to light",
    "risk": "a risk question was first open",
    "welfare": "a person was first at risk",
    "gone": "it was known that the adult had gone",
    "last_duty": "the end of the investigation or the last duty answered",
    "applies": "it is known",
    "item": "the day set for it",
}


class Register(msgspec.Struct, frozen=True):
    """What casework keeps outside incidents, or is designed to keep but does not yet (`planned`)."""

    title: str
    planned: bool = False

    def named(self, name: str) -> str:
        return f"`{name}`: {self.title}{' (planned)' if self.planned else ''}"


REGISTERS: Final[Mapping[str, Register]] = {
    "appointments": Register("who holds which role at a school, and when"),
    "declarations": Register("relationships that staff declared"),
    "low_level_concerns": Register("who receives low-level concerns about adults"),
    "platforms": Register("the minimum ages of platforms"),
    "policy_editions": Register("which version of its policy a school follows, by the day of adoption"),
    "policy_reviews": Register("when a policy is reviewed next"),
    "workforce": Register("who counts as staff"),
    "accounts": Register(
        "the school's official accounts: purpose, approval, who can reach them", planned=True
    ),
    "training": Register("who was trained or informed, and when", planned=True),
}
"""The registers that a clause may name."""


class Became(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a clause became: the id of a rule (for `rule`, `clock`, `recipient`) or the thing's name.

    A `word` is a value of a field of a step: `triage.jurisdiction.reputation`.
    """

    kind: Literal["rule", "clock", "recipient", "register", "report", "step", "word", "access", "breach"]
    id: str

    @property
    def is_of_a_rule(self) -> bool:
        return self.kind in {"rule", "clock", "recipient"}


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One clause, in our own words; `test` holds the ids of pytest tests.

    A clause that does not bear on incidents may name the `register` that answers it.
    """

    clause: str
    about: str
    bears: bool
    became: tuple[Became, ...] = ()
    test: tuple[str, ...] = ()
    reason: str | None = None
    register: str | None = None


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every clause of one policy, and the pack that was made from it."""

    pack: str
    clauses: tuple[Clause, ...]

    def without_own_answer(self) -> list[str]:
        """The clauses that bear, and of which everything they became is also another clause's.

        If the other clauses went, nothing would be left that only this one asks for: it could not be told
        from them.
        """
        named = Counter(item for clause in self.clauses for item in clause.became)
        return [
            clause.clause
            for clause in self.clauses
            if clause.bears and all(named[item] > 1 for item in clause.became)
        ]


def policies(folder: Path = CLAUSES) -> dict[str, Policy]:
    """Every policy by its number. Raises `msgspec.ValidationError` if a file has the wrong structure."""
    return {
        path.stem: msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Policy)
        for path in sorted(folder.glob("*.toml"))
    }


def document(library: Library) -> str:
    """The coverage of every clause as Markdown, with each rule as it is in `library`."""
    read = policies()
    parts = [*_introduction(read)]
    for number, policy in read.items():
        parts += _policy_section(number, policy, library)
    return "\n".join(parts)


def _introduction(read: Mapping[str, Policy]) -> Iterator[str]:
    yield "# The policies, clause by clause"
    yield ""
    yield "Made by `python -m casework.library.coverage > docs/policies.md`. A test compares it with the"
    yield "packs and, if the policies are available, with the policies themselves. A clause is cited by the"
    yield "number of its document, its section and its position there, and is stated in our own words."
    yield "Each clause that bears on incidents became something that no other clause of its policy did. A"
    yield "register marked as planned is part of the design and does not exist yet."
    yield ""
    yield from _table(
        ("policy", "pack", "clauses", "bear on incidents", "advice or out of scope"),
        (
            (
                number,
                f"`{policy.pack}`",
                str(len(policy.clauses)),
                str(sum(clause.bears for clause in policy.clauses)),
                str(sum(not clause.bears for clause in policy.clauses)),
            )
            for number, policy in read.items()
        ),
    )


def _policy_section(number: str, policy: Policy, library: Library) -> Iterator[str]:
    pack = library.latest_pack(policy.pack)
    rules = {rule.id: rule for rule in _rules_of(pack, library)}
    yield f"## {number}: {pack.title}"
    yield ""
    yield f"Pack `{pack.edition}`, reviewed every {pack.review_every_months} months."
    yield ""
    yield from _list("Where it can be read in more than one way", pack.readings)
    yield from _list("What the policy does not say", pack.silent_on)
    yield "### What bears on handling incidents"
    yield ""
    yield from _table(
        ("clause", "what it says", "became", "shown by"),
        (
            (
                clause.clause,
                clause.about,
                _lines(_described(item, rules) for item in clause.became),
                _shown(clause),
            )
            for clause in policy.clauses
            if clause.bears
        ),
    )
    yield "### Advice, or out of scope"
    yield ""
    yield from _table(
        ("clause", "what it says", "why it is not a rule", "register that answers it"),
        (
            (clause.clause, clause.about, clause.reason or "", _register_of(clause))
            for clause in policy.clauses
            if not clause.bears
        ),
    )


def _rules_of(pack: Pack, library: Library) -> Iterator[Rule]:
    for floor in library.floors.values():
        yield from floor.every_rule()
    yield from pack.rules


def _described(item: Became, rules: Mapping[str, Rule]) -> str:
    if not item.is_of_a_rule:
        return f"{item.kind} `{item.id}`"
    rule = rules[item.id]
    if item.kind == "clock" and rule.clock is not None:
        return f"clock of `{item.id}`: {_deadline(rule.clock)}"
    if item.kind == "recipient":
        return f"`{item.id}` notifies: {', '.join(rule.told)}"
    what = "(conduct that no step records)" if rule.step is None else f"`{rule.step}`"
    return f"rule `{item.id}`: {rule.modality.replace('_', ' ')} {what}"


def _deadline(clock: Clock) -> str:
    if clock.within == 0:
        span = "the same day"
    else:
        span = f"within {clock.within} {_UNITS[clock.unit]}{'s' if clock.within > 1 else ''}"
    return f"{span}, from {_STARTS.get(clock.of, f'`{clock.of}`')}"


def _register_of(clause: Clause) -> str:
    return "" if clause.register is None else REGISTERS[clause.register].named(clause.register)


def _shown(clause: Clause) -> str:
    """The names of the tests, without parameters: the rule is in the column before."""
    tests = dict.fromkeys(node.partition("[")[0].removeprefix("tests/") for node in clause.test)
    return _lines(f"`{test}`" for test in tests)


def _lines(items: Iterable[str]) -> str:
    return "<br>".join(items)


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    listed = [f"- {item}" for item in items]
    if listed:
        yield from (f"{title}:", "", *listed, "")


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(document(Library.own()))
