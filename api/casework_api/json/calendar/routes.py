"""`/calendar/{token}`: what is due, as a calendar to subscribe to; it names no person."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Final
from uuid import uuid5

from flask import Response
from icalendar import Calendar, Event

from casework.domain.user import Scope
from casework_api.http import current
from casework_api.http.blueprint import Blueprint
from casework_api.http.problems import not_found
from casework_projections.reading.deadlines import Deadline, ListDeadlines

MEDIA_TYPE: Final = "text/calendar"
_LENGTH: Final = timedelta(minutes=15)
_REFRESH: Final = timedelta(hours=1)

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar", description="Deadlines to subscribe to")


@blueprint.route("/<token>", methods=["GET"])
@blueprint.doc(security=[])
@blueprint.returns(200, {"type": "string"}, content_type=MEDIA_TYPE)
def feed(token: str) -> Response:
    """What is due in the cases the user of the token may read: a reference, a step, a time.

    The token has the scope `calendar` and is valid for nothing else; revoking it ends the feed.
    """
    found = current.authenticate(token)
    if found is None or Scope.CALENDAR not in found[1].scopes:
        raise not_found()
    current.sign_in(*found)
    calendar = Calendar()
    calendar.add("prodid", "-//casework//deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "casework deadlines")
    calendar.add("refresh-interval", _REFRESH, parameters={"value": "DURATION"})
    for deadline in current.answer(ListDeadlines()):
        calendar.add_component(_event(deadline))
    return Response(calendar.to_ical(), content_type=f"{MEDIA_TYPE}; charset=utf-8")


def _event(deadline: Deadline) -> Event:
    due_at = deadline.due_at
    event = Event()
    event.add("uid", str(uuid5(deadline.incident, f"{deadline.rule} {due_at.isoformat()}")))
    event.add("dtstamp", current.now().astimezone(UTC))
    event.add("dtstart", due_at.astimezone(UTC) - _LENGTH)
    event.add("dtend", due_at.astimezone(UTC))
    event.add("summary", f"{deadline.reference}: {deadline.step}")
    return event
