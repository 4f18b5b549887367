"""The API answers as its OpenAPI document says, whatever is asked: schemathesis asks, with a DSL's token."""

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
"""One in so many of the ids made up is left as it is, and names nothing."""

PLAIN: Final = frozenset({"pack_id", "kind"})
"""Names of what a plain text says."""

Known = Mapping[str, Iterator[str]]


class AskedHouse(House):
    """A school with something at every address the document has."""

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
            }.items()
        }


@pytest.fixture(scope="module")
def house(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AskedHouse]:
    folder = tmp_path_factory.mktemp("schemathesis")
    with sqlite_engine.database(folder) as url:
        opened = AskedHouse(url, folder)
        yield opened
        opened.close()


def test_every_answer_is_documented(house: AskedHouse, subtests: pytest.Subtests) -> None:
    spec = without_patterns(body_of(house.http.get("/openapi.json")))
    for name, document in parts(spec, one_form_in=ONE_FORM_IN):
        with subtests.test(name):
            schema = schemathesis.openapi.from_dict(document)
            schema.app = house.app
            # Reading our source for constants again for each part takes half the time; the document has them.
            schema.config.analysis.constants.enabled = False
            for result in schema.get_all_operations():
                assert isinstance(result, Ok), result
                ask(result.ok(), house)


def ask(operation: APIOperation[Any, Any, Any, Any], house: AskedHouse) -> None:
    """Send requests that fit the document and some that do not."""
    bearer = {"Authorization": f"Bearer {house.tokens['dsl']}"}

    @given(operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck], database=None)
    def answered(case: Case[Any]) -> None:
        case.path_parameters = _told(case.path_parameters, house)
        case.query = _told(case.query, house)
        case.headers["If-Match"] = "*"
        case.body = _told(case.body, house)
        case.call_and_validate(headers=bearer, checks=CHECKS)

    answered()


def _told(value: Any, house: AskedHouse, name: str = "") -> Any:
    """`value`, most ids made up in it replaced by those of things there are, and moments by past ones."""
    if isinstance(value, dict):
        return {key: _told(part, house, str(key)) for key, part in value.items()}
    if isinstance(value, list):
        return [_told(part, house, name) for part in value]
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
