"""Creates and updates the tables of casework: eventsourcing makes the event log, Alembic the others."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from eventsourcing.persistence import InfrastructureFactory
from sqlalchemy import Connection

from casework.storage.database import Database, take_setup_lock


def create_tables(url: str) -> None:
    """Create or update every table in the database at `url`, except those of the views.

    It may be called again, and by several processes at the same time: they wait for each other.
    """
    database = Database(url)
    database.prepare_place()
    try:
        if database.is_sqlite:
            _create_event_log(database)
            with database.writer.begin() as connection:
                _migrate(connection)
        else:
            with database.writer.begin() as connection:
                take_setup_lock(connection)
                _create_event_log(database)
                _migrate(connection)
    finally:
        database.close()


def _create_event_log(database: Database) -> None:
    with InfrastructureFactory.construct(database.setup_environment) as factory:
        factory.application_recorder()
        factory.close()


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "casework.storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
