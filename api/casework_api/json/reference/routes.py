"""`/reference`: the dated tables as of one day; and what they say about one incident."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

from casework.domain.clocks import day_of
from casework.domain.dated import Platforms
from casework_api.http import current
from casework_api.http.blueprint import Blueprint
from casework_api.json.reference.schemas import (
    ChannelBody,
    FloorEdition,
    OffenceBody,
    PlatformAge,
    ReferenceBody,
    ReferenceQuery,
)
from casework_projections.reading.guidance import GuidanceBody, ReadGuidance

_SINCE_2024: Final = {
    "offence": "threatening-communication",
    "title": "Sending a threat of death or serious harm",
    "source": "Online Safety Act 2023 s.181; OSA circular",
    "since": "2024-01-31",
}
_BY_CEOP: Final = {"channel": "ceop", "title": "CEOP Safety Centre", "source": "CEOP"}
REFERENCE_EXAMPLE: Final = {
    "on": "2026-09-14",
    "floors": [
        {"edition": "england@2026-09-01", "jurisdiction": "england", "in_force_from": "2026-09-01"},
    ],
    "platforms": [{"name": "WhatsApp", "minimum_age": 13, "since": "2024-04-11", "source": "terms"}],
    "offences": [{**_SINCE_2024, "until": None}],
    "channels": [
        {**_BY_CEOP, "about": "Sexual abuse and grooming of children online.", "since": None, "until": None},
    ],
    "sources": [{"cited_as": "CEOP", "title": "CEOP Safety Centre: what to report and what not to (NCA)"}],
}
GUIDANCE_EXAMPLE: Final = {
    "offences": [_SINCE_2024],
    "channels": [
        {**_BY_CEOP, "suits": False, "reason": "It takes reports of sexual abuse, not of bullying alone."},
    ],
    "note": "A tag names an offence that what is recorded may amount to. It is never a finding.",
}

reference = Blueprint(
    "reference", __name__, url_prefix="/reference", description="What was in force on a day"
)
incident_guidance = Blueprint(
    "incident_guidance",
    __name__,
    url_prefix="/incidents",
    description="What the dated tables say about one incident",
)


@reference.route("", methods=["GET"])
@reference.arguments(ReferenceQuery, location="query")
@reference.returns(200, ReferenceBody, problems=(422,), example=REFERENCE_EXAMPLE)
def read(query: dict[str, Any]) -> ReferenceBody:
    """The floors, minimum ages, offences and channels of one day, each with its source."""
    library = current.library()
    day = query.get("on") or day_of(current.now())
    tables = library.dated_tables
    floors = (library.floor_on(jurisdiction, day) for jurisdiction in sorted(library.jurisdictions()))
    return ReferenceBody(
        on=day,
        floors=[
            FloorEdition(
                edition=floor.edition, jurisdiction=floor.jurisdiction, in_force_from=floor.in_force_from
            )
            for floor in floors
        ],
        platforms=list(_ages(tables.platforms, day)),
        offences=[
            OffenceBody(
                offence=each.id, title=each.title, source=each.source, since=each.since, until=each.until
            )
            for each in tables.offences_on(day)
        ],
        channels=[
            ChannelBody(
                channel=each.id,
                title=each.title,
                about=each.about,
                source=each.source,
                since=each.since,
                until=each.until,
            )
            for each in tables.channels_on(day)
        ],
        sources=list(tables.sources),
    )


@incident_guidance.route("/<uuid:incident_id>/guidance", methods=["GET"])
@incident_guidance.returns(200, GuidanceBody, example=GUIDANCE_EXAMPLE)
def read_guidance(incident_id: UUID) -> GuidanceBody:
    """The offences the incident may amount to and the channels that suit it, by the day it occurred."""
    return current.answer(ReadGuidance(incident_id))


def _ages(platforms: Platforms, day: date) -> Iterator[PlatformAge]:
    for platform in platforms.all:
        row = platform.age_on(day)
        if row is not None:
            yield PlatformAge(
                name=platform.name, minimum_age=row.minimum_age, since=row.since, source=row.source
            )
