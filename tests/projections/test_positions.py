"""Whether a view that is behind the log lacks an event it follows, and what a process remembers of that."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from casework.application import Casework
from casework.domain.incident.reporting import AddNote
from casework_projections.views.catch_up import Views
from casework_projections.views.positions import (
    REACHED_QUIETLY,
    QuietStretch,
    behind_on,
    head_of,
    positions,
)
from tests.histories import SchoolHistory

VIEW = "links"


def looked(app: Casework, quiet: QuietStretch) -> bool:
    """Whether the view lacks a note. `quiet` notes what was found, as a reader of the view does."""
    dialect = app.database.engine.dialect.name
    behind = behind_on(dialect, [AddNote.TOPIC], 500, REACHED_QUIETLY).label("behind")
    look = select(positions.c.position, head_of(dialect).label("head"), behind).where(
        positions.c.view == VIEW
    )
    with app.database.engine.connect() as connection:
        row = connection.execute(look, quiet.given).one()
    if not row.behind:
        quiet.note(row.position, row.head)
    return bool(row.behind)


def move_back(app: Casework, position: int) -> None:
    """As another process does that rebuilds the view."""
    with app.database.writer.begin() as connection:
        connection.execute(update(positions).where(positions.c.view == VIEW).values(position=position))


def test_a_quiet_stretch_hides_no_event(history: SchoolHistory, views: Views) -> None:
    incident = history.report()
    history.take(incident, "add_note")
    views.catch_up(VIEW)
    quiet = QuietStretch()
    assert not looked(history.app, quiet)
    history.take(incident, "acknowledge")
    assert not looked(history.app, quiet)
    history.take(incident, "add_note")
    assert looked(history.app, quiet)
    views.catch_up(VIEW)
    assert not looked(history.app, quiet)
    move_back(history.app, 0)
    assert looked(history.app, quiet)


@pytest.mark.parametrize(
    ("noted", "stretch"),
    [
        ([(3, 7)], (3, 7)),
        ([(3, 7), (5, 9)], (3, 9)),
        ([(3, 7), (7, 9)], (3, 9)),
        ([(3, 9), (5, 7)], (3, 9)),
        ([(3, 7), (8, 9)], (8, 9)),
        ([(3, 7), (2, 5)], (2, 5)),
    ],
)
def test_stretches_that_meet_are_one(noted: list[tuple[int, int]], stretch: tuple[int, int]) -> None:
    quiet = QuietStretch()
    for position, head in noted:
        quiet.note(position, head)
    assert tuple(quiet.given.values()) == stretch
