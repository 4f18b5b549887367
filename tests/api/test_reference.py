"""The rules in force on a day, and what they say about one incident, over HTTP."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.api.client import House, Json
from tests.api.scene import is_id

# Both engines read the same tables.
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
KEYS: Final = {"on", "floors", "platforms", "offences", "channels", "sources"}


def reference(house: House, on: str | None = None, who: str = "reporter", status: int = 200) -> Json:
    query = "" if on is None else f"?on={on}"
    return house.get(who, f"/reference{query}", status)


def guidance(house: House, incident: Json, who: str = "dsl", status: int = 200) -> Json:
    return house.get(who, f"/incidents/{incident['id']}/guidance", status)


def ids(items: Json, name: str) -> set[str]:
    return {item[name] for item in items}


class TestTheReference:
    def test_is_of_today_by_default(self, house: House) -> None:
        house.clock.set("2026-08-31 23:59")
        earlier = reference(house)
        house.clock.set("2026-09-01 00:00")
        later = reference(house)
        assert set(later) == KEYS
        assert (earlier["on"], later["on"]) == ("2026-08-31", "2026-09-01")
        assert [floor["edition"] for floor in earlier["floors"]] == ["england@2021-09-01"]
        assert later["floors"] == [
            {"edition": "england@2026-09-01", "jurisdiction": "england", "in_force_from": "2026-09-01"}
        ]

    def test_is_of_the_requested_day(self, house: House) -> None:
        earlier, later = reference(house, "2024-01-30"), reference(house, "2024-01-31")
        gone = ids(earlier["offences"], "offence") - ids(later["offences"], "offence")
        come = ids(later["offences"], "offence") - ids(earlier["offences"], "offence")
        assert gone == {"intimate-image-disclosed"}
        assert {"threatening-communication", "intimate-image-shared", "flashing-images"} <= come
        assert "report_remove" not in ids(reference(house, "2021-05-31")["channels"], "channel")
        assert "report_remove" in ids(earlier["channels"], "channel")

    @pytest.mark.parametrize(("day", "age"), [("2018-05-24", 13), ("2018-05-25", 16), ("2024-04-11", 13)])
    def test_gives_each_platform_the_age_of_the_day(self, house: House, day: str, age: int) -> None:
        (row,) = (each for each in reference(house, day)["platforms"] if each["name"] == "WhatsApp")
        assert row["minimum_age"] == age
        assert row["since"] <= day
        assert row["source"]

    def test_leaves_a_platform_out_before_its_first_day(self, house: House) -> None:
        assert "WhatsApp" not in ids(reference(house, "2009-02-23")["platforms"], "name")

    def test_gives_every_row_a_source_that_is_listed(self, house: House) -> None:
        shown = reference(house)
        cited = ids(shown["sources"], "cited_as")
        for row in (*shown["platforms"], *shown["offences"], *shown["channels"]):
            assert any(name in row["source"] for name in cited), row

    @pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "2026-09-14T10:00:00Z", "1066-10-14", ""])
    def test_refuses_an_invalid_day(self, house: House, day: str) -> None:
        assert "on" in str(reference(house, day, status=422)["errors"])

    def test_refuses_unknown_parameters(self, house: House) -> None:
        house.get("reporter", "/reference?school=1", 422)


class TestTheGuidance:
    def test_contains_the_table_rows_that_apply_to_the_incident(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20", content=["threatening"])
        shown = guidance(house, incident)
        assert set(shown) == {"offences", "channels", "note"}
        assert "threatening-communication" in ids(shown["offences"], "offence")
        by_channel = {each["channel"]: each for each in shown["channels"]}
        assert by_channel["police"]["suits"] is True
        assert by_channel["ceop"]["suits"] is False
        assert "bullying alone" in by_channel["ceop"]["reason"]
        assert "never a finding" in shown["note"]

    def test_depends_on_the_day_of_the_incident_and_not_of_the_report(self, house: House) -> None:
        house.clock.set("2026-09-14 10:20")
        fields: dict[str, Any] = {"content": ["threatening"], "people": house.two_pupils()}
        before = house.report(occurred_at="2024-01-30T23:59:00Z", **fields)
        after = house.report(occurred_at="2024-01-31T00:00:00Z", **fields)
        assert "threatening-communication" not in ids(guidance(house, before)["offences"], "offence")
        assert "threatening-communication" in ids(guidance(house, after)["offences"], "offence")

    def test_follows_later_steps(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")
        assert guidance(house, incident)["offences"] == []
        triage: dict[str, Any] = {
            "timing": "in_school",
            "critical": False,
            "rationale": "As it was told by both.",
        }
        house.take(incident["id"], "triage", content=["racist", "threatening"], **triage)
        assert "racial-hatred" in ids(guidance(house, incident)["offences"], "offence")

    def test_says_for_nudes_that_children_are_protected(self, house: House) -> None:
        house.clock.set("2026-11-10 09:05")
        incident = house.report(kind="sexting", people=house.two_pupils())
        shown = guidance(house, incident)
        assert "not to prosecute" in shown["note"]
        suits = {each["channel"] for each in shown["channels"] if each["suits"]}
        assert {"police", "report_remove", "childline"} <= suits
        assert "revenge_porn_helpline" not in suits

    def test_names_no_person_and_repeats_no_text(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20", content=["abusive"])
        text = house.ask("dsl", "GET", f"/incidents/{incident['id']}/guidance").text
        for secret in ("Tess", "Alan", "unkind", incident["id"], *(p["person"] for p in incident["people"])):
            assert secret not in text
        assert not any(is_id(word.strip('",')) for word in text.split())

    @pytest.mark.parametrize(
        ("who", "status"), [("deputy_dsl", 200), ("headteacher", 200), ("reporter", 403)]
    )
    def test_is_for_users_who_may_read_the_case(self, house: House, who: str, status: int) -> None:
        incident = house.bullying("2026-09-14 10:20")
        guidance(house, incident, who, status)
        house.get(who, f"/incidents/{incident['id']}/next-steps", status)

    @pytest.mark.parametrize("who", ["admin", "governor"])
    def test_is_not_found_by_users_who_may_not_see_the_case(self, house: House, who: str) -> None:
        guidance(house, house.bullying("2026-09-14 10:20"), who, 404)

    def test_of_an_allegation_is_not_found_by_its_subject(self, house: House) -> None:
        subject = house.person("Dora Lead", "staff")
        house.add_user("subject", "dsl", house.school, person=subject)
        house.clock.set("2026-10-08 16:40")
        people = [
            {"person": house.person("Tess Target"), "involvement": "target"},
            {"person": subject, "involvement": "alleged"},
        ]
        incident = house.report(kind="staff_allegation", people=people)
        guidance(house, incident, "subject", 404)
        shown = guidance(house, incident, "headteacher")
        assert next(each["suits"] for each in shown["channels"] if each["channel"] == "lado")


class TestTheEditions:
    def test_are_listed_with_their_days_and_sources(self, house: House) -> None:
        shown = house.get("reporter", "/playbooks")
        earlier, later = shown["floor_editions"]
        assert shown["floors"] == [earlier["edition"], later["edition"]]
        assert (earlier["edition"], earlier["in_force_from"], earlier["in_force_until"]) == (
            "england@2021-09-01",
            "2021-09-01",
            "2026-08-31",
        )
        assert (later["jurisdiction"], later["in_force_until"]) == ("england", None)
        assert earlier["sources"] != later["sources"]

    @pytest.mark.parametrize(
        ("reported", "edition"),
        [
            ("2026-08-31T23:59:00+01:00", "england@2021-09-01"),
            ("2026-09-01T00:00:00+01:00", "england@2026-09-01"),
        ],
    )
    def test_an_incident_pins_the_one_in_force_when_it_was_reported(
        self, house: House, reported: str, edition: str
    ) -> None:
        house.clock.set("2026-09-01 10:20")
        people = house.two_pupils()
        incident = house.report(reported_at=reported, occurred_at="2026-08-30T10:00:00+01:00", people=people)
        assert incident["policy"]["floor"] == edition
        assert house.next_steps(incident["id"])
        house.answer_everything(incident["id"], but=frozenset({"close", "debrief"}))
