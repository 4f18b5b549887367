"""A pack as a school would have written it on 26 November 2026, the check of it, and the upgrade note."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from casework.domain.playbook import Playbook
from casework.library import Library
from casework.library.library import every_fault
from tests.domain.casefile import FLOOR, CaseFile

LIBRARY: Final = Library.own()
WRITTEN: Final = (Path(__file__).parent / "packs" / "oakfield-2026-11-26.toml").read_text(encoding="utf-8")
REST: Final = """told = ["parents"]
before = ["close"]
clause = "002 §6"
reason = "Concerns are shared with the parents as appropriate: each child"""
ONE_SCHOOL_DAY: Final = 'within = 1, unit = "school_days", critical = { within = 0, unit = "days" } }\n'
SAME_DAY: Final = 'within = 0, unit = "days" }\nprotects = true\n'
PROTECTED: Final = (ONE_SCHOOL_DAY + REST, SAME_DAY + REST)
TOLD: Final = tuple(
    (
        f'told = ["{role}"]\nbefore = {before}\nclause = "{clause}"\n',
        (
            f'told = ["{role}"]\ntold_done = {{ any = ["{role}"], reason = "They are told." }}\n'
            f'before = {before}\nclause = "{clause}"\n'
        ),
    )
    for role, before, clause in (
        ("dsl", '["debrief", "close"]', "002 §4.2"),
        ("headteacher", '["close"]', "002 §4"),
    )
)
CURE: Final = (PROTECTED, *TOLD)
DEBRIEF: Final = ('of = "complete_investigation", within = 10', 'of = "last_duty", within = 10')
INVITE: Final = ('step = "invite_parent"\n', 'step = "invite_parent"\nwaivable = true\n')


def with_changes(*changes: tuple[str, str]) -> str:
    text = WRITTEN
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def saved(folder: Path, text: str) -> Path:
    file = folder / "oakfield.toml"
    file.write_text(text, encoding="utf-8")
    return file


def playbook(folder: Path, *changes: tuple[str, str]) -> Playbook:
    saved(folder, with_changes(*CURE, *changes))
    return LIBRARY.with_packs(folder).playbook(FLOOR, "oakfield@2022-03")


def case(kind: str, under: Playbook) -> CaseFile:
    opened = CaseFile(kind, "headcorn")
    opened.playbook = under
    return opened


def test_the_check_names_each_rule_and_what_to_write(tmp_path: Path) -> None:
    faults = dict(line.split(": ", 1) for line in every_fault(saved(tmp_path, WRITTEN), LIBRARY))
    assert set(faults) == {
        "oakfield.toml, rule 'headcorn-sexting-parents', field 'protects'",
        "oakfield.toml, rule 'headcorn-contact-classify', field 'told_done'",
        "oakfield.toml, rule 'headcorn-concern-context', field 'told_done'",
    }
    protects = faults["oakfield.toml, rule 'headcorn-sexting-parents', field 'protects'"]
    assert protects.startswith("the rule 'sexting-parents' protects a child: give this one `protects = true`")


def test_the_pack_is_valid_once_that_is_written(tmp_path: Path) -> None:
    assert every_fault(saved(tmp_path, with_changes(*CURE)), LIBRARY) == []


@pytest.mark.parametrize(("changes", "refused"), [((), True), ((INVITE,), False)])
def test_a_rule_without_the_mark_can_no_longer_be_waived_and_with_it_can(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], refused: bool
) -> None:
    opened = case("parent_post", playbook(tmp_path, *changes))
    waiver = opened.build("waive", waived="invite_parent")
    assert (opened.playbook.refusal(opened.incident, waiver) is not None) is refused


@pytest.mark.parametrize(("changes", "timed"), [((), False), ((DEBRIEF,), True)])
def test_a_debrief_is_due_without_an_end_of_the_investigation_only_by_the_new_clock(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], timed: bool
) -> None:
    opened = case("cyberbullying", playbook(tmp_path, *changes))
    opened.answer_everything(but=frozenset({"debrief", "complete_investigation", "close"}))
    (debrief,) = (duty for duty in opened.outstanding() if duty.rule.step == "debrief")
    assert (debrief.due_at is not None) is timed


def test_the_note_has_the_line_of_the_check(tmp_path: Path) -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to-add-a-policy-pack.md"
    note = " ".join(guide.read_text(encoding="utf-8").partition("## 11.")[2].split())
    for line in every_fault(saved(tmp_path, WRITTEN), LIBRARY):
        assert line in note
