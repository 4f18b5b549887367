"""Users of an earlier release who hold a role that reads cases and are no person at the school."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID, uuid4

import pytest

from casework.domain.access import SYSTEM
from casework.domain.appointment import Appointment
from casework.domain.event import event_of
from casework.domain.school import Appointed, School
from casework.domain.vocabulary import Role
from casework.usecases.context import Context
from tests.api.client import House, opened_house
from tests.engines import Engine


@pytest.fixture
def house(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened_house(engine, tmp_path_factory.mktemp("unlinked")) as house:
        house.clock.set("2026-09-14 10:20")
        yield house


def appoint_as_before(house: House, who: str, role: Role, standing_in_for: Role | None = None) -> None:
    """Record an appointment as the release before stored it, which asked for no person."""
    record, context = house.casework.record, Context(principal=SYSTEM, now=house.clock())
    school = record.load(School, UUID(house.school))
    assert school is not None
    appointment = Appointment(
        id=uuid4(),
        user=UUID(house.users[who]),
        role=role,
        from_=date(2026, 9, 1),
        standing_in_for=standing_in_for,
    )
    stamp = context.stamp(school.id, school.version + 1, Role.ADMIN)
    school.append(event_of(stamp, Appointed, appointment=appointment))
    record.commit(school)


def unlinked(house: House) -> set[str]:
    return {each["id"] for each in house.get("admin", "/users?linked=false")["items"]}


def test_work_as_before_and_are_told(house: House) -> None:
    appoint_as_before(house, "reporter", Role.DEPUTY_DSL)
    incident = house.bullying("2026-09-14 10:20")["id"]
    assert house.get("reporter", f"/incidents/{incident}")["id"] == incident
    assert house.get("reporter", "/me")["unlinked"] == [house.school]
    assert house.get("dsl", "/me")["unlinked"] == []


def test_are_listed_for_the_administrator_until_they_are_linked(house: House) -> None:
    appoint_as_before(house, "reporter", Role.DEPUTY_DSL)
    assert unlinked(house) == {house.users["reporter"]}
    linked = {each["id"] for each in house.get("admin", "/users?linked=true")["items"]}
    assert linked == {*house.users.values()} - {house.users["reporter"]}
    (item,) = house.get("dsl", "/users?linked=false")["items"]
    assert item["unlinked"] == [house.school]

    house.link("reporter")
    assert unlinked(house) == set()
    assert house.get("reporter", "/me")["unlinked"] == []


def test_are_also_those_who_would_stand_in(house: House) -> None:
    appoint_as_before(house, "governor", Role.REPORTER, standing_in_for=Role.HEADTEACHER)
    assert unlinked(house) == {house.users["governor"]}


def test_are_not_those_whose_appointment_is_over(house: House) -> None:
    appoint_as_before(house, "reporter", Role.DEPUTY_DSL)
    held = house.get("reporter", "/me")["appointments"]
    (made,) = (each["id"] for each in held if each["role"] == "deputy_dsl")
    house.ask("admin", "DELETE", f"/schools/{house.school}/appointments/{made}")
    assert unlinked(house) == set()
    assert house.get("reporter", "/me")["unlinked"] == []


def test_may_be_linked_at_another_school_already(house: House) -> None:
    elsewhere = house.open_school("headcorn")
    house.add_user("stranger", "dsl", elsewhere)
    appoint_as_before(house, "stranger", Role.DSL)
    assert house.get("stranger", "/me")["unlinked"] == [house.school]
    (item,) = house.get("admin", "/users?linked=false")["items"]
    assert (item["id"], item["unlinked"]) == (house.users["stranger"], [house.school])
