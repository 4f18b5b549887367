"""`casework playbook …`: check a school's own pack, and compare what two packs would have required."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from casework.application import Casework
from casework.domain.errors import NotFound
from casework.library import Library
from casework.library.library import every_fault
from casework.settings import Settings
from casework_api.clock import utc_now
from casework_api.commands.opening import answer, opened
from casework_projections.reading.comparison import Comparison, DutyChange
from casework_projections.reading.unrestricted import CompareEveryCase


@click.group()
def playbook() -> None:
    """Check a pack of your own, or compare packs."""


@playbook.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Print every fault of a pack FILE, on every floor."""
    faults = every_fault(file, Library.own())
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(1)
    click.echo(f"{file.name}: nothing is wrong")


@playbook.command(name="compare")
@click.argument("pack_a")
@click.argument("pack_b")
@click.option("--school", required=True, type=click.UUID, help="The school whose past incidents are judged.")
def compare_packs(pack_a: str, pack_b: str, school: UUID) -> None:
    """Judge a school's past incidents by PACK_A and by PACK_B, and print the differences."""
    with opened(Settings.from_environment()) as app:
        question = CompareEveryCase(
            school, under=_edition(app, pack_a, "PACK_A"), other=_edition(app, pack_b, "PACK_B")
        )
        try:
            compared = answer(app, question, utc_now())
        except NotFound:
            raise click.BadParameter("there is no such school", param_hint="--school") from None
    differing = [each for each in compared if each.differs]
    for each in differing:
        _print(each)
    click.echo(f"{len(differing)} of {len(compared)} incidents would have differed.")


def _edition(app: Casework, pack_id: str, hint: str) -> str:
    if pack_id not in app.library.pack_ids():
        raise click.BadParameter(f"there are {', '.join(app.library.pack_ids())}", param_hint=hint)
    return app.library.latest_pack(pack_id).edition


def _print(compared: Comparison) -> None:
    click.echo(f"{compared.incident} ({compared.kind})")
    for sign, changes in (("+", compared.added), ("-", compared.dropped), ("~", compared.deadlines)):
        for change in changes:
            click.echo(f"  {sign} {_line(change)}")
    for refused in compared.refused:
        click.echo(f"  ! step {refused.number}, {refused.step}: refused by {refused.rule} ({refused.clause})")


def _line(change: DutyChange) -> str:
    when = "" if change.due_at is None else f", due {change.due_at:%Y-%m-%d %H:%M}"
    before = "" if change.instead_of is None else f" instead of {change.instead_of:%Y-%m-%d %H:%M}"
    return f"{change.step} ({change.clause}){when}{before}"
