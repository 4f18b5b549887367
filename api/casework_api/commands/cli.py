"""The command line. A command's module is imported on use, because not all need the server."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from casework.domain.errors import SetUpError

MODULES: Final[Mapping[str, str]] = {
    "init": "init",
    "serve": "serve",
    "project": "views",
    "rebuild": "views",
    "due": "due",
    "demo": "demo",
    "playbook": "playbook",
}
"""Every command, and the module of `casework_api.commands` that defines it under the same name."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        module = import_module(f"casework_api.commands.{MODULES[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Record and manage cases of online harm at school."""


def main() -> None:
    """The entry point. An error in the set-up is reported in one line."""
    try:
        cli()
    except SetUpError as error:
        raise SystemExit(f"casework: {error}") from None
