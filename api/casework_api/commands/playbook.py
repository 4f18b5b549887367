"""`casework playbook …`: check a school's own pack, and ask what another pack would have meant."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from casework.application import Casework
from casework.domain.incident import Incident
from casework.domain.playbook import Pack
from casework.domain.school import School
from casework.library import Library
from casework.library.library import every_fault
from casework.settings import Settings
from casework_api.commands.opening import opened, opened_views
from casework_projections.reading.comparison import Comparison, DutyChange, compare
from casework_projections.reading.unrestricted import incidents_of

_PAGE = 100


@click.group()
def playbook() -> None:
    """Rules: check a pack of your own, compare packs."""


@playbook.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Say everything that is wrong with a pack FILE, as it stands on every floor."""
    faults = every_fault(file, Library.own())
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(1)
    click.echo(f"{file.name}: nothing is wrong")


@playbook.command(name="compare")
@click.argument("pack_a")
@click.argument("pack_b")
@click.option("--school", required=True, type=click.UUID, help="Whose past incidents are judged again.")
def compare_packs(pack_a: str, pack_b: str, school: UUID) -> None:
    """Judge a school's past incidents by PACK_A and by PACK_B, and say where they would have differed."""
    with opened(Settings.from_environment()) as app:
        at = app.record.load(School, school)
        if at is None:
            raise click.BadParameter("there is no such school", param_hint="--school")
        packs = _pack(app, pack_a, "PACK_A"), _pack(app, pack_b, "PACK_B")
        differing, total = 0, 0
        for compared in _compared(app, at, *packs):
            total += 1
            if compared.differs:
                differing += 1
                _tell(compared)
        click.echo(f"{differing} of {total} incidents would have differed.")


def _pack(app: Casework, pack_id: str, hint: str) -> Pack:
    if pack_id not in app.library.pack_ids():
        raise click.BadParameter(f"there are {', '.join(app.library.pack_ids())}", param_hint=hint)
    return app.library.latest_pack(pack_id)


def _compared(app: Casework, school: School, a: Pack, b: Pack) -> list[Comparison]:
    views = opened_views(app)
    views.catch_up(views.caseload)
    with views.read(views.caseload) as connection:
        ids = incidents_of(views.caseload, connection, school.id)
    found = []
    for start in range(0, len(ids), _PAGE):
        for incident in app.record.load_many(ids[start : start + _PAGE]).values():
            if isinstance(incident, Incident):
                under = app.library.playbook(incident.policy.floor, a.edition)
                other = app.library.playbook(incident.policy.floor, b.edition)
                found.append(compare(incident, under, other, school.calendar))
    return found


def _tell(compared: Comparison) -> None:
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
