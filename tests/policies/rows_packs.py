"""What each rule of each pack changes, at a school that follows the pack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.domain.casefile import ALLEGED, PARENT, POSTER, TARGET
from tests.policies.rows import (
    ANOTHER_YEARS_CONSENT,
    BY_A_STRANGER,
    BY_STAFF,
    CIRCUMVENTED,
    CLOSE,
    DEBRIEF,
    DISCLOSED,
    FIFTH_SCHOOL_DAY,
    FIFTH_WORKING_DAY,
    GROOMING,
    HATE,
    NEXT_SCHOOL_DAY,
    NEXT_WORKING_DAY,
    OF_STAFF,
    OUT_OF_SCHOOL,
    REFUSED,
    SAME_DAY,
    SAYS_NO_BREACH,
    SECOND_SCHOOL_DAY,
    TENTH_SCHOOL_DAY,
    Forbids,
    Refuses,
    Requires,
    Row,
    taking,
)

# fmt: off
PACK_ROWS: Final[Mapping[str, Row]] = {
    "headcorn-contact-classify": Requires(
        kind="unsolicited_contact", step="classify_contact", due=NEXT_SCHOOL_DAY, told=("dsl",),
        bars=DEBRIEF, clause="002 §4.2",
    ),
    "headcorn-contact-declared-late": Refuses(
        kind="unsolicited_contact", step="classify_contact",
        fields={"declared_relationship": PARENT, "declared_before": False}, clause="002 §4.2",
    ),
    "headcorn-contact-advise": Requires(
        kind="unsolicited_contact", step="advise", preset={"about": "official_channel", "person": ALLEGED},
        due=NEXT_SCHOOL_DAY, bars=DEBRIEF, clause="002 §4.2, §6",
    ),
    "headcorn-bullying-parents": Requires(
        kind="cyberbullying", step="inform_parents", preset={"child": TARGET}, due=NEXT_SCHOOL_DAY,
        told=("parents",), bars=CLOSE, clause="002 §6",
    ),
    "headcorn-support-target": Requires(
        kind="cyberbullying", step="offer_support", preset={"person": TARGET}, bars=CLOSE, clause="002 §6",
    ),
    "headcorn-support-alleged": Requires(
        kind="cyberbullying", step="offer_support", preset={"person": ALLEGED}, bars=CLOSE, clause="002 §6",
    ),
    "headcorn-debrief": Requires(
        kind="cyberbullying", since=taking("complete_investigation"), step="debrief", due=TENTH_SCHOOL_DAY,
        bars=CLOSE, clause="002 §8",
    ),
    "headcorn-bullying-triage": Requires(
        kind="cyberbullying", step="triage", due=NEXT_WORKING_DAY, told=("dsl",), bars=DEBRIEF,
        clause="002 §3, §6",
    ),
    "headcorn-sexting-parents": Requires(
        kind="sexting", step="inform_parents", preset={"child": TARGET}, due=SAME_DAY,
        told=("parents",), bars=CLOSE, clause="002 §6",
    ),
    "headcorn-contact-parents": Requires(
        kind="unsolicited_contact", step="inform_parents", preset={"child": ALLEGED}, due=FIFTH_SCHOOL_DAY,
        told=("parents",), bars=CLOSE, clause="002 §6",
    ),
    "headcorn-underage-parents": Requires(
        kind="underage_use", step="inform_parents", preset={"child": TARGET}, due=FIFTH_SCHOOL_DAY,
        told=("parents", "dsl"), bars=CLOSE, clause="002 §6",
    ),
    "headcorn-underage-education": Requires(
        kind="underage_use", step="advise", preset={"about": "safe_use", "person": TARGET}, bars=CLOSE,
        clause="002 §6",
    ),
    "headcorn-advise-personal-details": Requires(
        kind="cyberbullying", opening=DISCLOSED, step="advise",
        preset={"about": "safe_use", "person": TARGET}, modality="may", clause="002 §6",
    ),
    "headcorn-advise-known-contacts": Requires(
        kind="cyberbullying", opening=BY_A_STRANGER, step="advise",
        preset={"about": "safe_use", "person": TARGET}, modality="may", clause="002 §6",
    ),
    "headcorn-advise-never-alone": Requires(
        kind="cyberbullying", opening=GROOMING, step="advise",
        preset={"about": "safe_use", "person": TARGET}, modality="may", clause="002 §6",
    ),
    "headcorn-underage-no-account": Forbids(kind="underage_use", clause="002 §6", word="account"),
    "headcorn-image-consent": Requires(
        kind="image_without_consent", step="check_consent", preset={"person": TARGET}, due=NEXT_SCHOOL_DAY,
        bars=CLOSE, clause="002 §5",
    ),
    "headcorn-parent-post-invite": Requires(
        kind="parent_post", step="invite_parent", due=SECOND_SCHOOL_DAY, told=("slt",), bars=DEBRIEF,
        clause="002 §8",
    ),
    "headcorn-concern-breach": Requires(
        kind="staff_misuse", since=taking(SAYS_NO_BREACH), step="decide", due=FIFTH_WORKING_DAY,
        told=("headteacher",), bars=CLOSE, clause="002 §4",
    ),
    "headcorn-concern-context": Requires(
        kind="staff_misuse", step="triage", due=FIFTH_WORKING_DAY, told=("headteacher",), bars=CLOSE,
        clause="002 §4",
    ),
    "headcorn-advice": Requires(kind="cyberbullying", step="seek_advice", modality="may", clause="002 §8"),
    "headcorn-parent-post-triage": Requires(
        kind="parent_post", step="triage", due=NEXT_WORKING_DAY, told=("dsl", "headteacher"), bars=DEBRIEF,
        clause="002 §3, §5",
    ),
    "headcorn-legal": Requires(
        kind="cyberbullying", step="decide", preset={"topic": "legal_action"}, modality="may",
        clause="002 §6",
    ),
    "headcorn-content-ban": Requires(
        kind="inappropriate_content", step="ban_from_computing", modality="may", clause="002 §3",
    ),
    "hr-cooperative-contact-classify": Requires(
        kind="unsolicited_contact", step="classify_contact", due=NEXT_SCHOOL_DAY,
        told=("headteacher", "slt"), bars=DEBRIEF, clause="003 §3",
    ),
    "hr-cooperative-contact-advise": Requires(
        kind="unsolicited_contact", step="advise", preset={"about": "official_channel", "person": ALLEGED},
        due=NEXT_SCHOOL_DAY, bars=DEBRIEF, clause="003 §3",
    ),
    "hr-cooperative-concern-breach": Requires(
        kind="staff_misuse", since=taking(SAYS_NO_BREACH), step="decide", due=FIFTH_WORKING_DAY,
        told=("headteacher",), bars=CLOSE, clause="003 §6",
    ),
    "hr-cooperative-concern-context": Requires(
        kind="staff_misuse", step="triage", due=FIFTH_WORKING_DAY, told=("headteacher", "line_manager"),
        bars=CLOSE, clause="003 §5",
    ),
    "hr-cooperative-image-triage": Requires(
        kind="image_without_consent", step="triage", due=NEXT_WORKING_DAY, told=("headteacher", "dpo"),
        bars=CLOSE, clause="003 §3",
    ),
    "st-thomas-bullying-evidence": Requires(
        kind="cyberbullying", step="save_evidence", due=NEXT_SCHOOL_DAY, bars=DEBRIEF, clause="004 §8.5",
    ),
    "st-thomas-bullying-police": Requires(
        kind="cyberbullying", opening=HATE, step="consider_police", modality="consider",
        due=NEXT_WORKING_DAY, bars=DEBRIEF, clause="004 §8.8",
    ),
    "st-thomas-bullying-of-staff-police": Requires(
        kind="cyberbullying", opening=OF_STAFF, step="consider_police", modality="consider", due=SAME_DAY,
        told=("slt", "police"), bars=DEBRIEF, clause="004 §8.4",
    ),
    "st-thomas-out-of-school-parents": Requires(
        kind="cyberbullying", since=taking(OUT_OF_SCHOOL), step="inform_parents", preset={"child": TARGET},
        due=NEXT_SCHOOL_DAY, told=("parents",), bars=CLOSE, clause="004 §8.3",
    ),
    "st-thomas-out-of-school-family": Requires(
        kind="cyberbullying", since=taking(OUT_OF_SCHOOL, "inform_parents"), step="family_decision",
        bars=CLOSE, clause="004 §8.3",
    ),
    "st-thomas-no-retaliation": Forbids(kind="cyberbullying", clause="004 §8.4", word="retaliate"),
    "st-thomas-contact-classify": Requires(
        kind="unsolicited_contact", step="classify_contact", due=NEXT_SCHOOL_DAY, told=("headteacher",),
        bars=DEBRIEF, clause="004 §5.4, §6.3",
    ),
    "st-thomas-contact-advise": Requires(
        kind="unsolicited_contact", step="advise", preset={"about": "official_channel", "person": ALLEGED},
        due=NEXT_SCHOOL_DAY, bars=DEBRIEF, clause="004 §5.3, §6.3",
    ),
    "st-thomas-contact-staff-to-pupil": Requires(
        kind="unsolicited_contact", opening=BY_STAFF, step="decide_threshold", due=SAME_DAY,
        told=("headteacher", "chair_of_governors"), bars=DEBRIEF, clause="004 §6.4",
    ),
    "st-thomas-sexting-police": Requires(
        kind="sexting", step="escalate", preset={"agency": "police"}, due=SAME_DAY, told=("police",),
        bars=DEBRIEF, clause="004 §9.1",
    ),
    "st-thomas-sexting-parents": Requires(
        kind="sexting", step="inform_parents", preset={"child": TARGET}, due=SAME_DAY,
        told=("parents",), bars=CLOSE, clause="004 §9.1",
    ),
    "st-thomas-sexting-involvement": Requires(
        kind="sexting", step="establish_involvement", due=SAME_DAY, bars=DEBRIEF, clause="004 §9.2",
    ),
    "st-thomas-parent-post-triage": Requires(
        kind="parent_post", step="triage", due=NEXT_WORKING_DAY, told=("slt",), bars=DEBRIEF,
        clause="004 §8.6",
    ),
    "st-thomas-parent-post-evidence": Requires(
        kind="parent_post", step="save_evidence", due=NEXT_SCHOOL_DAY, bars=DEBRIEF, clause="004 §8.5",
    ),
    "st-thomas-parent-post-invite": Requires(
        kind="parent_post", step="invite_parent", due=SECOND_SCHOOL_DAY, told=("slt",), bars=DEBRIEF,
        clause="004 §8.6",
    ),
    "st-thomas-parent-post-removal-asked": Requires(
        kind="parent_post", since=taking("invite_parent", "record_meeting"), step="request_removal",
        due=NEXT_SCHOOL_DAY, bars=DEBRIEF, clause="004 §8.6",
    ),
    "st-thomas-parent-post-refused": Requires(
        kind="parent_post", since=taking("request_removal", REFUSED), step="decide",
        preset={"topic": "removal_refused"}, due=FIFTH_SCHOOL_DAY, bars=DEBRIEF, clause="004 §8.7",
    ),
    "st-thomas-parent-post-police": Requires(
        kind="parent_post", opening=HATE, step="consider_police", modality="consider", due=NEXT_WORKING_DAY,
        bars=DEBRIEF, clause="004 §8.8",
    ),
    "st-thomas-parent-post-of-staff-police": Requires(
        kind="parent_post", step="consider_police", modality="consider", due=SAME_DAY,
        told=("slt", "police"), bars=DEBRIEF, clause="004 §8.4",
    ),
    "st-thomas-parent-post-with-slt": Refuses(
        kind="parent_post", step="record_meeting", fields={"outcome": "attended", "with_senior": False},
        clause="004 §8.6",
    ),
    "st-thomas-parent-post-no-reply": Forbids(kind="parent_post", clause="004 §8.4", word="respond"),
    "st-thomas-underage-age": Requires(
        kind="underage_use", step="check_age", preset={"person": TARGET}, due=NEXT_SCHOOL_DAY, bars=CLOSE,
        clause="004 §6.7",
    ),
    "st-thomas-image-triage": Requires(
        kind="image_without_consent", step="triage", due=NEXT_WORKING_DAY, told=("headteacher", "dpo"),
        bars=CLOSE, clause="004 §5.8, §6.6",
    ),
    "st-thomas-content-triage": Requires(
        kind="inappropriate_content", step="triage", due=NEXT_WORKING_DAY, told=("dsl",), bars=CLOSE,
        clause="004 §6.8",
    ),
    "st-thomas-content-block-asked": Requires(
        kind="inappropriate_content", step="request_block", due=SAME_DAY, told=("it",), bars=CLOSE,
        clause="004 §7.3",
    ),
    "st-thomas-content-ban": Requires(
        kind="inappropriate_content", since=taking(CIRCUMVENTED), step="ban_from_computing", bars=CLOSE,
        clause="004 §7.2",
    ),
    "st-thomas-concern-breach": Requires(
        kind="staff_misuse", since=taking(SAYS_NO_BREACH), step="decide", due=FIFTH_WORKING_DAY,
        told=("headteacher",), bars=CLOSE, clause="004 §5.10, §5.11",
    ),
    "st-thomas-concern-context": Requires(
        kind="staff_misuse", step="triage", due=FIFTH_WORKING_DAY, told=("headteacher",), bars=CLOSE,
        clause="004 §5.10, §5.11",
    ),
    "st-thomas-parent-post-provider": Requires(
        kind="parent_post", since=taking("request_removal", REFUSED), step="escalate",
        preset={"agency": "isp"}, modality="may", told=("isp",), clause="004 §8.7",
    ),
    "st-thomas-sexting-search": Requires(
        kind="sexting", step="record_search", modality="may", clause="004 §9.3; DfE searching",
    ),
    "todwick-sanction-ground": Refuses(
        kind="cyberbullying", since=taking(OUT_OF_SCHOOL), step="apply_sanction", fields={"person": ALLEGED},
        clause="001 D",
    ),
    "todwick-ban-ground": Refuses(
        kind="inappropriate_content", since=taking(OUT_OF_SCHOOL), step="ban_from_computing", clause="001 D",
    ),
    "todwick-bullying-triage": Requires(
        kind="cyberbullying", step="triage", due=NEXT_WORKING_DAY, told=("dsl", "slt"), bars=DEBRIEF,
        clause="001 D",
    ),
    "todwick-bullying-legal": Requires(
        kind="cyberbullying", step="decide", preset={"topic": "legal_action"}, modality="may",
        clause="001 D",
    ),
    "todwick-parent-post-reminder": Requires(
        kind="parent_post", step="advise", preset={"about": "official_channel", "person": POSTER},
        modality="may", clause="001 C",
    ),
    "todwick-parent-post-triage": Requires(
        kind="parent_post", step="triage", due=NEXT_WORKING_DAY, told=("slt",), bars=DEBRIEF, clause="001 C",
    ),
    "todwick-parent-post-invite": Requires(
        kind="parent_post", step="invite_parent", due=SECOND_SCHOOL_DAY, told=("slt",), bars=DEBRIEF,
        clause="001 C",
    ),
    "todwick-parent-post-legal": Requires(
        kind="parent_post", since=taking("request_removal", REFUSED), step="decide",
        preset={"topic": "legal_action"}, modality="consider", told=("governors",), bars=DEBRIEF,
        clause="001 D",
    ),
    "todwick-underage-age": Requires(
        kind="underage_use", step="check_age", preset={"person": TARGET}, due=NEXT_SCHOOL_DAY, bars=CLOSE,
        clause="001 B",
    ),
    "todwick-image-consent-of-another-year": Refuses(
        kind="image_without_consent", step="check_consent", fields=ANOTHER_YEARS_CONSENT, clause="001 A",
    ),
    "todwick-image-consent": Requires(
        kind="image_without_consent", step="check_consent", preset={"person": TARGET}, due=NEXT_SCHOOL_DAY,
        bars=CLOSE, clause="001 A",
    ),
    "todwick-concern-breach": Requires(
        kind="staff_misuse", since=taking(SAYS_NO_BREACH), step="decide", due=FIFTH_WORKING_DAY,
        told=("headteacher",), bars=CLOSE, clause="001 A",
    ),
    "todwick-image-takedown": Requires(
        kind="image_without_consent", step="request_removal", due=SAME_DAY, bars=CLOSE, clause="001 C",
    ),
    "todwick-image-takedown-verified": Requires(
        kind="image_without_consent", step="record_removal", preset={"outcome": "removed"}, bars=CLOSE,
        clause="001 C",
    ),
    "todwick-concern-context": Requires(
        kind="staff_misuse", step="triage", due=FIFTH_WORKING_DAY, told=("headteacher",), bars=CLOSE,
        clause="001 A",
    ),
    "todwick-image-triage": Requires(
        kind="image_without_consent", step="triage", due=NEXT_WORKING_DAY, told=("headteacher", "dpo"),
        bars=CLOSE, clause="001 A; 001 C",
    ),
    "tow-law-bullying-triage": Requires(
        kind="cyberbullying", step="triage", due=NEXT_WORKING_DAY, told=("slt",), bars=DEBRIEF,
        clause="000 General use",
    ),
    "tow-law-bullying-parents": Requires(
        kind="cyberbullying", step="inform_parents", preset={"child": TARGET}, due=NEXT_SCHOOL_DAY,
        told=("parents",), bars=CLOSE, clause="000 Pupil use",
    ),
    "tow-law-contact-classify": Requires(
        kind="unsolicited_contact", step="classify_contact", due=NEXT_SCHOOL_DAY, told=("dsl",),
        bars=DEBRIEF, clause="000 Staff personal use",
    ),
    "tow-law-contact-declared-late": Refuses(
        kind="unsolicited_contact", step="classify_contact",
        fields={"declared_relationship": PARENT, "declared_before": False}, clause="000 Staff personal use",
    ),
    "tow-law-contact-advise": Requires(
        kind="unsolicited_contact", step="advise", preset={"about": "official_channel", "person": ALLEGED},
        due=NEXT_SCHOOL_DAY, bars=DEBRIEF, clause="000 Staff personal use",
    ),
    "tow-law-contact-parents": Requires(
        kind="unsolicited_contact", step="inform_parents", preset={"child": ALLEGED}, due=FIFTH_SCHOOL_DAY,
        told=("parents",), bars=CLOSE, clause="000 Pupil use",
    ),
    "tow-law-underage-parents": Requires(
        kind="underage_use", step="inform_parents", preset={"child": TARGET}, due=FIFTH_SCHOOL_DAY,
        told=("parents", "dsl"), bars=CLOSE, clause="000 Pupil use",
    ),
    "tow-law-underage-education": Requires(
        kind="underage_use", step="advise", preset={"about": "safe_use", "person": TARGET}, bars=CLOSE,
        clause="000 Pupil use",
    ),
    "tow-law-image-consent": Requires(
        kind="image_without_consent", step="check_consent", preset={"person": TARGET}, due=NEXT_SCHOOL_DAY,
        bars=CLOSE, clause="000 Official use",
    ),
    "tow-law-image-not-reposted": Forbids(
        kind="image_without_consent", clause="000 Official use", word="by name",
    ),
    "tow-law-concern-breach": Requires(
        kind="staff_misuse", since=taking(SAYS_NO_BREACH), step="decide", due=FIFTH_WORKING_DAY,
        told=("headteacher",), bars=CLOSE, clause="000 General use",
    ),
    "tow-law-concern-context": Requires(
        kind="staff_misuse", step="triage", due=FIFTH_WORKING_DAY, told=("slt", "headteacher"), bars=CLOSE,
        clause="000 General use",
    ),
    "tow-law-parent-post-triage": Requires(
        kind="parent_post", step="triage", due=NEXT_WORKING_DAY, told=("slt", "dsl"), bars=DEBRIEF,
        clause="000 General use; 000 Staff official use",
    ),
    "tow-law-parent-post-own-page": Requires(
        kind="parent_post", step="contain", modality="may", clause="000 Official use",
    ),
    "tow-law-official-page": Forbids(kind="parent_post", clause="000 Official use", word="like"),
    "tow-law-legal": Requires(
        kind="cyberbullying", step="decide", preset={"topic": "legal_action"}, modality="may",
        clause="000 General use",
    ),
    "tow-law-sexting-parents": Requires(
        kind="sexting", step="inform_parents", preset={"child": TARGET}, due=SAME_DAY,
        told=("parents",), bars=CLOSE, clause="000 Pupil use",
    ),
}
# fmt: on
