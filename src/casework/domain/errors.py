"""How the domain says no. Messages name a field or a rule and never repeat what was entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec


class Refusal(msgspec.Struct, frozen=True):
    """Why a step is refused: the rule, the clause it comes from, and what to do instead."""

    rule: str
    clause: str
    reason: str
    outstanding: tuple[str, ...] = ()


class Declined(Exception):
    """The domain says no. Nothing was stored."""


class Refused(Declined):
    """A step the playbook or the state of the incident does not allow."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"refused by {refusal.rule} ({refusal.clause})")
        self.refusal = refusal


class Invalid(Declined):
    """A command that is malformed; `errors` are messages by JSON path."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("invalid: " + ", ".join(errors))
        self.errors = {path: list(messages) for path, messages in errors.items()}

    @classmethod
    def at(cls, path: str, message: str) -> Invalid:
        return cls({path: [message]})

    @classmethod
    def of(cls, faults: Mapping[str, str]) -> Invalid:
        """One message by path."""
        return cls({path: [message] for path, message in faults.items()})


class SetUpError(Exception):
    """casework cannot start as it was set up; the message names the file or the setting."""


class Forbidden(Declined):
    """The actor holds no role that may do this."""


class NotFound(Declined):
    """There is no such thing, or none the actor may know of."""


class Stale(Declined):
    """The incident has moved on since the version the actor had in hand."""


class KeyReused(Declined):
    """The idempotency key was used before, for a request that asked something else."""
