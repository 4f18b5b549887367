"""What in a case protects a child: whatever takes any of it back needs two people."""

from __future__ import annotations

from collections.abc import Hashable

from casework.domain.incident.agencies import Escalate
from casework.domain.incident.allegations import ConsultLado
from casework.domain.incident.contact import DecideThreshold
from casework.domain.incident.incident import Incident
from casework.domain.vocabulary import Answer


def takes_back_protection(before: Incident, after: Incident, *, no_longer_critical: bool) -> bool:
    """Whether a correction removes something that protects a child, or waives a duty again.

    The time of the report protects too: if it is later, so is everything that is due from it.
    """
    later = after.first_reported_at.timestamp() > before.first_reported_at.timestamp()
    lost = _protections(before) - _protections(after) or after.waived - before.waived
    return no_longer_critical or later or bool(lost)


def ends_protection(incident: Incident, other: Incident, *, no_longer_critical: bool) -> bool:
    """Whether something that protects a child ends if only `other` goes on: an enquiry or an action too."""
    return no_longer_critical or bool(incident.open_actions) or not _in_force(incident) <= _in_force(other)


def _in_force(incident: Incident) -> frozenset[Hashable]:
    """What protects a child in `incident`, as it can be compared with that of another incident."""
    protections = frozenset((what, of) for what, of, _ in _protections(incident))
    return protections.union(("enquiry", agency) for agency in incident.open_enquiries)


def _protections(incident: Incident) -> frozenset[tuple[str, Hashable, int]]:
    """Risks, a threshold that was met, referrals, and the wishes of agencies that somebody is not told.

    Each is what it is, of what, and the number of its step; 0 if one that replaces it is the same.
    """
    risks = (("risk", question, 0) for question, answer in incident.risk.items() if answer is not Answer.NO)
    met = (("threshold", None, step.number) for step in incident.taken(DecideThreshold) if step.met)
    referred = (("referral", step.agency.value, step.number) for step in incident.taken(Escalate))
    consulted = [*incident.taken(ConsultLado)]
    lado = (("referral", "lado", step.number) for step in consulted)
    held = [("hold", agency, 0) for agency in incident.parents_held_by]
    held += [("hold parents", "lado", 0) for step in consulted[-1:] if not step.may_tell_parents]
    held += [("hold subject", "lado", 0) for step in consulted[-1:] if not step.may_tell_subject]
    return frozenset((*risks, *met, *referred, *lado, *held))
