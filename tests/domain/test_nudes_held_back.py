"""A case of nudes cannot avoid the decision about the police, and its files stay closed."""

from __future__ import annotations

import pytest

from casework.domain.vocabulary import Content
from tests.domain.casefile import FILE, PACKS, CaseFile
from tests.domain.situations import closed

DECISIONS = {pack: "escalate" if pack == "st_thomas" else "consider_police" for pack in PACKS}
"""The step that decides whether the police are informed; at one school they always are."""


@pytest.mark.parametrize("pack", PACKS)
def test_the_decision_about_the_police_cannot_be_waived(pack: str) -> None:
    case, step = CaseFile("sexting", pack), DECISIONS[pack]
    rule = "st-thomas-sexting-police" if step == "escalate" else "sexting-police"
    refusal = case.refusal("waive", waived=step)
    assert refusal.rule == rule
    assert refusal.reason.startswith("This cannot be waived.")


@pytest.mark.parametrize("pack", PACKS)
def test_an_earlier_waiver_does_not_count_once_a_case_is_nudes(pack: str) -> None:
    step = DECISIONS[pack]
    case = CaseFile("cyberbullying", pack)
    # The first release recorded a waiver of any step.
    case.incident.append(case.build("waive", waived=step))
    case.take("reclassify", kind="sexting")
    assert case.requires(step)
    case.answer_everything(but=frozenset({step, "debrief"}))
    (rule,) = {"sexting-police", "st-thomas-sexting-police"} & set(case.refusal("close").outstanding)
    assert rule.startswith("st-thomas") is (step == "escalate")


@pytest.mark.parametrize("added_by", ["triage", "save_evidence"])
def test_a_file_saved_before_an_indecent_image_is_recorded_stays_closed(added_by: str) -> None:
    case = CaseFile("cyberbullying").take("save_evidence", file=FILE).take("open_evidence")
    case.take(added_by, content=(Content.INDECENT_IMAGE,))
    refusal = case.refusal("open_evidence")
    assert refusal.rule == "no-opening-of-an-indecent-image"
    assert "closed" in refusal.reason
    assert "police" in refusal.reason


@pytest.mark.parametrize("content", [(Content.INDECENT_IMAGE,), (Content.SEXUAL,)])
def test_a_file_of_an_indecent_image_stays_closed_in_a_closed_case(content: tuple[Content, ...]) -> None:
    case = closed(CaseFile("cyberbullying").take("save_evidence", file=FILE).take("triage", content=content))
    if Content.INDECENT_IMAGE in content:
        assert case.refusal("open_evidence").rule == "no-opening-of-an-indecent-image"
    else:
        case.take("open_evidence")
