"""What the governor summary counts of each incident: one row per incident, and no name or narrative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
)

from casework.domain.clocks import Calendar
from casework.domain.incident import Incident, Step
from casework.domain.incident.corrections import answers_at
from casework.domain.incident.evidence import SaveEvidence
from casework.domain.incident.families import InformParents, InviteParent
from casework.domain.incident.outcomes import Debrief, Reopen
from casework.domain.incident.reporting import Triage
from casework.domain.moments import Instant, standard
from casework.domain.playbook import Playbook
from casework.domain.school import School
from casework.domain.vocabulary import State, Stream
from casework_projections.views.replay import IncidentView
from casework_projections.views.view import Moment, upsert

UNDECIDED: Final = "undecided"
_TIMED: Final[Mapping[str, type[Step]]] = {"triage": Triage, "evidence": SaveEvidence, "debrief": Debrief}
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
    """What is counted of one incident. `hours_to` are elapsed hours since it was reported, to when the step
    counts: a step that was recorded late counts from its recording.

    The children whose parents were `informed` or from whose parents it is `withheld`, and the parents who
    were `invited`, are ids of records: code that counts them must count two records of one person once.
    """

    counted: bool
    kind: str
    state: State
    stream: Stream
    setting: str
    platform: str | None
    reopened: bool
    hours_to: dict[str, float]
    clocks: tuple[DutyClock, ...]
    informed: tuple[UUID, ...]
    invited: tuple[UUID, ...]
    withheld: tuple[UUID, ...]
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
    """The figures of every incident as it is now."""

    name: ClassVar[str] = "governor_summary"
    version: ClassVar[int] = 6
    tables: ClassVar[MetaData] = _metadata
    main: ClassVar[Table] = figures

    def write(self, connection: Connection, incidents: Sequence[Incident]) -> None:
        schools = self.replay.schools(incident.school for incident in incidents)
        rows = [(incident, self.row(incident, schools[incident.school])) for incident in incidents]
        upsert(connection, figures, [_columns(incident, row) for incident, row in rows])

    def of(self, incident: Incident, school: School) -> Figures:
        """The figures of `incident`, from its playbook and the calendar of its school."""
        return figures_of(incident, self.replay.playbook(incident), school.calendar)

    def row(self, incident: Incident, school: School) -> FiguresRow:
        """The row of `incident`, computed from the incident itself."""
        last = max(step.recorded_at for step in incident.timeline)
        return FiguresRow(incident.id, last, self.of(incident, school))


def row_of(incident: UUID, last_recorded_at: datetime, encoded: str) -> FiguresRow:
    """The row with these columns."""
    return FiguresRow(incident, last_recorded_at, _decoder.decode(encoded))


def _columns(incident: Incident, row: FiguresRow) -> dict[str, Any]:
    return {
        "incident": incident.id,
        "school": incident.school,
        "reported_at": incident.reported_at,
        "last_recorded_at": row.last_recorded_at,
        "figures": _encoder.encode(row.figures).decode(),
    }


def figures_of(incident: Incident, playbook: Playbook, calendar: Calendar) -> Figures:
    """The figures of `incident` as it is now."""
    return Figures(
        counted=incident.uncounted is None,
        kind=incident.kind,
        state=incident.state,
        stream=incident.stream,
        setting=incident.setting.value,
        platform=incident.platform,
        reopened=any(incident.taken(Reopen)),
        hours_to={name: hours for name, step in _TIMED.items() for hours in _hours_to(incident, step)},
        clocks=tuple(
            DutyClock(duty.first_due_at or duty.due_at, duty.answered_at)
            for duty in playbook.duties(incident, calendar)
            if duty.due_at is not None and duty.rule.modality.binding
        ),
        informed=tuple(sorted(_informed(incident))),
        invited=tuple(sorted(_invited(incident))),
        withheld=tuple(sorted(incident.withheld_children())),
        referrals=tuple(sorted(agency.value for agency in incident.told_agencies)),
        outcome=_outcome(incident),
    )


def _informed(incident: Incident) -> set[UUID]:
    """The children in the case whose parents were informed."""
    told = (step for step in incident.taken(InformParents) if not step.in_vain)
    return {step.child for step in told if incident.is_party(step.child)}


def _invited(incident: Incident) -> set[UUID]:
    """The parents who were invited about a child in the case, or about none that was named."""
    invitations = incident.taken(InviteParent)
    return {step.parent for step in invitations if step.child is None or incident.is_party(step.child)}


def _hours_to(incident: Incident, step: type[Step]) -> list[float]:
    first = next(incident.taken(step), None)
    if first is None:
        return []
    return [(answers_at(first, incident.superseded) - incident.first_reported_at).total_seconds() / 3600]


def _outcome(incident: Incident) -> str:
    determined = [step for step in incident.standing if step.name() == _OUTCOME_STEP]
    return str(getattr(determined[-1], "outcome", UNDECIDED)) if determined else UNDECIDED
