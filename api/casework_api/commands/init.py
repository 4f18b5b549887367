"""`casework init`: keys, tables and the first administrator."""

from __future__ import annotations

import json
from typing import Final

import click

from casework.domain.access import SYSTEM
from casework.domain.errors import AddressInUse
from casework.domain.fields import record_faults
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.settings import Settings
from casework.usecases.context import Context
from casework.usecases.users import RegisterUser, Users
from casework_api.clock import utc_now
from casework_api.commands.opening import opened
from casework_api.commands.preparing import prepare

_OPTIONS: Final = {"$.name": "--admin-name", "$.email": "--admin-email"}


@click.command()
@click.option("--admin-name", help="The first administrator's name.")
@click.option("--admin-email", help="The first administrator's e-mail address.")
def init(admin_name: str | None, admin_email: str | None) -> None:
    """Create the keys and the tables and, given a name and an address, the first administrator.

    Prints {"user": id, "token": "cw_…"} for the administrator. It may be repeated: it replaces nothing. For
    the address of an administrator it makes a new token of theirs, and no user.
    """
    if (admin_name is None) != (admin_email is None):
        raise click.UsageError("--admin-name and --admin-email go together")
    command = None
    if admin_name is not None and admin_email is not None:
        command = RegisterUser(name=Sealed(admin_name), email=Sealed(admin_email))
        for path, fault in record_faults(command).items():
            raise click.BadParameter(fault, param_hint=_OPTIONS[path])
    settings = Settings.from_environment()
    prepare(settings)
    if command is not None:
        with opened(settings) as app:
            admin = _administrator(app.users, command)
            issued = app.tokens.issue(Context(principal=SYSTEM, now=utc_now()), admin.id)
        click.echo(json.dumps({"user": str(admin.id), "token": issued.token}))


def _administrator(users: Users, command: RegisterUser) -> User:
    """A new administrator, or the one who has the address. Raises BadParameter if another user has it."""
    try:
        return users.register(Context(principal=SYSTEM, now=utc_now()), command, administrator=True)
    except AddressInUse:
        found = users.administrator_at(command.email)
    if found is None:
        raise click.BadParameter(
            "is the address of a user who is no administrator", param_hint="--admin-email"
        )
    return found
