"""What the law asks about passing on information: who reported abuse, and what is shared about a child."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from casework.domain.fields import AdultId, PartyId, Reason, Short
from casework.domain.incident.steps import Step
from casework.domain.vocabulary import Agency, Respondent, Role

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


class RecordMandatoryReport(Step, frozen=True, kw_only=True):
    """An adult who learnt of the sexual abuse of a child told the police or the local authority of it.

    `person` is who told them: a person or a user. The duty is that of each adult, so each has a record. The
    agency counts as told. It is no `escalate`: what the school itself refers stays a step of its own.
    """

    TOPIC: ClassVar[str] = "incident.record_mandatory_report"
    REFERS: ClassVar[bool] = True
    FOR_REPORTERS: ClassVar[bool] = True

    person: AdultId
    agency: Agency
    reference: Short | None = None

    def faults(self, incident: Incident) -> dict[str, str]:
        # The same whoever is named, so that it tells nothing of who reported.
        if self.role == Role.REPORTER and incident.confidential_reporter:
            return {
                "$.person": "would say who reported in confidence: record the referral with `escalate`, "
                "which does not"
            }
        return {}

    def apply(self, incident: Incident) -> None:
        # What a colleague reports to an agency that knows of it does not begin another enquiry.
        if self.agency not in incident.told_agencies:
            incident.told_agencies |= {self.agency}
            incident.open_enquiries |= {self.agency.value}


class DecideSharing(Step, frozen=True, kw_only=True):
    """A decision whether information about a child is shared with an agency, either way with a reason."""

    TOPIC: ClassVar[str] = "incident.decide_sharing"
    REFERS: ClassVar[bool] = True

    person: PartyId
    with_: Respondent = msgspec.field(name="with")
    share: bool
    reason: Reason
