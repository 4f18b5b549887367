"""`/users` and `/me`: users, their tokens, and what whoever asks may do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from flask import url_for
from msgspec import UNSET, UnsetType

from casework.domain.access import PERMISSIONS
from casework.domain.clocks import day_of
from casework.domain.moments import LocalDate
from casework.domain.sealed import Sealed
from casework.domain.user import Scope, User
from casework.domain.vocabulary import Role
from casework.usecases.users import IssuedToken, IssueToken, RegisterUser
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.schema_of import schema_of

UserInput = schema_of(RegisterUser, name="UserInput")
TokenInput = schema_of(IssueToken, name="TokenInput")


class UserBody(msgspec.Struct, frozen=True, kw_only=True):
    """A user."""

    id: UUID
    name: Sealed
    email: Sealed
    person: UUID | None
    administrator: bool


class HeldAppointment(msgspec.Struct, frozen=True, kw_only=True):
    """A role held at a school, from one day to another."""

    id: UUID
    school: UUID
    role: Role
    from_: LocalDate = msgspec.field(name="from")
    until: LocalDate | None
    in_force: bool
    may: list[str]


class MeBody(msgspec.Struct, frozen=True, kw_only=True):
    """The user who asks, the roles they hold, and what each lets them do.

    For an administrator also how many events each view could not apply, and how many cases and other
    aggregates nobody can read, if there are any.
    """

    user: UserBody
    scopes: list[Scope]
    appointments: list[HeldAppointment]
    set_aside: dict[str, int] | UnsetType = UNSET
    unreadable: int | UnsetType = UNSET


blueprint = Blueprint("users", __name__, url_prefix="/users", description="Users and their tokens")
me = Blueprint("me", __name__, url_prefix="/me", description="Whoever asks")


def _body(user: User) -> UserBody:
    return UserBody(
        id=user.id, name=user.name, email=user.email, person=user.person, administrator=user.administrator
    )


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(UserInput)
@blueprint.returns(201, UserBody, headers=("Location",), problems=(409, 422))
def register(fields: dict[str, Any]) -> tuple[UserBody, int, dict[str, str]]:
    """Register a user. For administrators."""
    user = current.casework().users.register(current.context(), RegisterUser(**fields))
    return _body(user), 201, {"Location": url_for("users.read_user", user_id=user.id)}


@blueprint.route("/<uuid:user_id>", methods=["GET"])
@blueprint.returns(200, UserBody)
def read_user(user_id: UUID) -> UserBody:
    """A user, for administrators and for the user."""
    return _body(current.casework().users.read(current.reading(), user_id))


@blueprint.route("/<uuid:user_id>/tokens", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(TokenInput, required=False)
@blueprint.returns(201, IssuedToken, problems=(409, 422))
def issue_token(fields: dict[str, Any], user_id: UUID) -> IssuedToken:
    """Make a token. It is shown now and never again."""
    return current.casework().users.issue_token(current.context(), user_id, IssueToken(**fields))


@blueprint.route("/<uuid:user_id>/tokens/<uuid:token_id>", methods=["DELETE"])
@blueprint.returns(204)
def revoke_token(user_id: UUID, token_id: UUID) -> None:
    """Revoke a token: it is dead at once."""
    current.casework().users.revoke_token(current.context(), user_id, token_id)


@me.route("", methods=["GET"])
@me.returns(200, MeBody)
def read_me() -> MeBody:
    """Who you are here and what you may do."""
    user = current.user()
    today = day_of(current.now())
    views = current.views()
    with views.read(views.directory) as connection:
        appointments = views.directory.appointments_of(connection, user.id)
    held = [
        HeldAppointment(
            id=each.appointment,
            school=each.school,
            role=each.role,
            from_=each.from_,
            until=each.until,
            in_force=each.in_force(today),
            may=sorted(PERMISSIONS[each.role]),
        )
        for each in appointments
    ]
    counts = views.counts_aside() if user.administrator else None
    return MeBody(
        user=_body(user),
        scopes=list(current.token().scopes),
        appointments=held,
        set_aside=counts.views if counts and counts.views else UNSET,
        unreadable=counts.unreadable if counts and counts.views else UNSET,
    )
