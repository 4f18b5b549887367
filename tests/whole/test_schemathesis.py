"""The API answers the requests of schemathesis, with a DSL's token, as its OpenAPI document says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.client import House, body_of
from tests.api.documents import parts, without_patterns
from tests.conftest import CI_SETTING
from tests.engines import SQLiteEngine
from tests.settings import settings_for

EXAMPLES: Final = 3 if os.environ.get(CI_SETTING) else 2
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ONE_FORM_IN: Final = 1 if os.environ.get(CI_SETTING) else 5
MISSED_EVERY: Final = 4
"""One generated id in this many is left unchanged, and names nothing."""

PLAIN: Final = frozenset({"pack_id", "kind"})
"""The names of values that are plain texts, not ids."""

Known = Mapping[str, Iterator[str]]


class FilledHouse(House):
    """A school with something at every path of the document."""

    def __init__(self, url: str, folder: Path) -> None:
        unhurried = msgspec.structs.replace(settings_for(url, folder), requests_per_minute=10**6)
        super().__init__(unhurried, now="2026-11-16 09:00")
        pupils = [self.person(name) for name in ("Tess Target", "Alan Alleged")]
        parents = [self.person("Pat Parent", "parent")]
        ways = ("target", "alleged")
        people = [{"person": who, "involvement": way} for who, way in zip(pupils, ways, strict=True)]
        incidents = [
            self.report("dsl", kind=kind, people=people)["id"] for kind in ("cyberbullying", "sexting")
        ]
        content = b"Words somebody sent."
        evidence = self.uploaded(incidents[0], content, form="document", name="words.txt")["id"]
        approvals = [
            self.ask_to_waive(incident, step, "deputy_dsl", "dsl")
            for incident, step in zip(incidents, ("save_evidence", "debrief"), strict=True)
        ]
        everybody = pupils + parents
        self.known: Known = {
            name: cycle(ids)
            for name, ids in {
                "school": [self.school],
                "school_id": [self.school],
                "incident": incidents,
                "incident_id": incidents,
                "person": everybody,
                "person_id": everybody,
                "parent": parents,
                "child": pupils,
                "user": [self.users["dsl"]],
                "user_id": [self.users["dsl"]],
                "assigned_to": [self.users["dsl"]],
                "pack_id": ["st_thomas", "headcorn"],
                "kind": ["cyberbullying", "sexting"],
                "evidence_id": [evidence],
                "approval_id": approvals,
            }.items()
        }


@pytest.fixture(scope="module")
def house(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledHouse]:
    folder = tmp_path_factory.mktemp("schemathesis")
    with sqlite_engine.database(folder) as url:
        opened = FilledHouse(url, folder)
        yield opened
        opened.close()


def test_every_answer_is_documented(house: FilledHouse, subtests: pytest.Subtests) -> None:
    spec = without_patterns(body_of(house.http.get("/openapi.json")))
    for name, document in parts(spec, one_form_in=ONE_FORM_IN):
        with subtests.test(name):
            schema = schemathesis.openapi.from_dict(document)
            schema.app = house.app
            # Searching our source for constants for each part takes half the time; the document has them.
            schema.config.analysis.constants.enabled = False
            for result in schema.get_all_operations():
                assert isinstance(result, Ok), result
                ask(result.ok(), house)


def ask(operation: APIOperation[Any, Any, Any, Any], house: FilledHouse) -> None:
    """Send requests that fit the document and some that do not."""
    bearer = {"Authorization": f"Bearer {house.tokens['dsl']}"}

    @given(operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck], database=None)
    def answered(case: Case[Any]) -> None:
        case.path_parameters = _adapted(case.path_parameters, house)
        case.query = _adapted(case.query, house)
        case.headers["If-Match"] = "*"
        case.body = _adapted(case.body, house)
        case.call_and_validate(headers=bearer, checks=CHECKS)

    answered()


def _adapted(value: Any, house: FilledHouse, name: str = "") -> Any:
    """`value` with most generated ids replaced by existing ones, and moments by past ones."""
    if isinstance(value, dict):
        return {key: _adapted(part, house, str(key)) for key, part in value.items()}
    if isinstance(value, list):
        return [_adapted(part, house, name) for part in value]
    if not isinstance(value, str) or len(value) % MISSED_EVERY == 1:
        return value
    if name in house.known and (_is_id(value) or name in PLAIN):
        return next(house.known[name])
    return house.clock().isoformat() if _is_moment(value) else value


def _is_id(text: str) -> bool:
    try:
        return UUID(text).int % MISSED_EVERY != 1
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return "T" in text and datetime.fromisoformat(text).year > 0
    except ValueError:
        return False
