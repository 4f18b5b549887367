"""The HTTP answers to errors of the domain, the storage and the views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from eventsourcing.persistence import OperationalError
from flask import Flask, Response
from sqlalchemy.exc import OperationalError as ViewOperationalError

from casework.domain.errors import AddressInUse, Forbidden, Invalid, KeyReused, NotFound, Refused, Stale
from casework.storage.keys import KeyDestroyed
from casework.storage.media import NotAllowed
from casework.storage.sealed_file import Corrupt
from casework.storage.vault import TooLarge
from casework.usecases.steps.together import StepFailed, TakesTwo
from casework_api.http.logs import log, outline, request_id
from casework_api.http.problems import (
    Problem,
    address_in_use,
    forbidden,
    key_reused,
    malformed,
    not_found,
    refused,
    stale,
    takes_two,
    too_large,
    unavailable,
    unsupported_media_type,
)
from casework_projections.views.catch_up import NotRebuildable, ViewNotCreated, ViewsBehind
from casework_projections.views.set_aside import ViewBroken

RETRY_AFTER_SECONDS: Final = 2
"""When a client may retry if the database was locked or a view was behind."""


def _refused(error: Refused) -> Problem:
    refusal = error.refusal
    more: dict[str, Any] = {"outstanding": list(refusal.outstanding)} if refusal.outstanding else {}
    if refusal.open:
        more["open"] = [msgspec.to_builtins(each) for each in refusal.open]
    return refused(refusal.rule, refusal.clause, refusal.reason, **more)


def _of_listed_step(error: StepFailed) -> Problem:
    """The problem of the step, which says which step of the list it was."""
    cause = error.cause
    if isinstance(cause, Invalid):
        found = cause.errors.items()
        cause = Invalid({path.replace("$", f"$[{error.index}]", 1): each for path, each in found})
    problem = _ANSWERS[type(cause)](cause)
    problem.extensions["failed"] = {"index": error.index, "step": error.step}
    return problem


def _erased(_: KeyDestroyed) -> Problem:
    return refused("erased", "UK GDPR art. 17", "It was erased; nothing more can be recorded.")


def _corrupt(_: Corrupt) -> Problem:
    return refused(
        "evidence-intact",
        "KCSIE part 2, record keeping",
        "The file is not the one that was saved: its bytes do not match their hash. It is not shown.",
    )


def _unavailable(error: Exception) -> Problem:
    log.error("database unavailable", request_id=str(request_id()), exception=outline(error))
    return unavailable(RETRY_AFTER_SECONDS)


def _behind(error: ViewsBehind) -> Problem:
    _log_view(error, ", ".join(error.names))
    return unavailable(RETRY_AFTER_SECONDS)


def _broken(error: ViewNotCreated | NotRebuildable | ViewBroken) -> Problem:
    """503 without `Retry-After`: the view is unavailable until it is created or rebuilt."""
    _log_view(error, error.view)
    return unavailable()


def _log_view(error: Exception, view: str) -> None:
    log.error("view unavailable", view=view, request_id=str(request_id()), exception=outline(error))


def _not_allowed(error: NotAllowed) -> Problem:
    problem = unsupported_media_type(["multipart/form-data"])
    problem.detail = str(error)
    return problem


_ANSWERS: Final[dict[type[Exception], Callable[[Any], Problem]]] = {
    Refused: _refused,
    Invalid: lambda error: malformed(error.errors),
    Forbidden: lambda error: forbidden(error.detail),
    NotFound: lambda _: not_found(),
    Stale: lambda error: stale(error.version),
    KeyReused: lambda _: key_reused(),
    AddressInUse: lambda _: address_in_use(),
    TakesTwo: lambda _: takes_two(),
    StepFailed: _of_listed_step,
    KeyDestroyed: _erased,
    Corrupt: _corrupt,
    NotAllowed: _not_allowed,
    TooLarge: lambda error: too_large(error.limit),
    OperationalError: _unavailable,
    ViewOperationalError: _unavailable,
    ViewsBehind: _behind,
    ViewNotCreated: _broken,
    NotRebuildable: _broken,
    ViewBroken: _broken,
}


def register_refusals(app: Flask) -> None:
    """Answer every error of the domain, the storage and the views with its problem."""
    for error_type, answer in _ANSWERS.items():

        def respond(error: Any, answer: Callable[[Any], Problem] = answer) -> Response:
            return answer(error).response()

        app.register_error_handler(error_type, respond)
