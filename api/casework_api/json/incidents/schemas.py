"""The input about incidents, derived from the steps of the domain."""

from __future__ import annotations

from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.fields import Text
from casework.domain.incident import STEPS
from casework.domain.incident.evidence import SaveEvidence
from casework.domain.vocabulary import State
from casework.usecases.conflicts import OwnConflict
from casework.usecases.steps.reporting import ReportIncident
from casework_api.http.fields import Choice, Identifier, Moment, OneOrMany, TermName, Words
from casework_api.http.paging import PageQuery, QueryFlag
from casework_api.http.schema_of import one_of, schema_of
from casework_api.json.incidents.examples import shown

AT: Final = {
    "at": Moment(
        metadata={"description": "When it was done; now if it is left out or up to two minutes ahead."}
    )
}

ReportInput = schema_of(ReportIncident, name="Report", example=partial(shown, "report"))
ConflictInput = schema_of(OwnConflict, name="Conflict")
EvidenceInput = schema_of(SaveEvidence, extra=AT, name="EvidenceMetadata")
StepInput = one_of(
    "Step",
    {
        name: schema_of(
            step,
            extra=AT,
            name="".join(part.title() for part in name.split("_")),
            example=partial(shown, name),
        )
        for name, step in STEPS.items()
        if not step.INTERNAL
    },
)


class StepsInput(OneOrMany):
    """A step, or steps that are taken together."""

    EACH = StepInput


class IncidentQuery(PageQuery):
    """The filters of the list of incidents; a filter that is left out does not apply."""

    school = Identifier()
    kind = Words(Text(max=100))
    state = Choice({state.value: state for state in State})
    person = Identifier(metadata={"description": "A person involved."})
    overdue = QueryFlag(metadata={"description": "Whether something is overdue now."})
    assigned_to = Identifier(metadata={"description": "A user the case is assigned to."})
    term = TermName(metadata={"description": "The term of the report: `2026-autumn`."})
    reported_from = Moment()
    reported_to = Moment()


class ConflictDeclared(msgspec.Struct, frozen=True):
    """The user is shut out of the incident from now on."""

    incident: UUID
