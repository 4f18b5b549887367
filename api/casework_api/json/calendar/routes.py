"""`/calendar/{token}`: what is due, as a calendar to subscribe to; it names no person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid5

from flask import Response
from icalendar import Calendar, Event

from casework.domain.clocks import day_of
from casework.domain.user import Scope
from casework_api.http import current
from casework_api.http.blueprint import Blueprint
from casework_api.http.problems import not_found
from casework_projections.reading.deadlines import Deadline, ListDeadlines

MEDIA_TYPE: Final = "text/calendar"
_LENGTH: Final = timedelta(minutes=15)
_REFRESH: Final = timedelta(hours=1)
_WARNING: Final = "5c8b6d7e-6a0e-5f64-9d43-1b0a4f0b5a11"

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar", description="Deadlines to subscribe to")


@blueprint.route("/<token>", methods=["GET"])
@blueprint.doc(security=[])
@blueprint.returns(200, {"type": "string"}, content_type=MEDIA_TYPE)
def feed(token: str) -> Response:
    """What is due in the cases the user of the token may read: a reference, a step, a time.

    `.ics` may follow the token. The token has the scope `calendar` and is valid for nothing else; revoking it
    ends the feed.
    """
    found = current.authenticate(token.removesuffix(".ics"))
    # Earlier releases issued tokens with this scope and others. Their secrets do not belong in an address.
    if found is None or set(found[1].scopes) != {Scope.CALENDAR}:
        raise not_found()
    current.sign_in(*found)
    calendar = Calendar()
    calendar.add("prodid", "-//casework//deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "casework deadlines")
    calendar.add("refresh-interval", _REFRESH, parameters={"value": "DURATION"})
    due = current.answer(ListDeadlines())
    if due.stale:
        calendar.add_component(_warning(current.now()))
    for deadline in due.items:
        calendar.add_component(_event(deadline))
    return Response(calendar.to_ical(), content_type=f"{MEDIA_TYPE}; charset=utf-8")


def _warning(now: datetime) -> Event:
    """An event that lasts all day, because a calendar shows nothing else of the feed."""
    event = Event()
    event.add("uid", _WARNING)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", day_of(now))
    event.add("summary", "casework: some deadlines may be missing or out of date")
    return event


def _event(deadline: Deadline) -> Event:
    due_at = deadline.due_at
    event = Event()
    event.add("uid", str(uuid5(deadline.incident, f"{deadline.rule} {due_at.isoformat()}")))
    event.add("dtstamp", current.now().astimezone(UTC))
    event.add("dtstart", due_at.astimezone(UTC) - _LENGTH)
    event.add("dtend", due_at.astimezone(UTC))
    event.add("summary", f"{deadline.reference}: {deadline.step}")
    return event
