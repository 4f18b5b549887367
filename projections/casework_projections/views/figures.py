"""What the governor summary counts of each incident: one row an incident, and no name or narrative."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    literal,
    select,
    union_all,
)

from casework.domain.clocks import Calendar
from casework.domain.incident import Incident, Step
from casework.domain.incident.evidence import SaveEvidence
from casework.domain.incident.families import InformParents, InviteParent
from casework.domain.incident.outcomes import Debrief, Reopen
from casework.domain.incident.reporting import Triage
from casework.domain.moments import Instant, standard
from casework.domain.playbook import Modality, Playbook
from casework.domain.school import School
from casework.domain.vocabulary import State, Stream
from casework_projections.views.apart import attempted
from casework_projections.views.replay import IncidentView
from casework_projections.views.set_aside import set_aside
from casework_projections.views.terms import in_term, is_in_term
from casework_projections.views.view import Moment, upsert

UNDECIDED: Final = "undecided"
_TIMED: Final[Mapping[str, type[Step]]] = {"triage": Triage, "evidence": SaveEvidence, "debrief": Debrief}
_BINDING: Final = (Modality.MUST, Modality.CONSIDER)
_OUTCOME_STEP: Final = "determine_outcome"

_metadata: Final = MetaData()
figures: Final = Table(
    "view_figures",
    _metadata,
    Column("incident", Uuid, primary_key=True),
    Column("school", Uuid, nullable=False),
    Column("reported_at", Moment, nullable=False),
    Column("last_recorded_at", Moment, nullable=False),
    Column("figures", Text, nullable=False),
)
Index("view_figures_school", figures.c.school, figures.c.reported_at)


class DutyClock(msgspec.Struct, frozen=True, array_like=True):
    """By when something had to be done, and when it was."""

    due_at: Instant
    answered_at: Instant | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted of one incident. `hours_to` are elapsed hours since it was reported."""

    kind: str
    state: State
    stream: Stream
    setting: str
    platform: str | None
    reopened: bool
    hours_to: dict[str, float]
    clocks: tuple[DutyClock, ...]
    informed: int
    invited: int
    withheld: int
    referrals: tuple[str, ...]
    outcome: str


class FiguresRow(msgspec.Struct, frozen=True):
    """The figures of one incident, and when the last of its steps was recorded."""

    incident: UUID
    last_recorded_at: Instant
    figures: Figures


_encoder: Final = msgspec.json.Encoder(enc_hook=standard)
_decoder: Final = msgspec.json.Decoder(Figures)


class IncidentFigures(IncidentView):
    """The figures of every incident as it stands."""

    name: ClassVar[str] = "governor_summary"
    version: ClassVar[int] = 2
    tables: ClassVar[MetaData] = _metadata
    main: ClassVar[Table] = figures

    def write(self, connection: Connection, incidents: Sequence[Incident]) -> None:
        schools = self.replay.schools(incident.school for incident in incidents)
        rows = [
            {
                "incident": incident.id,
                "school": incident.school,
                "reported_at": incident.reported_at,
                "last_recorded_at": max(step.recorded_at for step in incident.timeline),
                "figures": _encoder.encode(self.of(incident, schools[incident.school])).decode(),
            }
            for incident in incidents
        ]
        upsert(connection, figures, rows)

    def of(self, incident: Incident, school: School) -> Figures:
        """The figures of `incident` by its playbook and the calendar of its school."""
        return figures_of(incident, self.replay.playbook(incident), school.calendar)

    def rows(
        self, connection: Connection, school: School, terms: Iterable[str], hidden: Collection[UUID] = ()
    ) -> dict[str, list[FiguresRow]]:
        """The incidents reported in each of these terms but those `hidden`, by one statement.

        Raises UnknownTerm.
        """
        c = figures.c
        without = {*hidden, *set_aside(connection, self)}
        apart = [each for each in self.incidents_apart(connection).values() if each.id not in hidden]
        found: dict[str, list[FiguresRow]] = {term: [] for term in terms}
        by_term = [
            select(literal(term, String).label("term"), c.incident, c.last_recorded_at, c.figures).where(
                c.school == school.id, in_term(c.reported_at, school.calendar, term)
            )
            for term in found
        ]
        for row in connection.execute(union_all(*by_term)):
            if row.incident not in without:
                counted = _decoder.decode(row.figures)
                found[row.term].append(FiguresRow(row.incident, row.last_recorded_at, counted))
        for incident in apart:
            alone = attempted(None, self._row_apart, incident, school)
            for term, rows in found.items() if alone is not None and incident.school == school.id else ():
                if alone is not None and is_in_term(incident.reported_at, school.calendar, term):
                    rows.append(alone)
        return found

    def _row_apart(self, incident: Incident, school: School) -> FiguresRow:
        last = max(step.recorded_at for step in incident.timeline)
        return FiguresRow(incident.id, last, self.of(incident, school))


def figures_of(incident: Incident, playbook: Playbook, calendar: Calendar) -> Figures:
    """What is counted of `incident` as it stands."""
    return Figures(
        kind=incident.kind,
        state=incident.state,
        stream=incident.stream,
        setting=incident.setting.value,
        platform=incident.platform,
        reopened=any(incident.taken(Reopen)),
        hours_to={name: hours for name, step in _TIMED.items() for hours in _hours_to(incident, step)},
        clocks=tuple(
            DutyClock(duty.due_at, duty.answered_at)
            for duty in playbook.duties(incident, calendar)
            if duty.due_at is not None and duty.rule.modality in _BINDING
        ),
        informed=len({step.child for step in incident.taken(InformParents)}),
        invited=len({step.parent for step in incident.taken(InviteParent)}),
        withheld=len(incident.withheld),
        referrals=tuple(sorted(agency.value for agency in incident.told_agencies)),
        outcome=_outcome(incident),
    )


def _hours_to(incident: Incident, step: type[Step]) -> list[float]:
    first = next(incident.taken(step), None)
    return [] if first is None else [(first.happened_at - incident.reported_at).total_seconds() / 3600]


def _outcome(incident: Incident) -> str:
    determined = [step for step in incident.timeline if step.name() == _OUTCOME_STEP]
    return str(getattr(determined[-1], "outcome", UNDECIDED)) if determined else UNDECIDED
