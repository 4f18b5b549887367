"""`casework project` and `casework rebuild`: keep views up to date, and compute a view again."""

from __future__ import annotations

import signal
import threading
from typing import Final

import click

from casework.settings import Settings
from casework_api.commands.opening import opened
from casework_api.commands.progress import bar
from casework_api.composition import views_of
from casework_api.http.logs import log, outline
from casework_projections.views.catch_up import NotRebuildable, Views

_POLL_SECONDS: Final = 1.0


@click.command()
def project() -> None:
    """Keep the views up to date, so that no reader waits for them; stops on SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with opened(Settings.from_environment()) as app:
        views = views_of(app)
        while not stop.is_set():
            for name in views.names():
                _catch_up(views, name)
            stop.wait(_POLL_SECONDS)


@click.command()
@click.argument("view")
def rebuild(view: str) -> None:
    """Delete a view and compute it again from the log."""
    with opened(Settings.from_environment()) as app:
        views = views_of(app)
        if view not in views.names():
            raise click.BadParameter(f"must be one of {', '.join(views.names())}", param_hint="VIEW")
        try:
            with bar("events") as advance:
                views.rebuild(view, advance)
        except NotRebuildable as error:
            raise SystemExit(f"casework: {error}") from None
        aside = views.counts_aside().views.get(view, 0)
        if aside:
            click.echo(f"Events that the view could not apply and set aside: {aside}", err=True)


def _catch_up(views: Views, name: str) -> None:
    try:
        views.catch_up(name)
    except Exception as error:
        # One view that cannot be computed must not stop the others.
        log.error("view failed", view=name, exception=outline(error))
