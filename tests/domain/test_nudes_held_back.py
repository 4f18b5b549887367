"""What a case of nudes cannot go around: the decision on the police, and a file that is to stay closed."""

from __future__ import annotations

import pytest

from casework.domain.vocabulary import Content
from tests.domain.casefile import FILE, PACKS, CaseFile
from tests.domain.situations import closed

DECISIONS = {pack: "escalate" if pack == "st_thomas" else "consider_police" for pack in PACKS}
"""The step by which the school says whether the police are told: at one school they always are."""


@pytest.mark.parametrize("pack", PACKS)
def test_whether_the_police_are_told_is_never_waived(pack: str) -> None:
    case, step = CaseFile("sexting", pack), DECISIONS[pack]
    rule = "st-thomas-sexting-police" if step == "escalate" else "sexting-police"
    refusal = case.refusal("waive", waived=step)
    assert refusal.rule == rule
    assert refusal.reason.startswith("This cannot be waived.")


@pytest.mark.parametrize("pack", PACKS)
def test_what_was_waived_before_it_was_found_to_be_nudes_is_asked_all_the_same(pack: str) -> None:
    step = DECISIONS[pack]
    case = CaseFile("cyberbullying", pack).take("waive", waived=step).take("reclassify", kind="sexting")
    assert case.requires(step)
    case.answer_everything(but=frozenset({step, "debrief"}))
    (rule,) = {"sexting-police", "st-thomas-sexting-police"} & set(case.refusal("close").outstanding)
    assert rule.startswith("st-thomas") is (step == "escalate")


@pytest.mark.parametrize("added_by", ["triage", "save_evidence"])
def test_a_file_kept_before_an_indecent_image_was_spoken_of_stays_closed(added_by: str) -> None:
    case = CaseFile("cyberbullying").take("save_evidence", file=FILE).take("open_evidence")
    case.take(added_by, content=(Content.INDECENT_IMAGE,))
    refusal = case.refusal("open_evidence")
    assert refusal.rule == "no-opening-of-an-indecent-image"
    assert "closed" in refusal.reason
    assert "police" in refusal.reason


@pytest.mark.parametrize("content", [(Content.INDECENT_IMAGE,), (Content.SEXUAL,)])
def test_closing_the_case_opens_no_file_that_was_to_stay_closed(content: tuple[Content, ...]) -> None:
    case = closed(CaseFile("cyberbullying").take("save_evidence", file=FILE).take("triage", content=content))
    if Content.INDECENT_IMAGE in content:
        assert case.refusal("open_evidence").rule == "no-opening-of-an-indecent-image"
    else:
        case.take("open_evidence")
