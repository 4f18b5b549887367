"""A client's tests may freeze time before casework is imported, created or called."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec
import pytest

from casework_api.app import make_routes
from tests.engines import PostgresEngine, SQLiteEngine
from tests.whole.frozen import Found

# With "import", time is frozen before anything of casework is imported.
PROGRAM: Final = """
import sys
from freezegun import freeze_time

early = freeze_time("2026-09-01 08:00", ignore=["psycopg_pool"])
if sys.argv[1] == "import":
    early.start()
from tests.whole.frozen import main

main(sys.argv[1], early, *sys.argv[2:])
"""


@pytest.mark.parametrize("when", ["import", "create_app", "requests"])
def test_time_may_be_frozen_at_any_stage(
    when: str, sqlite_engine: SQLiteEngine, postgres_engine: PostgresEngine, tmp_path: Path
) -> None:
    with sqlite_engine.database(tmp_path) as file, postgres_engine.database(tmp_path) as server:
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, when, tmp_path, file, server],
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 0, run.stderr.decode()
    described = hashlib.sha256(make_routes().test_client().get("/openapi.json").data).hexdigest()
    expected = Found({}, described)
    assert msgspec.json.decode(run.stdout, type=list[Found]) == [expected, expected]
