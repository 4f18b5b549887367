"""The closed lists of words about the conduct of adults, and about what follows from a breach."""

from __future__ import annotations

from enum import StrEnum


class Departure(StrEnum):
    """How an alleged adult left, or that they would have been removed."""

    REMOVED = "removed"
    LEFT = "left"
    WOULD_HAVE_BEEN_REMOVED = "would_have_been_removed"


class Sanction(StrEnum):
    """What followed for the person a decision is about."""

    NONE = "none"
    ADVICE = "advice"
    TRAINING = "training"
    WARNING = "warning"
    WRITTEN_WARNING = "written_warning"
    FINAL_WARNING = "final_warning"
    DISMISSAL = "dismissal"
    ENGAGEMENT_ENDED = "engagement_ended"
    EXCLUSION = "exclusion"
    OTHER = "other"


class HandledUnder(StrEnum):
    """The policy of the school that a matter was handled under."""

    ANTI_BULLYING = "anti_bullying"
    BEHAVIOUR = "behaviour"
    ALLEGATIONS = "allegations"
    COMPLAINTS = "complaints"
