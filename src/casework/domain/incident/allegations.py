"""Steps about allegations and low-level concerns against adults who work at the school (KCSIE part 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar
from uuid import UUID

from casework.domain.adults import Departure
from casework.domain.clocks import day_of
from casework.domain.fields import IncidentId, Narrative, PartyId, Reason, ServerSet, Short, UserId
from casework.domain.incident.steps import Step
from casework.domain.moments import LocalDate
from casework.domain.vocabulary import AllegationOutcome, Respondent, State

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


class AppointCaseManager(Step, frozen=True, kw_only=True):
    """Who manages the case: the head; the chair of governors if it is about the head; else the next.

    Casework sets `user_is_subject`, whether the case is about them, and `user_is_witness`.
    """

    TOPIC: ClassVar[str] = "incident.appoint_case_manager"

    user: UserId
    user_is_subject: Annotated[bool, ServerSet()] = False
    user_is_witness: Annotated[bool, ServerSet()] = False

    def apply(self, incident: Incident) -> None:
        incident.case_manager = self.user
        incident.assign(self.user)


class ConsultLado(Step, frozen=True, kw_only=True):
    """What the local authority designated officer advised, and whom the school may inform.

    Casework sets `left`: the alleged people who had left the school by then.
    """

    TOPIC: ClassVar[str] = "incident.consult_lado"
    REFERS: ClassVar[bool] = True
    MILESTONE: ClassVar[State | None] = State.ESCALATED

    advice: Narrative
    may_tell_subject: bool
    may_tell_parents: bool
    reference: Short | None = None
    left: Annotated[tuple[UUID, ...], ServerSet()] = ()

    def apply(self, incident: Incident) -> None:
        incident.open_enquiries |= {Respondent.LADO.value}


class DecideSuspension(Step, frozen=True, kw_only=True):
    """Whether the adult is suspended, and which alternatives were considered."""

    TOPIC: ClassVar[str] = "incident.decide_suspension"

    suspend: bool
    alternatives: Narrative
    reason: Reason


class RecordDeparture(Step, frozen=True, kw_only=True):
    """The alleged adult was removed or left, or would have been removed had they still worked here.

    `on` is the day they went, if it is known.
    """

    TOPIC: ClassVar[str] = "incident.record_departure"

    person: PartyId
    how: Departure
    on: LocalDate | None = None

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.on is not None and self.on > day_of(self.happened_at):
            return {"$.on": "is in the future: record it when they have gone"}
        return {}


class TellSubject(Step, frozen=True, kw_only=True):
    """The adult was informed of the allegation."""

    TOPIC: ClassVar[str] = "incident.tell_subject"

    method: Short


class RecordAccount(Step, frozen=True, kw_only=True):
    """What the alleged adult or pupil says about it themselves, or that they would not or could not say."""

    TOPIC: ClassVar[str] = "incident.record_account"
    FOR_RECEIVERS: ClassVar[bool] = True

    person: PartyId
    account: Narrative


class DetermineOutcome(Step, frozen=True, kw_only=True):
    """The outcome of the allegation, with the rationale. `left` is as in `ConsultLado`."""

    TOPIC: ClassVar[str] = "incident.determine_outcome"

    outcome: AllegationOutcome
    rationale: Reason
    left: Annotated[tuple[UUID, ...], ServerSet()] = ()


class GiveOutcomeCopy(Step, frozen=True, kw_only=True):
    """The adult was given a copy of the record of the outcome."""

    TOPIC: ClassVar[str] = "incident.give_outcome_copy"

    to: Short


class DecideRegulatoryReferral(Step, frozen=True, kw_only=True):
    """Whether the adult is referred to the DBS and to the TRA, and why."""

    TOPIC: ClassVar[str] = "incident.decide_regulatory_referral"
    REFERS: ClassVar[bool] = True

    dbs: bool
    tra: bool
    reason: Reason


class CheckPattern(Step, frozen=True, kw_only=True):
    """Whether earlier concerns about the same adult, taken together, mean more than each alone."""

    TOPIC: ClassVar[str] = "incident.check_pattern"

    person: PartyId
    earlier: tuple[IncidentId, ...]
    conclusion: Reason
