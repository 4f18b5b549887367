"""What a floor states beside its rules: facts, steps that answer nothing, and duties that rest."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.domain.test_playbook_files import FIRST_RULE, FLOOR_FILE, error, load, replaced

STATED: Final = """\
[[facts]]
id = "guarded"
clause = "LAW"
unless = [[{ fact = "content", any = ["sexual"] }], [{ fact = "kind", is = "trouble" }]]

[[facts]]
id = "barred"
clause = "LAW"
when = [{ fact = "guarded", is = true }]

[[answers_nothing]]
step = "inform_parents"
clause = "LAW"
when = [{ fact = "barred", is = true }]
given = [{ field = "parent", in = "alleged" }]

[[resting]]
step = "invite_parent"
clause = "LAW"
when = [{ fact = "barred", is = true }]

"""
MISTAKES: Final = [
    # the text, its replacement, the fact, the field, the message
    ('id = "barred"', 'id = "guarded"', "guarded", "facts", "is the name of another fact"),
    ('id = "barred"', 'id = "stream"', "stream", "facts", "is the name of another fact"),
    ('id = "guarded"', 'id = "later"', "barred", "facts", "'guarded' is not a fact"),
    ('when = [{ fact = "guarded", is = true }]', "", "barred", "facts", "a list of tests is empty"),
    ('[{ fact = "kind", is = "trouble" }]', "[]", "guarded", "facts", "a list of tests is empty"),
    ('is = "trouble"', 'is = "mischief"', "guarded", "facts", "'mischief' is not a value of 'kind'"),
    ('"guarded"\nclause = "LAW"', '"guarded"\nclause = "NONE"', "guarded", "clause", "cites no source"),
    ('step = "inform_parents"', 'step = "dance"', "", "answers_nothing", "'dance' is not a step"),
    ('in = "alleged"', 'in = "dancers"', "", "answers_nothing", "'dancers' is not a group"),
    ('field = "parent"', 'field = "dancer"', "", "answers_nothing", "has no field 'dancer'"),
    (
        '"inform_parents"\nclause = "LAW"',
        '"inform_parents"\nclause = "NO"',
        "",
        "answers_nothing",
        "cites no",
    ),
    ('step = "invite_parent"', 'step = "dance"', "", "resting", "'dance' is not a step"),
    ('"invite_parent"\nclause = "LAW"', '"invite_parent"\nclause = "NO"', "", "resting", "cites no"),
]


def floor(stated: str = STATED) -> str:
    return replaced(FLOOR_FILE, FIRST_RULE, stated + FIRST_RULE)


def test_a_floor_may_state_facts_for_its_rules(tmp_path: Path) -> None:
    found = load(tmp_path, floor=floor()).floors["nowhere@2026-09-01"]
    assert [each.id for each in found.facts] == ["guarded", "barred"]


@pytest.mark.parametrize(("old", "new", "rule", "field", "message"), MISTAKES)
def test_a_mistake_in_what_a_floor_states_is_named(
    tmp_path: Path, old: str, new: str, rule: str, field: str, message: str
) -> None:
    mistake = error(tmp_path, floor=floor(replaced(STATED, old, new)))
    assert (mistake.file, mistake.rule, mistake.field) == ("floor.toml", rule, field)
    assert message in mistake.message
