"""What is recorded late over HTTP: steps are late, and a report says why and chooses no earlier policy."""

from __future__ import annotations

from typing import Final

import pytest

from tests.api.client import House, Json

NOW: Final = "2026-09-14 10:20"
IN_MARCH: Final[Json] = {"occurred_at": "2026-03-16T09:00:00Z", "reported_at": "2026-03-16T10:00:00Z"}
WHY: Final[Json] = {"late_reason": "It was found in the old paper book."}
NEEDED: Final = "is required if reported_at is more than a day before the recording"


class TestSteps:
    @pytest.mark.parametrize(
        ("recorded", "late"),
        [("2026-09-15 10:59", False), ("2026-09-15 11:01", True), ("2026-11-30 11:00", True)],
    )
    def test_the_trail_and_the_timeline_say_that_one_is_late(
        self, house: House, recorded: str, late: bool
    ) -> None:
        incident = house.bullying(NOW)["id"]
        house.clock.set(recorded)
        done = "2026-09-14T11:00:00+01:00"
        house.take(incident, "acknowledge", at=done)
        entry = house.get("dsl", f"/incidents/{incident}/audit-trail")["entries"][1]
        assert entry["happened_at"] == done
        assert (entry["recorded_late"], entry["answers"]["late"]) == (late, late)
        step = house.get("dsl", f"/incidents/{incident}/steps")["items"][1]
        assert (step["happened_at"], step["recorded_late"]) == (done, late)

    def test_a_clock_that_it_starts_runs_from_when_it_was_done(self, house: House) -> None:
        incident = house.bullying(NOW)["id"]
        house.clock.set("2026-09-21 09:00")
        house.take(incident, "request_removal", addressee="platform", at="2026-09-14T11:00:00+01:00")
        assert house.due(incident, "record_removal") == "2026-09-16T11:00"

    def test_correcting_its_date_later_puts_it_in_time_no_more(self, house: House) -> None:
        incident = house.bullying(NOW)["id"]
        house.clock.set("2026-09-15 11:30")
        house.take(incident, "acknowledge")
        house.clock.set("2026-09-21 09:00")
        why = "It was done on the Monday."
        house.take(incident, "correct", corrects=2, reason=why, fields={"at": "2026-09-14T12:00:00Z"})
        entry = house.get("dsl", f"/incidents/{incident}/audit-trail")["entries"][1]
        assert entry["answers"]["late"]


class TestReports:
    def late_report(self, house: House, **more: Json) -> Json:
        house.clock.set(NOW)
        return house.report(people=house.two_pupils(), **IN_MARCH, **WHY, **more)

    @pytest.mark.parametrize(
        ("why", "fault"),
        [
            ({}, NEEDED),
            ({"late_reason": None}, NEEDED),
            ({"late_reason": "Late."}, "must be at least 10 characters"),
        ],
    )
    def test_one_of_last_march_needs_a_reason(self, house: House, why: Json, fault: str) -> None:
        house.clock.set(NOW)
        events = house.events()
        problem = house.report(status=422, **IN_MARCH, **why)
        assert problem["errors"] == {"$.late_reason": [fault]}
        assert house.events() == events

    def test_it_is_shown_as_late_with_its_reason(self, house: House) -> None:
        incident = self.late_report(house)["id"]
        for who in ("dsl", "reporter"):
            shown = house.get(who, f"/incidents/{incident}")
            assert (shown["recorded_late"], shown["late_reason"]) == (True, WHY["late_reason"])
        (entry,) = house.get("dsl", f"/incidents/{incident}/audit-trail")["entries"]
        assert entry["recorded_late"]
        assert WHY["late_reason"] in entry["what"]
        (step,) = house.get("dsl", f"/incidents/{incident}/steps")["items"]
        assert step["fields"]["late_reason"] == WHY["late_reason"]

    def test_it_is_judged_by_the_policy_in_force_when_it_was_recorded(self, house: House) -> None:
        shown = self.late_report(house)
        assert shown["policy"]["floor"] == "england@2026-09-01"
        assert shown["reported_at"] == IN_MARCH["reported_at"]
        assert house.due(shown["id"], "acknowledge")[:10] == "2026-03-16"

    def test_a_date_before_another_pack_was_adopted_does_not_choose_the_earlier(self, house: House) -> None:
        house.clock.set("2026-09-10 09:00")
        headers = {"If-Match": "*"}
        change = {"pack": "headcorn"}
        house.agreed(house.ask("admin", "PATCH", f"/schools/{house.school}", json=change, headers=headers))
        before: Json = {
            "occurred_at": "2026-09-09T09:50:00+01:00",
            "reported_at": "2026-09-09T09:55:00+01:00",
        }
        assert house.report(**before)["policy"]["pack"].startswith("st_thomas@")
        house.clock.set("2026-09-10 09:56")
        assert house.report(**before, **WHY)["policy"]["pack"].startswith("headcorn@")

    def test_one_within_a_day_is_not_late_and_may_give_a_reason(self, house: House) -> None:
        house.clock.set(NOW)
        before: Json = {
            "occurred_at": "2026-09-13T10:00:00+01:00",
            "reported_at": "2026-09-13T10:20:00+01:00",
        }
        for why, kept in (({}, None), (WHY, WHY["late_reason"])):
            shown = house.report(**before, **why)
            assert (shown["recorded_late"], shown["late_reason"]) == (False, kept)

    def test_a_correction_that_makes_it_late_needs_a_reason_and_keeps_the_policy(self, house: House) -> None:
        first = house.bullying("2026-09-01 10:20")
        change: Json = {"corrects": 1, "reason": "The book says that it was in March."}
        answer = house.step(first["id"], "correct", **change, fields=IN_MARCH)
        assert answer.status_code == 422
        assert answer.json is not None
        assert answer.json["errors"] == {"$.fields.late_reason": [NEEDED]}
        shown = house.take(first["id"], "correct", **change, fields=IN_MARCH | WHY)
        assert (shown["recorded_late"], shown["late_reason"]) == (True, WHY["late_reason"])
        assert (shown["reported_at"], shown["policy"]) == (IN_MARCH["reported_at"], first["policy"])
        own = house.get("reporter", f"/incidents/{first['id']}")
        assert (own["recorded_late"], own["late_reason"]) == (False, None)
