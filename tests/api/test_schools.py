"""A school over HTTP: the policy it follows, and when that is due for review."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, cast
from uuid import UUID

import pytest

from casework.domain.event import Event
from tests.api.client import House, Json, body_of

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def changed(house: House, **fields: Any) -> Json:
    answer = house.ask("admin", "PATCH", f"/schools/{house.school}", json=fields)
    assert answer.status_code == 200, answer.text
    return body_of(answer)


def review_of(house: House) -> Json:
    (step,) = house.get("dsl", f"/schools/{house.school}")["next_steps"]
    assert step["step"] == "review_policy"
    return step


def overdue_in_the_summary(house: House) -> Json:
    return house.get("dsl", f"/schools/{house.school}/governor-summary?term=2026-autumn")["policies_overdue"]


@on_sqlite
def test_a_policy_that_was_not_reviewed_in_time_is_overdue(house: House) -> None:
    assert (review_of(house)["due_at"], review_of(house)["overdue"]) == ("2017-06-01", True)
    assert overdue_in_the_summary(house) == [{"pack": "st_thomas@2016-06", "review_due": "2017-06-01"}]


@on_sqlite
def test_a_reviewed_policy_is_due_for_review_a_year_later(house: House) -> None:
    house.clock.set("2026-09-14 10:00")
    shown = changed(house, policy_reviewed_on="2026-09-10")
    assert shown["policy"] == {
        "edition": "st_thomas@2016-06",
        "reviewed_on": "2026-09-10",
        "review_due": "2027-09-10",
    }
    assert (review_of(house)["due_at"], review_of(house)["overdue"]) == ("2027-09-10", False)
    assert overdue_in_the_summary(house) == []


@on_sqlite
def test_a_review_in_the_future_is_refused(house: House) -> None:
    answer = house.ask(
        "admin", "PATCH", f"/schools/{house.school}", json={"policy_reviewed_on": "2026-09-02"}
    )
    assert (answer.status_code, list(body_of(answer)["errors"])) == (422, ["$.policy_reviewed_on"])
    assert review_of(house)["overdue"]


@on_sqlite
def test_a_new_policy_applies_to_later_reports(house: House) -> None:
    before = house.bullying("2026-09-14 10:20")["id"]
    house.clock.set("2026-09-15 09:00")
    assert changed(house, pack="headcorn")["policy"]["edition"] == "headcorn@2022-03"
    house.clock.set("2026-09-16 09:00")
    after = house.bullying("2026-09-16 09:00")["id"]
    packs = [house.get("dsl", f"/incidents/{each}")["policy"]["pack"] for each in (before, after)]
    assert packs == ["st_thomas@2016-06", "headcorn@2022-03"]


@on_sqlite
@pytest.mark.parametrize("who", ["dsl", "headteacher", "governor", "reporter"])
def test_only_an_administrator_changes_a_school(house: House, who: str) -> None:
    answer = house.ask(who, "PATCH", f"/schools/{house.school}", json={"policy_reviewed_on": "2026-08-31"})
    assert answer.status_code == 403


@on_sqlite
def test_an_unknown_appointment_cannot_be_ended(house: House) -> None:
    elsewhere = house.open_school("headcorn")
    body = {"user": house.users["dsl"], "role": "governor", "from": "2026-09-01"}
    theirs = house.created("admin", f"/schools/{elsewhere}/appointments", body)["id"]
    events = house.events()
    for unknown in (str(UUID(int=7)), theirs):
        answer = house.ask("admin", "DELETE", f"/schools/{house.school}/appointments/{unknown}")
        assert (answer.status_code, body_of(answer)["type"]) == (404, "/problems/not-found")
    assert house.events() == events


@on_sqlite
def test_changes_of_schools_and_users_are_recorded_as_an_administrators(house: House) -> None:
    """Even if the administrator holds another role at the school."""
    house.add_user("both", "dsl", house.school)
    also_admin = {"user": house.users["both"], "role": "admin", "from": "2026-09-01"}
    made = house.created("admin", f"/schools/{house.school}/appointments", also_admin)
    changed(house, pupils_on_roll=211)
    answer = house.ask("both", "PATCH", f"/schools/{house.school}", json={"pupils_on_roll": 212})
    assert answer.status_code == 200
    token = house.issued("both", "read")["id"]
    for path in (
        f"/users/{house.users['both']}/tokens/{token}",
        f"/schools/{house.school}/appointments/{made['id']}",
    ):
        assert house.ask("admin", "DELETE", path).status_code == 204
    recorded = [
        cast(Event, event)
        for aggregate in (house.school, house.users["both"])
        for event in house.casework.log.events.get(UUID(aggregate))
    ]
    assert {event.TOPIC for event in recorded} == {
        *("school.opened", "school.changed", "school.appointed", "school.appointment_ended"),
        *("user.registered", "user.token_issued", "user.token_revoked"),
    }
    assert {event.role for event in recorded} == {"admin"}


@on_sqlite
def test_a_change_of_nothing_is_not_recorded(house: House) -> None:
    events = house.events()
    before = house.get("admin", f"/schools/{house.school}")
    assert changed(house) == before
    assert house.events() == events


@on_sqlite
@pytest.mark.parametrize(
    "field",
    ["name", "urn", "pack", "pupils_on_roll", "calendar", "policy_reviewed_on", "links_required_from"],
)
def test_no_setting_can_be_cleared(house: House, field: str) -> None:
    events = house.events()
    answer = house.ask("admin", "PATCH", f"/schools/{house.school}", json={field: None})
    assert answer.status_code == 422
    assert body_of(answer)["errors"] == {f"$.{field}": ["must not be null"]}
    assert house.events() == events


@on_sqlite
@pytest.mark.parametrize("until", [None, "2027-03-31"])
def test_an_appointment_that_is_ended_before_it_begins_never_does(house: House, until: str | None) -> None:
    person = house.on_roll("Lena Later")
    later = {"name": "Lena Later", "email": "later@school.example", "person": person}
    house.users["later"] = house.created("admin", "/users", later)["id"]
    house.tokens["later"] = house.issued("later", "read")["token"]
    body = {"user": house.users["later"], "role": "dsl", "from": "2026-12-01", "until": until}
    path = f"/schools/{house.school}/appointments"
    appointment = house.agreed(house.ask("admin", "POST", path, json=body))["id"]
    assert len(house.get("later", "/me")["appointments"]) == 1
    incident = house.bullying("2026-09-14 10:20")["id"]
    for _ in range(2):
        assert house.ask("admin", "DELETE", f"{path}/{appointment}").status_code == 204
    school = house.casework.schools.found(UUID(house.school))
    assert school.appointments[UUID(appointment)].until == date(2026, 11, 30)
    assert house.get("later", "/me")["appointments"] == []
    for moment in ("2026-09-14 11:00", "2026-11-30 12:00", "2026-12-01 12:00", "2027-01-04 12:00"):
        house.clock.set(moment)
        house.get("later", f"/incidents/{incident}", 404)
        house.get("later", f"/schools/{house.school}", 404)


@on_sqlite
class TestOutsideContacts:
    CONTACTS: ClassVar = [
        {"who": "lado", "name": "Duty LADO", "phone": "01632 960123"},
        {"who": "police", "name": "Police", "phone": "101"},
    ]

    def test_are_read_by_every_user_of_the_school(self, house: House) -> None:
        path = f"/schools/{house.school}"
        assert house.get("reporter", path)["outside_contacts"] == []
        changed(house, outside_contacts=self.CONTACTS)
        assert house.get("reporter", path)["outside_contacts"] == self.CONTACTS
        changed(house, pupils_on_roll=211)
        assert house.get("reporter", path)["outside_contacts"] == self.CONTACTS
        changed(house, outside_contacts=[])
        assert house.get("reporter", path)["outside_contacts"] == []

    @pytest.mark.parametrize(
        ("contact", "path"),
        [
            ({"who": "the press"}, "$.outside_contacts[0].who"),
            ({"name": " "}, "$.outside_contacts[0].name"),
            ({"phone": "1" * 51}, "$.outside_contacts[0].phone"),
            ({"email": "lado@council.example"}, "$.outside_contacts[0].email"),
        ],
    )
    def test_that_are_malformed_are_refused(self, house: House, contact: Json, path: str) -> None:
        body = {"outside_contacts": [self.CONTACTS[0] | contact]}
        answer = house.ask("admin", "PATCH", f"/schools/{house.school}", json=body)
        assert (answer.status_code, [*body_of(answer)["errors"]]) == (422, [path])
