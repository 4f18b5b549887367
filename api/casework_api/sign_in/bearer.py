"""Authentication: every route of the API requires a valid token with the right scope."""

from __future__ import annotations

from typing import Final

from flask import Flask, request

from casework.domain.user import Scope
from casework_api.http import current
from casework_api.http.logs import set_user
from casework_api.http.problems import forbidden, unauthenticated

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


PUBLIC: Final = frozenset(
    {
        "openapi",
        "docs",
        "docs_asset",
        "health_live",
        "health_ready",
        "metrics",
        "calendar.feed",
        "enrolment.enrol",
    }
)
"""The endpoints that need no token. Every other endpoint does."""


_MAY_BE_IN_CONFIDENCE: Final = frozenset({"incidents.report", "approvals.ask"})
"""The endpoints where the user may be reporting in confidence, or may know the case only by such a report."""

_OF_A_CASE: Final = frozenset({"incident_id", "approval_id"})
"""The path parameters of requests about a case."""


def register_authentication(app: Flask) -> None:
    """Require a valid token with the right scope for every endpoint of `app` except the public ones."""

    def authenticate() -> None:
        if request.endpoint is None or request.endpoint in PUBLIC:
            return
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not bearer:
            raise unauthenticated()
        found = current.authenticate(bearer.strip())
        if found is None:
            raise unauthenticated(token_given=True)
        user, token = found
        current.sign_in(user, token)
        if not _may_be_in_confidence():
            set_user(user.id)
        needed = Scope.READ if request.method in SAFE_METHODS else Scope.WRITE
        if needed not in token.scopes:
            raise forbidden(f"The token lacks the scope {needed}")

    app.before_request(authenticate)


def _may_be_in_confidence() -> bool:
    """Whether the user may have reported the case in confidence.

    If so, the log line gets their id only when it is certain that they have not.
    """
    return request.endpoint in _MAY_BE_IN_CONFIDENCE or not _OF_A_CASE.isdisjoint(request.view_args or {})
