"""Steps about accounts, consent, filtering and school computers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from casework.domain.clocks import day_of
from casework.domain.fields import Code, Narrative, PartyId, Reason, ServerSet, Short
from casework.domain.incident.steps import Step
from casework.domain.limits import Between
from casework.domain.moments import LocalDate

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident

Age = Annotated[int, Between(0, 120)]


class CheckAge(Step, frozen=True, kw_only=True):
    """The age of a person on the day, and the minimum age of the platform.

    Casework sets `minimum_age` from the dated table, as in force on the day of the incident; None if the
    platform is not in the table.
    """

    TOPIC: ClassVar[str] = "incident.check_age"

    person: PartyId
    platform: Code
    age: Age
    minimum_age: Annotated[int | None, ServerSet()] = None


class CheckConsent(Step, frozen=True, kw_only=True):
    """Whether consent to an image of a person was in force when it was posted.

    Casework sets `given_in_school_year`: whether the consent was given in the school year of the posting.
    """

    TOPIC: ClassVar[str] = "incident.check_consent"

    person: PartyId
    in_force: bool
    consent_date: LocalDate | None = None
    given_in_school_year: Annotated[bool | None, ServerSet()] = None

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.consent_date is None:
            return {"$.consent_date": "is required if consent was in force"} if self.in_force else {}
        if self.consent_date > day_of(self.recorded_at):
            return {"$.consent_date": "is in the future"}
        if self.in_force and self.consent_date > day_of(incident.occurred_at):
            return {"$.consent_date": "is after the day of the posting, when consent had to be in force"}
        return {}


class Contain(Step, frozen=True, kw_only=True):
    """What was done at once so that nobody else sees the material.

    `circumvented`: whether someone got round the filter.
    """

    TOPIC: ClassVar[str] = "incident.contain"

    what: Narrative
    circumvented: bool = False


class RequestBlock(Step, frozen=True, kw_only=True):
    """The address of the material was sent to be blocked, without the name of a pupil."""

    TOPIC: ClassVar[str] = "incident.request_block"

    url: Short


class ConfirmBlock(Step, frozen=True, kw_only=True):
    """Whether the address is blocked, or why it cannot be."""

    TOPIC: ClassVar[str] = "incident.confirm_block"

    outcome: Short
    reason: Reason | None = None


class BanFromComputing(Step, frozen=True, kw_only=True):
    """A person may not use school computers from one day to another."""

    TOPIC: ClassVar[str] = "incident.ban_from_computing"

    person: PartyId
    from_: LocalDate = msgspec.field(name="from")
    until: LocalDate
    reason: Reason

    def faults(self, incident: Incident) -> dict[str, str]:
        return {"$.until": "is before from"} if self.until < self.from_ else {}


class WelfareCheck(Step, frozen=True, kw_only=True):
    """How a person is after what they saw, and whether a Prevent referral was considered."""

    TOPIC: ClassVar[str] = "incident.welfare_check"

    person: PartyId
    prevent_considered: bool
    outcome: Narrative


class DecideDataBreach(Step, frozen=True, kw_only=True):
    """Whether the regulator and the people concerned are notified of a breach (UK GDPR arts. 33 and 34).

    `advice` is that of the data protection officer. Casework sets `by_head`: whether the head decides, or
    nobody who acts as head may know of the case. Events of earlier releases do not say `notify_people`.
    """

    TOPIC: ClassVar[str] = "incident.decide_data_breach"
    REFERS: ClassVar[bool] = True

    notify_regulator: bool
    notify_people: bool | None = None
    reason: Reason
    advice: Narrative | None = None
    by_head: Annotated[bool, ServerSet()] = True

    def faults(self, incident: Incident) -> dict[str, str]:
        return {"$.notify_people": "is required"} if self.notify_people is None else {}
