"""What each prohibition refuses and what it allows: one row per rule, except for rules about adults."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec

from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Content, Ground
from tests.domain.casefile import ALLEGED, FILE, HEAD, PARENT, TARGET, TEACHER, CaseFile
from tests.domain.situations import (
    CHILD_POSTED_ABOUT,
    Story,
    closed,
)


def nothing(case: CaseFile) -> CaseFile:
    return case


TWO_TARGETS = {"people": ((TARGET, "target", "pupil"), (ALLEGED, "target", "pupil"))}
PASSED_ON_ANOTHERS = Sealed("He sent on the image of the other pupil, after he was asked not to.")


class Forbidden(msgspec.Struct, frozen=True, kw_only=True):
    """A step that is refused in one history, and allowed in another history or with other fields."""

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


def passed_on(case: CaseFile) -> CaseFile:
    return case.take("establish_involvement", person=TARGET, held=True, passed_on=True)


def invited_at_once(case: CaseFile) -> CaseFile:
    """A parent was asked to come in at once, so that the floor requires a record of the meeting."""
    return case.take("invite_parent", meeting_at=case.now + timedelta(hours=1))


def out_of_school(case: CaseFile) -> CaseFile:
    return case.take("triage", timing="out_of_school")


def on_a_ground(case: CaseFile) -> CaseFile:
    return case.take("triage", timing="out_of_school", jurisdiction=(Ground.REPUTATION,))


def enquiry_open(case: CaseFile) -> CaseFile:
    return case.take("escalate", agency="police")


def ready(case: CaseFile) -> CaseFile:
    return case.answer_everything(but=frozenset({"debrief"}))


def with_a_file(case: CaseFile) -> CaseFile:
    return case.take("save_evidence", file=FILE)


def held_by_police(case: CaseFile) -> CaseFile:
    return enquiry_open(case).take("record_agency_response", enquiry="open", hold_parents=True)


ROWS: dict[str, Forbidden] = {
    "debrief-waits": Forbidden(
        clause="WTSC; KCSIE part 4",
        step="debrief",
        kind="inappropriate_content",
        history=lambda case: enquiry_open(ready(case)),
        allowed_with={"cannot_wait": "Staff meet today; the trial is next year."},
    ),
    "debrief-says-where-enquiries-stand": Forbidden(
        clause="KCSIE part 2, record keeping",
        step="debrief",
        kind="inappropriate_content",
        history=lambda case: ready(case).take("escalate", agency="prevent"),
        allowed_with={"where_enquiries_stand": "The panel meets in two weeks."},
    ),
    **{
        f"duplicate-{rule}": Forbidden(
            clause=clause,
            step="close_as_duplicate",
            kind="cyberbullying",
            fields={"obstacles": (obstacle,)},
            allowed_with={"obstacles": ()},
        )
        for rule, obstacle, clause in (
            ("of-closed", "closed", "KCSIE part 2, record keeping"),
            ("across-streams", "other_stream", "KCSIE part 4"),
            ("incomplete", "incomplete", "KCSIE part 2, record keeping"),
        )
    },
    "withdraw-report-agency-told": Forbidden(
        clause="KCSIE part 2, record keeping",
        step="withdraw_report",
        kind="cyberbullying",
        history=lambda case: case.take("escalate", agency="platform"),
        allowed_after=nothing,
    ),
    "withdraw-report-with-duplicate": Forbidden(
        clause="KCSIE part 2, record keeping",
        step="withdraw_report",
        kind="cyberbullying",
        history=lambda case: case.take("take_up_duplicate"),
        allowed_after=lambda case: case.take("release_duplicate"),
    ),
    "withdraw-report-child-spoken-to": Forbidden(
        clause="KCSIE part 2, record keeping",
        step="withdraw_report",
        kind="cyberbullying",
        history=lambda case: case.take("record_child_voice"),
        allowed_after=lambda case: case.take("record_child_voice", voice=None, why_not="She was away."),
    ),
    "reopen-first": Forbidden(
        clause="KCSIE part 2, record keeping",
        step="correct",
        kind="cyberbullying",
        history=closed,
        fields={"opens_duty": True},
        allowed_with={"opens_duty": False},
    ),
    "sexting-last-child-withdrawn": Forbidden(
        clause="UKCIS; KCSIE part 2, record keeping",
        step="withdraw_involvement",
        kind="sexting",
        fields={"last_child": True},
        allowed_with={"last_child": False},
    ),
    "sexting-last-child-corrected": Forbidden(
        clause="UKCIS; KCSIE part 2, record keeping",
        step="correct",
        kind="sexting",
        fields={"last_child": True},
        allowed_with={"last_child": False},
    ),
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
    "no-opening-of-an-indecent-image": Forbidden(
        clause="UKCIS; Protection of Children Act 1978 s.1",
        step="open_evidence",
        kind="cyberbullying",
        history=lambda case: with_a_file(case).take("triage", content=(Content.INDECENT_IMAGE,)),
        allowed_after=lambda case: with_a_file(case).take("triage", content=(Content.SEXUAL,)),
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
        history=with_a_file,
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
    "sexual-content-risk-not-managed-in-school": Forbidden(
        clause="UKCIS; KCSIE part 5",
        step="decide",
        kind="cyberbullying",
        opening={"content": (Content.SEXUAL,)},
        history=risk_open,
        fields={"topic": "managed_in_school"},
        allowed_opening={},
    ),
    "sexual-content-unassessed-not-managed-in-school": Forbidden(
        clause="UKCIS; KCSIE part 5",
        step="decide",
        kind="cyberbullying",
        opening={"content": (Content.INDECENT_IMAGE,)},
        fields={"topic": "managed_in_school"},
        allowed_after=lambda case: case.take("assess_risk"),
    ),
    "sexual-content-risk-not-kept-from-police": Forbidden(
        clause="UKCIS; KCSIE part 5",
        step="consider_police",
        kind="cyberbullying",
        opening={"content": (Content.INDECENT_IMAGE,)},
        history=risk_open,
        fields={"refer": False},
        allowed_opening={},
    ),
    "sexting-no-labels": Forbidden(
        clause="UKCIS; WTSC",
        step="apply_sanction",
        kind="sexting",
        opening=TWO_TARGETS,
        fields={"person": TARGET, "reason": PASSED_ON_ANOTHERS},
        allowed_after=passed_on,
    ),
    "sexting-sanction-of-target-reasoned": Forbidden(
        clause="UKCIS; WTSC",
        step="apply_sanction",
        kind="sexting",
        opening=TWO_TARGETS,
        history=passed_on,
        fields={"person": TARGET},
        allowed_with={"person": TARGET, "reason": PASSED_ON_ANOTHERS},
    ),
    "sexting-no-child-an-offender": Forbidden(
        clause="UKCIS; WTSC",
        step="apply_sanction",
        kind="sexting",
        fields={"person": ALLEGED, "what": Sealed("The OFFENDERS stay in at break.")},
        allowed_with={"person": ALLEGED, "what": Sealed("The pupils who sent it on stay in at break.")},
    ),
    "bullying-not-ceop": Forbidden(
        clause="CEOP",
        step="escalate",
        kind="cyberbullying",
        fields={"agency": "ceop"},
        allowed_after=lambda case: case.take("record_content", content=(Content.SEXUAL,)),
    ),
    "contact-recipient-not-suspect": Forbidden(
        clause="casework default",
        step="apply_sanction",
        kind="unsolicited_contact",
        fields={"person": TEACHER},
        allowed_with={"person": ALLEGED},
    ),
    "data-breach-head-decides": Forbidden(
        clause="DPA 2018",
        step="decide_data_breach",
        kind="image_without_consent",
        fields={"by_head": False},
        allowed_with={"by_head": True},
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
    "tow-law-contact-declared-late": Forbidden(
        clause="000 Staff personal use",
        step="classify_contact",
        kind="unsolicited_contact",
        fields={"declared_relationship": PARENT, "declared_before": False},
        allowed_with={"declared_relationship": PARENT, "declared_before": True},
    ),
    "todwick-sanction-ground": Forbidden(
        clause="001 D",
        step="apply_sanction",
        kind="cyberbullying",
        history=out_of_school,
        fields={"person": ALLEGED},
        allowed_after=on_a_ground,
    ),
    "todwick-ban-ground": Forbidden(
        clause="001 D",
        step="ban_from_computing",
        kind="inappropriate_content",
        history=out_of_school,
        allowed_after=on_a_ground,
    ),
    "st-thomas-parent-post-with-slt": Forbidden(
        clause="004 §8.6",
        step="record_meeting",
        kind="parent_post",
        history=invited_at_once,
        fields={"outcome": "attended", "with_senior": False},
        allowed_with={"outcome": "attended", "with_senior": True},
    ),
    "todwick-image-consent-of-another-year": Forbidden(
        clause="001 A",
        step="check_consent",
        kind="image_without_consent",
        fields={"in_force": True, "consent_date": date(2026, 7, 1), "given_in_school_year": False},
        allowed_with={"in_force": True, "consent_date": date(2026, 9, 4), "given_in_school_year": True},
    ),
    "not-about-yourself-assign": Forbidden(
        clause="KCSIE part 4; WTSC",
        step="assign",
        kind="staff_allegation",
        fields={"user": HEAD, "user_is_subject": True},
        allowed_with={"user": HEAD, "user_is_subject": False},
    ),
    "not-a-witness-assign": Forbidden(
        clause="KCSIE part 4; WTSC",
        step="assign",
        kind="staff_allegation",
        fields={"user": HEAD, "user_is_witness": True},
        allowed_with={"user": HEAD, "user_is_witness": False},
    ),
    "not-a-witness-appoint-case-manager": Forbidden(
        clause="KCSIE part 4; WTSC",
        step="appoint_case_manager",
        kind="staff_allegation",
        fields={"user": HEAD, "user_is_witness": True},
        allowed_with={"user": HEAD, "user_is_witness": False},
    ),
    "tell-not-the-subject": Forbidden(
        clause="KCSIE part 4; WTSC",
        step="tell",
        kind="staff_allegation",
        fields={"is_subject": True, "is_recused": True},
        allowed_with={"is_subject": False},
    ),
    "tell-not-the-recused": Forbidden(
        clause="KCSIE part 4; WTSC",
        step="tell",
        kind="cyberbullying",
        fields={"is_recused": True},
        allowed_with={"is_recused": False},
    ),
    "not-about-yourself-appoint-case-manager": Forbidden(
        clause="KCSIE part 4; WTSC",
        step="appoint_case_manager",
        kind="staff_allegation",
        fields={"user": HEAD, "user_is_subject": True},
        allowed_with={"user": HEAD, "user_is_subject": False},
    ),
    "parent-post-child-not-sanctioned": Forbidden(
        clause="casework default",
        step="apply_sanction",
        kind="parent_post",
        opening=CHILD_POSTED_ABOUT,
        fields={"person": TARGET},
        allowed_with={"person": PARENT},
    ),
    "underage-not-ceop": Forbidden(
        clause="CEOP",
        step="escalate",
        kind="underage_use",
        fields={"agency": "ceop"},
        allowed_after=lambda case: case.take("assess_risk", adult_involved="yes"),
    ),
    "content-not-stored": Forbidden(
        clause="KCSIE part 2, online safety",
        step="save_evidence",
        kind="inappropriate_content",
        fields={"form": "link", "file": FILE},
        allowed_with={"form": "link"},
    ),
}

REPORTS: dict[str, Forbidden] = {
    "adult-case-not-a-pupils-report": Forbidden(
        clause="KCSIE part 4",
        step="report",
        kind="staff_misuse",
        opening={"people": ((ALLEGED, "alleged", "pupil"),)},
        allowed_opening={"people": ((TEACHER, "alleged", "staff"),)},
    ),
}
"""Reports that are refused, so that there is no case before them."""
