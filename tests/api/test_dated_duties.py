"""Mandatory reports and decisions on sharing over HTTP, before and after their day was entered."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from casework.domain.incident.examples import EXAMPLES
from casework_api.http.current import EXTENSION, Services
from tests.api.approving import Unchanged
from tests.api.client import REASON, House, Json, body_of

ENTERED = """\
[[switches]]
id = "mandatory-reporting"
in_force_from = 2026-10-01
source = "Regulations"

[[switches]]
id = "information-sharing"
in_force_from = 2026-10-01
source = "Regulations"
"""
SHARED: Json = {"with": "childrens_social_care", "share": True, "reason": REASON}


def restart_with_days_entered(house: House, folder: Path) -> None:
    (folder / "switches.toml").write_text(ENTERED, encoding="utf-8")
    settings = msgspec.structs.replace(house.casework.settings, playbook_folder=folder)
    house.casework.close()
    house.app.extensions[EXTENSION] = Services(settings, house.clock)
    house.casework = house.app.extensions[EXTENSION].app


def nudes(house: House, reported: str) -> str:
    house.clock.set(reported)
    people = house.two_pupils()
    people.append({"person": house.person("Wanda Witness", "staff"), "involvement": "witness"})
    return str(house.report(kind="sexting", people=people)["id"])


def test_the_duties_begin_with_the_first_report_on_the_day_that_was_entered(
    house: House, tmp_path: Path
) -> None:
    before = nudes(house, "2026-09-30 10:00")
    on_the_day = nudes(house, "2026-10-01 10:00")
    restart_with_days_entered(house, tmp_path)
    after = nudes(house, "2026-10-01 11:00")
    for case in (before, on_the_day):
        assert not house.asked(case, "record_mandatory_report")
        assert not house.asked(case, "decide_sharing")
    assert house.due(after, "record_mandatory_report")[:10] == "2026-10-01"
    assert house.due(after, "decide_sharing")[:10] == "2026-10-02"
    assert house.get("dsl", f"/incidents/{after}")["policy"].keys() == {"floor", "pack"}


def test_each_adult_and_each_child_has_a_record_and_closing_waits_for_them(
    house: House, tmp_path: Path
) -> None:
    restart_with_days_entered(house, tmp_path)
    case = nudes(house, "2026-10-01 10:00")
    left = {each["rule"] for each in house.next_steps(case)}
    assert {"mandatory-report-nudes-each", "sharing-nudes"} <= left
    witness = house.asked(case, "record_mandatory_report")[-1]["preset"]["person"]
    debrief = {name: value for name, value in EXAMPLES["debrief"].items() if name != "actions"}
    assert "mandatory-report-nudes" in house.refused(case, "debrief", **debrief, actions=[])["outstanding"]
    house.take(case, "record_mandatory_report", person=witness, agency="police", reference="Log 311")
    assert not house.asked(case, "record_mandatory_report")
    children = [each["preset"]["person"] for each in house.asked(case, "decide_sharing")]
    assert len(children) == 2
    assert "sharing-nudes" in house.refused(case, "close", **EXAMPLES["close"])["outstanding"]
    for child in children:
        house.take(case, "decide_sharing", person=child, **SHARED)
    assert "sharing-nudes" not in house.refused(case, "close", **EXAMPLES["close"])["outstanding"]
    trail = house.get("dsl", f"/incidents/{case}/audit-trail")["entries"]
    answered = {entry["step"]: entry["answers"]["clause"] for entry in trail if entry["answers"]}
    assert answered["record_mandatory_report"] == "Crime and Policing Act 2026"
    assert answered["decide_sharing"] == "Children Act 2004 s.16LA"


def test_a_list_of_steps_records_it_for_several_at_once(house: House) -> None:
    case = nudes(house, "2026-10-01 10:00")
    people = [party["person"] for party in house.get("dsl", f"/incidents/{case}")["people"][:2]]
    steps = [{"step": "decide_sharing", "person": person, **SHARED} for person in people]
    answer = house.ask("dsl", "POST", f"/incidents/{case}/steps", json=steps, headers={"If-Match": "*"})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("step", "fields", "path"),
    [
        ("record_mandatory_report", {"agency": "police"}, "$.person"),
        ("record_mandatory_report", {"person": "CHILD", "agency": "police"}, "$.person"),
        ("record_mandatory_report", {"person": "WITNESS", "agency": "everybody"}, "$.agency"),
        ("decide_sharing", {**SHARED, "person": "CHILD", "with": "the press"}, "$.with"),
        ("decide_sharing", {**SHARED, "person": "CHILD", "reason": "No."}, "$.reason"),
        ("decide_sharing", {**SHARED, "person": "STRANGER"}, "$.person"),
    ],
)
def test_what_is_wrong_with_a_field_is_named(house: House, step: str, fields: Json, path: str) -> None:
    case = nudes(house, "2026-10-01 10:00")
    child, _, witness = (party["person"] for party in house.get("dsl", f"/incidents/{case}")["people"])
    known = {"CHILD": child, "WITNESS": witness, "STRANGER": house.person("Una Uninvolved")}
    filled = {name: known.get(str(value), value) for name, value in fields.items()}
    answer = house.step(case, step, **filled)
    assert answer.status_code == 422
    assert path in body_of(answer)["errors"]


def test_whoever_reported_records_their_own_and_sees_no_more_than_before(house: House) -> None:
    people = house.two_pupils()
    case = house.report(people=people)["id"]
    before = house.get("reporter", f"/incidents/{case}")
    own = {"person": house.users["reporter"], "agency": "childrens_social_care"}
    answer = house.step(case, "record_mandatory_report", "reporter", **own)
    assert answer.status_code == 201, answer.text
    assert body_of(answer) == before
    assert (
        house.step(case, "decide_sharing", "reporter", **SHARED, person=people[0]["person"]).status_code
        == 403
    )


def test_in_a_report_in_confidence_it_is_not_taken_from_the_reporter_whoever_is_named(house: House) -> None:
    case = house.report(people=house.two_pupils(), confidential_reporter=True)["id"]
    with Unchanged(house):
        for who in ("reporter", "dsl"):
            fields = {"person": house.users[who], "agency": "police"}
            answer = house.step(case, "record_mandatory_report", "reporter", **fields)
            assert answer.status_code == 422
            assert body_of(answer)["errors"]["$.person"] == [
                "would say who reported in confidence: record the referral with `escalate`, which does not"
            ]
    # A lead records what they did themselves, and learns nothing of who reported by naming anybody.
    for who in ("reporter", "dsl"):
        fields = {"person": house.users[who], "agency": "police"}
        assert house.step(case, "record_mandatory_report", **fields).status_code == 201


def test_the_rules_that_bind_a_school_today_are_listed_and_those_to_come_are_not(
    house: House, tmp_path: Path
) -> None:
    def listed() -> set[str]:
        return {rule["id"] for rule in house.get("dsl", "/playbooks/st_thomas")["rules"]}

    assert "intimate-removal-chased" in listed()
    restart_with_days_entered(house, tmp_path)
    house.clock.set("2026-09-30 23:59")
    assert "sharing-nudes" not in listed()
    house.clock.set("2026-10-01 00:00")
    assert "sharing-nudes" in listed()
