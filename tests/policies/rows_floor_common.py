"""What each rule of the floor about adults or about every kind changes, with a pack that has no rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Content
from tests.domain.casefile import ALLEGED, PARENT, SIXTH_FORMER, TARGET, TEACHER
from tests.domain.situations import (
    ADULT_PUPIL,
    EXTREMIST,
    INFORMED,
    LEARNT_OF,
    UNKNOWN_ALLEGED,
    closed,
    debriefed_with_an_action_due,
)
from tests.policies.rows import (
    ADULT_FOUND,
    BY_A_CONTRACTOR,
    BY_AN_ADULT,
    BY_AN_ADULT_AND_A_PUPIL,
    BY_STAFF,
    CLOSE,
    DEBRIEF,
    FIFTH_WORKING_DAY,
    GROOMING,
    LATER,
    LEFT,
    MAY_BE_AT_RISK,
    MEETS_THRESHOLD,
    NEXT_WORKING_DAY,
    NOBODY_KNOWN,
    ON_OUR_ACCOUNT,
    POLICE_HOLD,
    SAME_DAY,
    SELF_HARM,
    SEXUAL,
    TENTH_SCHOOL_DAY,
    THREAT,
    Forbids,
    Refuses,
    RefusesReport,
    Requires,
    Row,
    taking,
)

# fmt: off
COMMON_ROWS: Final[Mapping[str, Row]] = {
    "closed": Refuses(
        kind="cyberbullying", since=closed, step="assign", clause="KCSIE part 2, record keeping",
    ),
    "reopen-first": Refuses(
        kind="cyberbullying", since=closed, step="correct", fields={"opens_duty": True},
        clause="KCSIE part 2, record keeping",
    ),
    "not-closed": Refuses(kind="cyberbullying", step="reopen", clause="KCSIE part 2, record keeping"),
    "duplicate-of-closed": Refuses(
        kind="cyberbullying", step="close_as_duplicate", fields={"obstacles": ("closed",)},
        clause="KCSIE part 2, record keeping",
    ),
    "duplicate-across-streams": Refuses(
        kind="cyberbullying", step="close_as_duplicate", fields={"obstacles": ("other_stream",)},
        clause="KCSIE part 4",
    ),
    "duplicate-incomplete": Refuses(
        kind="cyberbullying", step="close_as_duplicate", fields={"obstacles": ("incomplete",)},
        clause="KCSIE part 2, record keeping",
    ),
    "withdraw-report-agency-told": Refuses(
        kind="cyberbullying", since=taking(("escalate", {"agency": "platform"})), step="withdraw_report",
        clause="KCSIE part 2, record keeping",
    ),
    "withdraw-report-lado-told": Refuses(
        kind="staff_allegation", since=taking("consult_lado"), step="withdraw_report", clause="KCSIE part 4",
    ),
    "withdraw-report-with-duplicate": Refuses(
        kind="cyberbullying", since=taking("take_up_duplicate"), step="withdraw_report",
        clause="KCSIE part 2, record keeping",
    ),
    "withdraw-report-child-spoken-to": Refuses(
        kind="cyberbullying", since=taking("record_child_voice"), step="withdraw_report",
        clause="KCSIE part 2, record keeping",
    ),
    "no-file-in-text": Refuses(
        kind="sexting", step="add_note",
        fields={"text": Sealed("Look: data:image/png;base64,iVBORw0KGgo=")},
        clause="UKCIS; KCSIE part 2, record keeping",
    ),
    "not-about-yourself-assign": Refuses(
        kind="staff_allegation", step="assign", fields={"user_is_subject": True},
        clause="KCSIE part 4; WTSC",
    ),
    "not-a-witness-assign": Refuses(
        kind="staff_allegation", step="assign", fields={"user_is_witness": True},
        clause="KCSIE part 4; WTSC",
    ),
    "not-a-witness-appoint-case-manager": Refuses(
        kind="staff_allegation", step="appoint_case_manager", fields={"user_is_witness": True},
        clause="KCSIE part 4; WTSC",
    ),
    "tell-not-the-subject": Refuses(
        kind="staff_allegation", step="tell", fields={"is_subject": True, "is_recused": True},
        clause="KCSIE part 4; WTSC",
    ),
    "tell-not-the-recused": Refuses(
        kind="cyberbullying", step="tell", fields={"is_recused": True}, clause="KCSIE part 4; WTSC",
    ),
    "not-about-yourself-appoint-case-manager": Refuses(
        kind="staff_allegation", step="appoint_case_manager", fields={"user_is_subject": True},
        clause="KCSIE part 4; WTSC",
    ),
    "adult-case-not-a-pupils-report": RefusesReport(
        kind="cyberbullying", as_kind="staff_misuse", clause="KCSIE part 4",
    ),
    "adult-case-not-a-pupils-involve-person": Refuses(
        kind="staff_misuse", step="involve_person", fields={"involvement": "alleged", "category": "pupil"},
        clause="KCSIE part 4",
    ),
    "adult-case-not-a-pupils-identify-person": Refuses(
        kind="staff_misuse", opening=UNKNOWN_ALLEGED, step="identify_person", fields={"category": "pupil"},
        clause="KCSIE part 4",
    ),
    "adult-case-not-from-a-pupils": Refuses(
        kind="cyberbullying", step="reclassify", fields={"kind": "staff_misuse"}, clause="KCSIE part 4",
    ),
    "allegation-confidentiality-not-promised": Forbids(
        kind="staff_allegation", clause="KCSIE part 4", word="confidentiality",
    ),
    "allegation-subject-not-told": Refuses(
        kind="staff_allegation", step="tell_subject", clause="KCSIE part 4",
    ),
    "allegation-parents-not-told": Refuses(
        kind="staff_allegation", step="inform_parents", clause="KCSIE part 4",
    ),
    "allegation-no-investigation-before-lado": Refuses(
        kind="staff_allegation", step="complete_investigation", clause="KCSIE part 4",
    ),
    "allegation-no-interview-before-lado": Refuses(
        kind="staff_allegation", step="record_account", fields={"person": TARGET}, clause="KCSIE part 4",
    ),
    "allegation-account-not-asked": Refuses(
        kind="staff_allegation", since=taking(("consult_lado", {"may_tell_subject": False})),
        step="record_account", fields={"person": TEACHER}, clause="KCSIE part 4",
    ),
    "allegation-account": Requires(
        kind="staff_allegation", since=taking("consult_lado"), step="record_account",
        preset={"person": TEACHER}, bars=CLOSE, clause="KCSIE part 4",
    ),
    "allegation-no-outcome-before-lado": Refuses(
        kind="staff_allegation", step="determine_outcome", clause="KCSIE part 4",
    ),
    "allegation-not-suspended-gone": Refuses(
        kind="staff_allegation", since=taking("consult_lado", LEFT), step="decide_suspension",
        fields={"suspend": True}, clause="KCSIE part 4",
    ),
    "allegation-copy-not-given": Refuses(
        kind="staff_allegation", since=taking(("consult_lado", {"may_tell_subject": False})),
        step="give_outcome_copy", clause="KCSIE part 4",
    ),
    "allegation-employer-told": Requires(
        kind="staff_allegation", opening=BY_A_CONTRACTOR, since=taking("consult_lado"), step="escalate",
        preset={"agency": "employer"}, due=NEXT_WORKING_DAY, told=("employer",), bars=CLOSE,
        clause="KCSIE part 4; casework default",
    ),
    "allegation-regulators-gone": Requires(
        kind="staff_allegation", since=taking(LEFT), step="decide_regulatory_referral", modality="consider",
        due=NEXT_WORKING_DAY, told=("headteacher",), bars=CLOSE,
        clause="KCSIE part 4; Safeguarding Vulnerable Groups Act 2006 s.35; casework default",
    ),
    "concern-employer-told": Requires(
        kind="staff_misuse", opening=BY_A_CONTRACTOR, step="escalate", preset={"agency": "employer"},
        due=FIFTH_WORKING_DAY, told=("employer",), bars=CLOSE, clause="KCSIE part 4, section two",
    ),
    "allegation-not-sanctioned-early": Refuses(
        kind="staff_allegation", step="apply_sanction", fields={"person": TEACHER}, clause="KCSIE part 4",
    ),
    "allegation-case-manager": Requires(
        kind="staff_allegation", step="appoint_case_manager", due=SAME_DAY, told=("headteacher",),
        bars=DEBRIEF, clause="KCSIE part 4",
    ),
    "allegation-child-safe": Requires(
        kind="staff_allegation", step="make_safe", due=SAME_DAY, bars=DEBRIEF, clause="KCSIE part 4",
    ),
    "allegation-threshold": Requires(
        kind="staff_allegation", step="decide_threshold", due=SAME_DAY, told=("headteacher",), bars=DEBRIEF,
        clause="KCSIE part 4",
    ),
    "allegation-lado": Requires(
        kind="staff_allegation", step="consult_lado", due=NEXT_WORKING_DAY, told=("lado",), bars=DEBRIEF,
        clause="KCSIE part 4; WTSC",
    ),
    "allegation-suspension": Requires(
        kind="staff_allegation", since=taking("consult_lado"), step="decide_suspension",
        due=NEXT_WORKING_DAY, bars=CLOSE, clause="KCSIE part 4",
    ),
    "allegation-subject-told": Requires(
        kind="staff_allegation", since=taking("consult_lado"), step="tell_subject", due=NEXT_WORKING_DAY,
        bars=CLOSE, clause="KCSIE part 4",
    ),
    "allegation-parents": Requires(
        kind="staff_allegation", step="inform_parents", preset={"child": TARGET}, bars=CLOSE,
        clause="KCSIE part 4",
    ),
    "allegation-support-adult": Requires(
        kind="staff_allegation", since=taking("consult_lado"), step="offer_support",
        preset={"person": TEACHER}, bars=CLOSE, clause="KCSIE part 4",
    ),
    "allegation-support-child": Requires(
        kind="staff_allegation", step="offer_support", preset={"person": TARGET}, bars=CLOSE,
        clause="KCSIE part 4",
    ),
    "allegation-outcome": Requires(
        kind="staff_allegation", since=taking("consult_lado"), step="determine_outcome", bars=CLOSE,
        clause="KCSIE part 4",
    ),
    "allegation-regulators": Requires(
        kind="staff_allegation",
        since=taking("consult_lado", ("determine_outcome", {"outcome": "substantiated"})),
        step="decide_regulatory_referral", modality="consider", due="2026-11-22", told=("headteacher",),
        bars=CLOSE, clause="KCSIE part 4",
    ),
    "allegation-outcome-copy": Requires(
        kind="staff_allegation", since=taking("consult_lado", "determine_outcome"),
        step="give_outcome_copy", bars=CLOSE, clause="KCSIE part 4",
    ),
    "allegation-debrief": Requires(
        kind="staff_allegation", since=taking("consult_lado", "complete_investigation"), step="debrief",
        due=TENTH_SCHOOL_DAY, bars=CLOSE, clause="KCSIE part 4; casework default",
    ),
    "concern-context": Requires(
        kind="staff_misuse", step="triage", due=FIFTH_WORKING_DAY, told=("headteacher",), bars=CLOSE,
        clause="KCSIE part 4, section two",
    ),
    "concern-pattern": Requires(
        kind="staff_misuse", step="check_pattern", preset={"person": TEACHER}, due=FIFTH_WORKING_DAY,
        told=("headteacher",), bars=CLOSE, clause="KCSIE part 4, section two",
    ),
    "concern-action": Requires(
        kind="staff_misuse", step="decide", due=FIFTH_WORKING_DAY, told=("headteacher",), bars=CLOSE,
        clause="KCSIE part 4, section two",
    ),
    "concern-account": Requires(
        kind="staff_misuse", step="record_account", preset={"person": TEACHER}, due=FIFTH_WORKING_DAY,
        told=("headteacher",), bars=CLOSE, clause="KCSIE part 4, section two",
    ),
    "concern-meets-threshold": Requires(
        kind="staff_misuse", since=taking(MEETS_THRESHOLD), step="reclassify",
        preset={"kind": "staff_allegation"}, due=SAME_DAY, told=("headteacher",), bars=DEBRIEF,
        clause="KCSIE part 4",
    ),
    "allegation-subject-not-advised": Refuses(
        kind="staff_allegation", step="advise", fields={"person": TEACHER}, clause="KCSIE part 4",
    ),
    "allegation-subject-not-supported": Refuses(
        kind="staff_allegation", step="offer_support", fields={"person": TEACHER}, clause="KCSIE part 4",
    ),
    "allegation-parents-not-invited": Refuses(
        kind="staff_allegation", step="invite_parent", clause="KCSIE part 4",
    ),
    "allegation-family-not-asked": Refuses(
        kind="staff_allegation", step="family_decision", clause="KCSIE part 4",
    ),
    "allegation-not-filed-away": Refuses(
        kind="staff_allegation", step="reclassify", clause="KCSIE part 4",
    ),
    "allegation-not-filed-away-under-enquiry": Refuses(
        kind="staff_allegation", since=taking("decide_threshold", "consult_lado"), step="reclassify",
        clause="KCSIE part 4",
    ),
    "adult-threshold": Requires(
        kind="cyberbullying", opening=BY_AN_ADULT, step="decide_threshold", due=SAME_DAY,
        told=("headteacher",), bars=DEBRIEF, clause="KCSIE part 4",
    ),
    "adult-becomes-allegation": Requires(
        kind="cyberbullying", opening=BY_AN_ADULT, since=taking(MEETS_THRESHOLD), step="reclassify",
        preset={"kind": "staff_allegation"}, due=SAME_DAY, told=("headteacher",), bars=DEBRIEF,
        clause="KCSIE part 4",
    ),
    "adult-beside-a-pupil": Requires(
        kind="cyberbullying", opening=BY_AN_ADULT_AND_A_PUPIL, since=taking(MEETS_THRESHOLD),
        step="consult_lado", modality="may", told=("lado",), clause="KCSIE part 4",
    ),
    "threshold-before-parents-told": Refuses(
        kind="cyberbullying", opening=BY_AN_ADULT, step="inform_parents", clause="KCSIE part 4",
    ),
    "threshold-before-parents-invited": Refuses(
        kind="parent_post", opening=BY_AN_ADULT, step="invite_parent", clause="KCSIE part 4",
    ),
    "threshold-before-family-decides": Refuses(
        kind="unsolicited_contact", opening=BY_STAFF, step="family_decision", clause="KCSIE part 4",
    ),
    "threshold-before-adult-advised": Refuses(
        kind="unsolicited_contact", opening=BY_STAFF, step="advise", fields={"person": TEACHER},
        clause="KCSIE part 4",
    ),
    "threshold-before-adult-supported": Refuses(
        kind="sexting", opening=BY_AN_ADULT, step="offer_support", fields={"person": TEACHER},
        clause="KCSIE part 4",
    ),
    "lado-before-parents-told": Refuses(
        kind="staff_misuse", since=taking(MEETS_THRESHOLD), step="inform_parents",
        fields={"child": TARGET}, clause="KCSIE part 4",
    ),
    "lado-before-parents-invited": Refuses(
        kind="staff_misuse", since=taking(MEETS_THRESHOLD), step="invite_parent", clause="KCSIE part 4",
    ),
    "lado-before-family-decides": Refuses(
        kind="staff_misuse", since=taking(MEETS_THRESHOLD), step="family_decision", clause="KCSIE part 4",
    ),
    "lado-before-adult-advised": Refuses(
        kind="staff_misuse", since=taking(MEETS_THRESHOLD), step="advise", fields={"person": TEACHER},
        clause="KCSIE part 4",
    ),
    "threshold-before-adult-asked": Refuses(
        kind="cyberbullying", opening=BY_AN_ADULT, step="record_account", fields={"person": TEACHER},
        clause="KCSIE part 4",
    ),
    "lado-before-adult-asked": Refuses(
        kind="staff_misuse", since=taking(MEETS_THRESHOLD), step="record_account",
        fields={"person": TEACHER}, clause="KCSIE part 4",
    ),
    "lado-before-adult-supported": Refuses(
        kind="unsolicited_contact", opening=BY_STAFF, since=taking(MEETS_THRESHOLD), step="offer_support",
        fields={"person": TEACHER}, clause="KCSIE part 4",
    ),
    "contact-becomes-concern": Requires(
        kind="unsolicited_contact", opening=BY_STAFF, since=taking("decide_threshold"), step="reclassify",
        preset={"kind": "staff_misuse"}, due=SAME_DAY, told=("headteacher",), bars=DEBRIEF,
        clause="KCSIE part 4, section two",
    ),
    "subject-not-formally-told": Refuses(
        kind="staff_misuse", step="tell_subject", clause="KCSIE part 4",
    ),
    "acknowledge": Requires(
        kind="cyberbullying", step="acknowledge", due=SAME_DAY, told=("reporter",), bars=CLOSE,
        clause="casework default; KCSIE part 2, record keeping",
    ),
    "triage": Requires(
        kind="unsolicited_contact", step="triage", due=NEXT_WORKING_DAY, bars=CLOSE,
        clause="casework default",
    ),
    "triage-child-at-risk": Requires(
        kind="cyberbullying", opening=THREAT, step="triage", due=SAME_DAY, bars=CLOSE,
        clause="KCSIE part 1; casework default",
    ),
    "triage-allegation": Requires(
        kind="staff_allegation", step="triage", due=SAME_DAY, bars=CLOSE,
        clause="KCSIE part 4; casework default",
    ),
    "triage-contact-by-staff": Requires(
        kind="unsolicited_contact", opening=BY_STAFF, step="triage", due=SAME_DAY, bars=CLOSE,
        clause="KCSIE part 4; casework default",
    ),
    "extremist-prevent": Requires(
        kind="cyberbullying", opening=EXTREMIST, step="welfare_check", modality="consider",
        preset={"prevent_considered": True}, due=NEXT_WORKING_DAY, bars=DEBRIEF,
        clause="Prevent duty; KCSIE part 1",
    ),
    "self-harm-parents": Requires(
        kind="cyberbullying", opening=SELF_HARM, step="inform_parents", preset={"child": TARGET},
        due=SAME_DAY, told=("parents",), bars=CLOSE, clause="KCSIE part 1; WTSC",
    ),
    "critical-triage": Requires(
        kind="cyberbullying", opening=GROOMING, step="triage", preset={"critical": True}, due=SAME_DAY,
        told=("dsl",), bars=CLOSE, clause="KCSIE part 1",
    ),
    "self-harm-welfare": Requires(
        kind="cyberbullying", opening=SELF_HARM, step="assess_welfare", preset={"person": TARGET},
        due=SAME_DAY, bars=CLOSE, clause="KCSIE part 1; WTSC",
    ),
    "self-harm-welfare-adult-pupil": Requires(
        kind="cyberbullying", opening={**ADULT_PUPIL, **SELF_HARM}, step="assess_welfare",
        preset={"person": SIXTH_FORMER}, due=SAME_DAY, bars=CLOSE, clause="KCSIE part 1; WTSC",
    ),
    "self-harm-referral": Requires(
        kind="cyberbullying", opening=SELF_HARM, step="escalate", preset={"agency": "health"},
        due=SAME_DAY, told=("health", "childrens_social_care"), bars=DEBRIEF, clause="KCSIE part 1; WTSC",
    ),
    "at-risk-referral": Requires(
        kind="cyberbullying", since=taking(MAY_BE_AT_RISK), step="escalate", preset={"agency": "health"},
        due=SAME_DAY, told=("health", "childrens_social_care"), bars=DEBRIEF, clause="KCSIE part 1; WTSC",
    ),
    "risk-found-police": Requires(
        kind="cyberbullying", since=taking(ADULT_FOUND), step="consider_police", modality="consider",
        due=SAME_DAY, bars=CLOSE, clause="KCSIE part 1; WTSC",
    ),
    "referral-decided": Requires(
        kind="cyberbullying", since=taking(("consider_police", {"refer": True})), step="escalate",
        preset={"agency": "police"}, due=SAME_DAY, told=("police",), bars=DEBRIEF,
        clause="KCSIE part 2, record keeping",
    ),
    "parents-held": Refuses(
        kind="cyberbullying", since=taking("escalate", POLICE_HOLD), step="inform_parents",
        clause="WTSC; KCSIE part 2, record keeping",
    ),
    "withholding-reviewed": Requires(
        kind="cyberbullying", since=taking(("withhold_from_parents", {"review_on": LATER})),
        step="inform_parents", preset={"child": TARGET}, due=LATER, clause="KCSIE part 2, record keeping",
    ),
    "tell-wrongly-told": Requires(
        kind="cyberbullying", since=taking(("inform_parents", {"child": ALLEGED}), "withdraw_involvement"),
        step="tell", preset={"person": PARENT}, due=NEXT_WORKING_DAY, bars=DEBRIEF, clause="DPA 2018",
    ),
    "people-known": Requires(
        kind="cyberbullying", opening=NOBODY_KNOWN, step="involve_person", bars=CLOSE,
        clause="KCSIE part 2, record keeping",
    ),
    "child-voice": Requires(
        kind="cyberbullying", step="record_child_voice", preset={"person": TARGET}, bars=CLOSE,
        clause="KCSIE part 2, record keeping; WTSC",
    ),
    "meeting-recorded": Requires(
        kind="parent_post", since=taking(("invite_parent", {"meeting_at": f"{LATER}T16:00:00Z"})),
        step="record_meeting", due=LATER, bars=CLOSE,
        clause="KCSIE part 2, record keeping",
    ),
    "removal-chased": Requires(
        kind="sexting", since=taking("request_removal"), step="record_removal", due="2026-10-24 10:00",
        bars=CLOSE, clause="casework default",
    ),
    "intimate-removal-chased": Requires(
        kind="cyberbullying", opening=SEXUAL, since=taking("request_removal"), step="record_removal",
        due="2026-10-24 10:00", bars=CLOSE, clause="Crime and Policing Act 2026",
    ),
    "mandatory-report-nudes": Requires(
        kind="sexting", step="record_mandatory_report", due=SAME_DAY, bars=DEBRIEF,
        clause="Crime and Policing Act 2026",
    ),
    "mandatory-report-nudes-each": Requires(
        kind="sexting", opening=LEARNT_OF,
        step="record_mandatory_report", preset={"person": INFORMED}, due=SAME_DAY, bars=DEBRIEF,
        clause="Crime and Policing Act 2026",
    ),
    "mandatory-report-content": Requires(
        kind="cyberbullying", opening=SEXUAL, step="record_mandatory_report", due=SAME_DAY, bars=DEBRIEF,
        clause="Crime and Policing Act 2026",
    ),
    "mandatory-report-content-each": Requires(
        kind="cyberbullying", opening={**LEARNT_OF, **SEXUAL},
        step="record_mandatory_report", preset={"person": INFORMED}, due=SAME_DAY, bars=DEBRIEF,
        clause="Crime and Policing Act 2026",
    ),
    "sharing-nudes": Requires(
        kind="sexting", step="decide_sharing", preset={"person": TARGET}, due=NEXT_WORKING_DAY, bars=CLOSE,
        clause="Children Act 2004 s.16LA",
    ),
    "sharing-content": Requires(
        kind="cyberbullying", opening=SEXUAL, step="decide_sharing", preset={"person": TARGET},
        due=NEXT_WORKING_DAY, bars=CLOSE, clause="Children Act 2004 s.16LA",
    ),
    "sharing-critical": Requires(
        kind="cyberbullying", opening=GROOMING, step="decide_sharing", preset={"person": TARGET},
        due=NEXT_WORKING_DAY, bars=CLOSE, clause="Children Act 2004 s.16LA",
    ),
    "enquiry-closed-police": Requires(
        kind="cyberbullying", since=taking(("escalate", {"agency": "police"})),
        step="record_agency_response", preset={"agency": "police", "enquiry": "closed"}, bars=CLOSE,
        clause="KCSIE part 2, record keeping; WTSC",
    ),
    "enquiry-closed-childrens-social-care": Requires(
        kind="cyberbullying", since=taking(("escalate", {"agency": "childrens_social_care"})),
        step="record_agency_response", preset={"agency": "childrens_social_care", "enquiry": "closed"},
        bars=CLOSE, clause="KCSIE part 2, record keeping; WTSC",
    ),
    "enquiry-closed-lado": Requires(
        kind="staff_allegation", since=taking("consult_lado"), step="record_agency_response",
        preset={"agency": "lado", "enquiry": "closed"}, bars=CLOSE,
        clause="KCSIE part 2, record keeping; WTSC",
    ),
    "actions-done": Requires(
        kind="cyberbullying", since=debriefed_with_an_action_due(LATER), step="complete_action",
        due=LATER, bars=CLOSE, clause="KCSIE part 2, record keeping",
    ),
    "investigation-completed": Requires(
        kind="cyberbullying", step="complete_investigation", modality="may", clause="casework default",
    ),
    "debrief-waits": Refuses(
        kind="cyberbullying", since=taking(("escalate", {"agency": "childrens_social_care"})), step="debrief",
        clause="WTSC; KCSIE part 4",
    ),
    "debrief-says-where-enquiries-stand": Refuses(
        kind="cyberbullying", since=taking(("escalate", {"agency": "prevent"})), step="debrief",
        clause="KCSIE part 2, record keeping",
    ),
    "debrief": Requires(
        kind="cyberbullying", since=taking("complete_investigation"), step="debrief", modality="may",
        due=TENTH_SCHOOL_DAY, clause="casework default",
    ),
    "debrief-after-escalation": Requires(
        kind="cyberbullying", since=taking("escalate", "complete_investigation"), step="debrief",
        due=TENTH_SCHOOL_DAY, bars=CLOSE, clause="casework default; KCSIE part 2, record keeping",
    ),
    "data-breach-regulator": Requires(
        kind="cyberbullying", opening={**ON_OUR_ACCOUNT, "content": (Content.PERSONAL_DATA,)},
        step="decide_data_breach", due="2026-10-25 08:00", told=("headteacher", "dpo"), bars=CLOSE,
        clause="DPA 2018, UK GDPR art. 33",
    ),
    "data-breach-head-decides": Refuses(
        kind="image_without_consent", opening=ON_OUR_ACCOUNT, step="decide_data_breach",
        fields={"by_head": False}, clause="DPA 2018",
    ),
    "family-wish-no-bar": Forbids(kind="cyberbullying", clause="WTSC; KCSIE part 1", word="family"),
}
# fmt: on
