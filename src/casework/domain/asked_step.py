"""A step that was asked for but not taken, and the one text that it is stored as until the decision."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from casework.domain.fields import Partial, leaves
from casework.domain.incident import STEPS, Step, partial
from casework.domain.moments import Instant, standard
from casework.domain.sealed import Sealed


class AskedStep(msgspec.Struct, frozen=True):
    """A step that was asked for, unstamped. `at` is when it was done, if the user gave it."""

    step: Step
    at: Instant | None = None

    def same_but_for_texts(self, other: AskedStep) -> bool:
        """Whether `other` asks for the same thing: all fields are equal except texts."""
        return type(self.step) is type(other.step) and _unsealed(self.step) == _unsealed(other.step)


class _Form(msgspec.Struct, frozen=True):
    """The JSON form of an asked step: `state` contains its fields, in the shape of `version` of its class."""

    step: str
    version: int
    at: Instant | None
    state: Any


_read: Final = msgspec.json.Decoder(_Form).decode


def sealed_step(asked: AskedStep, under: UUID) -> Sealed:
    """The step with its name and all fields as one JSON text, sealed under the data key of `under`."""
    kind = type(asked.step)
    form = _Form(kind.name(), kind.VERSION, asked.at, asked.step)
    return Sealed(msgspec.json.encode(form, enc_hook=_plain, order="deterministic").decode(), under)


def opened_step(sealed: Sealed) -> AskedStep:
    """The step that `sealed_step` sealed, in the present shape of its class."""
    form = _read(sealed.text)
    kind, state = STEPS[form.step], form.state
    if form.version != kind.VERSION:
        state = kind.upcast(state, form.version)
    return AskedStep(msgspec.convert(state, kind, dec_hook=_sealed), form.at)


def _plain(value: Any) -> Any:
    if isinstance(value, Sealed):
        return value.text
    if isinstance(value, Partial):
        return partial.written(value)
    return standard(value)


def _sealed(kind: type, value: Any) -> Any:
    if kind is Sealed:
        return Sealed(value)
    if kind is Partial:
        return partial.read(value, _sealed)
    raise NotImplementedError(f"a step cannot hold a {kind.__name__}")


def _unsealed(step: Step) -> dict[str, Any]:
    return {leaf.path: leaf.value for leaf in leaves(step) if not isinstance(leaf.value, Sealed)}
