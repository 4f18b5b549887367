"""`casework demo`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import click

from casework.settings import Settings
from casework_api import server
from casework_api.clock import utc_now
from casework_api.commands.opening import opened, opened_views
from casework_api.commands.preparing import prepare
from casework_api.commands.progress import bar
from casework_api.demo.story import Demo, tell

_FOLDER: Final = Path("var/demo")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--folder", default=_FOLDER, show_default=True, type=click.Path(path_type=Path))
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
        views = opened_views(app)
        for name in views.names():
            views.catch_up(name)
    _announce(told, host, port)
    if not fill_only:
        server.serve(settings, host, port, workers=2)


def demo_settings(folder: Path) -> Settings:
    """The settings of a demonstration that lives in `folder` alone."""
    return Settings(
        database_url=f"sqlite:///{folder.absolute()}/casework.db",
        evidence_url=f"file:{folder.absolute()}/evidence",
        master_key_file=folder.absolute() / "keys" / "master.key",
    )


def _announce(told: Demo, host: str, port: int) -> None:
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
