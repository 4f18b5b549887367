"""Lists of users, schools, appointments and tokens over HTTP, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import House, Json, called, logged
from tests.api.test_lists import everything

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def ids(house: House, who: str, query: str = "") -> set[str]:
    """The names by which the house knows the listed users."""
    by_id = {user: name for name, user in house.users.items()}
    return {by_id[item["id"]] for item in everything(house, who, f"/users{query}", 100)}


def deactivate(house: House, who: str) -> None:
    path = f"/users/{house.users[who]}"
    answer = house.ask("admin", "PATCH", path, json={"active": False}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def elsewhere(house: House) -> str:
    """Another school, with a lead who is known as `stranger`."""
    school = house.open_school("headcorn")
    house.add_user("stranger", "dsl", school)
    return school


class TestUsers:
    def test_are_listed_with_their_roles(self, house: House) -> None:
        (item,) = house.get("dsl", "/users?role=governor")["items"]
        assert item == {
            "id": house.users["governor"],
            "name": called("governor"),
            "active": True,
            "roles": [{"school": house.school, "role": "governor", "standing_in": False}],
            "unlinked": [],
        }

    def test_all_are_listed_for_administrators(self, house: House, elsewhere: str) -> None:
        assert ids(house, "admin") == set(house.users)

    def test_of_another_school_are_not_listed_for_leads(self, house: House, elsewhere: str) -> None:
        assert ids(house, "dsl") == {*House.ROLES}
        assert ids(house, "dsl", f"?school={elsewhere}") == set()
        assert ids(house, "stranger") == {"stranger"}

    def test_of_one_school_are_listed_for_administrators(self, house: House, elsewhere: str) -> None:
        assert ids(house, "admin", f"?school={elsewhere}") == {"stranger"}
        assert ids(house, "admin", f"?school={house.school}&role=dsl") == {"dsl"}

    def test_of_two_schools_show_a_lead_only_roles_at_their_own(self, house: House, elsewhere: str) -> None:
        appointment = {"user": house.users["stranger"], "role": "governor", "from": "2026-09-01"}
        house.created("admin", f"/schools/{house.school}/appointments", appointment)
        shown = house.get("dsl", f"/users/{house.users['stranger']}")
        assert shown["roles"] == [{"school": house.school, "role": "governor", "standing_in": False}]
        (item,) = house.get("dsl", "/users?name=stranger")["items"]
        assert item["roles"] == shown["roles"]

    def test_who_hold_no_role_today_are_not_listed_for_leads(self, house: House) -> None:
        house.add_user("leaver", "reporter", house.school)
        assert "leaver" in ids(house, "dsl")
        (held,) = house.get("leaver", "/me")["appointments"]
        house.ask("admin", "DELETE", f"/schools/{house.school}/appointments/{held['id']}")
        assert "leaver" not in ids(house, "dsl")
        assert "leaver" in ids(house, "admin")
        house.get("dsl", f"/users/{house.users['leaver']}", status=404)

    @pytest.mark.parametrize("name", ["Governor Chandler", "governor", "NOR  cha"])
    def test_are_found_by_any_part_of_their_name(self, house: House, name: str) -> None:
        assert ids(house, "dsl", f"?name={name}") == {"governor"}

    def test_are_found_by_their_present_name(self, house: House) -> None:
        path = f"/users/{house.users['governor']}"
        house.ask("admin", "PATCH", path, json={"name": "Una Warden"}, headers={"If-Match": "*"})
        assert ids(house, "dsl", "?name=warden") == {"governor"}
        assert ids(house, "dsl", "?name=governor") == set()

    @pytest.mark.parametrize("query", ["", "?name=er"])
    def test_are_each_on_one_page(self, house: House, query: str) -> None:
        items = everything(house, "dsl", f"/users{query}", 2)
        assert sorted(item["id"] for item in items) == sorted(house.users[role] for role in House.ROLES)

    def test_who_are_deactivated_are_listed_only_for_administrators_who_ask(self, house: House) -> None:
        deactivate(house, "governor")
        assert "governor" not in ids(house, "dsl")
        assert "governor" not in ids(house, "admin")
        assert ids(house, "admin", "?active=false") == {"governor"}
        house.get("dsl", "/users?active=false", status=403)
        house.get("dsl", f"/users/{house.users['governor']}", status=404)

    def test_may_be_listed_by_the_chair(self, house: House) -> None:
        house.add_user("chair", "chair_of_governors", house.school)
        assert ids(house, "chair") == {*House.ROLES, "chair"}
        house.get("chair", f"/schools/{house.school}/appointments", status=403)

    def test_are_shown_whole_only_to_administrators_and_themselves(self, house: House) -> None:
        path = f"/users/{house.users['governor']}"
        private = {"email", "person", "persons", "administrator"}
        assert private <= set(house.get("admin", path))
        assert private <= set(house.get("governor", path))
        assert private.isdisjoint(house.get("dsl", path))

    @on_sqlite
    def test_searched_by_name_leave_the_name_out_of_the_log(self, house: House) -> None:
        with logged() as log:
            house.get("dsl", "/users?name=Governor")
        assert "/users" in log.getvalue()
        assert "governor" not in log.getvalue().casefold()

    @on_sqlite
    @pytest.mark.parametrize("query", ["role=nobody", "school=x", "active=perhaps", "name=", "cursor=x"])
    def test_of_a_malformed_query_are_not_listed(self, house: House, query: str) -> None:
        answer = house.get("dsl", f"/users?{query}", status=422)
        assert list(answer["errors"]) == [query.partition("=")[0]]


class TestSchools:
    def test_are_those_where_the_user_holds_a_role(self, house: House, elsewhere: str) -> None:
        assert house.get("stranger", "/schools")["items"] == [
            {"id": elsewhere, "name": "A Primary School", "urn": None, "pack": "headcorn"}
        ]

    def test_are_all_for_administrators(self, house: House, elsewhere: str) -> None:
        items = everything(house, "admin", "/schools", 1)
        assert sorted(item["id"] for item in items) == sorted([house.school, elsewhere])

    def test_are_none_once_the_appointment_has_ended(self, house: House) -> None:
        (held,) = house.get("governor", "/me")["appointments"]
        house.ask("admin", "DELETE", f"/schools/{house.school}/appointments/{held['id']}")
        assert house.get("governor", "/schools")["items"] == []


class TestAppointments:
    def test_are_listed_with_names(self, house: House) -> None:
        items = everything(house, "dsl", f"/schools/{house.school}/appointments", 2)
        assert {item["name"] for item in items} == {called(role) for role in House.ROLES}
        assert {(item["from"], item["until"], item["in_force"]) for item in items} == {
            ("2026-09-01", None, True)
        }

    def test_that_ended_or_have_not_begun_are_not_in_force(self, house: House) -> None:
        appointments = f"/schools/{house.school}/appointments"
        for period in ({"from": "2026-01-01", "until": "2026-08-31"}, {"from": "2027-01-01"}):
            body = {"user": house.users["governor"], "role": "reporter", **period}
            house.created("admin", appointments, body)
        items = house.get("admin", appointments)["items"]
        assert [item["in_force"] for item in items if item["role"] == "reporter"] == [False, True, False]

    def test_ended_before_their_first_day_are_left_out(self, house: House) -> None:
        (held,) = house.get("governor", "/me")["appointments"]
        appointments = f"/schools/{house.school}/appointments"
        house.ask("admin", "DELETE", f"{appointments}/{held['id']}")
        assert "governor" not in {item["role"] for item in house.get("dsl", appointments)["items"]}


class TestOnesOwnTokens:
    def tokens(self, house: House, who: str) -> Any:
        return everything(house, who, "/me/tokens", 1)

    def test_are_listed_without_secrets(self, house: House) -> None:
        issued = house.own_token("dsl", "calendar", label="My telephone")
        own: Json = next(each for each in self.tokens(house, "dsl") if each["id"] == issued["id"])
        known = {key: issued[key] for key in ("id", "scopes", "expires_at")}
        assert own == {"kind": "token", "label": "My telephone", **known}
        assert len(self.tokens(house, "dsl")) == 2

    def test_are_not_listed_once_they_are_revoked(self, house: House) -> None:
        issued = house.own_token("dsl", "calendar")
        house.ask("dsl", "DELETE", f"/users/{house.users['dsl']}/tokens/{issued['id']}")
        assert issued["id"] not in {each["id"] for each in self.tokens(house, "dsl")}

    def test_are_not_listed_once_they_have_expired(self, house: House) -> None:
        body = {"scopes": ["read"], "expires_at": "2026-09-02T09:00:00Z"}
        issued = house.created("dsl", f"/users/{house.users['dsl']}/tokens", body)
        house.clock.set("2026-09-03 09:00")
        assert issued["id"] not in {each["id"] for each in self.tokens(house, "dsl")}
