"""The command line: set up, serve, keep the views warm, show a demonstration."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from casework.domain.clocks import LONDON
from casework.domain.sealed import Sealed
from casework.playbooks import PlaybookError
from casework.services.command import Command
from casework.settings import Settings
from casework.storage.database import DatabaseUrlError
from casework.storage.keys import MasterKeyError
from casework_api.calendar.routes import reference
from casework_api.current import utc_now
from casework_api.demo.story import Demo, tell
from casework_api.logs import configure_logging, log, outline
from casework_api.opening import opened, prepare
from casework_api.playbook_cli import playbook
from casework_api.server import serve as serve_app
from casework_projections.unrestricted import every_deadline
from casework_projections.views import Views

_POLL_SECONDS: Final = 1.0
_DEMO_FOLDER: Final = Path("var/demo")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Case management for what goes wrong online at school."""


@cli.command()
@click.option("--admin-name", help="The first administrator's name.")
@click.option("--admin-email", help="The first administrator's e-mail address.")
def init(admin_name: str | None, admin_email: str | None) -> None:
    """Make the keys and the tables; with a name and an address, the first administrator too.

    Prints {"user": id, "token": "cw_…"} for the administrator. It may be repeated: what is there stays.
    """
    if (admin_name is None) != (admin_email is None):
        raise click.UsageError("--admin-name and --admin-email go together")
    settings = Settings.from_environment()
    prepare(settings)
    if admin_name and admin_email:
        with opened(settings) as app:
            command = Command(user=None, now=utc_now())
            told = {"name": Sealed(admin_name), "email": Sealed(admin_email)}
            admin = app.users.register(command, told, administrator=True)
            issued = app.users.issue_token(Command(user=None, now=utc_now()), admin.id)
        click.echo(json.dumps({"user": str(admin.id), "token": issued.token}))


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; by default one a core and one more.")
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve the API."""
    settings = Settings.from_environment()
    # Told here once, where it would otherwise be told by every worker, with a traceback.
    with opened(settings):
        pass
    serve_app(settings, host, port, workers)


@cli.command()
def project() -> None:
    """Keep the views warm, so that no reader waits for them; ends on SIGTERM or SIGINT."""
    configure_logging()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with opened(Settings.from_environment()) as app:
        views = Views(app)
        while not stop.wait(_POLL_SECONDS):
            for name in views.names():
                _keep_warm(views, name)


@cli.command()
@click.option("--school", type=click.UUID, help="One school only.")
@click.option("--overdue", is_flag=True, help="Only what is overdue.")
def due(school: UUID | None, overdue: bool) -> None:
    """List what is due in every open case, soonest first: reference, step, time. It names nobody."""
    with opened(Settings.from_environment()) as app:
        views, now = Views(app), utc_now()
        with views.read(views.caseload) as connection:
            listed = every_deadline(connection, school)
    lines = sorted((step.due_at, incident, step.step) for incident, steps in listed for step in steps)
    for due_at, incident, step in lines:
        late = due_at < now
        if late or not overdue:
            local = due_at.astimezone(LONDON)
            click.echo(f"{local:%Y-%m-%d %H:%M}  {reference(incident)}  {step}{'  OVERDUE' if late else ''}")


@cli.command()
@click.argument("view")
def rebuild(view: str) -> None:
    """Forget a view and compute it again from the log."""
    with opened(Settings.from_environment()) as app:
        views = Views(app)
        if view not in views.names():
            raise click.BadParameter(f"there are {', '.join(views.names())}", param_hint="VIEW")
        with bar("events") as advance:
            views.rebuild(view, advance)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--folder", default=_DEMO_FOLDER, show_default=True, type=click.Path(path_type=Path))
@click.option("--fill-only", is_flag=True, help="Make the data and end, without serving it.")
def demo(host: str, port: int, folder: Path, fill_only: bool) -> None:
    """Make a demonstration school with a year of synthetic incidents, and serve it.

    What an earlier run left in the folder is replaced.
    """
    settings = demo_settings(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    prepare(settings)
    with opened(settings) as app:
        with bar("incidents") as advance:
            told = tell(app, utc_now(), advance)
        views = Views(app)
        for name in views.names():
            views.catch_up(name)
    announce(told, host, port)
    if not fill_only:
        serve_app(settings, host, port, workers=2)


def demo_settings(folder: Path) -> Settings:
    """The settings of a demonstration that lives in `folder` alone."""
    return Settings(
        database_url=f"sqlite:///{folder.absolute()}/casework.db",
        evidence_url=f"file:{folder.absolute()}/evidence",
        master_key_file=folder.absolute() / "keys" / "master.key",
    )


@contextmanager
def bar(unit: str) -> Iterator[_Advance]:
    """A progress bar on the terminal's error stream."""
    columns = (TextColumn(unit), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _Advance(progress)


class _Advance:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def __call__(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)


def announce(told: Demo, host: str, port: int) -> None:
    """Print where the demonstration is, a token a role, and a request to paste."""
    base = f"http://{host}:{port}"
    click.echo(f"casework demonstration   {base}")
    click.echo(f"API documentation        {base}/docs")
    click.echo(f"school                   {told.school}")
    for role, token in told.tokens.items():
        click.echo(f"token {role:<18} {token}")
    click.echo("Try:")
    bearer = f"Authorization: Bearer {told.tokens['dsl']}"
    click.echo(f"  curl -s -H '{bearer}' '{base}/api/v1/incidents?overdue=true&limit=5'")


def _keep_warm(views: Views, name: str) -> None:
    try:
        views.catch_up(name)
    except Exception as error:
        # One view that cannot be computed must not keep the others cold.
        log.error("view failed", view=name, exception=outline(error))


cli.add_command(playbook)


def main() -> None:
    """The entry point: what is wrong with the set-up is told in one line."""
    try:
        cli()
    except (PlaybookError, MasterKeyError, DatabaseUrlError, msgspec.ValidationError) as error:
        raise SystemExit(f"casework: {error}") from None
