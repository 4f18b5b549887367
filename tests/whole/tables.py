"""The rows of the views, for comparison."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, select

from casework.application import Casework
from casework_projections.views.catch_up import Views

Tables = dict[str, list[tuple[Any, ...]]]


def updated_and_rebuilt(app: Casework) -> tuple[Tables, Tables]:
    """The rows of every view, updated to the end of the log, and the rows after a rebuild."""
    views = Views(app)
    for name in views.names():
        views.catch_up(name)
    updated = rows_of_views(app)
    views = Views(app)
    for name in views.names():
        views.rebuild(name)
    return updated, rows_of_views(app)


def rows_of_views(app: Casework) -> Tables:
    """The rows of every table of every view, in one order."""
    found = MetaData()
    found.reflect(app.database.engine, only=lambda name, _: name.startswith("view_"))
    with app.database.engine.connect() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in found.tables.items()
        }
