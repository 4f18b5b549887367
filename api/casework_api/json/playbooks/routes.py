"""`/playbooks`: every rule that binds a school, with its clause."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from casework.domain.clocks import day_of
from casework.domain.fields import Text
from casework.domain.moments import LocalDate
from casework.domain.playbook import Floor, Pack, Rule
from casework.domain.playbook.floor import KindOfIncident
from casework.domain.playbook.rules import Source
from casework.domain.vocabulary import Stream
from casework.library import Library
from casework_api.http import current
from casework_api.http.blueprint import Blueprint
from casework_api.http.fields import InputSchema, Words
from casework_api.http.problems import malformed, not_found


class JurisdictionQuery(InputSchema):
    """The jurisdiction of the floor; optional while there is only one."""

    jurisdiction = Words(Text(max=100))


class EditionBody(msgspec.Struct, frozen=True, kw_only=True):
    """One edition of a pack, and when the review of its policy is due."""

    id: str
    edition: str
    title: str
    adopted: LocalDate | None
    review_due: LocalDate | None


class FloorBody(msgspec.Struct, frozen=True, kw_only=True):
    """One edition of a floor, the first and the last day it is in force, and what it cites."""

    edition: str
    jurisdiction: str
    in_force_from: LocalDate
    in_force_until: LocalDate | None
    sources: tuple[Source, ...]


class Playbooks(msgspec.Struct, frozen=True):
    """Every floor and pack; `floors` names the editions that `floor_editions` describes."""

    floors: list[str]
    items: list[EditionBody]
    floor_editions: list[FloorBody]
    next: None = None


class RuleBody(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in force: `origin` says whether the floor or the school's own policy requires it."""

    id: str
    origin: str
    modality: str
    step: str | None
    kinds: tuple[str, ...]
    clause: str
    reason: str
    told: tuple[str, ...]
    before: tuple[str, ...]
    preset: dict[str, Any]
    clock: dict[str, Any] | None
    when: list[dict[str, Any]]
    given: list[dict[str, Any]]


class KindBody(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of incident: the fields its report must have, whether it accepts files, and its stream."""

    id: str
    title: str
    requires: tuple[str, ...]
    holds_files: bool
    stream: Stream


class PlaybookBody(EditionBody, frozen=True, kw_only=True):
    """A pack on the floor in force: what it says, what it leaves to the floor, and how it is interpreted."""

    floor: str
    sources: tuple[Source, ...]
    silent_on: tuple[str, ...]
    readings: tuple[str, ...]
    kinds: list[KindBody]
    rules: list[RuleBody]


blueprint = Blueprint("playbooks", __name__, url_prefix="/playbooks", description="Rules and their clauses")


def _edition(pack: Pack) -> dict[str, Any]:
    return {
        "id": pack.id,
        "edition": pack.edition,
        "title": pack.title,
        "adopted": pack.adopted,
        "review_due": pack.review_due(),
    }


def _floor(floor: Floor, library: Library) -> FloorBody:
    following = (
        other.in_force_from
        for other in library.floors.values()
        if other.jurisdiction == floor.jurisdiction and other.in_force_from > floor.in_force_from
    )
    next_from = min(following, default=None)
    return FloorBody(
        edition=floor.edition,
        jurisdiction=floor.jurisdiction,
        in_force_from=floor.in_force_from,
        in_force_until=None if next_from is None else next_from - timedelta(days=1),
        sources=floor.sources,
    )


def _kind(kind: KindOfIncident) -> KindBody:
    return KindBody(
        id=kind.id,
        title=kind.title,
        requires=kind.requires,
        holds_files=kind.no_files is None,
        stream=kind.stream,
    )


def _rule(rule: Rule) -> RuleBody:
    written = msgspec.to_builtins(rule)
    return RuleBody(
        id=rule.id,
        origin="floor" if rule.floor else "pack",
        modality=rule.modality,
        step=rule.step,
        kinds=rule.kinds,
        clause=rule.clause,
        reason=rule.reason,
        told=rule.told,
        before=rule.before,
        preset=dict(rule.preset),
        clock=written["clock"],
        when=[_only_given(test) for test in written["when"]],
        given=[_only_given(test) for test in written["given"]],
    )


def _only_given(test: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in test.items() if value is not None}


@blueprint.route("", methods=["GET"])
@blueprint.returns(200, Playbooks)
def index() -> Playbooks:
    """Every floor and pack."""
    library = current.library()
    return Playbooks(
        floors=list(library.floors),
        items=[EditionBody(**_edition(pack)) for pack in library.packs.values()],
        floor_editions=[_floor(floor, library) for floor in library.floors.values()],
    )


@blueprint.route("/<pack_id>", methods=["GET"])
@blueprint.arguments(JurisdictionQuery, location="query")
@blueprint.returns(200, PlaybookBody, problems=(422,))
def read(query: dict[str, Any], pack_id: str) -> PlaybookBody:
    """Every rule of a pack on the floor in force today."""
    library = current.library()
    if pack_id not in library.pack_ids():
        raise not_found()
    pack = library.latest_pack(pack_id)
    jurisdiction = query.get("jurisdiction", min(library.jurisdictions()))
    if jurisdiction not in library.jurisdictions():
        raise malformed({"jurisdiction": ["has no floor in casework"]})
    now = current.now()
    floor = library.floor_at(jurisdiction, now)
    playbook = library.playbook(floor.edition, pack.edition, floor.switches_on(day_of(now)))
    return PlaybookBody(
        **_edition(pack),
        floor=floor.edition,
        sources=(*floor.sources, *pack.sources),
        silent_on=pack.silent_on,
        readings=pack.readings,
        kinds=[_kind(kind) for kind in floor.kinds],
        rules=[_rule(rule) for rule in playbook.rules],
    )
