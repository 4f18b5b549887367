"""What the prohibitions about a parent who is alleged refuse and what they allow: one row per rule."""

from __future__ import annotations

from typing import Any, Final

from casework.domain.vocabulary import Category
from tests.domain.casefile import POSTER, TARGET, TEACHER, CaseFile
from tests.domain.forbidden import Forbidden
from tests.domain.situations import CHILD_POSTED_ABOUT, STAFF_ALLEGED

CLAUSE: Final = "WTSC; KCSIE part 1"
AS_PARENT: Final[dict[str, Any]] = {"parent": POSTER, "parent_alleged_as": (Category.PARENT,)}
AS_TEACHER: Final[dict[str, Any]] = {"parent": TEACHER, "parent_alleged_as": (Category.STAFF,)}
ANOTHER_PARENT: Final[dict[str, Any]] = {"parent_alleged_as": ()}


def social_care_agrees(case: CaseFile) -> CaseFile:
    case.take("escalate", agency="childrens_social_care")
    return case.take("record_agency_response", agency="childrens_social_care", hold_parents=False)


def lado_agrees_about_parents(case: CaseFile) -> CaseFile:
    return case.take("decide_threshold").take("consult_lado", may_tell_subject=False, may_tell_parents=True)


def lado_agrees(case: CaseFile) -> CaseFile:
    return case.take("decide_threshold").take("consult_lado", may_tell_subject=True, may_tell_parents=True)


def of_parent(step: str, **fields: Any) -> Forbidden:
    return Forbidden(
        clause=CLAUSE,
        step=step,
        kind="sexting",
        opening=CHILD_POSTED_ABOUT,
        fields=fields,
        allowed_after=social_care_agrees,
    )


def of_teacher(step: str, **fields: Any) -> Forbidden:
    return Forbidden(
        clause=CLAUSE,
        step=step,
        kind="sexting",
        opening=STAFF_ALLEGED,
        history=lado_agrees_about_parents,
        fields={**AS_TEACHER, **fields},
        allowed_after=lado_agrees,
    )


PARENT_ROWS: Final[dict[str, Forbidden]] = {
    "alleged-parent-not-told": of_parent("inform_parents", **AS_PARENT),
    "alleged-parent-not-invited": of_parent("invite_parent", **AS_PARENT),
    "alleged-parent-not-met": of_parent("record_meeting", outcome="attended", **AS_PARENT),
    "alleged-parent-not-asked": of_parent("family_decision", **AS_PARENT),
    "alleged-parent-decider-named": of_parent("family_decision", child=TARGET),
    "alleged-parent-no-advise": of_parent("advise", person=POSTER),
    "alleged-parent-no-offer-support": of_parent("offer_support", person=POSTER),
    "alleged-parent-no-apply-sanction": of_parent("apply_sanction", person=POSTER),
    "alleged-parent-no-record-account": of_parent("record_account", person=POSTER),
    "alleged-parent-no-ban-from-computing": of_parent("ban_from_computing", person=POSTER),
    "alleged-parent-no-establish-involvement": of_parent("establish_involvement", person=POSTER),
    "alleged-parent-no-record-deletion": of_parent("record_deletion", person=POSTER),
    "alleged-parent-no-tell": of_parent("tell", person=POSTER),
    "alleged-parent-not-asked-to-remove": of_parent("request_removal", addressee="person"),
    "alleged-adult-not-told-as-parent": of_teacher("inform_parents"),
    "alleged-adult-not-invited-as-parent": of_teacher("invite_parent"),
    "alleged-adult-not-met-as-parent": of_teacher("record_meeting", outcome="attended"),
    "alleged-adult-not-asked-as-parent": of_teacher("family_decision"),
}
