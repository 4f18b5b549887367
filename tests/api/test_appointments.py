"""Appointments over HTTP: standing in, absences, an earlier end, and appointments that overlap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from tests.api.client import House, Json, body_of, opened_house
from tests.engines import Engine

READING: Final = ("dsl", "deputy_dsl", "headteacher", "slt", "chair_of_governors", "vice_chair")


@pytest.fixture
def house(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A school whose governor would stand in for the head, with a case of bullying."""
    with opened_house(engine, tmp_path_factory.mktemp("appointments")) as house:
        house.clock.set("2026-09-14 10:20")
        house.link("governor")
        yield house


def appoint(house: House, user: str, role: str, who: str = "admin", **more: Json) -> TestResponse:
    body = {"user": house.users[user], "role": role, "from": "2026-09-14", **more}
    return house.ask(who, "POST", f"/schools/{house.school}/appointments", json=body)


def held(house: House, who: str, role: str) -> Json:
    """The appointment of `who` to `role`, as `GET /me` shows it."""
    return next(each for each in house.get(who, "/me")["appointments"] if each["role"] == role)


def change(house: House, appointment: str, who: str = "admin", **fields: Json) -> TestResponse:
    path = f"/schools/{house.school}/appointments/{appointment}"
    return house.ask(who, "PATCH", path, json=fields)


def deputised(house: House) -> None:
    """The governor would stand in for the head."""
    house.agreed(appoint(house, "governor", "reporter", standing_in_for="headteacher"))


def head(house: House) -> str:
    return str(held(house, "headteacher", "headteacher")["id"])


def reads(house: House, who: str, incident: str) -> bool:
    """Whether `who` reads the case, by its address and in the list."""
    alone = house.ask(who, "GET", f"/incidents/{incident}").status_code == 200
    assert alone is (incident in [each["id"] for each in house.get(who, "/incidents")["items"]])
    return alone


