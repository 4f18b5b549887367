"""Stores that the release before wrote, opened with this one."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from sqlalchemy import insert

from casework.domain.user import User
from casework.storage.tables import data_keys
from casework_api.commands.opening import opened
from tests.api.client import Furniture, House, Json
from tests.api.test_notices import notices
from tests.engines import Engine
from tests.settings import settings_for

STORES: Final = Path(__file__).parent.parent / "stores"
UNLINKED, LINKED, TWO_RECORDS = "unlinked", "linked", "two_records_of_a_head"


class Opened:
    """A store of the release before, over HTTP."""

    def __init__(self, house: House, store: Json) -> None:
        self.house = house
        self.incidents: dict[str, str] = store["incidents"]
        self.people: dict[str, str] = store["people"]
        self.before: dict[str, list[str]] = store["readers"]

    def readers(self, case: str) -> list[str]:
        """The users who read a case, and not only their own report, by its address and in the list."""
        return sorted(who for who in self.house.tokens if who != "reporter" and self._reads(who, case))

    def _reads(self, who: str, case: str) -> bool:
        incident = self.incidents[case]
        alone = self.house.ask(who, "GET", f"/incidents/{incident}").status_code == 200
        assert alone is (incident in [each["id"] for each in self.house.get(who, "/incidents")["items"]])
        return alone


@contextmanager
def opened_store(engine: Engine, folder: Path, name: str) -> Iterator[Opened]:
    store = json.loads((STORES / f"{name}.json").read_text())
    key = b64decode(store["key"])
    with engine.database(folder) as url:
        settings = settings_for(url, folder, key=key)
        with opened(settings) as app:
            events = [
                StoredEvent(UUID(originator), version, topic, b64decode(state))
                for originator, version, topic, state in store["events"]
            ]
            app.log.recorder.insert_events(events)
            keys = [
                {"subject": UUID(subject), "wrapped": b64decode(each)}
                for subject, each in store["keys"].items()
            ]
            with app.database.engine.begin() as connection:
                connection.execute(insert(data_keys), keys)
            admin = app.record.load(User, UUID(store["users"]["admin"]))
            assert admin is not None
        furniture = Furniture(key, admin, store["school"], store["users"], store["tokens"])
        house = House(settings, now="2026-09-14 11:00", furniture=furniture)
        yield Opened(house, store)
        house.close()


@pytest.fixture(params=[UNLINKED, LINKED, TWO_RECORDS])
def store(
    request: pytest.FixtureRequest, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    with opened_store(engine, tmp_path_factory.mktemp("store"), request.param) as found:
        yield found


def only(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("store", [name], indirect=True)


def test_every_token_of_it_is_valid_still(store: Opened) -> None:
    for who in store.house.tokens:
        assert store.house.get(who, "/me")["user"]["enrolled"] is True


@only(UNLINKED)
def test_users_without_a_person_read_as_before_and_are_told(store: Opened) -> None:
    assert {case: store.readers(case) for case in store.incidents} == store.before
    for who in ("dsl", "headteacher", "chair"):
        assert store.house.get(who, "/me")["unlinked"] == [store.house.school]
    listed = store.house.get("admin", "/users?linked=false")["items"]
    assert {each["id"] for each in listed} == {
        store.house.users[who] for who in ("dsl", "deputy_dsl", "headteacher", "chair")
    }


@only(UNLINKED)
def test_a_link_hides_a_case_from_its_subject(store: Opened) -> None:
    house = store.house
    answer = house.ask(
        "admin",
        "PATCH",
        f"/users/{house.users['headteacher']}",
        json={"person": store.people["subject"]},
        headers={"If-Match": "*"},
    )
    assert answer.status_code == 200, answer.text
    assert store.readers("allegation") == ["chair"]
    assert [each["incident"] for each in notices(house, "chair", "case_waits")] == [
        store.incidents["allegation"]
    ]


@only(LINKED)
def test_an_allegation_about_a_leader_comes_to_no_head(store: Opened) -> None:
    """Until now another head read it too."""
    assert store.before["allegation"] == ["chair", "headteacher"]
    assert store.readers("allegation") == ["chair"]
    assert store.readers("child") == ["deputy_dsl", "dsl", "head", "headteacher"]
    waiting = notices(store.house, "chair", "case_waits")
    assert [each["incident"] for each in waiting] == [store.incidents["allegation"]]


@only(TWO_RECORDS)
def test_a_second_record_of_the_head_hides_the_case_from_the_head(store: Opened) -> None:
    assert store.before["allegation"] == ["head", "headteacher"]
    assert store.readers("allegation") == ["chair"]
    assert [each["incident"] for each in notices(store.house, "chair", "case_waits")] == [
        store.incidents["allegation"]
    ]
    assert store.readers("child") == store.before["child"]


@only(TWO_RECORDS)
def test_the_second_record_is_joined_by_nobody_who_may_not_know_it(store: Opened) -> None:
    # A teaching assistant made it, and no lead reads the case.
    body = {"person": store.people["subject"], "reason": "Both are the head."}
    path = f"/people/{store.people['head']}/same-as"
    assert store.house.ask("dsl", "POST", path, json=body).status_code == 422
    assert store.readers("allegation") == ["chair"]
