"""The command line: what it creates, and when it refuses to start."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import stat
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from flask import Flask

from casework.application import Casework
from casework.library.library import OWN_FILES
from casework.settings import Settings
from casework_api.app import create_app
from casework_api.commands.opening import opened
from casework_api.commands.preparing import prepare
from casework_api.http.current import EXTENSION, Services
from casework_projections.views.caseload import Caseload
from casework_projections.views.catch_up import Views
from tests.api.client import House
from tests.forks import processes
from tests.projections.watching import spoil
from tests.whole.processes import casework, casework_here, settings_in

ADMIN: Final = ("--admin-name", "Ada Adminson", "--admin-email", "ada@school.example")
COMMANDS: Final = (("init",), ("serve", "--port", "0"), ("project",), ("rebuild", "caseload"))
BAD_URLS: Final = ("mysql://user:hunter2@host/name", "sqlite://", "postgresql://host")
UNREACHABLE: Final = "postgresql://user:hunter2@127.0.0.1:1/name"
_PATIENCE_SECONDS: Final = 30


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "kept")


@pytest.fixture
def made(settings: Settings) -> Settings:
    """Settings whose keys and tables exist."""
    prepare(settings)
    return settings


def printed_admin(settings: Settings) -> dict[str, Any]:
    made = casework_here(settings, "init", *ADMIN)
    assert made.returncode == 0, made.stderr
    printed: dict[str, Any] = msgspec.json.decode(made.stdout)
    return printed


def me(settings: Settings, token: str) -> Any:
    app = create_app(settings)
    answer = app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    casework_of(app).close()
    return answer.json


def casework_of(app: Flask) -> Casework:
    services: Services = app.extensions[EXTENSION]
    return services.app


def refusal(settings: Settings, *arguments: str) -> str:
    """The one line with which a command refuses to start."""
    refused = casework_here(settings, *arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    (line,) = refused.stderr.splitlines()
    return line


def test_a_refusal_is_a_line_and_a_status(settings: Settings) -> None:
    refused = casework(settings, "serve", "--port", "0")
    assert (refused.returncode, refused.stdout) == (1, "")
    (line,) = refused.stderr.splitlines()
    assert line.startswith("casework: CASEWORK_MASTER_KEY_FILE")


def test_init_prints_the_token_of_an_administrator(settings: Settings) -> None:
    printed = printed_admin(settings)
    assert set(printed) == {"user", "token"}
    user = me(settings, printed["token"])["user"]
    assert (user["id"], user["name"], user["administrator"]) == (printed["user"], "Ada Adminson", True)


def test_init_may_be_repeated(settings: Settings) -> None:
    printed = printed_admin(settings)
    key = settings.master_key_file.read_bytes()
    again = casework_here(settings, "init")
    assert (again.returncode, again.stdout) == (0, "")
    assert settings.master_key_file.read_bytes() == key
    assert me(settings, printed["token"])["user"]["id"] == printed["user"]


def test_nobody_else_may_read_the_key(settings: Settings) -> None:
    assert casework_here(settings, "init").returncode == 0
    key = settings.master_key_file
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert [*key.parent.iterdir()] == [key]


@pytest.mark.parametrize("half", [ADMIN[:2], ADMIN[2:]])
def test_init_takes_both_the_name_and_the_address(settings: Settings, half: tuple[str, ...]) -> None:
    refused = casework_here(settings, "init", *half)
    assert refused.returncode == 2
    assert "go together" in refused.stderr
    assert not settings.master_key_file.exists()


@pytest.mark.parametrize(
    ("option", "text", "fault"),
    [
        ("name", "\x01", "must not contain control characters"),
        ("name", "\udcff", "must be text that UTF-8 can hold"),
        ("name", "n" * 300, "must be at most 200 characters"),
        ("name", "", "must not be empty"),
        ("email", "", "must not be empty"),
    ],
)
def test_init_names_the_option_that_is_invalid(
    settings: Settings, option: str, text: str, fault: str
) -> None:
    refused = casework_here(settings, "init", *ADMIN, f"--admin-{option}", text)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith(f"Error: Invalid value for --admin-{option}: {fault}\n")
    assert not settings.master_key_file.exists()


def test_several_may_run_init_at_once(settings: Settings) -> None:
    with ProcessPoolExecutor(3, mp_context=processes()) as pool:
        printed = [*pool.map(printed_admin, [settings] * 3)]
    users = [me(settings, each["token"])["user"]["id"] for each in printed]
    assert users == [each["user"] for each in printed]
    assert len({*users}) == 1


def test_init_with_an_administrators_address_prints_a_new_token_of_theirs(settings: Settings) -> None:
    first, again = printed_admin(settings), printed_admin(settings)
    assert first["user"] == again["user"]
    assert first["token"] != again["token"]


def test_init_with_the_address_of_another_user_is_refused(made: Settings) -> None:
    House(made).close()
    email = ("--admin-email", "dsl@school.example")
    refused = casework_here(made, "init", *ADMIN, *email)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("--admin-email: is the address of a user who is no administrator\n")


def test_rebuild_shows_how_far_it_has_come(made: Settings) -> None:
    house = House(made)
    house.report()
    house.close()
    rebuilt = casework_here(made, "rebuild", "caseload")
    assert rebuilt.returncode == 0
    with opened(made) as app:
        length = app.log.recorder.max_notification_id()
    assert "events" in rebuilt.stderr
    assert f"{length}/{length}" in rebuilt.stderr


def test_rebuild_names_the_existing_views(made: Settings) -> None:
    refused = casework_here(made, "rebuild", "nonesuch")
    assert refused.returncode == 2
    assert "caseload" in refused.stderr


def project(settings: Settings) -> None:
    sys.exit(casework_here(settings, "project").returncode)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_project_catches_up_and_stops_on_a_signal(made: Settings, number: signal.Signals) -> None:
    house = House(made)
    house.report()
    house.close()
    worker = processes().Process(target=project, args=(made,))
    worker.start()
    assert worker.pid is not None
    try:
        with opened(made) as app:
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while any(Views(app).lag().values()) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert set(Views(app).lag().values()) == {0}
    finally:
        os.kill(worker.pid, number)
        worker.join(_PATIENCE_SECONDS)
    assert worker.exitcode == 0


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_command_starts_with_a_mistake_in_a_playbook(
    made: Settings, tmp_path: Path, command: tuple[str, ...]
) -> None:
    folder = tmp_path / "playbooks"
    folder.mkdir()
    pack = folder / "headcorn-2022-03.toml"
    pack.write_text(
        (OWN_FILES / pack.name)
        .read_text()
        .replace('step = "classify_contact"', 'step = "clasify_contact"', 1)
    )
    mistaken = msgspec.structs.replace(made, playbook_folder=folder)
    line = refusal(mistaken, *command)
    for named in ("headcorn-2022-03.toml", "headcorn-contact-classify", "step"):
        assert named in line


def test_a_pack_is_checked_without_a_database(settings: Settings, tmp_path: Path) -> None:
    pack = tmp_path / "oakfield.toml"
    shipped = (
        (OWN_FILES / "headcorn-2022-03.toml").read_text().replace('id = "headcorn"', 'id = "oakfield"', 1)
    )
    pack.write_text(shipped)
    checked = casework_here(settings, "playbook", "check", str(pack))
    assert (checked.returncode, checked.stdout) == (0, "oakfield.toml: nothing is wrong\n")
    pack.write_text(
        shipped.replace('told = ["dsl", "headteacher"]', 'told = ["dls", "headteacher"]', 1).replace(
            'step = "debrief"', 'step = "debreif"', 1
        )
    )
    checked = casework_here(settings, "playbook", "check", str(pack))
    assert checked.returncode == 1
    assert [fault.split(", ")[2].split(":")[0] for fault in checked.stdout.splitlines()] == [
        "field 'step'",
        "field 'told'",
    ]


@pytest.mark.parametrize(
    ("command", "url"),
    [*((command, "nonsense") for command in COMMANDS), *((COMMANDS[0], url) for url in BAD_URLS)],
)
def test_no_command_starts_with_a_bad_database_url(
    made: Settings, command: tuple[str, ...], url: str
) -> None:
    line = refusal(msgspec.structs.replace(made, database_url=url), *command)
    assert "CASEWORK_DATABASE_URL" in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("command", "url"),
    [
        *((command, "sqlite:////proc/missing/casework.db") for command in COMMANDS),
        (COMMANDS[0], UNREACHABLE),
        (COMMANDS[-1], UNREACHABLE),
    ],
)
def test_no_command_starts_with_a_database_it_cannot_open(
    made: Settings, command: tuple[str, ...], url: str
) -> None:
    line = refusal(msgspec.structs.replace(made, database_url=url), *command)
    assert line.startswith("casework: CASEWORK_DATABASE_URL: the database cannot be ")
    assert "hunter2" not in line


def test_a_database_without_tables_is_named_before_the_server_starts(made: Settings, tmp_path: Path) -> None:
    empty = msgspec.structs.replace(made, database_url=f"sqlite:///{tmp_path}/empty.db")
    assert "run casework init first" in refusal(empty, "serve", "--port", "0")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"requests_per_minute": 0}, "CASEWORK_REQUESTS_PER_MINUTE: must be a whole number"),
        ({"connections": 0}, "CASEWORK_CONNECTIONS: must be a whole number"),
        ({"body_bytes_per_second": "9" * 400}, "CASEWORK_BODY_BYTES_PER_SECOND: must be a whole number"),
        ({"header_seconds": -1}, "CASEWORK_HEADER_SECONDS: must be a number of seconds"),
        ({"body_seconds": "inf"}, "CASEWORK_BODY_SECONDS: must be a number of seconds"),
        ({"body_seconds": "nan"}, "CASEWORK_BODY_SECONDS: must be a number of seconds"),
        ({"idle_seconds": "abc"}, "CASEWORK_IDLE_SECONDS: must be a number of seconds"),
        ({"evidence_url": "s3://bucket"}, "CASEWORK_EVIDENCE_URL"),
        ({"playbook_folder": Path("missing")}, "missing: is not a folder"),
    ],
)
def test_a_bad_setting_is_named_in_one_line(made: Settings, changed: dict[str, Any], named: str) -> None:
    assert named in refusal(msgspec.structs.replace(made, **changed), "due")


@pytest.mark.parametrize("command", COMMANDS[1:], ids=lambda command: command[0])
def test_no_command_but_init_starts_without_the_key(made: Settings, command: tuple[str, ...]) -> None:
    made.master_key_file.unlink()
    line = refusal(made, *command)
    assert "CASEWORK_MASTER_KEY_FILE" in line
    assert not made.master_key_file.exists()


def test_rebuild_reports_in_one_line_a_view_it_cannot_rebuild(
    made: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Caseload, "rebuildable", False)
    refused = casework_here(made, "rebuild", "caseload")
    assert refused.returncode == 1
    last = refused.stderr.splitlines()[-1]
    assert last == "casework: the view caseload cannot be rebuilt: it holds data that is not in the log"
    assert "Traceback" not in refused.stderr


def test_commands_report_events_that_were_set_aside(made: Settings) -> None:
    house = House(made)
    incident = house.report()["id"]
    due = casework_here(made, "due")
    assert (due.returncode, due.stderr) == (0, "")
    spoil(house.casework, UUID(incident), lambda state: state["policy"].update(pack="nowhere@1"))
    house.close()
    rebuilt = casework_here(made, "rebuild", "caseload")
    assert rebuilt.returncode == 0
    assert "Events that the view could not apply and set aside: 1\n" in rebuilt.stderr
    assert '"event":"event set aside"' in rebuilt.stderr
    due = casework_here(made, "due")
    assert due.returncode == 0
    assert due.stderr.startswith("Some cases could not be brought up to date")


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("127.0.0.1", "Address already in use"),
        ("nohost.invalid", "[Nn]ame"),
        ("é" * 70, "not the name of a host"),
    ],
    ids=["taken", "unknown", "too long"],
)
def test_serve_says_in_one_line_why_it_cannot_listen(made: Settings, host: str, why: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refusal(made, "serve", "--host", host, "--port", port)
    assert line.startswith(f"casework: cannot listen on {host} port {port}: ")
    assert re.search(why, line)


def test_demo_deletes_nothing_when_its_address_is_taken(settings: Settings, tmp_path: Path) -> None:
    folder = earlier_demonstration(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refusal(settings, "demo", "--folder", str(folder), "--port", port)
    assert line == f"casework: cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert (folder / "casework.db").exists()


def test_demo_deletes_no_demonstration_that_is_running(settings: Settings, tmp_path: Path) -> None:
    folder = earlier_demonstration(tmp_path)
    with (folder / ".casework-demo").open() as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        refused = casework_here(settings, "demo", "--fill-only", "--folder", str(folder))
    assert refused.returncode == 2
    assert "holds a demonstration that is running" in refused.stderr
    assert (folder / "casework.db").exists()


def earlier_demonstration(folder: Path) -> Path:
    (folder / ".casework-demo").touch()
    (folder / "casework.db").touch()
    return folder


def test_demo_names_the_option_of_a_folder_it_cannot_write(settings: Settings) -> None:
    refused = casework_here(settings, "demo", "--fill-only", "--folder", "/proc/demo")
    assert refused.returncode == 2
    assert "Invalid value for --folder: cannot be used: No such file or directory" in refused.stderr


def test_demo_deletes_only_a_demonstration(settings: Settings, tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    (others / "casework.db").touch()
    refused = casework_here(settings, "demo", "--fill-only", "--folder", str(others))
    assert refused.returncode == 2
    assert "is not empty and holds no demonstration" in refused.stderr
    assert [file.name for file in others.iterdir()] == ["casework.db"]
