"""The Incident aggregate and every step that can be taken about one."""

from casework.domain.incident import (
    agencies,
    allegations,
    amending,
    connecting,
    connections,
    contact,
    custody,
    evidence,
    families,
    imagery,
    outcomes,
    partial,
    recusal,
    reporting,
    sharing,
    technology,
    telling,
    welfare,
)
from casework.domain.incident.incident import Incident
from casework.domain.incident.steps import STEPS, Step

__all__ = [
    "STEPS",
    "Incident",
    "Step",
    "agencies",
    "allegations",
    "amending",
    "connecting",
    "connections",
    "contact",
    "custody",
    "evidence",
    "families",
    "imagery",
    "outcomes",
    "partial",
    "recusal",
    "reporting",
    "sharing",
    "technology",
    "telling",
    "welfare",
]
