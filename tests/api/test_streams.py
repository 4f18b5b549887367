"""A case that becomes an allegation against an adult: who may read it, and what its reporter sees."""

from __future__ import annotations

from typing import Final

import pytest

from tests.api.client import REASON, House, Json

MOMENT: Final = "2026-09-14 10:20"


class Turned:
    """A case about an unknown person, assigned to both leads, who is then identified as staff."""

    def __init__(self, house: House, *, by_the_lead_themselves: bool) -> None:
        self.house = house
        house.clock.set(MOMENT)
        unknown = house.person("Who", "unknown")
        people = [{"person": unknown, "involvement": "alleged"}, *house.two_pupils()[:1]]
        self.before = house.report("reporter", people=people)
        self.incident = str(self.before["id"])
        who = "dsl" if by_the_lead_themselves else "deputy_dsl"
        for lead in ("dsl", "deputy_dsl"):
            house.take(self.incident, "assign", who, user=house.users[lead])
        teacher = house.person("Tara Teacher", "staff")
        house.take(self.incident, "identify_person", who, person=unknown, **{"as": teacher})

    def seen_by(self, who: str) -> Json:
        return self.house.ask(who, "GET", f"/incidents/{self.incident}")

    def listed_for(self, who: str) -> list[Json]:
        items: list[Json] = self.house.get(who, "/incidents")["items"]
        return items


@pytest.fixture(params=[True, False], ids=["by themselves", "by another"])
def turned(request: pytest.FixtureRequest, house: House) -> Turned:
    return Turned(house, by_the_lead_themselves=request.param)


class TestALeadOfTheChildsCase:
    @pytest.mark.parametrize("who", ["dsl", "deputy_dsl"])
    def test_cannot_read_the_allegation(self, turned: Turned, who: str) -> None:
        assert turned.seen_by(who).status_code == 404
        assert turned.listed_for(who) == []

    def test_can_read_it_once_the_head_assigns_them(self, turned: Turned) -> None:
        house = turned.house
        assert turned.seen_by("headteacher").status_code == 200
        house.take(turned.incident, "assign", "headteacher", user=house.users["dsl"])
        assert turned.seen_by("dsl").status_code == 200
        assert [item["id"] for item in turned.listed_for("dsl")] == [turned.incident]
        assert turned.seen_by("deputy_dsl").status_code == 404


class TestItsReporter:
    def test_does_not_learn_that_it_became_an_allegation(self, turned: Turned) -> None:
        shown = turned.seen_by("reporter").json
        assert (shown["stream"], shown["policy"]) == ("child", turned.before["policy"])
        assert [item["stream"] for item in turned.listed_for("reporter")] == ["child"]
        assert turned.seen_by("headteacher").json["stream"] == "allegation"


UNNAMED: Final = [
    pytest.param({"kind": "staff_allegation"}, id="allegation"),
    pytest.param({"kind": "staff_misuse"}, id="low-level concern"),
    pytest.param({"kind": "unsolicited_contact", "direction": "staff_to_pupil"}, id="contact"),
]


class TestAnUnidentifiedAdult:
    """The adult may be any user who would read it as a child's case."""

    @pytest.mark.parametrize("said", UNNAMED)
    @pytest.mark.parametrize("reporter", ["reporter", "dsl"])
    def test_is_hidden_from_users_who_handle_childrens_cases(
        self, house: House, said: Json, reporter: str
    ) -> None:
        house.clock.set(MOMENT)
        reported = house.report(reporter, people=house.two_pupils()[:1], **said)
        path = f"/incidents/{reported['id']}"
        assert reported["stream"] == "allegation"
        assert house.ask("deputy_dsl", "GET", path).status_code == 404
        assert house.get("deputy_dsl", "/incidents")["items"] == []
        assert house.get("headteacher", path)["stream"] == "allegation"
        assert [item["id"] for item in house.get("headteacher", "/incidents")["items"]] == [reported["id"]]
        # The person who reported reads only their own report.
        assert house.get(reporter, path)["stream"] == "allegation"
        assert house.ask(reporter, "GET", f"{path}/steps").status_code == 403

    def test_is_hidden_as_soon_as_it_becomes_an_allegation(self, house: House) -> None:
        house.clock.set(MOMENT)
        incident = house.report("reporter", people=house.two_pupils()[:1])["id"]
        house.take(incident, "reclassify", kind="staff_allegation", reason=REASON)
        assert house.ask("dsl", "GET", f"/incidents/{incident}").status_code == 404
        assert house.get("headteacher", f"/incidents/{incident}")["stream"] == "allegation"

    def test_is_a_childs_case_once_it_is_reclassified(self, house: House) -> None:
        house.clock.set(MOMENT)
        incident = house.report("reporter", kind="staff_allegation", people=house.two_pupils()[:1])["id"]
        head = "headteacher"
        house.take(incident, "decide_threshold", head, met=False, limbs=[], rationale=REASON)
        house.take(incident, "reclassify", head, kind="cyberbullying", reason=REASON)
        assert house.get("dsl", f"/incidents/{incident}")["stream"] == "child"
        assert house.get("reporter", f"/incidents/{incident}")["stream"] == "allegation"
