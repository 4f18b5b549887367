"""The answer to a request that takes two people: nothing changed yet, and approval was requested."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec
from flask import url_for

from casework.domain.approval import Approval

TAKES_TWO: Final = "It takes two people, and the approval of a second person was requested."


class ApprovalRequired(msgspec.Struct, frozen=True):
    """The approval that was requested. Nothing changes until a second person approves."""

    approval: UUID


Required = tuple[ApprovalRequired, int, dict[str, str]]


def required(approval: Approval) -> Required:
    """The answer that names the approval and its address."""
    return ApprovalRequired(approval.id), 202, {"Location": where(approval.id)}


def where(approval: UUID) -> str:
    """The address of an approval."""
    return url_for("approvals.read", approval_id=approval)
