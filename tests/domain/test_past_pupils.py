"""`past_pupils` of a pack: the word itself, the fact and the group."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import pytest

from casework.domain.playbook import Pack, Playbook
from casework.domain.playbook.pack import PastPupilRule
from tests.domain.casefile import ALLEGED, TARGET, TEACHER, CaseFile
from tests.domain.test_playbook_files import PACK_FILE, error, load
from tests.policies.rows import FLOOR_ALONE

RULE: Final = "[[rules]]"


def saying(words: str) -> str:
    return PACK_FILE.replace(RULE, f"[past_pupils]\n{words}\n\n{RULE}", 1)


def test_a_pack_may_say_that_past_pupils_are_pupils(tmp_path: Path) -> None:
    (pack,) = load(tmp_path, pack=saying('clause = "OWN §1"')).packs.values()
    assert pack.past_pupils == PastPupilRule(clause="OWN §1")


def test_the_clause_must_cite_a_source(tmp_path: Path) -> None:
    mistake = error(tmp_path, pack=saying('clause = "NONE"'))
    assert (mistake.field, mistake.message) == (
        "past_pupils",
        "'NONE' cites no source of this file; there are OWN",
    )


@pytest.mark.parametrize("said", [True, False])
def test_the_group_of_alleged_pupils_has_past_pupils_where_the_pack_says_so(said: bool) -> None:
    pack: Pack = msgspec.structs.replace(
        FLOOR_ALONE.pack, past_pupils=PastPupilRule(clause="KCSIE") if said else None
    )
    people = (
        (TEACHER, "target", "staff"),
        (ALLEGED, "alleged", "former_pupil"),
        (TARGET, "alleged", "pupil"),
    )
    case = CaseFile("unsolicited_contact", people=people)
    case.playbook = Playbook(FLOOR_ALONE.floor, pack)
    assert case.requires("advise", person=TARGET)
    assert case.requires("advise", person=ALLEGED) is said
