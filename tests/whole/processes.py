"""casework as its operator runs it: commands in processes of their own, and a server."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from casework.settings import Settings
from casework_api.commands.cli import main
from tests.api.client import BASE
from tests.forks import processes

PROGRAM: Final = (sys.executable, "-c", "from casework_api.commands.cli import main; main()")
WORKERS: Final = 2
_PATIENCE_SECONDS: Final = 60
_POLL_SECONDS: Final = 0.02

Json = Any


class Answer(msgspec.Struct, frozen=True):
    """The answer of a server."""

    status: int
    body: Json


def settings_in(folder: Path, url: str | None = None) -> Settings:
    """Settings that store everything in `folder`, except a database that `url` names."""
    return Settings(
        database_url=url or f"sqlite:///{folder}/casework.db",
        evidence_url=f"file:{folder}/evidence",
        master_key_file=folder / "keys" / "master.key",
    )


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process, with these settings of casework and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CASEWORK_")}
    return {**inherited, **variables_of(settings)}


def variables_of(settings: Settings) -> dict[str, str]:
    """The environment variables for `settings`."""
    named = {name: getattr(settings, name) for name in settings.__struct_fields__}
    return {f"CASEWORK_{name.upper()}": str(value) for name, value in named.items() if value is not None}


def casework(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command, run to its end in a process of its own."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )


def casework_here(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command, run to its end in this process, which need not import everything again."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CASEWORK_")]:
            patch.delenv(name)
        for name, value in variables_of(settings).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["casework", *arguments])
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            code = exit_code_of(main)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def exit_code_of(program: Callable[[], object]) -> int:
    """The exit code of a process that runs `program`."""
    try:
        program()
    except SystemExit as end:
        if not isinstance(end.code, str):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    return 0


def _is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except FileNotFoundError:
        # It was closed meanwhile.
        return False


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Served:
    """A server on a local port, with all its processes in one group."""

    def __init__(self, port: int, group: int) -> None:
        self.port = port
        self._group = group

    def kill(self) -> None:
        """End all its processes at once, like a power cut; return when they are gone."""
        os.killpg(self._group, signal.SIGKILL)
        # A dead process may stay in the group until its parent waits for it; its sockets do not stay.
        while self._listens():
            time.sleep(_POLL_SECONDS / 10)

    def open_sockets(self) -> dict[int, int]:
        """How many sockets each of its worker processes has open, by process id. On Linux only."""
        workers = Path(f"/proc/{self._group}/task/{self._group}/children").read_text().split()
        return {int(worker): sum(map(_is_socket, Path(f"/proc/{worker}/fd").iterdir())) for worker in workers}

    def stop(self) -> None:
        """Send it SIGTERM; return when it accepts no more connections."""
        os.kill(self._group, signal.SIGTERM)
        while self._listens():
            time.sleep(_POLL_SECONDS)

    def await_end(self, seconds: float = _PATIENCE_SECONDS) -> None:
        """Return when none of its processes is left."""
        deadline = time.monotonic() + seconds
        while self.is_running():
            assert time.monotonic() < deadline, "the server did not end"
            time.sleep(_POLL_SECONDS)

    def workers(self) -> list[int]:
        """The ids of the processes that answer requests, once all of them have started."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while len(found := self._children()) < WORKERS:
            assert time.monotonic() < deadline, "a process is missing"
            time.sleep(_POLL_SECONDS)
        return found

    def _children(self) -> list[int]:
        children = Path(f"/proc/{self._group}/task/{self._group}/children").read_text(encoding="ascii")
        return [int(child) for child in children.split()]

    def is_running(self) -> bool:
        """Whether any of its processes is left."""
        try:
            os.killpg(self._group, 0)
        except ProcessLookupError:
            return False
        return True

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), _PATIENCE_SECONDS).close()
        except ConnectionError:
            return False
        return True

    def await_ready(self) -> None:
        """Return when it can answer requests."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            assert self.is_running(), "the server ended"
            try:
                if self.ask("GET", "/health/ready", base="").status == 200:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(_POLL_SECONDS)
        raise AssertionError("the server was never ready")

    def ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        base: str = BASE,
    ) -> Answer:
        """Send one request. Raises OSError or HTTPException if there is no complete answer."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request(method, base + path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            return Answer(answer.status, json.loads(answer.read() or b"null"))
        finally:
            connection.close()


def fork_server(settings: Settings) -> Served:
    """`casework serve`, ready, in a fork of a process that has imported everything."""
    port = free_port()
    receiver, sender = Pipe(duplex=False)
    process = processes().Process(target=_serve, args=(settings, port, sender), daemon=True)
    process.start()
    # Only the server has this end now, so `recv` fails, and does not wait, if the server ends early.
    sender.close()
    server = Served(port, receiver.recv())
    server.await_ready()
    return server


def _serve(settings: Settings, port: int, sender: Connection) -> None:
    os.setsid()
    sender.send(os.getpid())
    # A server that is killed does not delete the files of its metrics.
    os.environ["TMPDIR"] = str(settings.master_key_file.parent)
    # Its log is not needed.
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    sys.exit(casework_here(settings, "serve", "--port", str(port), "--workers", str(WORKERS)).returncode)


@contextmanager
def demonstrated(settings: Settings, folder: Path, port: int) -> Iterator[tuple[Served, str]]:
    """Run `casework demo` in processes of its own during the block; gives the server and what it printed."""
    printed = folder.with_suffix(".txt")
    with printed.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [*PROGRAM, "demo", "--folder", str(folder), "--port", str(port)],
            env=environment(settings),
            stdout=out,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    server = Served(port, process.pid)
    try:
        server.await_ready()
        yield server, printed.read_text(encoding="utf-8")
    finally:
        process.terminate()
        assert process.wait(_PATIENCE_SECONDS) == 0
