"""What the views hold, to be compared."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, select

from casework.application import Casework
from casework_projections.views.catch_up import Views

Tables = dict[str, list[tuple[Any, ...]]]


def kept_and_rebuilt(app: Casework) -> tuple[Tables, Tables]:
    """The rows of every view as they were kept, up to the end of the log, and as they are once rebuilt."""
    views = Views(app)
    for name in views.names():
        views.catch_up(name)
    kept = rows_of_views(app)
    afresh = Views(app)
    for name in afresh.names():
        afresh.rebuild(name)
    return kept, rows_of_views(app)


def rows_of_views(app: Casework) -> Tables:
    """The rows of every table of every view, in one order."""
    found = MetaData()
    found.reflect(app.database.engine, only=lambda name, _: name.startswith("view_"))
    with app.database.engine.connect() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in found.tables.items()
        }
