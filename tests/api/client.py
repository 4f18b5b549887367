"""A school over HTTP for tests: real routes, a real database, tokens, and a clock the test sets."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from flask import Flask
from flask.testing import FlaskClient
from freezegun import freeze_time
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, stream_encode_multipart

from casework.application import Casework
from casework.domain.access import SYSTEM, Principal
from casework.domain.account_change import AppointUser
from casework.domain.clocks import LONDON
from casework.domain.incident import examples
from casework.domain.incident.examples import EXAMPLES
from casework.domain.incident.slots import Occasion, Slot, Slots
from casework.domain.sealed import Sealed
from casework.domain.user import Scope, User
from casework.domain.vocabulary import Category, Role
from casework.settings import Settings
from casework.usecases.context import Context
from casework.usecases.people import RegisterPerson
from casework.usecases.tokens import IssueToken
from casework.usecases.users import RegisterUser
from casework_api.app import make_routes
from casework_api.clock import utc_now
from casework_api.http.current import EXTENSION, Services
from casework_api.http.logs import configure_logging
from casework_projections.documents.canonical import encode
from tests.calendars import TEST_CALENDAR_JSON
from tests.engines import Engine
from tests.settings import settings_for

BASE = "/api/v1"
Json = Any

_IDLE: Final[list[Flask]] = []
"""Applications of closed houses, for reuse."""


class Clock:
    """The one clock of a test's application."""

    def __init__(self, moment: str) -> None:
        self.set(moment)

    def set(self, moment: str) -> None:
        """Set it to a local time such as `2026-09-14 10:20`."""
        self.moment = london(moment)

    def __call__(self) -> datetime:
        return self.moment

    def release(self) -> None:
        """Unfreeze time, if this clock froze it."""


class FrozenClock(Clock):
    """The default clock of `create_app`, in frozen time, as clients test with it."""

    def __init__(self, moment: str, *, tick: bool = False) -> None:
        # A pool of connections whose time is frozen takes seconds to close; pytest measures durations.
        self._freezer = freeze_time(london(moment), tick=tick, ignore=["psycopg_pool", "_pytest"])
        self._time = self._freezer.start()

    def set(self, moment: str) -> None:
        self._time.move_to(london(moment))

    def __call__(self) -> datetime:
        return utc_now()

    def release(self) -> None:
        self._freezer.stop()


def london(moment: str) -> datetime:
    """A local time such as `2026-09-14 10:20`."""
    return datetime.fromisoformat(moment).replace(tzinfo=LONDON)


class Furniture(msgspec.Struct, frozen=True):
    """What another house needs to use a copy of a house's database: its key, users, tokens and school."""

    key: bytes
    admin: User
    school: str
    users: dict[str, str]
    tokens: dict[str, str]


_SURNAMES: Final = {
    "dsl": "Fletcher",
    "deputy_dsl": "Miller",
    "headteacher": "Porter",
    "governor": "Chandler",
    "chair": "Thatcher",
    "chair_of_governors": "Thatcher",
    "vice": "Sawyer",
    "vice_chair": "Sawyer",
    "lead": "Cooper",
    "leader": "Brewer",
    "senior": "Tanner",
    "assistant": "Glover",
    "teacher": "Quilter",
    "caretaker": "Barber",
    "acting": "Dyer",
    "slt": "Wheeler",
}
"""Of users who are called by what they are, which is no part of a name. The others are called Usher."""


def called(who: str) -> str:
    """The name of a user of a house."""
    return f"{who.title()} {_SURNAMES.get(who, 'Usher')}"


