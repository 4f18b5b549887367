"""`casework serve`."""

from __future__ import annotations

import click

from casework.settings import Settings
from casework_api import server
from casework_api.commands.opening import opened


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Number of processes; by default one for each core and one more, at most 8.",
)
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve the API."""
    settings = Settings.from_environment()
    # Reports an error in the set-up once, instead of once for each worker with a traceback.
    with opened(settings):
        pass
    server.serve(settings, server.listen(host, port), workers)
