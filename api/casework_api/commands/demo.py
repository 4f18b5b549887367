"""`casework demo`."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Final

import click

from casework.settings import Settings
from casework_api import server
from casework_api.clock import utc_now
from casework_api.commands.opening import opened
from casework_api.commands.preparing import prepare
from casework_api.commands.progress import bar
from casework_api.composition import views_of
from casework_api.demo.story import Demo, fill

_FOLDER: Final = Path("var/demo")
_MARK: Final = ".casework-demo"
"""A file in every folder that holds a demonstration: no other folder may be emptied.

It is locked while the demonstration runs.
"""


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
    # Before anything is deleted: the earlier demonstration may be the one that uses the address.
    listener = None if fill_only else server.listen(host, port)
    with listener or nullcontext(), _emptied(folder):
        made = _fill(settings)
        _announce(made, host, port)
        if listener is not None:
            server.serve(settings, listener, workers=2)


def _emptied(folder: Path) -> IO[str]:
    """Create `folder`, or delete the demonstration in it. Returns its mark, which is locked until closed.

    Raises BadParameter if the folder holds anything else or a demonstration that is running, or if it cannot
    be written.
    """
    try:
        replaceable = folder == _FOLDER or (folder / _MARK).exists()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()) and not replaceable:
            raise click.BadParameter("is not empty and holds no demonstration", param_hint="--folder")
        mark = (folder / _MARK).open("w")
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            folder.chmod(0o700)
            for each in folder.iterdir():
                _delete(each)
        except OSError:
            mark.close()
            raise
    except BlockingIOError:
        raise click.BadParameter("holds a demonstration that is running", param_hint="--folder") from None
    except OSError as error:
        raise click.BadParameter(f"cannot be used: {error.strerror}", param_hint="--folder") from None
    return mark


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.name != _MARK:
        path.unlink()


def _fill(settings: Settings) -> Demo:
    prepare(settings)
    with opened(settings) as app:
        with bar("incidents") as advance:
            made = fill(app, utc_now(), advance)
        views = views_of(app)
        for name in views.names():
            views.catch_up(name)
    return made


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
