"""A pack: the policy of one school, as rules."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import msgspec

from casework.domain.moments import LocalDate
from casework.domain.playbook.rules import Rule, Source


class DeclarationRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who decides on a declared relationship: a lead and the head, `together` or either of them."""

    together: bool
    clause: str


class PastPupilRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """In contact with staff, a past pupil is a pupil."""

    clause: str


class ConcernRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who receives low-level concerns about adults: the head, or leads who record them for the head."""

    received_by: tuple[str, ...]
    clause: str


class Breach(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A clause of a policy that somebody can breach, and what it asks, in words."""

    clause: str
    title: str


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One school's policy: which rules it adds to the floor, and which defaults of the floor it replaces."""

    id: str
    version: str
    title: str
    adopted: LocalDate | None = None
    review_every_months: int
    sources: tuple[Source, ...]
    silent_on: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    declarations: DeclarationRule | None = None
    past_pupils: PastPupilRule | None = None
    low_level_concerns: ConcernRule | None = None
    breaches: tuple[Breach, ...] = ()
    rules: tuple[Rule, ...]

    @property
    def edition(self) -> str:
        return f"{self.id}@{self.version}"

    def review_due(self, reviewed_on: date | None = None) -> date | None:
        """The day by which the policy must be reviewed again, if the last review was on `reviewed_on`.

        None if the policy has no date and was never reviewed, so that a review is due now.
        """
        looked_at = [day for day in (self.adopted, reviewed_on) if day is not None]
        if not looked_at:
            return None
        last = max(looked_at)
        months = last.month - 1 + self.review_every_months
        year, month = last.year + months // 12, months % 12 + 1
        return date(year, month, min(last.day, monthrange(year, month)[1]))
