"""Low-level concerns about adults over HTTP: who receives them, who works on them and who sees what."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.api.approving import Unchanged
from tests.api.client import REASON, House, Json, opened_house
from tests.engines import Engine

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
        assert (shown["summary"], shown["received"], shown["closed"]) == (
            "He was on his phone.",
            False,
            False,
        )
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


class TestALeadWhoReceivedOneForTheHead:
    """The school's policy says that leads receive low-level concerns (000 Staff official use; 002 §5)."""

    PACK: Final = "headcorn"

    @pytest.mark.parametrize("who", LEADS)
    def test_records_its_context_and_the_adults_account(
        self, engine: Engine, tmp_path: Path, who: str
    ) -> None:
        with opened_house(engine, tmp_path, self.PACK) as house:
            incident = concern(house, who)
            before = house.get(who, f"/incidents/{incident}")
            for step, fields in recorded_for_the_head(before).items():
                answer = house.step(incident, step, who, **fields)
                assert (answer.status_code, answer.json) == (201, before)
            assert not house.asked(incident, "triage", HEAD)
            assert not house.asked(incident, "record_account", HEAD)
            entries = house.get(HEAD, f"/incidents/{incident}/audit-trail")["entries"]
            assert [entry["by"]["role"] for entry in entries[1:3]] == [who, who]
            assert house.step(incident, "check_pattern", who, **pattern(before)).status_code == 403
            assert house.ask(who, "GET", f"/incidents/{incident}/steps").status_code == 403

    def test_no_more_once_it_is_an_allegation(self, engine: Engine, tmp_path: Path) -> None:
        with opened_house(engine, tmp_path, self.PACK) as house:
            incident = concern(house, "dsl")
            before = house.get("dsl", f"/incidents/{incident}")
            house.take(incident, "reclassify", HEAD, kind="staff_allegation", reason=REASON)
            refused(house, incident, "dsl", before)
            assert house.get("dsl", f"/incidents/{incident}") == before

    def test_not_if_it_was_reported_in_confidence(self, engine: Engine, tmp_path: Path) -> None:
        with opened_house(engine, tmp_path, self.PACK) as house:
            incident = concern(house, "dsl", confidential_reporter=True)
            refused(house, incident, "dsl", house.get("dsl", f"/incidents/{incident}"))

    def test_nor_does_anybody_else(self, engine: Engine, tmp_path: Path) -> None:
        with opened_house(engine, tmp_path, self.PACK) as house:
            incident = concern(house, "reporter")
            shown = house.get("reporter", f"/incidents/{incident}")
            refused(house, incident, "reporter", shown)
            for step, fields in recorded_for_the_head(shown).items():
                assert house.step(incident, step, "dsl", **fields).status_code == 404

    def test_not_as_a_witness(self, engine: Engine, tmp_path: Path) -> None:
        with opened_house(engine, tmp_path, self.PACK) as house:
            house.clock.set(MOMENT)
            people = [*about_a_teacher(house), {"user": house.users["dsl"], "involvement": "witness"}]
            incident = str(house.report("dsl", kind="staff_misuse", people=people)["id"])
            refused(house, incident, "dsl", house.get("dsl", f"/incidents/{incident}"))


@pytest.mark.parametrize(
    ("pack", "who"),
    [
        *((pack, who) for pack in ("todwick", "hr_cooperative", "st_thomas") for who in LEADS),
        ("tow_law", "deputy_dsl"),
    ],
)
def test_where_the_policy_sends_it_to_the_head_a_lead_only_reports_it(
    engine: Engine, tmp_path: Path, pack: str, who: str
) -> None:
    with opened_house(engine, tmp_path, pack) as house:
        incident = concern(house, who)
        refused(house, incident, who, house.get(who, f"/incidents/{incident}"))


def recorded_for_the_head(shown: Json) -> Json:
    """The steps that a lead takes who received the concern."""
    adult = shown["people"][0]["person"]
    return {
        "triage": {"timing": "in_school", "critical": False, "rationale": REASON},
        "record_account": {"person": adult, "account": "I looked at the time."},
    }


def pattern(shown: Json) -> Json:
    return {"person": shown["people"][0]["person"], "earlier": [], "conclusion": REASON}


def refused(house: House, incident: str, who: str, shown: Json) -> None:
    """Assert that the steps of a lead who receives a concern are refused to `who`, and change nothing."""
    with Unchanged(house):
        for step, fields in recorded_for_the_head(shown).items():
            assert house.step(incident, step, who, **fields).status_code == 403
