"""`casework due`."""

from __future__ import annotations

from uuid import UUID

import click

from casework.domain.clocks import LONDON
from casework.settings import Settings
from casework_api.clock import utc_now
from casework_api.commands.opening import opened, opened_views
from casework_projections.reading.unrestricted import every_deadline
from casework_projections.views.due import reference
from casework_projections.views.set_aside import is_stale


@click.command()
@click.option("--school", type=click.UUID, help="One school only.")
@click.option("--overdue", is_flag=True, help="Only what is overdue.")
def due(school: UUID | None, overdue: bool) -> None:
    """List what is due in every open case, soonest first: reference, step, time. It names nobody."""
    with opened(Settings.from_environment()) as app:
        views, now = opened_views(app), utc_now()
        views.catch_up(views.caseload)
        with views.read(views.caseload) as connection:
            listed = every_deadline(views.caseload, connection, school)
            stale = is_stale(connection)
    if stale:
        click.echo(
            "Some cases could not be brought up to date; what is due in them may have changed.", err=True
        )
    lines = sorted((step.due_at, incident, step.step) for incident, steps in listed for step in steps)
    for due_at, incident, step in lines:
        late = due_at < now
        if late or not overdue:
            local = due_at.astimezone(LONDON)
            click.echo(f"{local:%Y-%m-%d %H:%M}  {reference(incident)}  {step}{'  OVERDUE' if late else ''}")
