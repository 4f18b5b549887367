"""`/users` and `/me`: users and their tokens, and what the user who makes the request may do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for

from casework.domain.account_change import ChangeUser
from casework.domain.approval import Approval
from casework.domain.fields import Text
from casework.domain.user import User
from casework.domain.vocabulary import Role
from casework.usecases.enrolment import InvitationAsked, Invited
from casework.usecases.tokens import IssuedToken, IssueToken
from casework.usecases.users import RegisterUser
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER, Blueprint
from casework_api.http.etags import etag, if_match
from casework_api.http.fields import Choice, Identifier, Words
from casework_api.http.paging import PageQuery, QueryFlag, part
from casework_api.http.schema_of import schema_of
from casework_api.json.approvals.required import (
    TAKES_TWO,
    ApprovalRequired,
    Required,
    required,
    where,
)
from casework_projections.reading.notices import ListNotices, Notice
from casework_projections.reading.paging import Page
from casework_projections.reading.user_lists import ListedUser, ListTokens, ListUsers, TokenBody
from casework_projections.reading.users import MeBody, ReadMe, ReadUser, UserBody, user_body


class UserQuery(PageQuery):
    """Which users to list; a filter that is left out does not apply."""

    school = Identifier(metadata={"description": "Users who hold a role there today."})
    role = Choice({role.value: role for role in Role}, metadata={"description": "A role held today."})
    name = Words(Text(max=200), metadata={"description": "Any part of the name."})
    active = QueryFlag(
        load_default=True,
        metadata={"default": True, "description": "`false` for deactivated users. For administrators."},
    )
    linked = QueryFlag(
        metadata={"description": "`false` for users who must be linked to a person at one of their schools."}
    )


UserInput = schema_of(RegisterUser, name="UserInput")
UserPatch = schema_of(ChangeUser, name="UserPatch", nullable=False)
TokenInput = schema_of(IssueToken, name="TokenInput")

Shown = tuple[UserBody, int, dict[str, str]]


blueprint = Blueprint("users", __name__, url_prefix="/users", description="Users and their tokens")
me = Blueprint("me", __name__, url_prefix="/me", description="The user who makes the request")


def _body(user: User) -> UserBody:
    return user_body(user, current.casework().users.persons_of(user))


def _shown(user: UserBody, status: int = 200, **headers: str) -> Shown:
    """A user, with the version as the entity tag."""
    return user, status, {"ETag": etag(user.version), **headers}


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(UserInput)
@blueprint.returns(201, UserBody, headers=("Location", "ETag"), problems=(409, 422))
def register(fields: dict[str, Any]) -> Shown:
    """Register a user. For administrators."""
    user = current.casework().users.register(current.context(), RegisterUser(**fields))
    return _shown(_body(user), 201, Location=url_for("users.read_user", user_id=user.id))


@blueprint.route("", methods=["GET"])
@blueprint.arguments(UserQuery, location="query")
@blueprint.returns(200, Page[ListedUser], problems=(422,))
def index(query: dict[str, Any]) -> Page[ListedUser]:
    """Users and their roles today: all for administrators, their schools' for those who assign or appoint."""
    if "name" in query:
        current.check_name_searches()
    question = ListUsers(
        school=query.get("school"),
        role=query.get("role"),
        name=query.get("name"),
        active=query["active"],
        linked=query.get("linked"),
        part=part(query),
    )
    return current.answer(question)


@blueprint.route("/<uuid:user_id>", methods=["GET"])
@blueprint.returns(200, UserBody, headers=("ETag",))
def read_user(user_id: UUID) -> Shown:
    """A user: all of them for administrators and that user, name and roles for those who may list them."""
    return _shown(current.answer(ReadUser(user_id)))


@blueprint.route("/<uuid:user_id>", methods=["PATCH"])
@blueprint.takes(IF_MATCH_HEADER, IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(UserPatch)
@blueprint.returns(202, ApprovalRequired, headers=("Location",), description=TAKES_TWO)
@blueprint.returns(200, UserBody, headers=("ETag",), problems=(409, 412, 422))
def change_user(fields: dict[str, Any], user_id: UUID) -> Shown | Required:
    """Change the given fields of a user; the others stay. For administrators.

    `person` adds who the user is at that person's school, or replaces who they were there. Deactivating a
    user ends all their tokens. It takes two people (202) to replace the person or the address of a user whose
    role reads cases, to give them a colleague's name, to deactivate the last lead who acts, and to link one's
    own user, which a lead of that school may approve.
    """
    expected = if_match()
    users, command = current.casework().users, ChangeUser(**fields)
    done = users.change(current.context(), user_id, command, expected=expected)
    return required(done) if isinstance(done, Approval) else _shown(_body(done))


@blueprint.route("/<uuid:user_id>/tokens", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(TokenInput, required=False)
@blueprint.returns(201, IssuedToken, problems=(409, 422))
def issue_token(fields: dict[str, Any], user_id: UUID) -> IssuedToken:
    """Issue a token of one's own, or as an administrator of a service user. It is shown only here."""
    tokens, command = current.casework().tokens, IssueToken(**fields)
    return tokens.issue(current.context(), user_id, command, within=current.token().scopes)


@blueprint.route("/<uuid:user_id>/invitations", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.returns(202, InvitationAsked, headers=("Location",), description=TAKES_TWO)
@blueprint.returns(201, Invited, problems=(409, 422))
def invite(user_id: UUID) -> Invited | tuple[InvitationAsked, int, dict[str, str]]:
    """Invite a user to get a token with the code, which is shown only here. For administrators.

    It takes two people (202) to invite a user whose role reads cases or who has enrolled before. Then the
    person who approves it is shown a second half of the code, and the user needs both.
    """
    done = current.casework().enrolment.invite(current.context(), user_id)
    return done if isinstance(done, Invited) else (done, 202, {"Location": where(done.approval)})


@blueprint.route("/<uuid:user_id>/tokens/<uuid:token_id>", methods=["DELETE"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.returns(204)
def revoke_token(user_id: UUID, token_id: UUID) -> None:
    """Revoke a token of one's own, or as an administrator of any user. It is invalid at once."""
    current.casework().tokens.revoke(current.context(), user_id, token_id)


@me.route("/tokens", methods=["GET"])
@me.arguments(PageQuery, location="query")
@me.returns(200, Page[TokenBody], problems=(422,))
def tokens(query: dict[str, Any]) -> Page[TokenBody]:
    """The user's own tokens and invitation that can be used now, the first to expire first."""
    return current.answer(ListTokens(part=part(query)))


@me.route("/notices", methods=["GET"])
@me.arguments(PageQuery, location="query")
@me.returns(200, Page[Notice], problems=(422,))
def notices(query: dict[str, Any]) -> Page[Notice]:
    """What the user is notified of, newest first. It contains nothing of a case but its id."""
    return current.answer(ListNotices(part(query)))


@me.route("", methods=["GET"])
@me.returns(200, MeBody)
def read_me() -> MeBody:
    """The user who makes the request, and what they may do."""
    return current.answer(ReadMe(current.token().scopes))
