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


def sent_step(values: Mapping[str, Any], incident: UUID | None, path: str = "$") -> SentStep:
    """The step that `values`, loaded by `StepInput`, stand for; `path` is where it is in the body.

    Raises Invalid if it corrects fields of a step that are wrong; NotFound or Forbidden if the user may not
    correct steps of `incident`.
    """
    given = {name: value for name, value in values.items() if name not in ("step", "at")}
    if incident is not None and given.get(_FIELDS) is not None:
        taking = current.casework().incidents.taking
        kind = taking.step_to_correct(current.context(), incident, given["corrects"], f"{path}.corrects")
        given[_FIELDS] = _new_values(kind, given[_FIELDS], f"{path}.{_FIELDS}")
    return SentStep(unstamped(STEPS[values["step"]], **given), values.get("at"))


def sent_steps(several: Iterable[Mapping[str, Any]], incident: UUID) -> tuple[ListedStep, ...]:
    """As `sent_step`, for the steps of a list. A step corrects only what was recorded before the list.

    Raises StepFailed for the first that is declined.
    """
    listed = []
    for index, values in enumerate(several):
        try:
            sent = sent_step(values, incident)
        except (Invalid, Forbidden) as error:
            raise StepFailed(index, values["step"], error) from error
        listed.append(ListedStep(sent.step, sent.at))
    return tuple(listed)


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
