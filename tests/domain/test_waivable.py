"""Only a school's own duties may be marked as waivable; the loader refuses the mark on every other rule."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from casework.domain.playbook.rules import NEVER_WAIVED, Authority
from casework.library import Library
from casework.library.library import every_fault
from tests.domain.casefile import PACKS
from tests.domain.test_playbook_files import FLOOR_FILE, PACK_FILE, error, load, replaced

OWN_RULE: Final = """
[[rules]]
id = "own-evidence"
modality = "must"
step = "save_evidence"
waivable = true
clause = "OWN §3"
reason = "Evidence is saved."
"""
GUIDANCE: Final = (
    'title = "The guidance", authority = "guidance" }, { cited_as = "HOUSE", title = "Own", authority = '
)
SOURCES: Final = f'{{ cited_as = "ADVICE", {GUIDANCE}"default" }}, {{ cited_as = "LAW", title = "The law" }}'


def floor_with(rule: str = "") -> str:
    """The floor of these tests, with a law, a guidance and a default."""
    return replaced(FLOOR_FILE, '{ cited_as = "LAW", title = "The law" }', SOURCES) + rule


def own(old: str = "", new: str = "") -> str:
    """The pack with its own waivable rule, or that with a mistake."""
    return PACK_FILE + (replaced(OWN_RULE, old, new) if old else OWN_RULE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"OWN §3"', '"LAW §3"', "'LAW §3' is law: only a school's own policy and a default can be waived"),
        ('"OWN §3"', '"OWN §3; ADVICE, part 2"', "'ADVICE, part 2' is guidance"),
        ('"OWN §3"', '"OWN §3; Some Act 2006 s.1"', "'Some Act 2006 s.1' is law"),
        ("waivable", "protects = true\nwaivable", "a duty that protects a child cannot be waived"),
        (
            '"save_evidence"',
            '"consider_police"',
            "'consider_police' is a referral, or the decision about one",
        ),
        ('"save_evidence"', '"consult_lado"', "'consult_lado' is a referral"),
        ('"save_evidence"', '"close"', "'close' cannot be waived"),
        (
            "waivable",
            'satisfied_by = [{ step = "save_evidence" }, { step = "escalate" }]\nwaivable',
            "'escalate' is a referral",
        ),
        ('modality = "must"', 'modality = "must_not"', "does not belong to a prohibition"),
    ],
)
def test_a_rule_that_is_not_the_schools_own_to_waive_is_named(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    mistake = error(tmp_path, floor=floor_with(), pack=own(old, new))
    assert (mistake.file, mistake.rule, mistake.field) == ("pack.toml", "own-evidence", "waivable")
    assert message in mistake.message


@pytest.mark.parametrize(
    ("clause", "waived"),
    [
        ("HOUSE", True),
        ("HOUSE; LAW §3", False),
        ("ADVICE", False),
        ("LAW", False),
        ("HOUSE; An Act 1999", False),
    ],
)
def test_a_floor_lets_only_its_own_defaults_be_waived(tmp_path: Path, clause: str, waived: bool) -> None:
    floor = floor_with(OWN_RULE.replace("own-evidence", "evidence").replace("OWN §3", clause))
    if waived:
        (found,) = load(tmp_path, floor=floor).floors.values()
        assert [rule.id for rule in found.rules if rule.waivable] == ["evidence"]
    else:
        mistake = error(tmp_path, floor=floor)
        assert (mistake.file, mistake.rule, mistake.field) == ("floor.toml", "evidence", "waivable")


def test_a_rule_in_the_place_of_one_that_cannot_be_waived_cannot_be_waived_either(tmp_path: Path) -> None:
    floor = floor_with(OWN_RULE.replace("own-evidence", "evidence").replace("OWN §3", "HOUSE"))
    default = replaced(floor, "waivable = true", "adjustable = true\nwaivable = true")
    pack = own('id = "own-evidence"', 'id = "own-evidence"\nreplaces = "evidence"')
    rules = load(tmp_path, floor=default, pack=pack).playbook("nowhere@2026-09-01", "school@1").rules
    assert [rule.id for rule in rules if rule.waivable] == ["own-evidence"]
    fixed = replaced(default, "waivable = true\n", "")
    assert error(tmp_path, floor=fixed, pack=pack).message == (
        "the rule it replaces cannot be waived, so this one cannot either"
    )


def test_a_rule_without_the_mark_cannot_be_waived(tmp_path: Path) -> None:
    library = load(tmp_path, floor=floor_with(), pack=own("waivable = true\n", ""))
    assert not any(rule.waivable for rule in library.playbook("nowhere@2026-09-01", "school@1").rules)


def test_the_check_of_a_schools_own_pack_names_every_mark_that_is_refused(tmp_path: Path) -> None:
    mistakes = 'clause = "KCSIE part 5; OWN §3"\nprotects = true'
    path = tmp_path / "school.toml"
    pack = own('clause = "OWN §3"', mistakes).replace('"trouble"', '"cyberbullying"')
    path.write_text(pack.replace('"triage"', '"bullying-triage"', 1).replace("LAW", "OWN"), encoding="utf-8")
    assert every_fault(path, Library.own()) == [
        f"school.toml, rule 'own-evidence', field 'waivable': {message}"
        for message in (
            "'KCSIE part 5' is guidance: only a school's own policy and a default can be waived",
            "a duty that protects a child cannot be waived",
        )
    ]


@pytest.mark.parametrize("pack", PACKS)
def test_no_duty_to_begin_or_end_a_case_is_waivable(pack: str) -> None:
    library = Library.own()
    for floor in library.floors:
        rules = library.playbook(floor, PACKS[pack]).rules
        assert not [rule.id for rule in rules if rule.waivable and rule.step in NEVER_WAIVED]


def test_every_source_of_the_floors_says_what_it_is() -> None:
    for floor in Library.own().floors.values():
        said = {source.cited_as: source.authority for source in floor.sources}
        assert None not in said.values()
        assert [name for name, what in said.items() if what is Authority.DEFAULT] == ["casework default"]
