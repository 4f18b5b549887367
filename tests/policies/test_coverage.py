"""Every clause of the five policies is indexed with its result, and no text of theirs is in this project."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final, get_args

import msgspec
import pytest

from casework.domain.access import Permission
from casework.domain.dated import Platforms
from casework.domain.incident import STEPS
from casework.domain.playbook import Pack, Playbook, Rule
from casework.domain.playbook.pack import ConcernRule
from casework.domain.registers.declaration import Declaration
from casework.domain.school import School
from casework.domain.vocabulary import Category
from casework.library import Library
from casework.library.checking import words_of
from casework.library.coverage import REGISTERS, Became, Clause, Policy, document, policies
from casework.library.words import field_types
from tests.domain.casefile import FLOOR
from tests.policies.seeds import READERS, ROOT, clauses_of, people_named_in, seed_texts

LIBRARY: Final = Library.own()
POLICIES: Final = policies()
NUMBERS: Final = sorted(POLICIES)
CLAUSES: Final = [clause for number in NUMBERS for clause in POLICIES[number].clauses]
KEPT: Final = {
    "appointments": School.appointed_to,
    "declarations": Declaration,
    "low_level_concerns": ConcernRule,
    "platforms": Platforms,
    "policy_editions": Library.latest_pack,
    "policy_reviews": Pack.review_due,
    "workforce": Category.works_at_school,
}
SHARED_WORDS: Final = 8


def pack_of(number: str) -> Pack:
    return LIBRARY.latest_pack(POLICIES[number].pack)


def playbook_of(number: str) -> Playbook:
    return LIBRARY.playbook(FLOOR, pack_of(number).edition)


def _named(clause: Clause) -> str:
    return clause.clause


def test_every_policy_is_indexed_and_every_pack_has_a_policy() -> None:
    assert set(POLICIES) == set(READERS)
    assert {policy.pack for policy in POLICIES.values()} == set(LIBRARY.pack_ids())


@pytest.mark.parametrize("number", NUMBERS)
def test_the_index_contains_exactly_the_clauses_of_the_policy(number: str) -> None:
    assert [clause.clause for clause in POLICIES[number].clauses] == clauses_of(number, seed_texts()[number])


@pytest.mark.parametrize("clause", CLAUSES, ids=_named)
def test_a_clause_has_a_result_with_a_test_or_a_reason_for_none(clause: Clause) -> None:
    assert clause.about.strip()
    assert clause.bears is bool(clause.became) is bool(clause.test) is not bool(clause.reason)
    assert len(set(clause.became)) == len(clause.became)


@pytest.mark.parametrize(
    ("number", "became"),
    [
        pytest.param(number, item, id=f"{number} {item.kind} {item.id}")
        for number in NUMBERS
        for item in dict.fromkeys(item for clause in POLICIES[number].clauses for item in clause.became)
    ],
)
def test_the_result_of_a_clause_exists_in_its_playbook(number: str, became: Became) -> None:
    rules = {rule.id: rule for rule in playbook_of(number).rules}
    match became.kind:
        case "rule":
            assert became.id in rules
        case "clock":
            assert rules[became.id].clock is not None
        case "recipient":
            assert rules[became.id].told
        case "step":
            assert became.id in STEPS or became.id == "report"
        case "access":
            assert became.id in Permission.__members__
        case "report":
            rooms = ("reading", "views")
            assert any(find_spec(f"casework_projections.{room}.{became.id}") for room in rooms)
        case "register":
            assert became.id in KEPT
        case "word":
            assert _word_faults(became.id, number) == []
        case "breach":
            assert became.id in {breach.clause for breach in pack_of(number).breaches}


def _word_faults(word: str, number: str) -> list[str]:
    """What is wrong with `word`: a step, a field of it (or a field of what it lists), and a value."""
    step, field, *inner, value = word.split(".")
    if not inner:
        return list(words_of(playbook_of(number).floor).value_faults(step, field, value))
    (name,) = inner
    (listed,) = (each for each in get_args(field_types(step)[field]) if each is not Ellipsis)
    listed = getattr(listed, "__origin__", listed)
    (wanted,) = (each.type for each in msgspec.structs.fields(listed) if each.name == name)
    return [] if value in list(wanted) else [f"{value!r} is not a value of {word}"]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_clause_that_bears_is_answered_only_by_what_another_clause_became_too(number: str) -> None:
    assert POLICIES[number].without_own_answer() == []


def test_a_clause_without_an_answer_of_its_own_is_found() -> None:
    shared, own = Became("rule", "triage"), Became("clock", "triage")
    clauses = (
        Clause("001 A", "", bears=True, became=(shared,)),
        Clause("001 B", "", bears=True, became=(shared, own)),
        Clause("001 C", "", bears=False),
        Clause("001 D", "", bears=True),
    )
    assert Policy("todwick", clauses).without_own_answer() == ["001 A", "001 D"]


@pytest.mark.parametrize("clause", CLAUSES, ids=_named)
def test_a_clause_that_a_register_answers_is_no_rule_and_names_a_register(clause: Clause) -> None:
    assert clause.register is None or (not clause.bears and clause.register in REGISTERS)


def test_every_register_is_kept_unless_it_is_marked_as_planned() -> None:
    assert set(KEPT) == {name for name, register in REGISTERS.items() if not register.planned}
    for name, register in REGISTERS.items():
        assert not register.planned or find_spec(f"casework.domain.registers.{name}") is None


def test_every_register_answers_a_clause() -> None:
    answering = {item.id for clause in CLAUSES for item in clause.became if item.kind == "register"}
    assert answering | {clause.register for clause in CLAUSES} - {None} == set(REGISTERS)


def test_clauses_that_are_no_rule_for_the_same_reason_are_answered_by_the_same_register() -> None:
    registers: dict[str, set[str | None]] = {}
    for clause in CLAUSES:
        if clause.reason is not None:
            registers.setdefault(clause.reason, set()).add(clause.register)
    assert {reason: named for reason, named in registers.items() if len(named) > 1} == {}


@pytest.mark.parametrize("clause", CLAUSES, ids=_named)
@pytest.mark.parametrize(("word", "register"), [("training", "training"), ("account", "accounts")])
def test_a_reason_that_points_elsewhere_names_the_register(clause: Clause, word: str, register: str) -> None:
    said = re.search(rf"\b{word}s?\b", (clause.reason or "").lower())
    assert not said or clause.register == register


def _cited(rule: Rule, number: str) -> Iterator[str]:
    """The places of policy `number` that a rule cites: `004 §5.4, §6.3` cites two."""
    for part in rule.clause.split(";"):
        source, _, places = part.strip().partition(" ")
        if source == number:
            yield from (f"{number} {place.strip()}" for place in places.split(","))


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        pytest.param(number, rule, id=f"{number} {rule.id}")
        for number in NUMBERS
        for rule in pack_of(number).rules
    ],
)
def test_every_rule_of_a_pack_is_listed_under_each_clause_it_cites(number: str, rule: Rule) -> None:
    became_it = [
        clause.clause
        for clause in POLICIES[number].clauses
        if Became(kind="rule", id=rule.id) in clause.became
    ]
    cited = list(_cited(rule, number))
    assert cited
    for place in cited:
        assert any(found == place or found.startswith((f"{place} ", f"{place}.")) for found in became_it), (
            place
        )


def _collected(tests: set[str]) -> set[str]:
    """Every test in the files of `tests`, as pytest collects them; none for a file that fails to load."""
    files = sorted({node.partition("::")[0] for node in tests})
    if not files:
        return set()
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    listing = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True).stdout
    return {line for line in listing.splitlines() if line.startswith("tests/") and "::" in line}


def _unknown(named: set[str], collected: set[str]) -> set[str]:
    """The names in `named` that are neither a collected test nor a parametrised family of tests."""
    return named - collected - {node.partition("[")[0] for node in collected}


def test_every_test_that_the_index_names_exists(request: pytest.FixtureRequest) -> None:
    named = {node for clause in CLAUSES for node in clause.test}
    # This run may have collected only some of the tests.
    elsewhere = _unknown(named, {item.nodeid for item in request.session.items})
    assert _unknown(elsewhere, _collected(elsewhere)) == set()


def test_docs_policies_is_up_to_date() -> None:
    written = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    assert written == document(LIBRARY), "run: python -m casework.library.coverage > docs/policies.md"


def _repository() -> dict[str, str]:
    """The text of every file of the repository, including uncommitted ones."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listing = subprocess.run(
        [*command, "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = [Path(name) for name in listing.split("\0") if name and (ROOT / name).is_file()]
    return {str(path): (ROOT / path).read_text(encoding="utf-8", errors="replace") for path in paths}


def _runs_of_words(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return set(zip(*(words[start:] for start in range(SHARED_WORDS)), strict=False))


def test_no_file_repeats_a_passage_of_a_policy() -> None:
    passages = set().union(*(_runs_of_words(text) for text in seed_texts().values()))
    repeating = {name: _runs_of_words(text) & passages for name, text in _repository().items()}
    assert {name: runs for name, runs in repeating.items() if runs} == {}


def test_no_file_names_a_person_from_a_policy() -> None:
    people = set().union(*(people_named_in(text) for text in seed_texts().values()))
    assert len(people) > len(READERS)
    named = re.compile(rf"\b({'|'.join(map(re.escape, people))})\b")
    assert [name for name, text in _repository().items() if named.search(text)] == []
