"""The closed lists of words about adults whose conduct is looked at, and about what follows from it."""

from __future__ import annotations

from enum import StrEnum


class Departure(StrEnum):
    """How an alleged adult no longer works at the school, or that they would not, did they still."""

    REMOVED = "removed"
    LEFT = "left"
    WOULD_HAVE_BEEN_REMOVED = "would_have_been_removed"
