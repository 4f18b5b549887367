"""`casework due`."""

from __future__ import annotations

from uuid import UUID

import click

from casework.domain.clocks import LONDON
from casework.settings import Settings
from casework_api.clock import utc_now
from casework_api.commands.opening import answer, opened
from casework_projections.reading.deadlines import reference_of
from casework_projections.reading.unrestricted import ListEveryDeadline


@click.command()
@click.option("--school", type=click.UUID, help="One school only.")
@click.option("--overdue", is_flag=True, help="Only what is overdue.")
def due(school: UUID | None, overdue: bool) -> None:
    """List what is due in every open case, soonest first: reference, step, time. No person is named."""
    now = utc_now()
    with opened(Settings.from_environment()) as app:
        found = answer(app, ListEveryDeadline(school), now)
    if found.stale:
        click.echo(
            "Some cases could not be brought up to date; what is due in them may have changed.", err=True
        )
    for case in found.unjudged:
        click.echo(f"Nobody can say what is due  {reference_of(case)}  it cannot be read; see operations")
    for each in found.items:
        late = each.due_at < now
        if late or not overdue:
            local = each.due_at.astimezone(LONDON)
            click.echo(f"{local:%Y-%m-%d %H:%M}  {each.reference}  {each.step}{'  OVERDUE' if late else ''}")
