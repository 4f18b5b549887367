"""Everything the playbooks forbid: refused by that rule and its clause, and allowed without what offends."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from casework.domain.playbook import Modality, Rule
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Content
from casework.playbooks import Library
from tests.domain.casefile import ALLEGED, FILE, PARENT, TARGET, TEACHER, CaseFile
from tests.domain.situations import STAFF_TO_PUPIL, Story, closed, every_rule, rules_of

EVIDENCE = Sealed("A file saved before the kind was known.")


def nothing(case: CaseFile) -> CaseFile:
    return case


class Forbidden(msgspec.Struct, frozen=True, kw_only=True):
    """A step refused in one history with some fields, and allowed with another history or other fields."""

    clause: str
    step: str
    kind: str
    opening: dict[str, Any] = {}
    history: Story = nothing
    fields: dict[str, Any] = {}
    allowed_after: Story | None = None
    allowed_opening: dict[str, Any] | None = None
    allowed_with: dict[str, Any] | None = None

    def refused_case(self, pack: str) -> CaseFile:
        return self.history(CaseFile(self.kind, pack, **self.opening))

    def allowed_case(self, pack: str) -> CaseFile:
        opening = self.opening if self.allowed_opening is None else self.allowed_opening
        return (self.allowed_after or self.history)(CaseFile(self.kind, pack, **opening))

    @property
    def allowed_fields(self) -> dict[str, Any]:
        return self.fields if self.allowed_with is None else self.allowed_with


def risk_open(case: CaseFile) -> CaseFile:
    return case.take("assess_risk", coercion="unknown")


def enquiry_open(case: CaseFile) -> CaseFile:
    return case.take("escalate", agency="police")


def held_by_police(case: CaseFile) -> CaseFile:
    return enquiry_open(case).take("record_agency_response", enquiry="open", hold_parents=True)


ROWS: dict[str, Forbidden] = {
    "closed": Forbidden(
        clause="KCSIE part 2, record keeping",
        step="assign",
        kind="cyberbullying",
        history=closed,
        allowed_after=lambda case: closed(case).take("reopen"),
    ),
    "not-closed": Forbidden(
        clause="KCSIE part 2, record keeping", step="reopen", kind="cyberbullying", allowed_after=closed
    ),
    "no-file-in-text": Forbidden(
        clause="UKCIS; KCSIE part 2, record keeping",
        step="add_note",
        kind="sexting",
        fields={"text": Sealed("Look: data:image/png;base64,iVBORw0KGgo=")},
        allowed_with={"text": Sealed("Look: an image of a child, not viewed")},
    ),
    "no-file-once-nudes": Forbidden(
        clause="UKCIS; Protection of Children Act 1978 s.1",
        step="save_evidence",
        kind="sexting",
        history=lambda case: case.take("reclassify", kind="cyberbullying"),
        fields={"file": FILE},
        allowed_with={},
    ),
    "no-file-of-an-indecent-image": Forbidden(
        clause="UKCIS; Protection of Children Act 1978 s.1",
        step="save_evidence",
        kind="cyberbullying",
        opening={"content": (Content.INDECENT_IMAGE,)},
        fields={"file": FILE},
        allowed_with={},
    ),
    "no-file-said-to-be-indecent": Forbidden(
        clause="UKCIS; Protection of Children Act 1978 s.1",
        step="save_evidence",
        kind="cyberbullying",
        fields={"file": FILE, "content": (Content.INDECENT_IMAGE,)},
        allowed_with={"content": (Content.INDECENT_IMAGE,)},
    ),
    "sexting-no-imagery": Forbidden(
        clause="UKCIS; Protection of Children Act 1978 s.1",
        step="save_evidence",
        kind="sexting",
        fields={"form": "device_secured", "file": FILE},
        allowed_with={"form": "device_secured"},
    ),
    "sexting-evidence-form": Forbidden(
        clause="UKCIS; Protection of Children Act 1978 s.1",
        step="save_evidence",
        kind="sexting",
        fields={"form": "link"},
        allowed_with={"form": "written_account"},
    ),
    "sexting-files-held": Forbidden(
        clause="UKCIS; Protection of Children Act 1978 s.1",
        step="reclassify",
        kind="cyberbullying",
        history=lambda case: case.take("save_evidence", file=FILE),
        fields={"kind": "sexting"},
        allowed_after=lambda case: case.take("save_evidence"),
    ),
    "sexting-no-deletion-before-police": Forbidden(
        clause="UKCIS",
        step="record_deletion",
        kind="sexting",
        fields={"advised_by": "dsl"},
        allowed_after=lambda case: case.take("assess_risk").take("decide", topic="managed_in_school"),
    ),
    "sexting-not-deleted-under-enquiry": Forbidden(
        clause="UKCIS",
        step="record_deletion",
        kind="sexting",
        history=enquiry_open,
        fields={"advised_by": "childrens_social_care"},
        allowed_with={"advised_by": "police"},
    ),
    "sexting-risk-not-managed-in-school": Forbidden(
        clause="UKCIS; KCSIE part 5",
        step="decide",
        kind="sexting",
        history=risk_open,
        fields={"topic": "managed_in_school"},
        allowed_with={"topic": "other"},
    ),
    "sexting-unassessed-not-managed-in-school": Forbidden(
        clause="UKCIS",
        step="decide",
        kind="sexting",
        fields={"topic": "managed_in_school"},
        allowed_after=lambda case: case.take("assess_risk"),
    ),
    "sexting-risk-not-kept-from-police": Forbidden(
        clause="UKCIS; KCSIE part 5",
        step="consider_police",
        kind="sexting",
        history=risk_open,
        fields={"refer": False},
        allowed_with={"refer": True},
    ),
    "sexting-no-labels": Forbidden(
        clause="UKCIS; WTSC",
        step="apply_sanction",
        kind="sexting",
        fields={"person": TARGET},
        allowed_with={"person": ALLEGED},
    ),
    "bullying-not-ceop": Forbidden(
        clause="CEOP",
        step="escalate",
        kind="cyberbullying",
        fields={"agency": "ceop"},
        allowed_opening={"content": (Content.SEXUAL,)},
    ),
    "contact-recipient-not-suspect": Forbidden(
        clause="casework default",
        step="apply_sanction",
        kind="unsolicited_contact",
        fields={"person": TEACHER},
        allowed_with={"person": ALLEGED},
    ),
    "contact-subject-not-told-first": Forbidden(
        clause="KCSIE part 4",
        step="advise",
        kind="unsolicited_contact",
        opening=STAFF_TO_PUPIL,
        fields={"person": TEACHER},
        allowed_after=lambda case: case.take("decide_threshold"),
    ),
    "parents-held": Forbidden(
        clause="WTSC; KCSIE part 2, record keeping",
        step="inform_parents",
        kind="cyberbullying",
        history=held_by_police,
        allowed_after=lambda case: held_by_police(case).take("record_agency_response", hold_parents=False),
    ),
    "headcorn-contact-declared-late": Forbidden(
        clause="002 §4.2",
        step="classify_contact",
        kind="unsolicited_contact",
        fields={"declared_relationship": PARENT, "declared_before": False},
        allowed_with={"declared_relationship": PARENT, "declared_before": True},
    ),
}


def prohibitions() -> dict[str, Rule]:
    """Every prohibition of a step, of the floors and of the packs."""
    library = Library.own()
    rules = [rule for edition in (*library.floors, *library.packs) for rule in rules_of(edition)]
    return {rule.id: rule for rule in rules if rule.modality is Modality.MUST_NOT and rule.step is not None}


PROHIBITIONS = prohibitions()
IN_FORCE = sorted({(pack, rule.id, ROWS[rule.id].kind) for _, pack, rule in every_rule() if rule.id in ROWS})


def test_every_prohibition_has_a_row() -> None:
    assert set(ROWS) == set(PROHIBITIONS)


def test_every_prohibition_is_in_force_somewhere() -> None:
    assert {rule for _, rule, _ in IN_FORCE} == set(PROHIBITIONS)


@pytest.mark.parametrize(("pack", "rule", "kind"), IN_FORCE)
def test_what_is_forbidden_is_refused_by_that_rule_and_its_clause(pack: str, rule: str, kind: str) -> None:
    row, forbidding = ROWS[rule], PROHIBITIONS[rule]
    assert kind in (forbidding.kinds or (kind,))
    case = row.refused_case(pack)
    before = {**vars(case.incident), "timeline": [*case.incident.timeline]}

    refusal = case.refusal(row.step, **row.fields)

    assert (refusal.rule, refusal.clause, refusal.reason) == (rule, row.clause, forbidding.reason)
    assert refusal.outstanding == ()
    assert vars(case.incident) == before


@pytest.mark.parametrize(("pack", "rule", "kind"), IN_FORCE)
def test_the_same_step_without_what_offends_is_allowed(pack: str, rule: str, kind: str) -> None:
    row = ROWS[rule]
    case = row.allowed_case(pack)
    version = case.incident.version
    case.take(row.step, **row.allowed_fields)
    assert case.incident.version == version + 1


@pytest.mark.parametrize("form", ["screenshot", "message_export", "link", "document", "audio_video"])
def test_no_form_of_evidence_that_shows_an_image_is_kept_in_a_nudes_case(form: str) -> None:
    assert CaseFile("sexting").refusal("save_evidence", form=form).rule == "sexting-evidence-form"


@pytest.mark.parametrize("question", ["adult_involved", "coercion", "under_13_sexual", "immediate_risk"])
@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_any_risk_keeps_a_nudes_case_from_being_managed_in_school(question: str, answer: str) -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk", **{question: answer})
    assert case.refusal("decide", topic="managed_in_school").rule == "sexting-risk-not-managed-in-school"
    assert case.refusal("consider_police", refer=False).rule == "sexting-risk-not-kept-from-police"


def test_a_later_assessment_counts_and_not_the_first() -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk").take("assess_risk", coercion="yes")
    assert case.refusal("decide", topic="managed_in_school").rule == "sexting-risk-not-managed-in-school"
    case.take("assess_risk").take("decide", topic="managed_in_school")


@pytest.mark.parametrize("content", ["sexual", "indecent_image", "adult_contact"])
def test_ceop_is_told_where_bullying_is_sexual(content: str) -> None:
    case = CaseFile("cyberbullying").take("triage", content=(Content(content),))
    case.take("escalate", agency="ceop")


@pytest.mark.parametrize("content", sorted(set(Content) - {"sexual", "indecent_image", "adult_contact"}))
def test_ceop_is_not_told_of_bullying_alone(content: str) -> None:
    case = CaseFile("cyberbullying").take("triage", content=(Content(content),))
    assert case.refusal("escalate", agency="ceop").rule == "bullying-not-ceop"


def test_what_no_step_records_is_forbidden_in_words() -> None:
    conduct = [
        rule for _, _, rule in every_rule() if rule.modality is Modality.MUST_NOT and rule.step is None
    ]
    assert conduct
    assert all(rule.reason and rule.clause and not rule.given for rule in conduct)
