"""What each rule of the floor about pupils and parents changes, with a pack that has no rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casework.domain.sealed import Sealed
from tests.domain.casefile import ALLEGED, FILE, TARGET, TEACHER
from tests.domain.situations import BYSTANDER, EXTREMIST, OF_TEN, RECIPIENT
from tests.policies.rows import (
    ABOUT_A_CHILD,
    CLOSE,
    DEBRIEF,
    FIFTH_SCHOOL_DAY,
    FOUND_TO_BE_BULLYING,
    GROOMING,
    HATE,
    INDECENT,
    NEXT_SCHOOL_DAY,
    NEXT_WORKING_DAY,
    OF_STAFF,
    OLD_ENOUGH,
    ON_OUR_ACCOUNT,
    REFUSED,
    RISK_UNKNOWN,
    SAME_DAY,
    SECOND_SCHOOL_DAY,
    SEXUAL,
    Forbids,
    Refuses,
    Requires,
    Row,
    taking,
)

# fmt: off
FLOOR_ROWS: Final[Mapping[str, Row]] = {
    "sexting-no-imagery": Refuses(
        kind="sexting", step="save_evidence", fields={"form": "device_secured", "file": FILE},
        clause="UKCIS; Protection of Children Act 1978 s.1",
    ),
    "sexting-evidence-form": Refuses(
        kind="sexting", step="save_evidence", fields={"form": "link"},
        clause="UKCIS; Protection of Children Act 1978 s.1",
    ),
    "sexting-files-held": Refuses(
        kind="cyberbullying", since=taking(("save_evidence", {"file": FILE})), step="reclassify",
        fields={"kind": "sexting"}, clause="UKCIS; Protection of Children Act 1978 s.1",
    ),
    "no-file-once-nudes": Refuses(
        kind="sexting", since=taking(FOUND_TO_BE_BULLYING), step="save_evidence", fields={"file": FILE},
        clause="UKCIS; Protection of Children Act 1978 s.1",
    ),
    "no-file-of-an-indecent-image": Refuses(
        kind="cyberbullying", opening=INDECENT, step="save_evidence", fields={"file": FILE},
        clause="UKCIS; Protection of Children Act 1978 s.1",
    ),
    "no-file-said-to-be-indecent": Refuses(
        kind="cyberbullying", step="save_evidence", fields={"file": FILE, **INDECENT},
        clause="UKCIS; Protection of Children Act 1978 s.1",
    ),
    "no-opening-of-an-indecent-image": Refuses(
        kind="cyberbullying", since=taking(("save_evidence", {"file": FILE}), ("triage", INDECENT)),
        step="open_evidence", clause="UKCIS; Protection of Children Act 1978 s.1",
    ),
    "sexting-no-deletion-before-police": Refuses(
        kind="sexting", step="record_deletion", fields={"advised_by": "dsl"}, clause="UKCIS",
    ),
    "sexting-not-deleted-under-enquiry": Refuses(
        kind="sexting", since=taking("escalate"), step="record_deletion",
        fields={"advised_by": "childrens_social_care"}, clause="UKCIS",
    ),
    "sexting-last-child-withdrawn": Refuses(
        kind="sexting", step="withdraw_involvement", fields={"last_child": True},
        clause="UKCIS; KCSIE part 2, record keeping",
    ),
    "sexting-last-child-corrected": Refuses(
        kind="sexting", step="correct", fields={"last_child": True},
        clause="UKCIS; KCSIE part 2, record keeping",
    ),
    "sexting-risk-not-managed-in-school": Refuses(
        kind="sexting", since=taking(RISK_UNKNOWN), step="decide", fields={"topic": "managed_in_school"},
        clause="UKCIS; KCSIE part 5",
    ),
    "sexting-unassessed-not-managed-in-school": Refuses(
        kind="sexting", step="decide", fields={"topic": "managed_in_school"}, clause="UKCIS",
    ),
    "sexting-risk-not-kept-from-police": Refuses(
        kind="sexting", since=taking(RISK_UNKNOWN), step="consider_police", fields={"refer": False},
        clause="UKCIS; KCSIE part 5",
    ),
    "sexting-image-not-requested": Forbids(
        kind="sexting", clause="UKCIS; Protection of Children Act 1978 s.1", word="send",
    ),
    "sexting-no-labels": Refuses(
        kind="sexting", step="apply_sanction", fields={"person": TARGET}, clause="UKCIS; WTSC",
    ),
    "sexting-sanction-of-target-reasoned": Refuses(
        kind="sexting", opening={"people": ((TARGET, "target", "pupil"), (ALLEGED, "target", "pupil"))},
        since=taking(("establish_involvement", {"person": TARGET, "held": True, "passed_on": True})),
        step="apply_sanction", fields={"person": TARGET}, clause="UKCIS; WTSC",
    ),
    "sexting-no-child-an-offender": Refuses(
        kind="sexting", step="decide", fields={"decision": Sealed("The perpetrator was spoken to.")},
        clause="UKCIS; WTSC",
    ),
    "sexting-triage": Requires(
        kind="sexting", step="triage", due=SAME_DAY, told=("dsl",), bars=DEBRIEF,
        clause="UKCIS; KCSIE part 5",
    ),
    "sexting-evidence": Requires(
        kind="sexting", step="save_evidence", due=SAME_DAY, bars=DEBRIEF, clause="UKCIS; DfE searching",
    ),
    "sexting-no-copy": Requires(
        kind="sexting", step="attest_no_copy", due=SAME_DAY, bars=DEBRIEF, clause="UKCIS",
    ),
    "sexting-risk": Requires(
        kind="sexting", step="assess_risk", due=SAME_DAY, bars=DEBRIEF, clause="UKCIS; KCSIE part 5",
    ),
    "risk-to-police": Requires(
        kind="sexting", since=taking(RISK_UNKNOWN), step="escalate", preset={"agency": "police"},
        due=SAME_DAY, told=("police",), bars=DEBRIEF, clause="UKCIS; KCSIE part 5",
    ),
    "risk-to-social-care": Requires(
        kind="sexting", since=taking(RISK_UNKNOWN), step="escalate",
        preset={"agency": "childrens_social_care"}, due=SAME_DAY, told=("childrens_social_care",),
        bars=DEBRIEF, clause="UKCIS; KCSIE part 5",
    ),
    "sexual-content-risk-not-managed-in-school": Refuses(
        kind="cyberbullying", opening=SEXUAL, since=taking(RISK_UNKNOWN), step="decide",
        fields={"topic": "managed_in_school"}, clause="UKCIS; KCSIE part 5",
    ),
    "sexual-content-unassessed-not-managed-in-school": Refuses(
        kind="cyberbullying", opening=SEXUAL, step="decide", fields={"topic": "managed_in_school"},
        clause="UKCIS; KCSIE part 5",
    ),
    "sexual-content-risk-not-kept-from-police": Refuses(
        kind="cyberbullying", opening=SEXUAL, since=taking(RISK_UNKNOWN), step="consider_police",
        fields={"refer": False}, clause="UKCIS; KCSIE part 5",
    ),
    "sexual-content-risk": Requires(
        kind="cyberbullying", opening=SEXUAL, step="assess_risk", due=SAME_DAY, bars=DEBRIEF,
        clause="UKCIS; KCSIE part 5",
    ),
    "sexual-content-risk-to-police": Requires(
        kind="cyberbullying", opening=SEXUAL, since=taking(RISK_UNKNOWN), step="escalate",
        preset={"agency": "police"}, due=SAME_DAY, told=("police",), bars=DEBRIEF,
        clause="UKCIS; KCSIE part 5",
    ),
    "sexual-content-risk-to-social-care": Requires(
        kind="cyberbullying", opening=SEXUAL, since=taking(RISK_UNKNOWN), step="escalate",
        preset={"agency": "childrens_social_care"}, due=SAME_DAY, told=("childrens_social_care",),
        bars=DEBRIEF, clause="UKCIS; KCSIE part 5",
    ),
    "sexting-police": Requires(
        kind="sexting", step="consider_police", modality="consider", due=SAME_DAY, bars=DEBRIEF,
        clause="UKCIS",
    ),
    "sexting-under-13": Requires(
        kind="sexting", opening=OF_TEN, step="escalate", modality="consider", due=SAME_DAY,
        preset={"agency": "childrens_social_care"}, told=("childrens_social_care",), bars=DEBRIEF,
        clause="UKCIS; WTSC",
    ),
    "sexting-involvement": Requires(
        kind="sexting", step="establish_involvement", due=SAME_DAY, bars=CLOSE, clause="UKCIS",
    ),
    "sexting-takedown": Requires(
        kind="sexting", step="request_removal", due=SAME_DAY, bars=CLOSE, clause="UKCIS",
    ),
    "sexting-parents": Requires(
        kind="sexting", step="inform_parents", preset={"child": TARGET}, due=SAME_DAY,
        told=("parents",), bars=CLOSE, clause="UKCIS; KCSIE part 2, record keeping",
    ),
    "sexting-support-target": Requires(
        kind="sexting", step="offer_support", preset={"person": TARGET}, bars=CLOSE, clause="KCSIE part 5",
    ),
    "sexting-support-alleged": Requires(
        kind="sexting", step="offer_support", preset={"person": ALLEGED}, bars=CLOSE, clause="KCSIE part 5",
    ),
    "sexting-support-bystander": Requires(
        kind="sexting", opening=BYSTANDER, step="offer_support", preset={"person": RECIPIENT}, bars=CLOSE,
        clause="UKCIS; KCSIE part 5",
    ),
    "sexting-parents-of-bystander": Requires(
        kind="sexting", opening=BYSTANDER, step="inform_parents", preset={"child": RECIPIENT},
        modality="consider", bars=CLOSE, clause="UKCIS",
    ),
    "bullying-not-ceop": Refuses(
        kind="cyberbullying", step="escalate", fields={"agency": "ceop"}, clause="CEOP",
    ),
    "bullying-no-retaliation": Forbids(kind="cyberbullying", clause="casework default", word="retaliates"),
    "bullying-triage": Requires(
        kind="cyberbullying", step="triage", due=NEXT_WORKING_DAY, told=("dsl", "slt"), bars=DEBRIEF,
        clause="casework default; EIA 2006 s.89",
    ),
    "bullying-evidence": Requires(
        kind="cyberbullying", step="save_evidence", due=NEXT_SCHOOL_DAY, bars=DEBRIEF,
        clause="casework default",
    ),
    "bullying-police": Requires(
        kind="cyberbullying", opening=HATE, step="consider_police", modality="consider",
        due=NEXT_WORKING_DAY, bars=DEBRIEF, clause="KCSIE part 5",
    ),
    "bullying-of-staff-police": Requires(
        kind="cyberbullying", opening=OF_STAFF, step="consider_police", modality="consider", due=SAME_DAY,
        told=("slt", "police"), bars=DEBRIEF, clause="casework default",
    ),
    "bullying-support-target": Requires(
        kind="cyberbullying", step="offer_support", preset={"person": TARGET}, bars=CLOSE,
        clause="KCSIE part 5",
    ),
    "bullying-support-alleged": Requires(
        kind="cyberbullying", step="offer_support", preset={"person": ALLEGED}, bars=CLOSE,
        clause="KCSIE part 5",
    ),
    "bullying-parents": Requires(
        kind="cyberbullying", step="inform_parents", preset={"child": TARGET}, due=NEXT_SCHOOL_DAY,
        told=("parents",), bars=CLOSE, clause="casework default; KCSIE part 2, record keeping",
    ),
    "contact-recipient-not-suspect": Refuses(
        kind="unsolicited_contact", step="apply_sanction", fields={"person": TEACHER},
        clause="casework default",
    ),
    "contact-classify": Requires(
        kind="unsolicited_contact", step="classify_contact", due=NEXT_SCHOOL_DAY, told=("dsl",),
        bars=DEBRIEF, clause="casework default",
    ),
    "contact-replied": Requires(
        kind="unsolicited_contact", since=taking(("classify_contact", {"no_reply_attested": False})),
        step="decide_threshold", due=SAME_DAY, told=("headteacher",), bars=DEBRIEF, clause="KCSIE part 4",
    ),
    "contact-advise": Requires(
        kind="unsolicited_contact", step="advise", preset={"about": "official_channel", "person": ALLEGED},
        due=NEXT_SCHOOL_DAY, bars=DEBRIEF, clause="casework default",
    ),
    "contact-parents": Requires(
        kind="unsolicited_contact", step="inform_parents", preset={"child": ALLEGED}, due=FIFTH_SCHOOL_DAY,
        told=("parents",), bars=CLOSE, clause="KCSIE part 2, record keeping; casework default",
    ),
    "parent-post-child-not-sanctioned": Refuses(
        kind="parent_post", opening=ABOUT_A_CHILD, step="apply_sanction", fields={"person": TARGET},
        clause="casework default",
    ),
    "parent-post-no-reply": Forbids(kind="parent_post", clause="casework default", word="replies"),
    "parent-post-triage": Requires(
        kind="parent_post", step="triage", due=NEXT_WORKING_DAY, told=("slt",), bars=DEBRIEF,
        clause="casework default",
    ),
    "parent-post-evidence": Requires(
        kind="parent_post", step="save_evidence", due=NEXT_SCHOOL_DAY, bars=DEBRIEF,
        clause="casework default",
    ),
    "parent-post-invite": Requires(
        kind="parent_post", step="invite_parent", due=SECOND_SCHOOL_DAY, told=("slt",), bars=DEBRIEF,
        clause="casework default",
    ),
    "parent-post-removal-asked": Requires(
        kind="parent_post", since=taking("invite_parent", "record_meeting"), step="request_removal",
        due=NEXT_SCHOOL_DAY, bars=DEBRIEF, clause="casework default",
    ),
    "parent-post-removal-answered": Requires(
        kind="parent_post", since=taking("request_removal"), step="record_removal", due=FIFTH_SCHOOL_DAY,
        bars=DEBRIEF, clause="casework default",
    ),
    "parent-post-rechecked": Requires(
        kind="parent_post", since=taking("request_removal", "record_removal"), step="record_removal",
        modality="may", due=FIFTH_SCHOOL_DAY, clause="casework default",
    ),
    "parent-post-refused": Requires(
        kind="parent_post", since=taking("request_removal", REFUSED), step="decide",
        preset={"topic": "removal_refused"}, due=FIFTH_SCHOOL_DAY, bars=DEBRIEF, clause="casework default",
    ),
    "parent-post-police": Requires(
        kind="parent_post", opening=HATE, step="consider_police", modality="consider", due=NEXT_WORKING_DAY,
        bars=DEBRIEF, clause="KCSIE part 5",
    ),
    "parent-post-of-staff-police": Requires(
        kind="parent_post", step="consider_police", modality="consider", due=SAME_DAY,
        told=("slt", "police"), bars=DEBRIEF, clause="casework default",
    ),
    "parent-post-support": Requires(
        kind="parent_post", step="offer_support", preset={"person": TEACHER}, bars=CLOSE,
        clause="casework default",
    ),
    "parent-post-parents": Requires(
        kind="parent_post", opening=ABOUT_A_CHILD, step="inform_parents", preset={"child": TARGET},
        due=FIFTH_SCHOOL_DAY, told=("parents",), bars=CLOSE, clause="KCSIE part 2, record keeping",
    ),
    "underage-no-account": Forbids(kind="underage_use", clause="casework default", word="account"),
    "underage-not-ceop": Refuses(
        kind="underage_use", step="escalate", fields={"agency": "ceop"}, clause="CEOP",
    ),
    "underage-triage": Requires(
        kind="underage_use", step="triage", due=NEXT_WORKING_DAY, told=("dsl",), bars=CLOSE,
        clause="casework default",
    ),
    "underage-age": Requires(
        kind="underage_use", step="check_age", preset={"person": TARGET}, due=NEXT_SCHOOL_DAY, bars=CLOSE,
        clause="casework default",
    ),
    "underage-parents": Requires(
        kind="underage_use", step="inform_parents", preset={"child": TARGET}, due=FIFTH_SCHOOL_DAY,
        told=("parents", "dsl"), bars=CLOSE, clause="casework default; KCSIE part 2, record keeping",
    ),
    "underage-education": Requires(
        kind="underage_use", step="advise", preset={"about": "safe_use", "person": TARGET}, bars=CLOSE,
        clause="casework default; KCSIE part 2, online safety",
    ),
    "underage-education-critical": Requires(
        kind="underage_use", opening=GROOMING, since=taking(OLD_ENOUGH), step="advise",
        preset={"about": "safe_use", "person": TARGET}, bars=CLOSE, clause="KCSIE part 2, online safety",
    ),
    "image-not-reposted": Forbids(kind="image_without_consent", clause="DPA 2018", word="again"),
    "image-triage": Requires(
        kind="image_without_consent", step="triage", due=NEXT_WORKING_DAY, told=("headteacher", "dpo"),
        bars=CLOSE, clause="casework default",
    ),
    "image-consent": Requires(
        kind="image_without_consent", step="check_consent", preset={"person": TARGET}, due=NEXT_SCHOOL_DAY,
        bars=CLOSE, clause="DPA 2018",
    ),
    "image-takedown": Requires(
        kind="image_without_consent", step="request_removal", due=SAME_DAY, bars=CLOSE,
        clause="casework default; DPA 2018",
    ),
    "image-takedown-verified": Requires(
        kind="image_without_consent", step="record_removal", preset={"outcome": "removed"}, bars=CLOSE,
        clause="casework default",
    ),
    "image-regulator": Requires(
        kind="image_without_consent", opening=ON_OUR_ACCOUNT, step="decide_data_breach",
        due="2026-10-25 08:00", told=("headteacher", "dpo"),
        bars=CLOSE, clause="DPA 2018, UK GDPR art. 33",
    ),
    "image-parents": Requires(
        kind="image_without_consent", step="inform_parents", preset={"child": TARGET}, due=NEXT_SCHOOL_DAY,
        told=("parents",), bars=CLOSE, clause="casework default; KCSIE part 2, record keeping",
    ),
    "content-not-stored": Refuses(
        kind="inappropriate_content", step="save_evidence", fields={"file": FILE},
        clause="KCSIE part 2, online safety",
    ),
    "content-triage": Requires(
        kind="inappropriate_content", step="triage", due=NEXT_WORKING_DAY, told=("dsl",), bars=CLOSE,
        clause="casework default",
    ),
    "content-contain": Requires(
        kind="inappropriate_content", step="contain", due=SAME_DAY, told=("dsl",), bars=DEBRIEF,
        clause="KCSIE part 2, online safety",
    ),
    "content-block-asked": Requires(
        kind="inappropriate_content", step="request_block", due=SAME_DAY, told=("it",), bars=CLOSE,
        clause="KCSIE part 2, online safety",
    ),
    "content-block-confirmed": Requires(
        kind="inappropriate_content", since=taking("request_block"), step="confirm_block",
        due=NEXT_WORKING_DAY, told=("it",), bars=CLOSE,
        clause="casework default; KCSIE part 2, online safety",
    ),
    "content-welfare": Requires(
        kind="inappropriate_content", step="welfare_check", preset={"person": TARGET}, due=NEXT_WORKING_DAY,
        bars=CLOSE, clause="KCSIE part 2, online safety; Prevent duty",
    ),
    "content-welfare-prevent": Requires(
        kind="inappropriate_content", opening=EXTREMIST, step="welfare_check",
        preset={"person": TARGET, "prevent_considered": True}, due=NEXT_WORKING_DAY, bars=CLOSE,
        clause="Prevent duty",
    ),
    "content-parents": Requires(
        kind="inappropriate_content", step="inform_parents", preset={"child": TARGET}, due=FIFTH_SCHOOL_DAY,
        told=("parents",), bars=CLOSE, clause="KCSIE part 2, record keeping; casework default",
    ),
}
# fmt: on
