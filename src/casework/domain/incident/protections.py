"""What in a case protects a child: whatever takes any of it back needs two people."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Final
from uuid import UUID

from casework.domain.incident.agencies import Escalate
from casework.domain.incident.allegations import ConsultLado
from casework.domain.incident.amending import Reclassify
from casework.domain.incident.contact import DecideThreshold
from casework.domain.incident.incident import Incident
from casework.domain.incident.sharing import RecordMandatoryReport
from casework.domain.incident.subjects import SUBJECT_INVOLVEMENTS, adult_pupils_of
from casework.domain.incident.welfare import assessed
from casework.domain.vocabulary import Answer, Content, Stream

CriticalSince = Callable[[Incident], datetime | None]
"""Returns when an incident became critical, as its playbook says; None if it is not."""
SEXUAL: Final = frozenset({Content.SEXUAL, Content.INDECENT_IMAGE})
"""The content whose risks are referred and whose files are kept closed."""
_HARMFUL: Final = SEXUAL | {
    *(Content.THREATENING, Content.SELF_HARM, Content.EXTREMIST, Content.ADULT_CONTACT, Content.BLACKMAIL)
}
"""The content that says that a child may be at risk, so that the case is looked at the same day."""


def takes_back_protection(before: Incident, after: Incident, critical_since: CriticalSince) -> bool:
    """Whether a correction removes something that protects a child, or waives a duty again.

    The times from which the clocks run protect too: moving one later delays every duty that starts from it.
    """
    was_critical, is_critical = critical_since(before), critical_since(after)
    clocks = (
        (before.first_reported_at, after.first_reported_at),
        (before.risk_since, after.risk_since),
        (was_critical, is_critical),
        *_since_each_is_at_risk(before, after),
    )
    later = any(one and other and other.timestamp() > one.timestamp() for one, other in clocks)
    return bool(
        later
        or (was_critical and not is_critical)
        or _protections(before) - _protections(after)
        or after.waived - before.waived
        or _no_longer_children(before, after)
    )


def ends_protection(incident: Incident, other: Incident, critical_since: CriticalSince) -> bool:
    """Whether something that protects a child ends if only `other` goes on: an enquiry or an action too."""
    return bool(
        (critical_since(incident) and not critical_since(other))
        or incident.open_actions
        or _in_force(incident) - _in_force(other)
    )


def was_allegation(incident: Incident) -> bool:
    """Whether it is in the allegation stream, or was before its people, its kind or its report changed."""
    changes = (step for step in incident.timeline if step.CHANGES_PEOPLE or isinstance(step, Reclassify))
    return any(incident.until(step.number).stream is Stream.ALLEGATION for step in changes)


def _no_longer_children(before: Incident, after: Incident) -> frozenset[UUID]:
    """The pupils who were children on the day of the incident as it was, and are adults on that as it is."""
    return frozenset(before.children()) & frozenset(adult_pupils_of(after.people, SUBJECT_INVOLVEMENTS))


def _since_each_is_at_risk(
    before: Incident, after: Incident
) -> list[tuple[datetime | None, datetime | None]]:
    """By person assessed in both: since when they are at risk, or may be, in the one and in the other."""
    then, now = assessed(before), assessed(after)
    return [(then[person].since, now[person].since) for person in then.keys() & now.keys()]


def _in_force(incident: Incident) -> frozenset[Hashable]:
    """What protects a child in `incident`, as it can be compared with that of another incident."""
    protections = frozenset((what, of) for what, of, _ in _protections(incident))
    return protections.union(("enquiry", agency) for agency in incident.open_enquiries)


def _protections(incident: Incident) -> frozenset[tuple[str, Hashable, int]]:
    """Risks, harmful content, a threshold that was met, referrals, and agencies' wishes that somebody waits.

    Each is what it is, of what, and the number of its step; 0 if one that replaces it is the same.
    """
    risks: list[tuple[str, Hashable, int]]
    risks = [("risk", question, 0) for question, answer in incident.risk.items() if answer is not Answer.NO]
    risks += [("yes", question, 0) for question, answer in incident.risk.items() if answer is Answer.YES]
    welfare = assessed(incident).items()
    risks += [("welfare", person, 0) for person, each in welfare if each.answer is not Answer.NO]
    risks += [("welfare yes", person, 0) for person, each in welfare if each.answer is Answer.YES]
    risks += [("content", word.value, 0) for word in incident.content & _HARMFUL]
    met = (("threshold", None, step.number) for step in incident.taken(DecideThreshold) if step.met)
    referred = (("referral", step.agency.value, step.number) for step in incident.taken(Escalate))
    reported = incident.taken(RecordMandatoryReport)
    mandatory = (("mandatory report", str(step.person), step.number) for step in reported)
    consulted = [*incident.taken(ConsultLado)]
    lado = (("referral", "lado", step.number) for step in consulted)
    held = [("hold", agency, 0) for agency in incident.parents_held_by]
    held += [("hold parents", "lado", 0) for step in consulted[-1:] if not step.may_tell_parents]
    held += [("hold subject", "lado", 0) for step in consulted[-1:] if not step.may_tell_subject]
    return frozenset((*risks, *met, *referred, *mandatory, *lado, *held))
