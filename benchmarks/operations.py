"""What is measured: each operation as the bytes of a request, its floor, and the aim."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count, cycle
from typing import Any, Final
from uuid import uuid4

import msgspec

from benchmarks.prepare import Prepared
from benchmarks.server import FLOORS

HELLO: Final = "Flask hello (a)"
INSERT: Final = "Flask and one durable INSERT (b)"
_BASE: Final = "/api/v1"
_NARRATIVE: Final = (
    "A made-up account posts jokes about one pupil's voice; shown to the class teacher at break."
)


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """`request` makes the bytes of one request. `aim` is how many times its floor the median may take."""

    name: str
    request: Callable[[], bytes]
    status: int = 200
    floor: str = HELLO
    aim: float | None = None


def operations(prepared: Prepared, now: datetime) -> list[Operation]:
    """The operations in the order of a round. The first reads after a write also update their views."""
    requests = _Requests(prepared, now)
    page = f"{_BASE}/incidents?school={prepared.school}&kind=cyberbullying&state=reported&limit=25"
    summary = f"{_BASE}/schools/{prepared.school}/governor-summary?term={prepared.term}"
    people = requests.search("smith%2C%20jajo", "alice", "s%20smith", "ford", "lodow", "ma%20fen")
    timeline = f"{_BASE}/incidents/{prepared.long_incident}/steps?limit=100"
    return [
        Operation(name=HELLO, request=lambda: get(f"{FLOORS}/hello")),
        Operation(name=INSERT, request=requests.insert, status=201, floor=INSERT),
        Operation(name="POST incident", request=requests.report, status=201, floor=INSERT, aim=4),
        Operation(name="POST step", request=requests.step, status=201, floor=INSERT, aim=4),
        Operation(name="GET incident with next steps", request=requests.read, aim=8),
        Operation(name="GET timeline of 100 entries", request=requests.reading(timeline), aim=15),
        Operation(name="GET page after those writes", request=requests.reading(page)),
        Operation(name="GET page, 25 of 10,000", request=requests.reading(page), aim=10),
        Operation(name="GET people after those writes", request=people),
        Operation(name="GET people by name, of 3,000", request=people, aim=3),
        Operation(name="GET summary after those writes", request=requests.reading(summary)),
        Operation(name="GET governor summary", request=requests.reading(summary)),
    ]


def notes(prepared: Prepared, now: datetime, number: int) -> Operation:
    """Adds that many notes to a case in one request: as a list, if it is more than one."""
    requests = _Requests(prepared, now)
    name = "POST step" if number == 1 else f"POST list of {number} steps"
    return Operation(name=name, request=lambda: requests.notes(number), status=201, floor=INSERT)


def corrections(prepared: Prepared, now: datetime, number: int) -> Operation:
    """Corrects that many notes of the incident with a long timeline in one request."""
    requests = _Requests(prepared, now)
    name = "POST correction" if number == 1 else f"POST list of {number} corrections"
    return Operation(name=name, request=lambda: requests.corrections(number), status=201, floor=INSERT)


class _Requests:
    def __init__(self, prepared: Prepared, now: datetime) -> None:
        self._prepared = prepared
        self._now = now.isoformat()
        # Spread over the school, so that no history grows long while it is measured.
        self._turn = count()

    def reading(self, path: str) -> Callable[[], bytes]:
        request = get(path, self._prepared.dsl_token)
        return lambda: request

    def search(self, *names: str) -> Callable[[], bytes]:
        """Searches for each of `names` in turn, at the school with many people."""
        token = self._prepared.register_token
        turns = cycle([get(f"{_BASE}/people?name={name}", token) for name in names])
        return lambda: next(turns)

    def read(self) -> bytes:
        return get(f"{_BASE}/incidents/{self._handled()}", self._prepared.dsl_token)

    def insert(self) -> bytes:
        return post(f"{FLOORS}/rows", self._incident())

    def report(self) -> bytes:
        return post(f"{_BASE}/incidents", self._incident(), self._prepared.dsl_token)

    def step(self) -> bytes:
        return self.notes(1)

    def notes(self, number: int) -> bytes:
        """That many steps in one request: a list, if it is more than one."""
        step = {"step": "add_note", "text": _NARRATIVE}
        path = f"{_BASE}/incidents/{self._handled()}/steps"
        return post(path, step if number == 1 else [step] * number, self._prepared.dsl_token)

    def corrections(self, number: int) -> bytes:
        """That many corrections in one request, each of another note."""
        steps = [
            {
                "step": "correct",
                "corrects": 2 + place,
                "reason": "The time of the call was wrong.",
                "fields": {"text": f"{_NARRATIVE} Call {uuid4().hex}."},
            }
            for place in range(number)
        ]
        path = f"{_BASE}/incidents/{self._prepared.long_incident}/steps"
        return post(path, steps[0] if number == 1 else steps, self._prepared.dsl_token)

    def _handled(self) -> str:
        handled = self._prepared.handled
        return str(handled[next(self._turn) * 7919 % len(handled)])

    def _incident(self) -> dict[str, Any]:
        target, alleged = self._prepared.pupils[:2]
        return {
            "school": str(self._prepared.school),
            "kind": "cyberbullying",
            "occurred_at": self._now,
            "setting": "on_site",
            "platform": "WhatsApp",
            "summary": _NARRATIVE,
            "content": ["abusive"],
            "people": [
                {"person": str(target), "involvement": "target"},
                {"person": str(alleged), "involvement": "alleged"},
            ],
        }


def get(path: str, token: str | None = None) -> bytes:
    return _request("GET", path, {} if token is None else {"Authorization": f"Bearer {token}"})


def post(path: str, body: object, token: str | None = None) -> bytes:
    headers = {"Content-Type": "application/json", "Idempotency-Key": uuid4().hex, "If-Match": "*"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return _request("POST", path, headers, json.dumps(body).encode())


def _request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
