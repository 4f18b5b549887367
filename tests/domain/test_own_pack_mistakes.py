"""Every word of a school's own pack: a mistake in it is explained by `casework playbook check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

import msgspec
import pytest

from casework.domain.playbook import Pack, Rule
from casework.domain.playbook.conditions import Test
from casework.domain.playbook.pack import Breach, ConcernRule, DeclarationRule, PastPupilRule
from casework.domain.playbook.rules import Clock, CriticalClock, Satisfier, Source, ToldDone
from casework.library import Library
from casework.library.library import every_fault
from tests.domain.own_pack_mistakes import MISTAKES, PACK

STRUCTS: Final = (
    *(Pack, Rule, Clock, CriticalClock, Test, Satisfier, Breach),
    *(DeclarationRule, PastPupilRule, ConcernRule, Source, ToldDone),
)
LIBRARY: Final = Library.own()


def checked(folder: Path, text: str) -> list[str]:
    file = folder / "oakfield.toml"
    file.write_text(text, encoding="utf-8")
    return every_fault(file, LIBRARY)


def test_the_pack_without_a_mistake_is_valid(tmp_path: Path) -> None:
    assert checked(tmp_path, PACK) == []


@pytest.mark.parametrize(("of", "old", "new", "rule", "field", "message"), MISTAKES)
def test_a_mistake_in_each_word_is_explained(
    tmp_path: Path, of: str, old: str, new: str, rule: str, field: str, message: str
) -> None:
    assert PACK.count(old) == 1
    parts = ("oakfield.toml", rule and f"rule '{rule}'", field and f"field '{field}'")
    place = ", ".join(part for part in parts if part)
    shown = checked(tmp_path, PACK.replace(old, new))
    assert any(line.startswith(f"{place}: ") and message in line for line in shown), of


def test_a_mistake_is_tried_in_every_field_of_a_pack() -> None:
    fields = {
        f"{each.__name__}.{field.encode_name}" for each in STRUCTS for field in msgspec.structs.fields(each)
    }
    assert {of for of, *_ in MISTAKES} == fields


def test_every_part_of_a_pack_is_among_those_that_are_tried() -> None:
    """A struct that a pack or a rule gains needs mistakes of its own."""
    parts = {
        part for each in STRUCTS for field in msgspec.structs.fields(each) for part in structs_in(field.type)
    }
    assert parts | {Pack} == set(STRUCTS)


def structs_in(of: object) -> Iterator[type[msgspec.Struct]]:
    """The structs that a field of this type may hold."""
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        yield of
    for part in get_args(of):
        yield from structs_in(part)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PACK.replace("[declarations]", "[declarations"), "is not valid TOML"),
        (
            PACK.replace('id = "oakfield"', 'id = "headcorn"').replace('2026-09"', '2022-03"'),
            "exists already",
        ),
        (f'jurisdiction = "england"\n{PACK}', "is a floor; a school can add only packs"),
    ],
)
def test_a_file_that_is_no_pack_of_a_school_is_explained(tmp_path: Path, text: str, message: str) -> None:
    (line,) = checked(tmp_path, text)
    assert message in line


def test_every_mistake_is_listed_once_and_not_only_the_first(tmp_path: Path) -> None:
    text = PACK.replace('["reopen"]', '["repoen"]').replace('["racist"]', '["rascist"]')
    assert len(checked(tmp_path, text)) == 2
