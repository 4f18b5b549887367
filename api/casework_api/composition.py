"""Makes an application and its reading room, for the server and for the command line."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from uuid import UUID

from casework.application import Casework
from casework.settings import Settings
from casework.usecases.context import Context
from casework.usecases.evidence import Evidence
from casework_api.http.logs import log_set_aside
from casework_projections.reading.admission import Admission
from casework_projections.reading.asking import Asker
from casework_projections.reading.duplicates import KnownPeopleLookup
from casework_projections.reading.gate import RowGate
from casework_projections.reading.opening import OpenedFile, OpenFile
from casework_projections.reading.paging import Cursors
from casework_projections.reading.room import Passage, ReadingRoom
from casework_projections.views.catch_up import Views
from casework_projections.views.lookup import DirectoryLookup, RecusalLookup, RollLookup


def _ignore(_: Passage) -> None:
    pass


def application(settings: Settings) -> Casework:
    """The application, whose commands look things up in views; make it after a fork."""
    shared = cache(lambda app: Views(app, notice=log_set_aside))

    def people(app: Casework) -> KnownPeopleLookup:
        return KnownPeopleLookup(shared(app), Admission(app.record, app.library, app.recusals, app.gate))

    return Casework(
        settings,
        directory=lambda app: DirectoryLookup(shared(app)),
        recusals=lambda app: RecusalLookup(shared(app)),
        roll=lambda app: RollLookup(shared(app)),
        known_people=people,
        gate=lambda app: RowGate(shared(app)),
    )


def views_of(app: Casework) -> Views:
    """The views that the commands of `app` look things up in. What they set aside is logged."""
    if isinstance(app.recusals, RecusalLookup):
        return app.recusals.views
    return Views(app, notice=log_set_aside)


def reading_room(
    app: Casework, views: Views | None = None, watch: Callable[[Passage], None] = _ignore
) -> ReadingRoom:
    """The room that answers questions about the record of `app`; make it after a fork."""
    return ReadingRoom(
        record=app.record,
        library=app.library,
        views=views or views_of(app),
        recusals=app.recusals,
        gate=app.gate,
        sealer=app.sealer,
        cursors=Cursors(app.secrets.of_cursors),
        open_file=_opening(app.evidence),
        watch=watch,
    )


def _opening(evidence: Evidence) -> OpenFile:
    """The function with which the room opens a file. Each opening is recorded, without an idempotency key."""

    def open_file(asker: Asker, incident: UUID, file: UUID) -> OpenedFile:
        context = Context(principal=asker.principal, now=asker.now, may_be_named=asker.may_be_named)
        opened, role, content = evidence.open(context, incident, file)
        return OpenedFile(opened, role, content)

    return open_file
