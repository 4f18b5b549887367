"""Invitations and enrolment: nobody but the user ever holds their token."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.api.approving import Unchanged, faults, refused
from tests.api.client import BASE, House, Json, body_of

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

NEWCOMER = "newcomer"


def register(house: House, **fields: Json) -> str:
    """The id of a new user without a token."""
    body = {"name": "Nell Newcomer", "email": f"{uuid4()}@school.example", **fields}
    house.users[NEWCOMER] = house.created("admin", "/users", body)["id"]
    return house.users[NEWCOMER]


def invite(house: House, who: str = NEWCOMER, by: str = "admin", key: str | None = None) -> TestResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    return house.ask(by, "POST", f"/users/{house.users[who]}/invitations", headers=headers)


def invited(house: House) -> str:
    """The code of an invitation of a new user."""
    register(house)
    return str(made(invite(house))["code"])


def made(answer: TestResponse) -> Json:
    assert answer.status_code == 201, answer.text
    return body_of(answer)


def enrol(house: House, code: str, key: str | None = None, **more: Any) -> TestResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    return house.http.post(f"{BASE}/enrolment", json={"code": code, **more}, headers=headers)


class TestAnEnrolment:
    def test_gives_the_user_a_token_of_their_own(self, house: House) -> None:
        code = invited(house)
        house.tokens[NEWCOMER] = made(enrol(house, code))["token"]
        me = house.get(NEWCOMER, "/me")
        assert (me["user"]["id"], me["user"]["enrolled"]) == (house.users[NEWCOMER], True)
        assert me["scopes"] == ["read", "write"]

    def test_ends_all_earlier_tokens(self, house: House) -> None:
        register(house)
        house.tokens["before"] = house.issued(NEWCOMER, "read")["token"]
        house.get("before", "/me")
        code = house.casework.enrolment.invite(house.as_system(), house.id_of(NEWCOMER)).code
        house.tokens[NEWCOMER] = made(enrol(house, code))["token"]
        house.get("before", "/me", status=401)
        assert [each["kind"] for each in house.get(NEWCOMER, "/me/tokens")["items"]] == ["token"]

    def test_happens_once(self, house: House) -> None:
        code = invited(house)
        made(enrol(house, code))
        with Unchanged(house):
            assert refused(enrol(house, code)) == "code-used"

    def test_that_is_retried_shows_the_same_token(self, house: House) -> None:
        code, key = invited(house), uuid4().hex
        first = enrol(house, code, key)
        with Unchanged(house):
            assert made(enrol(house, code, key)) == made(first)

    def test_that_is_retried_with_another_body_is_refused(self, house: House) -> None:
        code, key = invited(house), uuid4().hex
        made(enrol(house, code, key))
        assert enrol(house, code, key, second="a" * 16).status_code == 409

    def test_is_possible_for_seven_days(self, house: House) -> None:
        register(house)
        code = made(invite(house))["code"]
        house.clock.set("2026-09-08 09:00")
        with Unchanged(house):
            assert refused(enrol(house, code)) == "code-expired"
        house.clock.set("2026-09-08 08:59")
        made(enrol(house, code))

    def test_takes_the_code_of_the_latest_invitation(self, house: House) -> None:
        first = invited(house)
        second = made(invite(house))["code"]
        assert faults(enrol(house, first)) == {"$.code": ["is not the code of an invitation"]}
        made(enrol(house, second))

    @pytest.mark.parametrize("code", ["", "ci_nonsense", "x" * 200])
    def test_takes_a_code(self, house: House, code: str) -> None:
        with Unchanged(house):
            assert set(faults(enrol(house, code))) == {"$.code"}

    def test_takes_the_whole_code(self, house: House) -> None:
        code = invited(house)
        other = code[:-1] + ("1" if code[-1] == "0" else "0")
        token = house.tokens["dsl"].replace("cw_", "ci_")
        for wrong in (other, token, code.replace("ci_", "cw_")):
            assert faults(enrol(house, wrong)) == {"$.code": ["is not the code of an invitation"]}
        made(enrol(house, code))

    def test_takes_no_second_half_if_there_is_none(self, house: House) -> None:
        code = invited(house)
        assert set(faults(enrol(house, code, second="abcdefghijklmnop"))) == {"$.second"}
        made(enrol(house, code))

    def test_of_a_deactivated_user_is_refused_for_ever(self, house: House) -> None:
        code = invited(house)
        path, headers = f"/users/{house.users[NEWCOMER]}", {"If-Match": "*"}
        house.ask("admin", "PATCH", path, json={"active": False}, headers=headers)
        assert refused(enrol(house, code)) == "user-inactive"
        house.ask("admin", "PATCH", path, json={"active": True}, headers=headers)
        assert set(faults(enrol(house, code))) == {"$.code"}


class TestAnInvitation:
    def test_is_for_administrators_to_make(self, house: House) -> None:
        register(house)
        for who in ("dsl", "headteacher", "reporter"):
            assert invite(house, by=who).status_code == 403

    def test_that_is_retried_shows_the_same_code(self, house: House) -> None:
        register(house)
        key = uuid4().hex
        first = invite(house, key=key)
        with Unchanged(house):
            assert made(invite(house, key=key)) == made(first)

    def test_of_a_service_is_refused(self, house: House) -> None:
        register(house, service=True)
        assert refused(invite(house)) == "service-user"

    def test_of_nobody_is_not_found(self, house: House) -> None:
        house.users[NEWCOMER] = str(uuid4())
        assert invite(house).status_code == 404

    def test_is_listed_for_the_user_until_it_is_accepted(self, house: House) -> None:
        register(house)
        house.tokens[NEWCOMER] = house.issued(NEWCOMER, "read")["token"]
        code = house.casework.enrolment.invite(house.as_system(), house.id_of(NEWCOMER)).code
        listed = house.get(NEWCOMER, "/me/tokens")["items"]
        assert [each["kind"] for each in listed] == ["invitation", "token"]
        assert code not in str(listed)


class TestATokenOfAnotherUser:
    """The administrator never holds one."""

    @pytest.mark.parametrize("who", ["dsl", "headteacher", "reporter", "admin"])
    def test_is_issued_by_nobody(self, house: House, who: str) -> None:
        other = "deputy_dsl" if who == "dsl" else "dsl"
        with Unchanged(house):
            answer = house.ask(who, "POST", f"/users/{house.users[other]}/tokens", json={})
        assert answer.status_code == 403

    def test_is_issued_by_an_administrator_for_a_service(self, house: House) -> None:
        register(house, service=True)
        issued = house.created("admin", f"/users/{house.users[NEWCOMER]}/tokens", {})
        house.tokens[NEWCOMER] = issued["token"]
        assert house.get(NEWCOMER, "/me")["user"]["service"] is True
        assert house.ask("dsl", "POST", f"/users/{house.users[NEWCOMER]}/tokens", json={}).status_code == 403

    def test_is_revoked_by_an_administrator(self, house: House) -> None:
        issued = house.own_token("dsl", "read")
        house.tokens["other"] = issued["token"]
        path = f"/users/{house.users['dsl']}/tokens/{issued['id']}"
        assert house.ask("headteacher", "DELETE", path).status_code == 403
        assert house.ask("admin", "DELETE", path).status_code == 204
        house.get("other", "/me", status=401)


class TestOnesOwnToken:
    def test_gives_no_more_than_the_token_that_it_is_issued_with(self, house: House) -> None:
        house.tokens["writes"] = house.issued("dsl", "write")["token"]
        path = f"/users/{house.users['dsl']}/tokens"
        for scopes in (["read"], ["read", "write"], ["calendar"]):
            with Unchanged(house):
                answer = house.ask("writes", "POST", path, json={"scopes": scopes})
            assert answer.status_code == 403
        house.created("writes", path, {"scopes": ["write"]})

    def test_has_a_scope(self, house: House) -> None:
        answer = house.ask("dsl", "POST", f"/users/{house.users['dsl']}/tokens", json={"scopes": []})
        assert set(faults(answer)) == {"$.scopes"}


class TestAServiceUser:
    def test_is_no_person(self, house: House) -> None:
        person = house.on_roll("Nell Newcomer")
        body = {"name": "Sync", "email": "sync@school.example", "service": True, "person": person}
        assert faults(house.ask("admin", "POST", "/users", json=body)) == {
            "$.person": ["does not belong to a service user"]
        }
        user = register(house, service=True)
        answer = house.ask(
            "admin", "PATCH", f"/users/{user}", json={"person": person}, headers={"If-Match": "*"}
        )
        assert set(faults(answer)) == {"$.person"}

    @pytest.mark.parametrize("role", ["dsl", "slt", "chair_of_governors"])
    def test_holds_no_role_that_reads_cases(self, house: House, role: str) -> None:
        body = {"user": register(house, service=True), "role": role, "from": "2026-09-01"}
        path = f"/schools/{house.school}/appointments"
        assert refused(house.ask("admin", "POST", path, json=body)) == "service-user"
        stands_in = body | {"role": "reporter", "standing_in_for": "dsl"}
        assert refused(house.ask("admin", "POST", path, json=stands_in)) == "service-user"
        house.created("admin", path, body | {"role": "reporter"})
