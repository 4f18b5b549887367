"""The errors of the domain. Messages name a field or a rule and never repeat what was entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec


class OpenStep(msgspec.Struct, frozen=True):
    """A step that would have to be taken first, with values of its fields by their names in the API."""

    step: str
    preset: dict[str, Any]


class Refusal(msgspec.Struct, frozen=True):
    """Why a step is refused: the rule, its clause, the reason, and the ids of rules still outstanding.

    `open` are the steps that would have to be taken first, if they are known.
    """

    rule: str
    clause: str
    reason: str
    outstanding: tuple[str, ...] = ()
    open: tuple[OpenStep, ...] = ()


class Declined(Exception):
    """The domain refused a command. Nothing was stored."""


class Refused(Declined):
    """The playbook or the state of the incident does not allow the step."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"refused by {refusal.rule} ({refusal.clause})")
        self.refusal = refusal


class Invalid(Declined):
    """The command is malformed; `errors` holds messages by JSON path."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("invalid: " + ", ".join(errors))
        self.errors = {path: list(messages) for path, messages in errors.items()}

    @classmethod
    def at(cls, path: str, message: str) -> Invalid:
        return cls({path: [message]})

    @classmethod
    def of(cls, faults: Mapping[str, str]) -> Invalid:
        """The error for one message per path."""
        return cls({path: [message] for path, message in faults.items()})


class SetUpError(Exception):
    """casework cannot start with its settings or files; the message names the file or the setting."""


class Forbidden(Declined):
    """The actor may not do this. `detail` says why, if the reason is not only their role."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or "")
        self.detail = detail


class NotFound(Declined):
    """There is no such thing, or the actor may not see it."""


class Stale(Declined):
    """The aggregate changed since the version that the actor read; `version` is the one they may know."""

    def __init__(self, version: int) -> None:
        super().__init__(f"now at version {version}")
        self.version = version


class AddressInUse(Declined):
    """Another user has the e-mail address."""


class PossibleDuplicate(Declined):
    """A person to register could be one of `candidates`, records that the actor may know."""

    def __init__(self, candidates: Sequence[UUID]) -> None:
        super().__init__("")
        self.candidates = tuple(candidates)


class KeyReused(Declined):
    """The idempotency key was used before, for a different request."""


def refuse_any(faults: Mapping[str, str]) -> None:
    """Raise Invalid if there are `faults`: one message per path."""
    if faults:
        raise Invalid.of(faults)
