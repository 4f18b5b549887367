"""An absence gives the cases of a lead to others: who may record it, and who is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from werkzeug.test import TestResponse

from tests.api.client import House, Json, called, opened_house
from tests.api.test_account_approvals import approved, asked
from tests.api.test_account_approvals import change as change_user
from tests.api.test_notices import notices
from tests.engines import Engine

LEADS: Final = ("dsl", "deputy_dsl", "headteacher")


@pytest.fixture
def house(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A school with three leads, a chair, and a governor who could stand in."""
    with opened_house(engine, tmp_path_factory.mktemp("absences")) as house:
        house.clock.set("2026-09-14 10:20")
        house.add_user("chair", "chair_of_governors", house.school)
        house.link("governor")
        yield house


def held(house: House, who: str) -> str:
    """The first appointment of a user."""
    return str(house.get(who, "/me")["appointments"][0]["id"])


def absent(house: House, who: str, until: str | None = "2027-10-01", by: str = "admin") -> TestResponse:
    path = f"/schools/{house.school}/appointments/{held(house, who)}"
    return house.ask(by, "PATCH", path, json={"absent_until": until})


def stand_in(house: House, role: str) -> TestResponse:
    body: Json = {"user": house.users["governor"], "role": "reporter", "from": "2026-09-14"}
    path = f"/schools/{house.school}/appointments"
    return house.ask("admin", "POST", path, json=body | {"standing_in_for": role})


def reads(house: House, who: str, incident: str) -> bool:
    return house.ask(who, "GET", f"/incidents/{incident}").status_code == 200


class TestTheLastLeadWhoActs:
    def test_is_marked_absent_by_two_people(self, house: House) -> None:
        incident = str(house.bullying("2026-09-14 10:20")["id"])
        assert [absent(house, who).status_code for who in LEADS[:2]] == [200, 200]
        answer = absent(house, "headteacher")
        assert not reads(house, "chair", incident)
        assert house.decide(asked(answer), "admin").status_code == 403
        assert house.decide(asked(answer), "headteacher").status_code == 403
        approved(house.decide(asked(answer), "deputy_dsl"))
        assert reads(house, "chair", incident)

    def test_is_not_ended_or_deactivated_by_one_while_the_others_are_absent(self, house: House) -> None:
        absent(house, "dsl")
        absent(house, "headteacher")
        path = f"/schools/{house.school}/appointments/{held(house, 'deputy_dsl')}"
        asked(house.ask("admin", "DELETE", path))
        asked(house.ask("admin", "PATCH", path, json={"until": "2026-10-01"}))
        asked(change_user(house, "deputy_dsl", active=False))

    def test_is_one_whose_colleague_comes_back_later(self, house: House) -> None:
        absent(house, "dsl", "2026-09-30")
        absent(house, "deputy_dsl", "2026-09-30")
        asked(absent(house, "headteacher", "2026-09-14"))

    def test_stays_absent_for_longer_only_by_two_people(self, house: House) -> None:
        approval = asked(self.all_absent(house, "2026-09-20"))
        approved(house.decide(approval, "dsl"))
        assert absent(house, "dsl", "2026-09-30").status_code == 200
        assert absent(house, "deputy_dsl", "2026-09-30").status_code == 200
        asked(absent(house, "headteacher", "2026-09-21"))
        assert absent(house, "headteacher", "2026-09-18").status_code == 200

    @staticmethod
    def all_absent(house: House, until: str) -> TestResponse:
        absent(house, "dsl", until)
        absent(house, "deputy_dsl", until)
        return absent(house, "headteacher", until)

    def test_is_not_the_last_if_another_user_stands_in(self, house: House) -> None:
        house.agreed(stand_in(house, "dsl"))
        assert self.all_absent(house, "2026-09-30").status_code == 200
        path = f"/schools/{house.school}/appointments/"
        standing_in = house.get("governor", "/me")["appointments"]
        (made,) = (each["id"] for each in standing_in if each["standing_in_for"])
        asked(house.ask("admin", "PATCH", path + made, json={"absent_until": "2026-09-20"}))

    def test_records_their_own_absence_alone(self, house: House) -> None:
        absent(house, "dsl")
        absent(house, "deputy_dsl")
        assert absent(house, "headteacher", by="headteacher").status_code == 200

    def test_comes_back_without_a_second_person(self, house: House) -> None:
        house.decide(asked(self.all_absent(house, "2026-09-20")), "dsl")
        assert absent(house, "headteacher", None).status_code == 200


def told(house: House, who: str, what: str) -> list[Json]:
    """The notices about absences and standing in that `who` gets of this sort, without id and time."""
    return [
        {name: value for name, value in each.items() if name not in ("id", "at", "what")}
        for each in notices(house, who, what)
        if each["what"] != "appointed" or "standing_in_for" in each
    ]


class TestAnAbsence:
    def test_that_another_user_records_is_a_notice_to_every_lead_and_to_the_user(self, house: House) -> None:
        absent(house, "chair")
        notice = {
            "school": house.school,
            "user": house.users["chair"],
            "name": called("chair"),
            "role": "chair_of_governors",
            "absent_until": "2027-10-01",
        }
        for who in (*LEADS, "chair"):
            assert told(house, who, "absent") == [notice]
        for who in ("governor", "reporter"):
            assert told(house, who, "absent") == []

    def test_of_a_lead_is_a_notice_to_leads_who_are_absent_too(self, house: House) -> None:
        absent(house, "dsl")
        absent(house, "deputy_dsl")
        for who in LEADS:
            marked = {each["user"] for each in told(house, who, "absent")}
            assert marked == {house.users["deputy_dsl"], house.users["dsl"]}

    def test_whose_end_another_user_records_is_one_too(self, house: House) -> None:
        absent(house, "dsl", by="dsl")
        assert told(house, "headteacher", "absent") == []
        house.clock.set("2026-09-15 10:20")
        absent(house, "dsl", None)
        for who in LEADS:
            (ended,) = told(house, who, "absence_ended")
            assert (ended["user"], ended["role"]) == (house.users["dsl"], "dsl")
            assert "absent_until" not in ended

    def test_that_goes_on_for_longer_is_one_too(self, house: House) -> None:
        absent(house, "dsl", "2026-09-20")
        house.clock.set("2026-09-21 10:20")
        absent(house, "dsl", "2026-09-30")
        absent(house, "dsl", "2026-10-09")
        days = [each["absent_until"] for each in told(house, "headteacher", "absent")]
        assert sorted(days) == ["2026-09-20", "2026-09-30", "2026-10-09"]

    def test_is_none_for_a_change_of_the_last_day_alone(self, house: House) -> None:
        absent(house, "dsl", "2026-09-20")
        path = f"/schools/{house.school}/appointments/{held(house, 'dsl')}"
        assert house.ask("admin", "PATCH", path, json={"until": "2026-12-01"}).status_code == 200
        assert len(told(house, "headteacher", "absent")) == 1
        assert told(house, "headteacher", "absence_ended") == []

    def test_at_another_school_is_none(self, house: House) -> None:
        elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", elsewhere)
        absent(house, "dsl")
        assert told(house, "stranger", "absent") == []


class TestStandingIn:
    def test_is_a_notice_to_every_lead_and_to_the_user(self, house: House) -> None:
        house.agreed(stand_in(house, "headteacher"))
        for who in (*LEADS, "governor"):
            (seen,) = told(house, who, "appointed")
            assert seen == {
                "school": house.school,
                "user": house.users["governor"],
                "name": called("governor"),
                "role": "reporter",
                "standing_in_for": "headteacher",
            }
        assert told(house, "chair", "appointed") == []
