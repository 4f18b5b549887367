"""Every example in the description of the API is accepted unchanged for an incident that it fits."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, Final, Self

import pytest
from werkzeug.test import TestResponse

from casework.domain.incident import STEPS
from casework.domain.incident.examples import typed
from casework.domain.incident.slots import Slot
from casework_api.json.incidents.examples import IDS, NOW, shown
from casework_api.json.incidents.schemas import StepInput
from tests.api.client import House, Json, body_of, called, example, opened_house
from tests.api.scene import ANY, TEXT_FILE
from tests.domain.test_steps import HISTORIES, NEVER_SUITABLE
from tests.engines import SQLiteEngine

TAKEN: Final = sorted(StepInput.VARIANTS)


OF_THE_HEAD = {"decide_data_breach"}
"""The steps that only the head may take."""


class HttpCase:
    """The incident of the examples, reported with its own example, with every person they name."""

    def __init__(self, house: House, spec: Json) -> None:
        self.house = house
        self.ids: dict[Slot, str] = {
            Slot.SCHOOL: house.school,
            Slot.CHILD: house.person("Tess Target"),
            Slot.ALLEGED: house.person("Alan Alleged"),
            Slot.ADULT: house.person("Terry Teacher", "staff"),
            Slot.UNKNOWN: house.person("Somebody", "unknown"),
            Slot.NEWCOMER: house.person("Nell Newcomer"),
            Slot.PARENT: house.person("Pat Parent", "parent"),
            Slot.COLLEAGUE: house.users["dsl"],
            Slot.HEAD: house.users["headteacher"],
        }
        (report,) = spec["components"]["schemas"]["Report"]["examples"]
        self.report = house.ask("reporter", "POST", "/incidents", json=self.here(report))
        self.incident = str(body_of(self.report)["id"])
        other = house.ask("reporter", "POST", "/incidents", json=self.here(report))
        self.ids[Slot.OTHER_INCIDENT] = str(body_of(other)["id"])
        for incident in (self.incident, self.ids[Slot.OTHER_INCIDENT]):
            for slot in (Slot.ADULT, Slot.UNKNOWN):
                house.take(incident, "involve_person", person=self.ids[slot], involvement="witness")

    def here(self, shown_example: Json) -> Json:
        """An example with existing ids in place of the made-up ones."""
        text = json.dumps(shown_example)
        for slot, known in self.ids.items():
            text = text.replace(str(IDS[slot]), known)
        return json.loads(text)

    def shown(self) -> Json:
        return self.house.get("dsl", f"/incidents/{self.incident}")

    def take(self, step: str, **fields: Any) -> Self:
        head = self.ids[Slot.HEAD]
        body = example(step, self.shown(), self.ids[Slot.PARENT], manager=head, now=self.house.clock())
        self.house.take(self.incident, step, **(body | fields))
        return self

    def answer_everything(self, but: frozenset[str] = frozenset()) -> Self:
        self.house.answer_everything(self.incident, but)
        return self

    def sent(self, step: Json) -> TestResponse:
        """The answer to a step that is sent as in the description."""
        for item in self.house.next_steps(self.incident):
            if item["step"] == "complete_action":
                self.ids[Slot.ACTION] = item["preset"]["action"]
        path = f"/incidents/{self.incident}/steps"
        who = "headteacher" if step["step"] in OF_THE_HEAD else "dsl"
        return self.house.ask(who, "POST", path, json=self.here(step), headers=ANY)


@pytest.fixture(scope="module")
def house(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened_house(sqlite_engine, tmp_path_factory.mktemp("examples"), "headcorn") as house:
        house.clock.set(f"{NOW:%Y-%m-%d %H:%M}")
        yield house


@pytest.fixture(scope="module")
def spec(house: House) -> Json:
    return body_of(house.http.get("/openapi.json"))


@pytest.fixture
def case(house: House, spec: Json) -> HttpCase:
    return HttpCase(house, spec)


def test_the_example_of_a_report_is_accepted(case: HttpCase) -> None:
    assert case.report.status_code == 201, case.report.text


@pytest.mark.parametrize("step", TAKEN)
def test_the_example_of_a_step_is_accepted_if_the_step_is_allowed(
    case: HttpCase, spec: Json, step: str
) -> None:
    variant = spec["components"]["schemas"]["Step"]["discriminator"]["mapping"][step].rpartition("/")[2]
    (shown_example,) = spec["components"]["schemas"][variant]["examples"]
    assert next(iter(shown_example.items())) == ("step", step)
    if step == "unlink":
        case.take("link", incident=case.ids[Slot.OTHER_INCIDENT])
    if step == "clear_name":
        case.ids[Slot.CHILD] = case.house.person(called("headteacher"), "unknown")
        case.house.take(case.incident, "involve_person", person=case.ids[Slot.CHILD], involvement="witness")
    answer = HISTORIES[step](case).sent(shown_example)
    refused_by = NEVER_SUITABLE.get((step, case.shown()["kind"]))
    if refused_by is None:
        assert answer.status_code in {201, 202}, answer.text
    else:
        assert (answer.status_code, body_of(answer)["rule"]) == (409, refused_by)


def test_the_example_of_the_metadata_of_a_file_is_accepted(case: HttpCase, spec: Json) -> None:
    upload = spec["paths"]["/api/v1/incidents/{incident_id}/evidence"]["post"]["requestBody"]
    (metadata,) = upload["content"]["multipart/form-data"]["schema"]["properties"]["metadata"]["examples"]
    parts = {"metadata": metadata, "file": (io.BytesIO(TEXT_FILE), "account.txt")}
    path = f"/incidents/{case.incident}/evidence"
    answer = case.house.ask("dsl", "POST", path, data=parts, headers=ANY)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("step", TAKEN)
def test_an_example_is_read_over_http_as_the_tests_read_it(step: str) -> None:
    fields = shown(step)
    assert StepInput().load({"step": step, **fields}) == {"step": step, **typed(STEPS[step], fields)}
