"""Users of an earlier release who hold a role that reads cases and are no person at the school."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from casework.domain.access import SYSTEM
from casework.domain.appointment import Appointment
from casework.domain.event import event_of
from casework.domain.school import Appointed, School
from casework.domain.vocabulary import Role
from casework.usecases.context import Context
from tests.api.client import House, body_of, opened_house
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


class TestOnceLinksAreRequired:
    """From a day that the administrator sets, the roles of unlinked users sleep."""

    @staticmethod
    def require(house: House, day: str) -> TestResponse:
        body = {"links_required_from": day}
        return house.ask("admin", "PATCH", f"/schools/{house.school}", json=body)

    @staticmethod
    def reads(house: House, who: str, incident: str) -> bool:
        alone = house.ask(who, "GET", f"/incidents/{incident}").status_code == 200
        assert alone is (incident in [each["id"] for each in house.get(who, "/incidents")["items"]])
        return alone

    @staticmethod
    def reminded(house: House, day: str, users: int) -> None:
        """The administrator has a notice of this day about these users."""
        found = house.get("admin", "/me/notices")["items"]
        (seen,) = [each for each in found if each["what"] == "users_unlinked"]
        assert (seen["at"][:10], seen["school"], seen["count"]) == (day, house.school, users)

    def test_a_role_sleeps_from_that_day_until_its_user_is_linked(self, house: House) -> None:
        appoint_as_before(house, "reporter", Role.DEPUTY_DSL)
        incident = house.bullying("2026-09-14 10:20", who="governor")["id"]
        shown = self.require(house, "2026-09-21")
        assert body_of(shown)["links_required_from"] == "2026-09-21"
        house.clock.set("2026-09-20 23:30")
        assert self.reads(house, "reporter", incident)
        house.clock.set("2026-09-21 00:30")
        assert not self.reads(house, "reporter", incident)
        assert self.reads(house, "dsl", incident)
        by_role = {each["role"]: each for each in house.get("reporter", "/me")["appointments"]}
        assert {role: each["asleep"] for role, each in by_role.items()} == {
            "reporter": False,
            "deputy_dsl": True,
        }
        assert by_role["deputy_dsl"]["may"] == []

        house.link("reporter")
        assert self.reads(house, "reporter", incident)

    def test_a_link_before_that_day_keeps_the_role_awake(self, house: House) -> None:
        appoint_as_before(house, "reporter", Role.DEPUTY_DSL)
        incident = house.bullying("2026-09-14 10:20", who="governor")["id"]
        self.require(house, "2026-09-21")
        house.link("reporter")
        house.clock.set("2026-09-21 09:00")
        assert self.reads(house, "reporter", incident)

    def test_the_last_awake_lead_stays_awake(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20", who="governor")["id"]
        appoint_as_before(house, "reporter", Role.DEPUTY_DSL)
        appoint_as_before(house, "governor", Role.SLT)
        self.require(house, "2026-09-14")
        assert not self.reads(house, "reporter", incident)
        for who in ("dsl", "deputy_dsl", "headteacher"):
            (held,) = house.get(who, "/me")["appointments"]
            path = f"/schools/{house.school}/appointments/{held['id']}"
            house.agreed(house.ask("admin", "DELETE", path))
        assert self.reads(house, "reporter", incident)
        self.reminded(house, "2026-09-14", 2)
        house.clock.set("2026-09-15 08:00")
        self.reminded(house, "2026-09-15", 2)
        house.link("reporter")
        self.reminded(house, "2026-09-15", 1)
        by_role = {each["role"]: each["asleep"] for each in house.get("governor", "/me")["appointments"]}
        assert by_role == {"governor": False, "slt": True}

    def test_nobody_stands_in_asleep(self, house: House) -> None:
        appoint_as_before(house, "governor", Role.REPORTER, standing_in_for=Role.HEADTEACHER)
        incident = house.bullying("2026-09-14 10:20")["id"]
        (head,) = house.get("headteacher", "/me")["appointments"]
        path = f"/schools/{house.school}/appointments/{head['id']}"
        house.ask("admin", "PATCH", path, json={"absent_until": "2026-10-14"})
        assert self.reads(house, "governor", incident)
        self.require(house, "2026-09-14")
        assert not self.reads(house, "governor", incident)
        assert house.get("governor", f"/schools/{house.school}")["id"] == house.school

    @pytest.mark.parametrize(
        ("day", "fault"),
        [
            ("2026-09-13", "must be from today to 30 days ahead"),
            ("2026-10-15", "must be from today to 30 days ahead"),
        ],
    )
    def test_it_is_a_day_within_the_next_thirty(self, house: House, day: str, fault: str) -> None:
        events = house.events()
        answer = self.require(house, day)
        assert (answer.status_code, body_of(answer)["errors"]) == (422, {"$.links_required_from": [fault]})
        assert house.events() == events

    def test_it_may_be_moved_only_before_it_has_come(self, house: House) -> None:
        for day in ("2026-09-21", "2026-10-14", "2026-09-20"):
            assert self.require(house, day).status_code == 200
        house.clock.set("2026-09-20 09:00")
        answer = self.require(house, "2026-09-30")
        assert answer.status_code == 422, answer.text
