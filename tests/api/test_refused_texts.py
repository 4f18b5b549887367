"""Texts that are refused in every field: encoded files, and names in texts that governors read."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Final

import pytest

from tests.api.client import REASON, House, Json, body_of, opened_house
from tests.api.scene import Scene
from tests.engines import SQLiteEngine

IMAGE: Final = f"data:image/gif;base64,{b64encode(bytes(60)).decode()}"
MOMENT: Final = "2026-09-14 10:20"


@pytest.fixture(scope="module")
def house(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened_house(sqlite_engine, tmp_path_factory.mktemp("texts"), now=MOMENT) as house:
        yield house


class TestAFile:
    @pytest.mark.parametrize("field", ["decision", "advice"])
    def test_is_refused_in_a_declaration(self, house: House, field: str) -> None:
        body = Scene(house).declaration()
        assert house.ask("dsl", "POST", "/declarations", json=body).status_code == 201
        self.refused(house, "dsl", "/declarations", body | {field: IMAGE}, f"$.{field}")

    def test_is_refused_as_a_name(self, house: House) -> None:
        person = {"school": house.school, "category": "pupil", "name": IMAGE}
        self.refused(house, "dsl", "/people", person, "$.name")
        user = {"name": IMAGE, "email": "u@school.example"}
        self.refused(house, "admin", "/users", user, "$.name")

    @staticmethod
    def refused(house: House, who: str, path: str, body: Json, field: str) -> None:
        before = house.events()
        answer = house.ask(who, "POST", path, json=body)
        assert (answer.status_code, set(body_of(answer)["errors"])) == (422, {field}), answer.text
        assert IMAGE not in answer.text
        assert house.events() == before


@pytest.mark.parametrize("field", ["lessons.text", "lessons.clause", "actions.text", "actions.owner"])
def test_a_name_is_refused_in_debrief_fields_that_governors_read(house: House, field: str) -> None:
    incident = house.bullying(MOMENT)["id"]
    house.answer_everything(incident, frozenset({"debrief", "close"}))
    parts: dict[str, Json] = {
        "lessons": [{"text": "Teach it earlier.", "changes": "curriculum"}],
        "actions": [{"text": "Plan it.", "owner": "Computing lead", "due_on": "2027-01-29"}],
    }
    of, name = field.split(".")
    before = house.get("dsl", f"/incidents/{incident}")
    parts[of][0][name] = "Tess Target"
    answer = house.step(incident, "debrief", summary="What was learnt.", **parts)
    assert (answer.status_code, set(body_of(answer)["errors"])) == (422, {f"$.{of}[0].{name}"}), answer.text
    assert house.get("dsl", f"/incidents/{incident}") == before


class TestAWaiver:
    def test_cannot_be_authorised_by_a_user_involved_in_the_case(self, house: House) -> None:
        head = house.person("Hilda Head", "staff")
        body = {"name": "Hilda Head", "email": "h@school.example", "person": head}
        house.users["involved"] = house.created("admin", "/users", body)["id"]
        house.appoint("involved", "headteacher", house.school)
        people = [*house.two_pupils(), {"person": head, "involvement": "witness"}]
        incident = house.report(people=people)["id"]
        waiver = {"waived": "save_evidence", "reason": REASON}
        answer = house.step(incident, "waive", **waiver, authorised_by=house.users["involved"])
        assert (answer.status_code, set(body_of(answer)["errors"])) == (422, {"$.authorised_by"}), answer.text
        house.waive(incident, "save_evidence")


def test_a_token_is_made_without_a_body(house: House) -> None:
    made = house.ask("dsl", "POST", f"/users/{house.users['dsl']}/tokens")
    assert (made.status_code, body_of(made)["token"][:3]) == (201, "cw_")
