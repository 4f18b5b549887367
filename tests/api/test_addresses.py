"""One user per e-mail address, over HTTP and on both engines."""

from __future__ import annotations

from typing import Final

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casework.application import Casework
from casework.domain.access import SYSTEM
from casework.domain.sealed import Sealed
from casework.usecases.context import Context
from casework.usecases.users import RegisterUser
from tests.api.client import BASE, House, Json, body_of
from tests.api.test_idempotency import at_once, bearer, processes

ADDRESS: Final = "una@school.example"
SPELLINGS: Final = ("una@school.example", " una@school.example ", "Una@school.example", "una@SCHOOL.Example")


def register(house: House, email: str, **fields: Json) -> TestResponse:
    return house.ask("admin", "POST", "/users", json={"name": "Una Usher", "email": email, **fields})


def registered(house: House, email: str = ADDRESS) -> str:
    answer = register(house, email)
    assert answer.status_code == 201, answer.text
    return str(body_of(answer)["id"])


def change(house: House, user: str, **fields: Json) -> TestResponse:
    return house.ask("admin", "PATCH", f"/users/{user}", json=fields, headers={"If-Match": "*"})


def in_use(answer: TestResponse) -> bool:
    """Whether the answer says that the address is in use, without repeating it."""
    if answer.status_code != 409:
        return False
    assert body_of(answer)["type"] == "/problems/address-in-use"
    assert "school.example" not in answer.text.casefold()
    return True


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_is_not_registered_twice(house: House, spelling: str) -> None:
    registered(house)
    events = house.events()
    assert in_use(register(house, spelling))
    assert house.events() == events


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_is_not_given_to_a_second_user(house: House, spelling: str) -> None:
    registered(house)
    other = registered(house, "ursula@school.example")
    assert in_use(change(house, other, email=spelling))
    assert house.get("admin", f"/users/{other}")["email"] == "ursula@school.example"


def test_may_be_spelt_otherwise_by_its_own_user(house: House) -> None:
    user = registered(house)
    assert body_of(change(house, user, email="Una@School.example"))["email"] == "Una@School.example"


def test_is_free_once_its_user_has_another(house: House) -> None:
    assert change(house, registered(house), email="ursula@school.example").status_code == 200
    registered(house)


def test_stays_with_a_deactivated_user(house: House) -> None:
    assert change(house, registered(house), active=False).status_code == 200
    assert in_use(register(house, ADDRESS))


def test_that_two_users_had_before_does_not_stop_either(house: House) -> None:
    # Without a directory, as an earlier release registered them.
    before = Casework(house.casework.settings)
    users = [
        before.users.register(
            Context(principal=SYSTEM, now=house.clock()),
            RegisterUser(name=Sealed("Una Usher"), email=Sealed(ADDRESS)),
        )
        for _ in range(2)
    ]
    before.close()
    for user in users:
        assert house.get("admin", f"/users/{user.id}")["email"] == ADDRESS
        assert change(house, str(user.id), name="Ursula Usher").status_code == 200
    assert in_use(register(house, ADDRESS))
    assert change(house, str(users[0].id), email="ursula@school.example").status_code == 200


def test_goes_to_one_of_several_who_ask_at_once(house: House) -> None:
    def send(client: FlaskClient, number: int) -> TestResponse:
        body = {"name": f"Una {number}", "email": SPELLINGS[number]}
        return client.post(f"{BASE}/users", json=body, headers=bearer(house, "admin"))

    with processes(house, len(SPELLINGS)) as clients:
        answers = at_once(clients, send)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert sum(map(in_use, answers)) == 3
    assert len(house.get("admin", "/users?name=una")["items"]) == 1


def test_goes_to_a_new_user_or_to_a_changed_one(house: House) -> None:
    other = registered(house, "ursula@school.example")

    def send(client: FlaskClient, number: int) -> TestResponse:
        headers = bearer(house, "admin", **{"If-Match": "*"})
        if number:
            return client.patch(f"{BASE}/users/{other}", json={"email": ADDRESS}, headers=headers)
        return client.post(f"{BASE}/users", json={"name": "Una Usher", "email": ADDRESS}, headers=headers)

    with processes(house, 2) as clients:
        answers = at_once(clients, send)
    assert sum(map(in_use, answers)) == 1
    assert sum(answer.status_code in {200, 201} for answer in answers) == 1
