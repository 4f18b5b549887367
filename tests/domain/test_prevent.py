"""Extremist content of any kind of case: whether to refer somebody to Prevent is considered, either way."""

from __future__ import annotations

import pytest

from casework.domain.vocabulary import Content
from tests.domain.casefile import ALLEGED, PACKS, TARGET, CaseFile
from tests.domain.situations import EXTREMIST, KINDS

TWO_CHILDREN = ((TARGET, "target", "pupil"), (ALLEGED, "bystander", "pupil"))


def considered(case: CaseFile) -> bool:
    return "extremist-prevent" not in case.refusal("close").outstanding


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_prevent_is_considered_in_every_kind(kind: str, pack: str) -> None:
    case = CaseFile(kind, pack, reported="2026-12-19 11:00", **EXTREMIST)
    (due,) = (duty for duty in case.outstanding() if duty.rule.id == "extremist-prevent")
    assert (due.rule.modality, due.rule.clause) == ("consider", "Prevent duty; KCSIE part 1")
    # In the Christmas holiday: a working day, never a school day; grooming is always critical.
    assert f"{due.due_at:%Y-%m-%d}" == ("2026-12-19" if kind == "online_grooming" else "2026-12-21")
    assert not considered(case)
    assert considered(case.copy().take("welfare_check", prevent_considered=True))
    assert considered(case.copy().take("escalate", agency="prevent"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_welfare_check_without_prevent_answers_nothing_of_it(kind: str) -> None:
    case = CaseFile(kind, "headcorn", **EXTREMIST).take("welfare_check", prevent_considered=False)
    assert not considered(case)
    assert not considered(case.take("escalate", agency="police"))


@pytest.mark.parametrize("pack", PACKS)
def test_the_check_of_each_child_says_whether_prevent_was_considered(pack: str) -> None:
    both = ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil"))
    case = CaseFile("inappropriate_content", pack, people=both, **EXTREMIST)
    for child in (TARGET, ALLEGED):
        case.take("welfare_check", person=child, prevent_considered=False)
    outstanding = set(case.refusal("close").outstanding)
    assert {"content-welfare-prevent", "extremist-prevent"} <= outstanding
    assert "content-welfare" not in outstanding
    case.take("welfare_check", person=TARGET, prevent_considered=True)
    assert "content-welfare-prevent" in case.refusal("close").outstanding
    case.take("welfare_check", person=ALLEGED, prevent_considered=True)
    assert not {"content-welfare-prevent", "extremist-prevent"} & {*case.refusal("close").outstanding}


@pytest.mark.parametrize("kind", KINDS)
def test_other_content_asks_nothing_of_prevent(kind: str) -> None:
    case = CaseFile(kind, "headcorn", content=(Content.ABUSIVE,))
    assert not {"content-welfare-prevent", "extremist-prevent"} & {*case.refusal("close").outstanding}


def test_extremist_content_that_comes_to_light_later_starts_the_clock_then() -> None:
    case = CaseFile("cyberbullying", "headcorn", reported="2026-09-14 10:00")
    case.take("save_evidence", when="2026-09-23 10:00", content=(Content.EXTREMIST,))
    (due,) = (duty for duty in case.outstanding() if duty.rule.id == "extremist-prevent")
    assert f"{due.due_at:%Y-%m-%d}" == "2026-09-24"


@pytest.mark.parametrize("pack", PACKS)
def test_the_decision_about_prevent_is_never_waived(pack: str) -> None:
    refusal = CaseFile("cyberbullying", pack, **EXTREMIST).refusal("waive", waived="welfare_check")
    assert refusal.rule == "extremist-prevent"
    assert refusal.reason.startswith("This cannot be waived.")
