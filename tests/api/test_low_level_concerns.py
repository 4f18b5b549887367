"""Low-level concerns about adults over HTTP: who receives them, who works on them and who sees what."""

from __future__ import annotations

from typing import Final

import pytest

from tests.api.client import REASON, House, Json

MOMENT: Final = "2026-09-14 10:20"
LEADS: Final = ("dsl", "deputy_dsl")
HEAD: Final = "headteacher"


def about_a_teacher(house: House) -> list[Json]:
    teacher = house.person("Tara Teacher", "staff")
    return [{"person": teacher, "involvement": "alleged"}]


def concern(house: House, who: str, **fields: Json) -> str:
    house.clock.set(MOMENT)
    return str(house.report(who, kind="staff_misuse", people=about_a_teacher(house), **fields)["id"])


class TestALeadWhoReportedOne:
    @pytest.mark.parametrize("in_confidence", [False, True])
    @pytest.mark.parametrize("who", LEADS)
    def test_keeps_seeing_what_she_reported_and_how_it_stands(
        self, house: House, who: str, in_confidence: bool
    ) -> None:
        incident = concern(house, who, summary="He was on his phone.", confidential_reporter=in_confidence)
        path = f"/incidents/{incident}"
        shown = house.get(who, path)
        assert (shown["summary"], shown["received"], shown["closed"]) == ("He was on his phone.", False, False)
        house.take(incident, "acknowledge", HEAD)
        assert house.get(who, path)["received"] is True
        assert house.step(incident, "add_note", who, text="It was at break.").status_code == 201
        assert [item["id"] for item in house.get(who, "/incidents")["items"]] == [incident]
        (other,) = set(LEADS) - {who}
        assert house.ask(other, "GET", path).status_code == 404
        assert house.ask(who, "GET", f"{path}/steps").status_code == 403

    def test_sees_no_step_that_the_head_takes(self, house: House) -> None:
        incident = concern(house, "dsl")
        before = house.get("dsl", f"/incidents/{incident}")
        house.take(incident, "decide", HEAD, decision="He is reminded of the rules.", rationale=REASON)
        assert house.get("dsl", f"/incidents/{incident}") == before

    def test_keeps_seeing_a_childs_case_that_turns_out_to_be_about_an_adult(self, house: House) -> None:
        house.clock.set(MOMENT)
        unknown = house.person("Who", "unknown")
        people = [{"person": unknown, "involvement": "alleged"}, *house.two_pupils()[:1]]
        incident = str(house.report("dsl", people=people)["id"])
        teacher = house.person("Tara Teacher", "staff")
        house.take(incident, "identify_person", "dsl", person=unknown, **{"as": teacher})
        shown = house.get("dsl", f"/incidents/{incident}")
        assert (shown["stream"], shown["closed"]) == ("child", False)
        assert house.step(incident, "add_note", "dsl", text="It was at break.").status_code == 201