class House:
    """An application, its clock, an administrator, one school and one user per role.

    They are created in the database that `settings` name, unless it is a copy of a template from `furnished`.
    An `app` given as argument has its own clock.
    """

    ROLES = ("dsl", "deputy_dsl", "headteacher", "reporter", "governor")

    def __init__(
        self,
        settings: Settings,
        pack: str = "st_thomas",
        now: str = "2026-09-01 09:00",
        furniture: Furniture | None = None,
        clock: Callable[[str], Clock] = Clock,
        app: Flask | None = None,
    ) -> None:
        self.clock = clock(now)
        # Routes are the same in every house, and take longer to make than most requests.
        self.app: Flask = app or (_IDLE.pop() if _IDLE else make_routes())
        if app is None:
            self.app.extensions[EXTENSION] = Services(settings, self.clock)
        self.casework: Casework = self.app.extensions[EXTENSION].app
        self.http: FlaskClient = self.app.test_client()
        self.tokens: dict[str, str] = {}
        self.users: dict[str, str] = {}
        if furniture is None:
            self._furnish(pack)
        else:
            self.admin, self.school = furniture.admin, furniture.school
            self.users |= furniture.users
            self.tokens |= furniture.tokens

    def _furnish(self, pack: str) -> None:
        self.admin = self._registered("admin", "Ada Adminson", administrator=True)
        self.school = self.open_school(pack)
        for role in self.ROLES:
            context = Context(principal=Principal.of(self.admin), now=self.clock())
            name = called(role)
            self._registered(role, name, person=self._on_roll(context, Role(role), name))
            self.appoint(role, role, self.school)

    def _on_roll(self, context: Context, role: Role, name: str) -> UUID | None:
        """Who a user is as a person, if their role needs one."""
        if not role.reads_cases:
            return None
        # Not all of the name: "headteacher" contains other names.
        name = name.replace("teacher", "")
        person = RegisterPerson(
            school=UUID(self.school), category=Category.STAFF, name=Sealed(name), distinct=True
        )
        return self.casework.people.register(context, person).id

    def _registered(
        self, name: str, full_name: str, *, administrator: bool = False, person: UUID | None = None
    ) -> User:
        """A user with a token, created without a request because most tests need every user."""
        users = self.casework.users
        command = RegisterUser(name=Sealed(full_name), email=Sealed(f"{name}@school.example"), person=person)
        user = users.register(self.as_system(), command, administrator=administrator)
        self.users[name] = str(user.id)
        self._give_token(name)
        return user

    def _give_token(self, who: str) -> None:
        """Give a user a token as the command line does, which takes fewer requests than enrolment."""
        self.tokens[who] = self.issued(who, "read", "write")["token"]

    def as_system(self) -> Context:
        """The context of a command of the command line."""
        return Context(principal=SYSTEM, now=self.clock())

    def id_of(self, who: str) -> UUID:
        """The id of a user."""
        return UUID(self.users[who])

    @property
    def furniture(self) -> Furniture:
        """What another house over a copy of this one's database needs."""
        key = self.casework.settings.master_key_file.read_bytes()
        return Furniture(key, self.admin, self.school, self.users, self.tokens)

    def close(self) -> None:
        """Close the database and unfreeze time."""
        self.casework.close()
        _IDLE.append(self.app)
        self.clock.release()

    def open_school(self, pack: str) -> str:
        body = {
            "name": "A Primary School",
            "pack": pack,
            "jurisdiction": "england",
            "pupils_on_roll": 210,
            "calendar": TEST_CALENDAR_JSON,
        }
        return str(self.created("admin", "/schools", body)["id"])

    def add_user(self, who: str, role: str, school: str, **more: Json) -> None:
        """A user known as `who`, with a token, a role at `school`, and a person if the role needs one."""
        body = {"name": called(who), "email": f"{uuid4()}@school.example", **more}
        if Role(role).reads_cases and "person" not in more:
            body["person"] = self.on_roll(body["name"], school)
        self.users[who] = self.created("admin", "/users", body)["id"]
        self._give_token(who)
        self.appoint(who, role, school)

    def appoint(self, who: str, role: str, school: str) -> None:
        """Appoint a user as the command line does, which needs no second person."""
        appointment = AppointUser(user=UUID(self.users[who]), role=Role(role), from_=date(2026, 9, 1))
        self.casework.appointments.appoint(self.as_system(), UUID(school), appointment)

    def add_school(self, who: str, role: str, school: str) -> None:
        """Appoint an existing user at another school, where they are a new member of staff."""
        self.appoint(who, "reporter", school)
        self.link(who, school)
        self.appoint(who, role, school)

    def second_administrator(self) -> str:
        """Another administrator, who decides on what takes two people."""
        if "second admin" not in self.users:
            self._registered("second admin", "Abe Adminson", administrator=True)
        return "second admin"

    def agreed(self, answer: TestResponse) -> Json:
        """What a request made or changed, approved by another administrator if it takes two people."""
        if answer.status_code != 202:
            assert answer.status_code in {200, 201, 204}, answer.text
            return answer.json if answer.is_json else None
        decided = self.decide(body_of(answer)["approval"], self.second_administrator())
        assert decided.status_code == 200, decided.text
        return body_of(decided).get("result")

    def link(self, who: str, school: str | None = None) -> None:
        """Put a user on the roll of a school that has appointed them."""
        body = {"person": self.on_roll(called(who), school)}
        headers = {"If-Match": "*"}
        self.agreed(self.ask("admin", "PATCH", f"/users/{self.users[who]}", json=body, headers=headers))

    def on_roll(self, name: str, school: str | None = None) -> str:
        """The id of a new member of staff, whom an administrator puts on the roll."""
        person = {"school": school or self.school, "category": "staff", "name": name, "distinct": True}
        return str(self.created("admin", "/people", person)["id"])

    def issued(self, who: str, *scopes: str, expires_at: datetime | None = None) -> Json:
        """A new token of `who` with `scopes`, as the command line issues it."""
        command = IssueToken(scopes=tuple(map(Scope, scopes)), expires_at=expires_at)
        issued = self.casework.tokens.issue(self.as_system(), UUID(self.users[who]), command)
        return json.loads(encode(issued))

    def own_token(self, who: str, *scopes: str, **more: Json) -> Json:
        """A new token that `who` issues for themselves."""
        body = {"scopes": [*scopes], **more}
        return self.created(who, f"/users/{self.users[who]}/tokens", body)

    def person(self, name: str, category: str = "pupil", school: str | None = None, **more: Json) -> str:
        """The id of a new person: tests need many whose names are alike."""
        where = {"school": school or self.school, "distinct": True}
        body = {**where, "category": category, "name": name, **more}
        return str(self.created("dsl", "/people", body)["id"])

    def people_called(self, name: str, count: int) -> list[str]:
        """The ids of `count` pupils who were renamed: nobody has said that they are distinct."""
        ids = [self.person(chr(ord("a") + number) * 4) for number in range(count)]
        for each in ids:
            change = {"name": name, "reason": REASON}
            answer = self.ask("dsl", "PATCH", f"/people/{each}", json=change, headers={"If-Match": "*"})
            assert answer.status_code == 200, answer.text
        return ids

    def ask(self, who: str, method: str, path: str, **options: Any) -> TestResponse:
        """One request with the token of `who`."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}", **options.pop("headers", {})}
        if isinstance(options.get("data"), dict):
            options |= multipart(options.pop("data"))
        return self.http.open(f"{BASE}{path}", method=method, headers=headers, **options)

    def get(self, who: str, path: str, status: int = 200, **options: Any) -> Json:
        answer = self.ask(who, "GET", path, **options)
        assert answer.status_code == status, answer.text
        return answer.json

    def created(self, who: str, path: str, body: Json) -> Json:
        answer = self.ask(who, "POST", path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json

    def report(self, who: str = "reporter", status: int = 201, **fields: Json) -> Json:
        answer = self.ask(who, "POST", "/incidents", json=self.reported(**fields))
        assert answer.status_code == status, answer.text
        return answer.json

    def reported(self, **fields: Json) -> Json:
        """The body of a report of an incident that happened now and involves no person."""
        slots: Slots = {
            Slot.SCHOOL: self.school,
            Slot.KIND: "cyberbullying",
            Slot.OCCURRED_AT: self.clock(),
        }
        occasion = Occasion(now=self.clock(), slots=slots)
        return examples.example("report", occasion, {"people": [], **fields})

    def described(self, **fields: Json) -> Json:
        """The metadata of a file that is evidence of something that happened now."""
        occasion = Occasion(now=self.clock(), slots={Slot.OCCURRED_AT: self.clock()})
        return examples.example("save_evidence", occasion, {"form": "screenshot", **fields})

    def step(self, incident: str, step: str, /, who: str = "dsl", **fields: Json) -> TestResponse:
        """Take a step at any version."""
        return self.ask(
            who,
            "POST",
            f"/incidents/{incident}/steps",
            json={"step": step, **fields},
            headers={"If-Match": "*", "Idempotency-Key": uuid4().hex},
        )

    def take(self, incident: str, step: str, /, who: str = "dsl", **fields: Json) -> Json:
        answer = self.step(incident, step, who, **fields)
        assert answer.status_code == 201, answer.text
        return answer.json

    def ask_to_waive(self, incident: str, step: str, who: str = "dsl", by: str = "headteacher") -> str:
        """The id of the approval that `who` asks for: that `step` is waived, decided by `by`."""
        fields = {"waived": step, "reason": REASON, "authorised_by": self.users[by]}
        answer = self.step(incident, "waive", who, **fields)
        assert answer.status_code == 202, answer.text
        return str(body_of(answer)["approval"])

    def decide(self, approval: str, who: str = "headteacher", *, approve: bool = True) -> TestResponse:
        """Approve or refuse a request for approval."""
        body = {"approve": approve, "reason": REASON}
        return self.ask(who, "POST", f"/approvals/{approval}/decision", json=body)

    def waive(self, incident: str, step: str, who: str = "dsl", by: str = "headteacher") -> Json:
        """Waive `step`: `who` asks and `by` approves. Returns the incident after it."""
        answer = self.decide(self.ask_to_waive(incident, step, who, by), by)
        assert answer.status_code == 200, answer.text
        return body_of(answer)["result"]

    def upload(
        self,
        incident: str,
        content: bytes,
        who: str = "dsl",
        *,
        name: str = "screen.bin",
        headers: Json = None,
        **metadata: Json,
    ) -> TestResponse:
        """Send a file as evidence."""
        described = self.described(**metadata)
        return self.ask(
            who,
            "POST",
            f"/incidents/{incident}/evidence",
            data={"metadata": json.dumps(described), "file": (io.BytesIO(content), name)},
            headers={"If-Match": "*", **(headers or {})},
        )

    def uploaded(self, incident: str, content: bytes, who: str = "dsl", **metadata: Json) -> Json:
        answer = self.upload(incident, content, who, **metadata)
        assert answer.status_code == 201, answer.text
        return answer.json

    def events(self) -> int:
        """How many events the log holds."""
        return len(self.casework.log.recorder.select_notifications(None, 10_000))

    def refused(self, incident: str, step: str, /, who: str = "dsl", **fields: Json) -> Json:
        """The problem (409) with which a step is refused; the incident must not have changed."""
        before = self.get(who, f"/incidents/{incident}")
        answer = self.step(incident, step, who, **fields)
        assert answer.status_code == 409, answer.text
        assert self.get(who, f"/incidents/{incident}") == before
        return answer.json

    def next_steps(self, incident: str, who: str = "dsl") -> list[Json]:
        items: list[Json] = self.get(who, f"/incidents/{incident}/next-steps")["items"]
        return items

    def bullying(self, reported: str, **fields: Json) -> Json:
        """Two pupils, one bullied and one bullying, reported by a teaching assistant at `reported`."""
        self.clock.set(reported)
        return self.report(people=self.two_pupils(), **fields)

    def two_pupils(self) -> list[Json]:
        """A target and an alleged pupil."""
        return [
            {"person": self.person("Tess Target"), "involvement": "target"},
            {"person": self.person("Alan Alleged"), "involvement": "alleged"},
        ]

    def answer_everything(self, incident: str, but: frozenset[str] = frozenset(), who: str = "dsl") -> None:
        """Take every step that is due until only optional steps and those in `but` are left."""
        parent = self.person("Pat Parent", "parent")
        for _ in range(60):
            asked = [i for i in self.next_steps(incident, who) if i["modality"] != "may"]
            # A debrief waits for the answers of agencies.
            asked.sort(key=lambda item: item["step"] == "debrief")
            item = next((i for i in asked if i["step"] not in but), None)
            if item is None:
                return
            shown = self.get(who, f"/incidents/{incident}")
            fields = example(item["step"], shown, parent, manager=self.users[who], now=self.clock())
            preset = item.get("preset", {})
            if "role" in preset:
                # `tell` names one recipient.
                fields = {name: value for name, value in fields.items() if name != "person"}
            by = "headteacher" if item["step"] == "decide_data_breach" else who
            self.take(incident, item["step"], by, **(fields | preset))
        raise AssertionError("a step is still due after 60 steps")

    def asked(self, incident: str, step: str, who: str = "dsl", **preset: Json) -> list[Json]:
        """The items of next-steps for `step` with these values."""
        items = self.next_steps(incident, who)
        return [i for i in items if i["step"] == step and preset.items() <= i.get("preset", {}).items()]

    def due(self, incident: str, step: str, who: str = "dsl", **preset: Json) -> str:
        """When `step` is due, to the minute."""
        items = self.asked(incident, step, who, **preset)
        assert items, f"{step} is not due"
        return str(items[0]["due_at"])[:16]


def multipart(parts: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a test client's request with these parts; a file is a tuple of its content and name.

    werkzeug's own boundary sometimes has more characters than RFC 2046 allows.
    """
    files = {name: FileStorage(*part) if isinstance(part, tuple) else part for name, part in parts.items()}
    content, length, boundary = stream_encode_multipart(files, use_tempfile=False, boundary="b0undary")
    content_type = f"multipart/form-data; boundary={boundary}"
    return {"input_stream": content, "content_length": length, "content_type": content_type}


