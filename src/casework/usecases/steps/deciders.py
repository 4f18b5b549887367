"""Who else must decide on a step, so that nobody alone ends what protects a child or was agreed by two."""

from __future__ import annotations

import msgspec

from casework.domain.clocks import day_of
from casework.domain.incident import Incident
from casework.domain.incident.amending import Correct, Waive
from casework.domain.incident.connecting import CloseAsDuplicate
from casework.domain.incident.contact import DecideThreshold
from casework.domain.incident.protections import (
    ends_protection,
    takes_back_protection,
    was_allegation,
)
from casework.domain.incident.reporting import NamesOnePerson
from casework.domain.incident.steps import Step
from casework.domain.vocabulary import Category
from casework.usecases.steps.surroundings import Decider, Surroundings


def no_decider(_: Step, __: Surroundings) -> Decider | None:
    return None


def anybody_else(_: Step, __: Surroundings) -> Decider:
    return Decider()


def authoriser(step: Waive, _: Surroundings) -> Decider:
    return Decider(step.authorised_by, "$.authorised_by")


def not_met_by_two(step: DecideThreshold, around: Surroundings) -> Decider | None:
    """Nobody alone decides that a threshold is not met which was decided to be."""
    was_met = any(decision.met for decision in around.reported.taken(DecideThreshold))
    return Decider() if was_met and not step.met else None


def duplicate_by_two(step: CloseAsDuplicate, around: Surroundings) -> Decider | None:
    """Two people must close a case that was an allegation, asks for more, or is counted elsewhere."""
    incident, other = around.reported, around.found.get(step.of)
    if was_allegation(incident):
        return Decider()
    if not isinstance(other, Incident):
        return None
    critical_since = around.reported_case.playbook.critical_since
    ends = (
        _counted_as(incident, around) != _counted_as(other, around)
        or _ends_duty(incident, other, around)
        or ends_protection(incident, other, critical_since)
    )
    return Decider() if ends else None


def _counted_as(incident: Incident, around: Surroundings) -> tuple[str, object]:
    """The kind and the term among whose cases it is counted."""
    return incident.kind, around.school.calendar.term_on(day_of(incident.reported_at))


def _ends_duty(incident: Incident, other: Incident, around: Surroundings) -> bool:
    """Whether something is still to be done in `incident` that `other` does not ask for."""
    here, there = (around.library.playbook_of(each) for each in (incident, other))
    one_person = around.first_record
    return bool(here.undone_in(incident, one_person) - there.asked_in(other, one_person))


def corrected_by_two(step: Correct, around: Surroundings) -> Decider | None:
    """Another user decides if it takes back what protects a child, or changes what two people decided.

    A void of what two people decided takes two only if it takes back protection, or voids their correction.
    """
    incident = around.reported
    if not step.changes or step.faults(incident):
        return None
    before = incident.form_of(step.corrects)
    of_two = before is not None and before.approved_by is not None
    of_two = of_two and (not step.void or isinstance(before, Correct))
    critical_since = around.reported_case.playbook.critical_since
    after = _with(step, incident)
    # Who is staff, and so whether it is an allegation, follows from the day of the incident.
    moved = after.occurred_at != incident.occurred_at and was_allegation(incident)
    if (
        of_two
        or moved
        or _may_be_of_age(incident, after)
        or takes_back_protection(incident, after, critical_since)
    ):
        return Decider()
    # Also what the step did when it was taken, because a later step may hide it, and be corrected in turn.
    then = incident.until(step.corrects)
    return Decider() if takes_back_protection(then, _with(step, then), critical_since) else None


def _may_be_of_age(incident: Incident, after: Incident) -> bool:
    """Whether a child of the case who was named after the report may be an adult on the day it moves to."""
    if day_of(after.occurred_at) <= day_of(incident.occurred_at):
        return False
    named = (step for step in incident.standing if isinstance(step, NamesOnePerson))
    return any(step.category is Category.PUPIL and step.adult is False for step in named)


def _with(step: Correct, incident: Incident) -> Incident:
    return incident.after(msgspec.structs.replace(step, originator_version=incident.version + 1))
