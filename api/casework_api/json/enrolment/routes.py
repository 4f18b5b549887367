"""`/enrolment`: a user who was invited gets a token of their own. It needs no token."""

from __future__ import annotations

from typing import Any

from casework.usecases.enrolment import Enrol
from casework.usecases.tokens import IssuedToken
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.schema_of import schema_of

EnrolmentInput = schema_of(Enrol, name="EnrolmentInput")

blueprint = Blueprint(
    "enrolment", __name__, url_prefix="/enrolment", description="Users who were invited get their first token"
)


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(EnrolmentInput)
@blueprint.doc(security=[])
@blueprint.returns(201, IssuedToken, problems=(409, 422))
def enrol(fields: dict[str, Any]) -> IssuedToken:
    """Accept an invitation. The token is shown only here, and all earlier tokens of the user end.

    An invitation that took two people needs both halves of the code.
    """
    command = Enrol(**fields)
    user = current.invited(command.code)
    return current.casework().enrolment.enrol(current.context(of=user), command)
