"""Steps that involve the police, social care and other agencies, and their responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from casework.domain.fields import Reason, Short
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
        told = {agency.value for agency in incident.told_agencies}
        if any(incident.taken(ConsultLado)):
            told.add(Respondent.LADO.value)
        return {} if self.agency.value in told else {"$.agency": "was not told of this incident"}

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