def body_of(answer: TestResponse) -> Json:
    """The JSON body of an answer."""
    return answer.json


def furnished(engine: Engine, pack: str, now: str) -> tuple[Hashable, Furniture]:
    """The name of a template database with a house, opened under `pack` at `now`, and its contents."""
    name = (House, pack, now)

    def furnish(url: str) -> Furniture:
        with TemporaryDirectory() as folder:
            house = House(settings_for(url, Path(folder)), pack, now)
            house.close()
            return house.furniture

    return name, engine.template(name, furnish)


@contextmanager
def opened_house(
    engine: Engine,
    folder: Path,
    pack: str = "st_thomas",
    now: str = "2026-09-01 09:00",
    clock: Callable[[str], Clock] = Clock,
    **settings: Any,
) -> Iterator[House]:
    """A school on one engine, with its keys and vault in `folder`; `settings` overrides settings."""
    name, furniture = furnished(engine, pack, now)
    with engine.database(folder, like=name) as url:
        changed = msgspec.structs.replace(settings_for(url, folder, key=furniture.key), **settings)
        house = House(changed, pack, now, furniture, clock)
        yield house
        house.close()


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Captures what is logged in the block, in memory."""
    stream = io.StringIO()
    configure_logging(stream)
    try:
        yield stream
    finally:
        configure_logging()


REASON = "A reason of more than ten characters."
NO_RISK = dict(EXAMPLES["assess_risk"])


OF_A_KIND: Final[dict[tuple[str, str], Json]] = {
    ("request_removal", "adult_image"): {"addressee": "revenge_porn_helpline"},
}
"""The fields with which a step is allowed in a kind that does not allow its example."""


def example(
    step: str, incident: Json, parent: str, manager: str | None = None, now: datetime | None = None
) -> Json:
    """Fields that make `step` well formed for `incident` as shown to a user.

    `manager` is a user who may authorise a step and manage an allegation. `now` defaults to when the incident
    occurred. Ids that are unknown are the parent's, which some steps need to replace.
    """
    occurred_at = datetime.fromisoformat(incident["occurred_at"])
    parties: list[Json] = incident["people"]
    by_category = {party["category"]: party["person"] for party in reversed(parties)}
    slots: Slots = {
        **dict.fromkeys(Slot, parent),
        Slot.SCHOOL: incident["school"],
        Slot.KIND: incident["kind"],
        Slot.OTHER_KIND: "cyberbullying",
        Slot.PACK: "headcorn",
        Slot.OCCURRED_AT: occurred_at,
        Slot.CHILD: by_category.get("pupil", parent),
        Slot.ALLEGED: next((p["person"] for p in parties if p["involvement"] == "alleged"), parent),
        Slot.ADULT: by_category.get("staff", parent),
        Slot.UNKNOWN: by_category.get("unknown", parent),
        Slot.HEAD: manager or parent,
    }
    given = OF_A_KIND.get((step, incident["kind"]), {})
    return examples.example(step, Occasion(now=now or occurred_at, slots=slots), given)
