"""What the prohibitions about adults at the school refuse and what they allow: one row per rule."""

from __future__ import annotations

from tests.domain.casefile import ALLEGED, TARGET, TEACHER, CaseFile
from tests.domain.forbidden import Forbidden, nothing
from tests.domain.situations import STAFF_ALLEGED, STAFF_TO_PUPIL, UNKNOWN_ALLEGED, consulted, threshold_met


def now_an_allegation(case: CaseFile) -> CaseFile:
    return consulted(threshold_met(case).take("reclassify", kind="staff_allegation"))


def not_met_and_with_the_lado(case: CaseFile) -> CaseFile:
    return consulted(case.take("decide_threshold"))


def not_met_and_the_lado_done(case: CaseFile) -> CaseFile:
    return not_met_and_with_the_lado(case).take("record_agency_response", agency="lado")


ADULT_ROWS: dict[str, Forbidden] = {
    "withdraw-report-lado-told": Forbidden(
        clause="KCSIE part 4",
        step="withdraw_report",
        kind="staff_allegation",
        history=consulted,
        allowed_after=nothing,
    ),
    "adult-case-not-a-pupils-involve-person": Forbidden(
        clause="KCSIE part 4",
        step="involve_person",
        kind="staff_misuse",
        fields={"person": ALLEGED, "involvement": "alleged", "category": "pupil"},
        allowed_with={"person": ALLEGED, "involvement": "witness", "category": "pupil"},
    ),
    "adult-case-not-a-pupils-identify-person": Forbidden(
        clause="KCSIE part 4",
        step="identify_person",
        kind="staff_misuse",
        opening=UNKNOWN_ALLEGED,
        fields={"category": "pupil"},
        allowed_with={"category": "staff"},
    ),
    "adult-case-not-from-a-pupils": Forbidden(
        clause="KCSIE part 4",
        step="reclassify",
        kind="cyberbullying",
        fields={"kind": "staff_allegation"},
        allowed_opening=STAFF_ALLEGED,
    ),
    "allegation-subject-not-told": Forbidden(
        clause="KCSIE part 4",
        step="tell_subject",
        kind="staff_allegation",
        history=lambda case: case.take("consult_lado", may_tell_subject=False),
        allowed_after=consulted,
    ),
    "allegation-parents-not-told": Forbidden(
        clause="KCSIE part 4",
        step="inform_parents",
        kind="staff_allegation",
        history=lambda case: case.take("consult_lado", may_tell_parents=False),
        allowed_after=consulted,
    ),
    "allegation-no-investigation-before-lado": Forbidden(
        clause="KCSIE part 4",
        step="complete_investigation",
        kind="staff_allegation",
        allowed_after=consulted,
    ),
    "allegation-no-interview-before-lado": Forbidden(
        clause="KCSIE part 4",
        step="record_account",
        kind="staff_allegation",
        fields={"person": TARGET},
        allowed_after=consulted,
    ),
    "allegation-account-not-asked": Forbidden(
        clause="KCSIE part 4",
        step="record_account",
        kind="staff_allegation",
        history=lambda case: case.take("consult_lado", may_tell_subject=False),
        fields={"person": TEACHER},
        allowed_after=consulted,
    ),
    "threshold-before-adult-asked": Forbidden(
        clause="KCSIE part 4",
        step="record_account",
        kind="unsolicited_contact",
        opening=STAFF_TO_PUPIL,
        fields={"person": TEACHER},
        allowed_after=lambda case: case.take("decide_threshold"),
    ),
    "lado-before-adult-asked": Forbidden(
        clause="KCSIE part 4",
        step="record_account",
        kind="staff_misuse",
        history=threshold_met,
        fields={"person": TEACHER},
        allowed_after=lambda case: consulted(threshold_met(case)),
    ),
    "allegation-no-outcome-before-lado": Forbidden(
        clause="KCSIE part 4", step="determine_outcome", kind="staff_allegation", allowed_after=consulted
    ),
    "allegation-not-suspended-gone": Forbidden(
        clause="KCSIE part 4",
        step="decide_suspension",
        kind="staff_allegation",
        history=lambda case: consulted(case).take("record_departure", person=TEACHER),
        fields={"suspend": True},
        allowed_after=consulted,
    ),
    "allegation-copy-not-given": Forbidden(
        clause="KCSIE part 4",
        step="give_outcome_copy",
        kind="staff_allegation",
        history=lambda case: case.take("consult_lado", may_tell_subject=False),
        allowed_after=consulted,
    ),
    "allegation-not-sanctioned-early": Forbidden(
        clause="KCSIE part 4",
        step="apply_sanction",
        kind="staff_allegation",
        history=consulted,
        fields={"person": TEACHER},
        allowed_after=lambda case: consulted(case).take("determine_outcome", outcome="substantiated"),
    ),
    "subject-not-formally-told": Forbidden(
        clause="KCSIE part 4",
        step="tell_subject",
        kind="unsolicited_contact",
        opening=STAFF_TO_PUPIL,
        allowed_after=now_an_allegation,
    ),
    "threshold-before-parents-told": Forbidden(
        clause="KCSIE part 4",
        step="inform_parents",
        kind="cyberbullying",
        opening=STAFF_ALLEGED,
        allowed_after=lambda case: case.take("decide_threshold"),
    ),
    "threshold-before-parents-invited": Forbidden(
        clause="KCSIE part 4",
        step="invite_parent",
        kind="parent_post",
        opening=STAFF_ALLEGED,
        allowed_after=lambda case: case.take("decide_threshold"),
    ),
    "threshold-before-family-decides": Forbidden(
        clause="KCSIE part 4",
        step="family_decision",
        kind="image_without_consent",
        opening=STAFF_ALLEGED,
        allowed_after=lambda case: case.take("decide_threshold"),
    ),
    "threshold-before-adult-advised": Forbidden(
        clause="KCSIE part 4",
        step="advise",
        kind="unsolicited_contact",
        opening=STAFF_TO_PUPIL,
        fields={"person": TEACHER},
        allowed_after=lambda case: case.take("decide_threshold"),
    ),
    "threshold-before-adult-supported": Forbidden(
        clause="KCSIE part 4",
        step="offer_support",
        kind="sexting",
        opening=STAFF_ALLEGED,
        fields={"person": TEACHER},
        allowed_after=lambda case: case.take("decide_threshold"),
    ),
    "lado-before-parents-told": Forbidden(
        clause="KCSIE part 4",
        step="inform_parents",
        kind="cyberbullying",
        opening=STAFF_ALLEGED,
        history=threshold_met,
        allowed_after=lambda case: consulted(threshold_met(case)),
    ),
    "lado-before-parents-invited": Forbidden(
        clause="KCSIE part 4",
        step="invite_parent",
        kind="parent_post",
        opening=STAFF_ALLEGED,
        history=threshold_met,
        allowed_after=lambda case: consulted(threshold_met(case)),
    ),
    "lado-before-family-decides": Forbidden(
        clause="KCSIE part 4",
        step="family_decision",
        kind="image_without_consent",
        opening=STAFF_ALLEGED,
        history=threshold_met,
        allowed_after=lambda case: consulted(threshold_met(case)),
    ),
    "lado-before-adult-advised": Forbidden(
        clause="KCSIE part 4",
        step="advise",
        kind="unsolicited_contact",
        opening=STAFF_TO_PUPIL,
        history=threshold_met,
        fields={"person": TEACHER},
        allowed_after=lambda case: consulted(threshold_met(case)),
    ),
    "lado-before-adult-supported": Forbidden(
        clause="KCSIE part 4",
        step="offer_support",
        kind="sexting",
        opening=STAFF_ALLEGED,
        history=threshold_met,
        fields={"person": TEACHER},
        allowed_after=lambda case: consulted(threshold_met(case)),
    ),
    "allegation-subject-not-advised": Forbidden(
        clause="KCSIE part 4",
        step="advise",
        kind="staff_allegation",
        history=lambda case: case.take("consult_lado", may_tell_subject=False),
        fields={"person": TEACHER},
        allowed_after=consulted,
    ),
    "allegation-subject-not-supported": Forbidden(
        clause="KCSIE part 4",
        step="offer_support",
        kind="staff_allegation",
        history=lambda case: case.take("consult_lado", may_tell_subject=False),
        fields={"person": TEACHER},
        allowed_after=consulted,
    ),
    "allegation-parents-not-invited": Forbidden(
        clause="KCSIE part 4",
        step="invite_parent",
        kind="staff_allegation",
        history=lambda case: case.take("consult_lado", may_tell_parents=False),
        allowed_after=consulted,
    ),
    "allegation-family-not-asked": Forbidden(
        clause="KCSIE part 4",
        step="family_decision",
        kind="staff_allegation",
        history=lambda case: case.take("consult_lado", may_tell_parents=False),
        allowed_after=consulted,
    ),
    "allegation-not-filed-away": Forbidden(
        clause="KCSIE part 4",
        step="reclassify",
        kind="staff_allegation",
        history=threshold_met,
        allowed_after=lambda case: threshold_met(case).take("decide_threshold"),
    ),
    "allegation-not-filed-away-under-enquiry": Forbidden(
        clause="KCSIE part 4",
        step="reclassify",
        kind="staff_allegation",
        history=not_met_and_with_the_lado,
        allowed_after=lambda case: not_met_and_with_the_lado(case).take(
            "record_agency_response", agency="lado"
        ),
    ),
}
