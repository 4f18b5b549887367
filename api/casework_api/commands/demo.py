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
from casework_api.demo.story import Demo, fill

_FOLDER: Final = Path("var/demo")
_MARK: Final = ".casework-demo"
"""A file in every folder that holds a demonstration: no other folder may be emptied."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--folder", default=_FOLDER, show_default=True, type=click.Path(file_okay=False, path_type=Path)
)
@click.option("--fill-only", is_flag=True, help="Create the data and exit, without serving it.")
def demo(host: str, port: int, folder: Path, fill_only: bool) -> None:
    """Create a demonstration school with a year of synthetic incidents, and serve it.

    Replaces the demonstration that an earlier run left in the folder.
    """
    settings = demo_settings(folder)
    _make_empty(folder)
    prepare(settings)
    with opened(settings) as app:
        with bar("incidents") as advance:
            made = fill(app, utc_now(), advance)
        views = opened_views(app)
        for name in views.names():
            views.catch_up(name)
    _announce(made, host, port)
    if not fill_only:
        server.serve(settings, host, port, workers=2)


def _make_empty(folder: Path) -> None:
    """Create `folder`, or delete the demonstration in it. Raises BadParameter if it holds anything else."""
    replaceable = folder == _FOLDER or (folder / _MARK).exists()
    if folder.exists() and any(folder.iterdir()) and not replaceable:
        raise click.BadParameter("is not empty and holds no demonstration", param_hint="--folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    (folder / _MARK).touch()


def demo_settings(folder: Path) -> Settings:
    """The settings of a demonstration that stores everything in `folder`."""
    return Settings(
        database_url=f"sqlite:///{folder.absolute()}/casework.db",
        evidence_url=f"file:{folder.absolute()}/evidence",
        master_key_file=folder.absolute() / "keys" / "master.key",
    )


def _announce(made: Demo, host: str, port: int) -> None:
    """Print the address of the demonstration, a token for each role, and a request to paste."""
    base = f"http://{host}:{port}"
    click.echo(f"casework demonstration   {base}")
    click.echo(f"API documentation        {base}/docs")
    click.echo(f"school                   {made.school}")
    for role, token in made.tokens.items():
        click.echo(f"token {role:<18} {token}")
    click.echo("Try:")
    bearer = f"Authorization: Bearer {made.tokens['dsl']}"
    click.echo(f"  curl -s -H '{bearer}' '{base}/api/v1/incidents?overdue=true&limit=5'")
