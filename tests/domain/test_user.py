"""A user's links to people."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from casework.domain.event import Event
from casework.domain.sealed import Sealed
from casework.domain.user import User, UserLinked, UserRegistered
from tests.domain.casefile import at, known

USER: Final = known("a user")
HERE, ELSEWHERE = known("a school"), known("another school")


def stamp(version: int) -> dict[str, object]:
    return {
        "originator_id": USER,
        "originator_version": version,
        "by": known("an administrator"),
        "role": "admin",
        "request_id": f"request {version}",
        "happened_at": at("2026-09-01 09:00"),
        "recorded_at": at("2026-09-01 09:00"),
    }


def registered(person: UUID | None = None) -> UserRegistered:
    return UserRegistered(
        **stamp(1),  # type: ignore[arg-type]
        name=Sealed("Una Usher"),
        email=Sealed("una@school.example"),
        person=person,
    )


def linked(version: int, school: UUID, person: UUID) -> UserLinked:
    return UserLinked(**stamp(version), school=school, person=person)  # type: ignore[arg-type]


def user_of(*events: Event) -> User:
    user = User.replay(events)
    assert user is not None
    return user


def test_a_user_without_a_link_is_no_person() -> None:
    user = user_of(registered())
    assert user.person is None
    assert user.persons == frozenset()


def test_a_user_registered_with_a_person_is_linked_to_them() -> None:
    user = user_of(registered(known("one")))
    assert user.person == known("one")
    assert user.persons == {known("one")}


def test_every_person_a_user_was_ever_linked_to_is_kept() -> None:
    user = user_of(
        registered(known("one")), linked(2, HERE, known("two")), linked(3, ELSEWHERE, known("three"))
    )
    assert user.persons == {known("one"), known("two"), known("three")}


def test_the_latest_link_is_the_users_person() -> None:
    user = user_of(registered(known("one")), linked(2, HERE, known("two")), linked(3, HERE, known("one")))
    assert user.person == known("one")
