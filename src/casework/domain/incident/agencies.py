"""Steps that involve the police, social care and other agencies, and their responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from casework.domain.fields import Narrative, Reason, Short
from casework.domain.incident.allegations import ConsultLado
from casework.domain.incident.steps import Step
from casework.domain.vocabulary import Agency, Enquiry, Respondent, State

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


class ConsiderPolice(Step, frozen=True, kw_only=True):
    """A decision whether to refer to the police, either way with a reason."""

    TOPIC: ClassVar[str] = "incident.consider_police"
    REFERS: ClassVar[bool] = True

    refer: bool
    reason: Reason


class Escalate(Step, frozen=True, kw_only=True):
    """An agency was informed. Police, CEOP, social care, health and Prevent escalate the incident.

    Anybody may refer a child, so whoever reported records a referral that they made themselves.
    """

    TOPIC: ClassVar[str] = "incident.escalate"
    REFERS: ClassVar[bool] = True
    FOR_REPORTERS: ClassVar[bool] = True

    agency: Agency
    reason: Reason
    reference: Short | None = None
    contact: Short | None = None

    def milestone(self) -> State | None:
        return State.ESCALATED if self.agency.is_milestone else None

    def apply(self, incident: Incident) -> None:
        incident.told_agencies |= {self.agency}
        incident.open_enquiries |= {self.agency.value}


def _untold(incident: Incident, agency: Respondent) -> dict[str, str]:
    """A fault if `agency` was never told of `incident`: then it can neither respond nor have decided."""
    told = {each.value for each in incident.told_agencies}
    if any(incident.taken(ConsultLado)):
        told.add(Respondent.LADO.value)
    return {} if agency.value in told else {"$.agency": "was not told of this incident"}


class RecordAgencyResponse(Step, frozen=True, kw_only=True):
    """The response of an agency, and whether its enquiry is still open.

    `hold_parents`: true if the agency asks the school not to inform the parents, false if it no longer
    does. If it is not given, what the agency asked before still applies.
    """

    TOPIC: ClassVar[str] = "incident.record_agency_response"

    agency: Respondent
    outcome: Short
    enquiry: Enquiry
    hold_parents: bool | None = None

    def faults(self, incident: Incident) -> dict[str, str]:
        return _untold(incident, self.agency)

    def apply(self, incident: Incident) -> None:
        agency = {self.agency.value}
        if self.enquiry is Enquiry.OPEN:
            incident.open_enquiries |= agency
        else:
            incident.open_enquiries -= agency
        if self.hold_parents is True:
            incident.parents_held_by |= agency
        elif self.hold_parents is False:
            incident.parents_held_by -= agency


class RecordChallenge(Step, frozen=True, kw_only=True):
    """The school disagreed with what an agency decided, said so to the agency, and with what outcome."""

    TOPIC: ClassVar[str] = "incident.record_challenge"

    agency: Respondent
    disagreement: Reason
    outcome: Narrative

    def faults(self, incident: Incident) -> dict[str, str]:
        return _untold(incident, self.agency)
