"""Everything that playbooks forbid is refused with its rule and clause, and allowed in the opposite case."""

from __future__ import annotations

import pytest

from casework.domain.errors import Refusal, Refused
from casework.domain.incident.imagery import RISK_QUESTIONS
from casework.domain.playbook import Modality, Rule
from casework.domain.vocabulary import Content
from casework.library import Library
from tests.domain.casefile import CaseFile
from tests.domain.forbidden import REPORTS
from tests.domain.forbidden import ROWS as PUPIL_ROWS
from tests.domain.forbidden_adults import ADULT_ROWS
from tests.domain.forbidden_kinds import KIND_ROWS
from tests.domain.forbidden_parents import PARENT_ROWS
from tests.domain.situations import InForce, by_rule, every_rule, rules_of


def prohibitions() -> dict[str, Rule]:
    """Every prohibition of a step, in the floors and in the packs."""
    library = Library.own()
    rules = [rule for edition in (*library.floors, *library.packs) for rule in rules_of(edition)]
    return {rule.id: rule for rule in rules if rule.modality is Modality.MUST_NOT and rule.step is not None}


ROWS = {**PUPIL_ROWS, **PARENT_ROWS, **ADULT_ROWS, **KIND_ROWS}
PROHIBITIONS = prohibitions()
IN_FORCE = [entry for entry in every_rule() if entry.rule.id in ROWS]


def test_every_prohibition_has_a_row() -> None:
    assert set(ROWS) | set(REPORTS) == set(PROHIBITIONS)


def test_every_prohibition_is_in_force_under_some_pack() -> None:
    assert set(PROHIBITIONS) <= {entry.rule.id for entry in every_rule()}


@pytest.mark.parametrize("entry", IN_FORCE, ids=by_rule)
def test_a_forbidden_step_is_refused_by_its_rule_and_clause(entry: InForce) -> None:
    row, rule = ROWS[entry.rule.id], entry.rule
    assert row.kind in entry.kinds
    case = row.refused_case(entry.pack)
    before = {**vars(case.incident), "timeline": [*case.incident.timeline]}

    refusal = case.refusal(row.step, **row.fields)

    assert (refusal.rule, refusal.clause, refusal.reason) == (rule.id, row.clause, rule.reason)
    assert refusal.outstanding == ()
    assert vars(case.incident) == before


@pytest.mark.parametrize("entry", IN_FORCE, ids=by_rule)
def test_the_same_step_is_allowed_in_the_opposite_case(entry: InForce) -> None:
    row = ROWS[entry.rule.id]
    case = row.allowed_case(entry.pack)
    version = case.incident.version
    case.take(row.step, **row.allowed_fields)
    assert case.incident.version == version + 1


@pytest.mark.parametrize("rule", REPORTS)
@pytest.mark.parametrize("kind", ["staff_misuse", "staff_allegation"])
def test_a_report_about_an_adult_may_not_have_an_alleged_pupil(kind: str, rule: str) -> None:
    row = REPORTS[rule]
    with pytest.raises(Refused) as refused:
        CaseFile(kind, **row.opening)
    assert refused.value.refusal == Refusal(rule, row.clause, PROHIBITIONS[rule].reason)
    assert CaseFile(kind, **(row.allowed_opening or {})).incident.version == 1


@pytest.mark.parametrize("form", ["screenshot", "message_export", "link", "document", "audio_video"])
def test_a_nudes_case_refuses_evidence_that_can_show_an_image(form: str) -> None:
    assert CaseFile("sexting").refusal("save_evidence", form=form).rule == "sexting-evidence-form"


@pytest.mark.parametrize("question", RISK_QUESTIONS)
@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_a_nudes_case_with_any_risk_is_not_managed_in_school(question: str, answer: str) -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk", **{question: answer})
    assert case.refusal("decide", topic="managed_in_school").rule == "sexting-risk-not-managed-in-school"
    assert case.refusal("consider_police", refer=False).rule == "sexting-risk-not-kept-from-police"


def test_the_latest_risk_assessment_counts() -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk").take("assess_risk", coercion="unknown")
    assert case.refusal("decide", topic="managed_in_school").rule == "sexting-risk-not-managed-in-school"
    case.take("assess_risk").take("decide", topic="managed_in_school")


OF_CEOP = frozenset({"sexual", "indecent_image", "adult_contact", "blackmail"})


@pytest.mark.parametrize("content", sorted(OF_CEOP))
def test_ceop_may_be_informed_if_bullying_is_sexual(content: str) -> None:
    case = CaseFile("cyberbullying").take("triage", content=(Content(content),))
    case.take("escalate", agency="ceop")


@pytest.mark.parametrize("content", sorted(set(Content) - OF_CEOP))
def test_ceop_may_not_be_informed_of_bullying_alone(content: str) -> None:
    case = CaseFile("cyberbullying").take("triage", content=(Content(content),))
    assert case.refusal("escalate", agency="ceop").rule == "bullying-not-ceop"


def test_conduct_that_no_step_records_is_forbidden_in_words() -> None:
    rules = [entry.rule for entry in every_rule()]
    conduct = [rule for rule in rules if rule.modality is Modality.MUST_NOT and rule.step is None]
    assert conduct
    assert all(rule.reason and rule.clause and not rule.given for rule in conduct)
