"""No request waits without a limit for a lock that another transaction on PostgreSQL holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy

from casework.storage import database
from casework_projections.views import catch_up
from tests.api.client import House, logged
from tests.api.test_set_aside import lines
from tests.locks import locked, shorten_waits

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch, open_house: Callable[..., House]) -> House:
    """A house whose waits for locks end at once."""
    shorten_waits(monkeypatch)
    house = open_house()
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.02)
    monkeypatch.setattr(catch_up, "READ_SECONDS", 0.02)
    return house


def exclusively(table: str) -> str:
    return f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"


def test_a_read_says_when_to_retry_if_the_log_stays_locked(hurried: House) -> None:
    house = hurried
    incident = house.report()["id"]
    with locked(house.casework.settings.database_url, exclusively("stored_events")), logged() as log:
        answer = house.ask("dsl", "GET", f"/incidents/{incident}")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert len(lines(log.getvalue(), "database unavailable")) == 1
    assert house.get("dsl", f"/incidents/{incident}")["id"] == incident


def test_no_request_waits_until_a_table_is_unlocked(hurried: House) -> None:
    house = hurried
    url = house.casework.settings.database_url
    tables = sqlalchemy.inspect(house.casework.database.engine).get_table_names()
    assert {"stored_events", "data_keys", "view_positions", "view_set_aside", "view_caseload"} <= set(tables)
    for table in tables:
        incident = house.report()["id"]
        with locked(url, exclusively(table)) as holder:
            for path in (f"/incidents/{incident}", "/incidents", "/me", "/people?name=Petra", "/approvals"):
                assert house.ask("dsl", "GET", path).status_code in (200, 503), (table, path)
            assert house.ask("reporter", "POST", "/incidents", json=house.reported()).status_code in (
                201,
                503,
            )
            assert house.http.get("/health/ready").status_code in (200, 503), table
            assert house.http.get("/metrics").status_code == 200
            # The server ends the transaction of the holder if anything has waited for it too long.
            assert holder.exec_driver_sql("SELECT 1").scalar() == 1, table
