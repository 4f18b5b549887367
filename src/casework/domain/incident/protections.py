"""What in a case protects a child: a correction that takes any of it back needs two people."""

from __future__ import annotations

from collections.abc import Hashable

from casework.domain.incident.agencies import Escalate
from casework.domain.incident.allegations import ConsultLado
from casework.domain.incident.contact import DecideThreshold
from casework.domain.incident.incident import Incident
from casework.domain.vocabulary import Answer


def takes_back_protection(before: Incident, after: Incident, *, no_longer_critical: bool) -> bool:
    """Whether a correction removes something that protects a child, or waives a duty again."""
    return no_longer_critical or bool(
        _protections(before) - _protections(after) or after.waived - before.waived
    )


def _protections(incident: Incident) -> frozenset[Hashable]:
    """Risks, a threshold that was met, referrals, and the wishes of agencies that parents are not told."""
    risks = (("risk", question) for question, answer in incident.risk.items() if answer is not Answer.NO)
    met = (("threshold", step.number) for step in incident.taken(DecideThreshold) if step.met)
    referred = (("referral", step.number, step.agency) for step in incident.taken(Escalate))
    consulted = (("referral", step.number, "lado") for step in incident.taken(ConsultLado))
    held = (("hold", agency) for agency in incident.parents_held_by)
    return frozenset((*risks, *met, *referred, *consulted, *held))
