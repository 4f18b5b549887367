"""Steps as clients send them, read into the domain's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final
from uuid import UUID

import marshmallow as ma
import msgspec

from casework.domain.errors import Forbidden, Invalid
from casework.domain.event import unstamped
from casework.domain.fields import Partial
from casework.domain.incident import STEPS, Step
from casework.domain.moments import Instant
from casework.usecases.steps.together import ListedStep, StepFailed
from casework_api.http import current
from casework_api.http.fields import InputSchema, Moment
from casework_api.http.problems import errors_by_path
from casework_api.http.schema_of import schema_of

_FIELDS: Final = "fields"


class SentStep(msgspec.Struct, frozen=True):
    """A step that a client sent, unstamped. `at` is when it was done, if the client said so."""

    step: Step
    at: Instant | None


class _Corrected:
    """The classes of the steps of an incident, read when a correction first needs one."""

    def __init__(self, incident: UUID | None) -> None:
        self._incident = incident
        self._classes: tuple[type[Step], ...] | None = None

    def new_values(self, given: Mapping[str, Any], path: str) -> Partial | None:
        """The values that a correction gives for fields; None if nobody knows of which incident.

        Raises Invalid, or NotFound or Forbidden if the user may not correct steps of the incident.
        """
        if self._incident is None:
            return None
        if self._classes is None:
            taking = current.casework().incidents.taking
            self._classes = taking.classes_to_correct(current.context(), self._incident)
        number = given["corrects"]
        if not 1 <= number <= len(self._classes):
            raise Invalid.at(f"{path}.corrects", "is not the number of a step of this incident")
        return _new_values(self._classes[number - 1], given[_FIELDS], f"{path}.{_FIELDS}")


def sent_step(values: Mapping[str, Any], incident: UUID | None, path: str = "$") -> SentStep:
    """The step that `values`, loaded by `StepInput`, stand for; `path` is where it is in the body.

    Raises Invalid if it corrects fields of a step that are wrong; NotFound or Forbidden if the user may not
    correct steps of `incident`.
    """
    return _sent(values, _Corrected(incident), path)


def sent_steps(several: Iterable[Mapping[str, Any]], incident: UUID) -> tuple[ListedStep, ...]:
    """As `sent_step`, for the steps of a list. A step corrects only what was recorded before the list.

    Raises StepFailed for the first that is declined.
    """
    listed, corrected = [], _Corrected(incident)
    for index, values in enumerate(several):
        try:
            sent = _sent(values, corrected, "$")
        except (Invalid, Forbidden) as error:
            raise StepFailed(index, values["step"], error) from error
        listed.append(ListedStep(sent.step, sent.at))
    return tuple(listed)


def _sent(values: Mapping[str, Any], corrected: _Corrected, path: str) -> SentStep:
    given = {name: value for name, value in values.items() if name not in ("step", "at")}
    if given.get(_FIELDS) is not None:
        new_values = corrected.new_values(given, path)
        given[_FIELDS] = given[_FIELDS] if new_values is None else new_values
    return SentStep(unstamped(STEPS[values["step"]], **given), values.get("at"))


def _new_values(kind: type[Step], fields: Mapping[str, Any], path: str) -> Partial:
    try:
        return Partial(kind, _correctable(kind)().load(fields, partial=True))
    except ma.ValidationError as error:
        raise Invalid(errors_by_path(error.messages, path)) from None


@cache
def _correctable(kind: type[Step]) -> type[InputSchema]:
    """The fields of a step that can be corrected, and when it was done."""
    done = {"happened_at": Moment(data_key=kind.AT_FIELD.removeprefix("$."))}
    return schema_of(kind, exclude=kind.CORRECTABLE.fixed, extra=done, name=f"{kind.__name__}Correction")
