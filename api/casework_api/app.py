"""The Flask application: the one place where its parts are put together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from typing import Any

import structlog
from flask import Flask

from casework.settings import Settings
from casework_api.clock import utc_now
from casework_api.http import current
from casework_api.http.blueprint import Blueprint
from casework_api.http.docs import make_api, register_docs
from casework_api.http.health import register_health
from casework_api.http.limits import register_body_limit, register_security_headers
from casework_api.http.logs import configure_logging, register_logs
from casework_api.http.metrics import register_metrics
from casework_api.http.problems import register_problems
from casework_api.http.refusals import register_refusals
from casework_api.http.set_aside import check_views, view_gauges
from casework_api.json.approvals.routes import blueprint as approvals
from casework_api.json.calendar.routes import blueprint as calendar
from casework_api.json.declarations.routes import blueprint as declarations
from casework_api.json.enrolment.routes import blueprint as enrolment
from casework_api.json.incidents.evidence import blueprint as incidents
from casework_api.json.people.routes import blueprint as people
from casework_api.json.playbooks.routes import blueprint as playbooks
from casework_api.json.reference.routes import incident_guidance, reference
from casework_api.json.reports.routes import incident_reports, school_reports
from casework_api.json.schools.routes import blueprint as schools
from casework_api.json.users.routes import blueprint as users
from casework_api.json.users.routes import me
from casework_api.sign_in.bearer import register_authentication

BASE = "/api/v1"
ABOUT = (
    "Cases of online harm at school: what was reported, what is due next and by which clause, what was done, "
    "and what was learnt."
)
BLUEPRINTS: tuple[Blueprint, ...] = (
    incidents,
    incident_reports,
    schools,
    school_reports,
    users,
    enrolment,
    me,
    people,
    declarations,
    playbooks,
    reference,
    incident_guidance,
    approvals,
    calendar,
)


class _Synchronous(Flask):
    """Flask checks whether each function that it calls is a coroutine; none of ours is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: Settings | None = None, clock: Callable[[], datetime] = utc_now) -> Flask:
    """The application, on the database that `settings` name (default: settings from the environment).

    It opens connections, so call it after a fork. `clock` is its only source of the current time.
    """
    app = make_routes()
    app.extensions[current.EXTENSION] = current.Services(settings or Settings.from_environment(), clock)
    return app


def make_routes() -> Flask:
    """The application with every route and limit, but without the `Services` that the routes use."""
    if not structlog.is_configured():
        configure_logging()
    app = _Synchronous(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    register_problems(app)
    register_refusals(app)
    register_logs(app)
    register_metrics(app, view_gauges)
    register_body_limit(app)
    register_security_headers(app)
    register_authentication(app)
    api = make_api(app, title="casework", version=version("casework"), description=ABOUT)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint, url_prefix=f"{BASE}{blueprint.url_prefix or ''}")
    register_docs(app, api)
    register_health(app, {"database": _database, "playbooks": _playbooks, "views": check_views})
    return app


def _database() -> None:
    current.services().app.log.check()


def _playbooks() -> None:
    current.library().kinds()
