"""What casework corrects by itself when the time of an incident was corrected.

Some steps hold what follows from the day of the incident: the minimum age of a platform, the category that a
person had. It is worked out again, and recorded as corrections beside the one that moved the incident.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from casework.domain.case import Case
from casework.domain.errors import Refused
from casework.domain.event import event_of
from casework.domain.fields import Partial
from casework.domain.incident import Incident
from casework.domain.incident.amending import Correct
from casework.domain.incident.contact import ClassifyContact
from casework.domain.incident.reporting import IdentifyPerson, InvolvePerson
from casework.domain.incident.technology import CheckAge, CheckConsent
from casework.domain.person import Person
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Role
from casework.record import Record
from casework.record.identity import one_person
from casework.usecases.context import Context
from casework.usecases.named_ids import named_ids
from casework.usecases.steps.keeping import as_it_was
from casework.usecases.steps.outside import OUTSIDE
from casework.usecases.steps.surroundings import Surroundings

DATED: Final = (CheckAge, CheckConsent, InvolvePerson, IdentifyPerson, ClassifyContact)
"""The steps of which casework fills in something that follows from the day of the incident."""

_REASON: Final = "The time of the incident was corrected, and this follows from it."


def follow(record: Record, context: Context, case: Case, around: Surroundings, was: datetime) -> None:
    """Correct the steps of `case` that follow from when it happened, if that is no longer as it `was`.

    The correction that moved it is taken already; the caller commits both. Raises Refused if something would
    have to be done in a closed case.
    """
    incident = case.incident
    if incident.occurred_at == was:
        return
    dated = [step for step in incident.standing if isinstance(step, DATED)]
    ids = [leaf.value for step in dated for leaf, _ in named_ids(step)]
    found = record.load_many(ids) if ids else {}
    people = [key for key, each in found.items() if isinstance(each, Person)]
    parties = (party.person for party in incident.people)
    joined = one_person(record, {*people, *parties}) if dated else {}
    known = msgspec.structs.replace(around, case=case, found={**around.found, **found, **joined})
    before = incident.until(incident.version)
    for step in dated:
        filled = as_it_was(step, step, OUTSIDE[type(step)].complete(step, known))
        changed = {name: value for name, value in filled.items() if value != getattr(step, name)}
        if changed:
            incident.append(_correction(context, incident, step.number, Partial(type(step), changed)))
    moved = before.timeline[-1]
    if isinstance(moved, Correct) and incident.closed and case.playbook.opens_duty(before, incident):
        refusal = case.playbook.refusal(before, msgspec.structs.replace(moved, opens_duty=True))
        if refusal is not None:
            raise Refused(refusal)


def _correction(context: Context, incident: Incident, number: int, fields: Partial) -> Correct:
    role = Role(incident.timeline[-1].role)
    stamp = context.stamp(incident.id, incident.version + 1, role)
    return event_of(stamp, Correct, corrects=number, reason=Sealed(_REASON, incident.id), fields=fields)
