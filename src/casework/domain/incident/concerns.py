"""The concerns that may make an incident critical, by the names a floor uses."""

from __future__ import annotations

from typing import Final

from casework.domain.incident.imagery import RISK_QUESTIONS
from casework.domain.vocabulary import Content

CONCERNS: Final = frozenset(
    {
        "triage:critical",
        *(f"content:{content}" for content in Content),
        *(f"risk:{question}" for question in RISK_QUESTIONS),
    }
)
"""Every concern a step can raise, besides `kind:` followed by a kind of the floor."""