class TestStandingIn:
    def test_begins_with_an_absence_and_ends_after_its_last_day(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        deputised(house)
        assert not reads(house, "governor", incident)
        assert change(house, head(house), absent_until="2026-09-16").status_code == 200
        assert reads(house, "governor", incident)
        assert reads(house, "headteacher", incident)
        house.take(incident, "acknowledge", "governor")
        steps = house.get("dsl", f"/incidents/{incident}/steps")["items"]
        assert steps[-1]["role"] == "headteacher"
        house.clock.set("2026-09-16 23:30")
        assert reads(house, "governor", incident)
        house.clock.set("2026-09-17 00:30")
        assert not reads(house, "governor", incident)

    def test_is_shown_to_the_user_and_in_the_lists(self, house: House) -> None:
        deputised(house)
        assert held(house, "governor", "reporter")["acting"] is False
        change(house, head(house), absent_until="2026-09-16")
        mine = held(house, "governor", "reporter")
        assert (mine["standing_in_for"], mine["acting"]) == ("headteacher", True)
        assert "read allegations" in mine["may"]
        listed = house.get("dsl", f"/schools/{house.school}/appointments")["items"]
        by_user = {(each["user"], each["role"]): each for each in listed}
        assert by_user[house.users["governor"], "reporter"]["acting"] is True
        assert by_user[house.users["headteacher"], "headteacher"]["absent_until"] == "2026-09-16"
        heads = house.get("dsl", "/users?role=headteacher")["items"]
        assert {each["id"] for each in heads} == {house.users["governor"], house.users["headteacher"]}
        roles = house.get("dsl", f"/users/{house.users['governor']}")["roles"]
        standing_in = {"school": house.school, "role": "headteacher", "standing_in": True}
        assert standing_in in roles

    def test_begins_when_nobody_holds_the_post(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        deputised(house)
        path = f"/schools/{house.school}/appointments/{head(house)}"
        assert house.ask("admin", "DELETE", path).status_code == 204
        assert reads(house, "governor", incident)

    def test_ends_when_the_holder_is_back_early(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        deputised(house)
        change(house, head(house), absent_until="2026-09-30")
        house.clock.set("2026-09-15 08:00")
        assert body_of(change(house, head(house), absent_until=None))["absent_until"] is None
        assert not reads(house, "governor", incident)

    def test_lets_the_chair_know_of_the_acting_heads_allegation(self, house: House) -> None:
        """A case about a user who acts as head is one about the person who leads the school."""
        person = house.person("Sam Standin", "governor")
        house.add_user("acting", "reporter", house.school, person=person)
        house.add_user("chair", "chair_of_governors", house.school)
        house.agreed(appoint(house, "acting", "governor", standing_in_for="headteacher"))
        people = [{"person": person, "involvement": "alleged"}]
        incident = house.report(kind="staff_allegation", people=people)["id"]
        assert not reads(house, "chair", incident)
        change(house, head(house), absent_until="2026-09-30")
        assert reads(house, "chair", incident)
        assert not reads(house, "acting", incident)

    @pytest.mark.parametrize(
        ("role", "stood_in_for", "fault"),
        [
            ("governor", "reporter", "cannot be stood in for"),
            ("governor", "admin", "cannot be stood in for"),
            ("governor", "slt", "cannot be stood in for"),
            ("deputy_dsl", "deputy_dsl", "is the role itself"),
        ],
    )
    def test_is_refused_for_other_roles(self, house: House, role: str, stood_in_for: str, fault: str) -> None:
        answer = appoint(house, "reporter", role, standing_in_for=stood_in_for)
        assert answer.status_code == 422, answer.text
        assert body_of(answer)["errors"] == {"$.standing_in_for": [fault]}


class TestAChange:
    def test_is_recorded_once(self, house: House) -> None:
        first = change(house, head(house), absent_until="2026-09-16")
        events = house.events()
        assert body_of(change(house, head(house), absent_until="2026-09-16")) == body_of(first)
        assert house.events() == events

    def test_of_the_last_day_ends_the_role_after_it(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        dsl = held(house, "dsl", "dsl")["id"]
        assert body_of(change(house, dsl, until="2026-09-14"))["until"] == "2026-09-14"
        assert reads(house, "dsl", incident)
        house.clock.set("2026-09-15 08:00")
        assert not reads(house, "dsl", incident)

    @pytest.mark.parametrize(
        ("fields", "path", "fault"),
        [
            ({"absent_until": "2026-09-13"}, "$.absent_until", "is in the past"),
            ({"until": "2026-09-12"}, "$.until", "is before yesterday"),
            (
                {"until": "2026-11-01"},
                "$.until",
                "is later than the present last day; appoint the user again",
            ),
            ({"until": None}, "$.until", None),
            ({"role": "dsl"}, "$.role", None),
        ],
    )
    def test_that_cannot_be_is_refused(
        self, house: House, fields: dict[str, Any], path: str, fault: str | None
    ) -> None:
        made = body_of(appoint(house, "reporter", "governor", until="2026-10-31"))
        answer = change(house, made["id"], **fields)
        assert answer.status_code == 422, answer.text
        errors = body_of(answer)["errors"]
        assert list(errors) == [path]
        assert fault is None or errors[path] == [fault]

    def test_does_not_revive_an_appointment_that_has_ended(self, house: House) -> None:
        dsl = held(house, "dsl", "dsl")["id"]
        change(house, dsl, until="2026-09-14")
        house.clock.set("2026-09-15 08:00")
        for fields in ({"until": "2026-09-30"}, {"absent_until": "2026-09-30"}, {"absent_until": None}):
            answer = change(house, dsl, **fields)
            assert (answer.status_code, body_of(answer)["rule"]) == (409, "appointment-ended")

    def test_of_an_appointment_that_has_not_begun_ends_it_no_earlier_than_its_first_day(
        self, house: House
    ) -> None:
        made = body_of(appoint(house, "reporter", "governor", **{"from": "2026-10-01"}))
        answer = change(house, made["id"], until="2026-09-30")
        assert body_of(answer)["errors"] == {"$.until": ["is before from"]}

    def test_is_for_administrators_and_an_absence_for_its_user_too(self, house: House) -> None:
        dsl = held(house, "dsl", "dsl")["id"]
        assert change(house, dsl, "dsl", absent_until="2026-09-16").status_code == 200
        assert change(house, dsl, "dsl", absent_until=None).status_code == 200
        assert change(house, dsl, "dsl", until="2026-09-16").status_code == 403
        assert change(house, dsl, "headteacher", absent_until="2026-09-16").status_code == 403
        assert change(house, str(house.users["dsl"]), absent_until="2026-09-16").status_code == 404


class TestAnAppointmentThatOverlaps:
    @pytest.mark.parametrize(
        ("role", "more"),
        [
            ("dsl", {}),
            ("dsl", {"from": "2026-08-01", "until": "2026-09-01"}),
            ("reporter", {"standing_in_for": "dsl"}),
        ],
    )
    def test_one_to_the_same_role_is_refused(self, house: House, role: str, more: Json) -> None:
        events = house.events()
        answer = appoint(house, "dsl", role, **more)
        assert (answer.status_code, body_of(answer)["rule"]) == (409, "appointment-overlaps")
        assert house.events() == events

    def test_follows_one_that_ends_before_it_begins(self, house: House) -> None:
        made = body_of(appoint(house, "reporter", "governor", until="2026-10-31"))
        assert appoint(house, "reporter", "governor", **{"from": "2026-10-31"}).status_code == 409
        assert appoint(house, "reporter", "governor", **{"from": "2026-11-01"}).status_code == 201
        assert (
            appoint(
                house, "reporter", "governor", **{"from": "2026-08-01", "until": "2026-09-13"}
            ).status_code
            == 201
        )
        assert made["until"] == "2026-10-31"


class TestAUserWithoutAPerson:
    @pytest.mark.parametrize(
        "fields",
        [
            *({"role": role} for role in READING),
            {"role": "governor", "standing_in_for": "dsl"},
        ],
    )
    def test_is_appointed_to_no_role_that_reads_cases(self, house: House, fields: Json) -> None:
        events = house.events()
        answer = appoint(house, "reporter", **fields)
        assert (answer.status_code, body_of(answer)["rule"]) == (409, "person-needed")
        assert "`person`" in body_of(answer)["detail"]
        assert house.events() == events
        house.link("reporter")
        assert house.agreed(appoint(house, "reporter", **fields))["role"] == fields["role"]

    def test_may_hold_other_roles(self, house: House) -> None:
        for role in ("governor", "admin"):
            assert appoint(house, "reporter", role).status_code == 201

    def test_needs_one_at_the_same_school(self, house: House) -> None:
        elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", elsewhere)
        assert appoint(house, "stranger", "dsl").status_code == 409

    def test_needs_one_on_the_roll(self, house: House) -> None:
        person = house.person("Tara Teacher", "staff")
        house.add_user("teacher", "reporter", house.school, person=person)
        change = {"on_roll": False, "reason": "She was registered by mistake."}
        house.ask("dsl", "PATCH", f"/people/{person}", json=change, headers={"If-Match": "*"})
        assert appoint(house, "teacher", "deputy_dsl").status_code == 409
