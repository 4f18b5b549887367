"""What users are notified of."""

from __future__ import annotations

from enum import StrEnum


class NoticeOf(StrEnum):
    """What a user is notified of."""

    APPOINTED = "appointed"
    INVITED = "invited"
    ENROLLED = "enrolled"
    LINKED = "linked"
    ABSENT = "absent"
    ABSENCE_ENDED = "absence_ended"
    LET_IN = "let_in"
    APPROVAL_ASKED = "approval_asked"
    CASE_WAITS = "case_waits"
    CASE_WAITS_FOR_DECISION = "case_waits_for_decision"
    NAME_TO_CLEAR = "name_to_clear"
    CASES_UNREAD = "cases_unread"
    USERS_UNLINKED = "users_unlinked"
    LINK_YOURSELF = "link_yourself"
