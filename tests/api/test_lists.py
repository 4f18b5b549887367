"""Lists over HTTP: filters, and pages that contain each item once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest

from tests.api.client import REASON, House, Json, opened_house
from tests.engines import SQLiteEngine


def paged(house: House, who: str, path: str, limit: int) -> Iterator[list[Json]]:
    """Each page of a list in turn."""
    mark = "&" if "?" in path else "?"
    cursor = ""
    for _ in range(200):
        page = house.get(who, f"{path}{mark}limit={limit}{cursor}")
        assert set(page) == {"items", "next"}
        yield page["items"]
        if page["next"] is None:
            return
        cursor = f"&cursor={page['next']}"
    raise AssertionError("the list has no end")


def everything(house: House, who: str, path: str, limit: int) -> list[Json]:
    """All items of a list; every page except the last is full."""
    pages = list(paged(house, who, path, limit))
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert pages[-1] or len(pages) == 1
    return [item for page in pages for item in page]


class Caseload:
    """Cases at two schools that differ in everything a list can be filtered by."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.pupil, self.other = house.person("Petra Pupil"), house.person("Otto Other")
        self.teacher = house.person("Tara Teacher", "staff")
        self.elsewhere = house.open_school("headcorn")
        house.add_user("head_of_both", "headteacher", self.elsewhere)
        house.add_school("head_of_both", "headteacher", house.school)
        house.add_user("dsl_elsewhere", "dsl", self.elsewhere)
        target = {"person": self.pupil, "involvement": "target"}
        self.ids = {
            "old": self.reported("2026-09-14 10:20", people=[target]),
            "closed": self.closed("2026-09-21 10:20"),
            "contact": self.reported(
                "2026-10-01 09:00",
                kind="unsolicited_contact",
                direction="pupil_to_staff",
                people=[
                    {"person": self.teacher, "involvement": "target"},
                    {"person": self.other, "involvement": "alleged"},
                ],
            ),
            "assigned": self.reported("2026-11-10 09:00"),
            "spring": self.reported(
                "2027-01-05 09:00", people=[target, {"person": self.other, "involvement": "witness"}]
            ),
        }
        house.take(self.ids["assigned"], "assign", user=house.users["deputy_dsl"])
        house.take(self.ids["assigned"], "triage", timing="in_school", critical=False, rationale=REASON)
        self.ids["elsewhere"] = self.reported("2027-01-06 09:00", who="dsl_elsewhere", school=self.elsewhere)

    def reported(self, moment: str, who: str = "reporter", **fields: Json) -> str:
        self.house.clock.set(moment)
        return str(self.house.report(who, **fields)["id"])

    def closed(self, moment: str) -> str:
        incident = self.reported(moment, people=[{"person": self.other, "involvement": "alleged"}])
        self.house.take(incident, "complete_investigation", findings="As it was reported.")
        self.house.answer_everything(incident)
        self.house.take(incident, "debrief", summary="Learnt.", lessons=[], actions=[])
        self.house.take(incident, "close", outcome="Settled.", rationale=REASON)
        return incident


@pytest.fixture(scope="module")
def caseload(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caseload]:
    with opened_house(sqlite_engine, tmp_path_factory.mktemp("lists")) as house:
        yield Caseload(house)


ALL: Final = "elsewhere spring assigned contact closed old"
FILTERED: Final = [
    ("", ALL),
    ("school={school}", "spring assigned contact closed old"),
    ("school={elsewhere}", "elsewhere"),
    ("kind=cyberbullying", "elsewhere spring assigned closed old"),
    ("kind=unsolicited_contact", "contact"),
    ("kind=sexting", ""),
    ("state=reported", "elsewhere spring assigned contact old"),
    ("state=closed", "closed"),
    ("state=debriefed", ""),
    ("person={pupil}", "spring old"),
    ("person={other}", "spring contact closed"),
    ("person={teacher}", "contact"),
    ("overdue=true", "spring assigned contact old"),
    ("overdue=false", "elsewhere closed"),
    ("assigned_to={deputy}", "assigned"),
    ("assigned_to={pupil}", ""),
    ("term=2026-autumn", "assigned contact closed old"),
    ("term=2027-spring", "elsewhere spring"),
    ("term=2027-summer", ""),
    ("reported_from=2026-10-01T09:00:00%2B01:00", "elsewhere spring assigned contact"),
    ("reported_from=2026-10-01T09:00:01%2B01:00", "elsewhere spring assigned"),
    ("reported_to=2026-10-01T08:00:00Z", "contact closed old"),
    ("reported_to=2026-10-01T07:59:59Z", "closed old"),
    ("reported_from=2026-09-15T00:00:00Z&reported_to=2026-12-31T00:00:00Z", "assigned contact closed"),
    ("term=2026-autumn&kind=cyberbullying&state=reported", "assigned old"),
    ("person={other}&state=closed", "closed"),
    ("person={pupil}&term=2026-autumn&overdue=true&school={school}", "old"),
    ("person={pupil}&school={elsewhere}", ""),
    ("overdue=true&assigned_to={deputy}", "assigned"),
]


class TestFilters:
    @pytest.mark.parametrize(("query", "expected"), FILTERED)
    @pytest.mark.parametrize("limit", [2, 100])
    def test_each_finds_its_matches_newest_first(
        self, caseload: Caseload, query: str, expected: str, limit: int
    ) -> None:
        house = caseload.house
        house.clock.set("2027-01-06 09:30")
        asked = query.format(
            school=house.school,
            elsewhere=caseload.elsewhere,
            pupil=caseload.pupil,
            other=caseload.other,
            teacher=caseload.teacher,
            deputy=house.users["deputy_dsl"],
        )
        found = everything(house, "head_of_both", f"/incidents?{asked}", limit)
        names = {incident: name for name, incident in caseload.ids.items()}
        assert [names[item["id"]] for item in found] == expected.split()

    def test_each_finds_nothing_of_another_school(self, caseload: Caseload) -> None:
        house = caseload.house
        house.clock.set("2027-01-06 09:30")
        assert [item["id"] for item in house.get("dsl_elsewhere", "/incidents")["items"]] == [
            caseload.ids["elsewhere"]
        ]
        for query in (f"school={house.school}", f"person={caseload.pupil}", "term=2026-autumn"):
            assert house.get("dsl_elsewhere", f"/incidents?{query}")["items"] == []

    def test_listed_items_equal_the_incidents(self, caseload: Caseload) -> None:
        house = caseload.house
        house.clock.set("2027-01-06 09:30")
        for item in house.get("head_of_both", "/incidents")["items"]:
            whole = house.get("head_of_both", f"/incidents/{item['id']}")
            shown = {name: value for name, value in item.items() if name != "next_due_at"}
            moments = {name for name in shown if name.endswith("_at")}
            assert {**whole, **shown} == {**whole, **{name: shown[name] for name in moments}}

    def test_overdue_follows_the_clock(self, caseload: Caseload) -> None:
        house = caseload.house
        for moment, late in (("2027-01-05 09:01", False), ("2027-01-07 09:01", True)):
            house.clock.set(moment)
            found = house.get("dsl", "/incidents?overdue=true&term=2027-spring")["items"]
            assert (caseload.ids["spring"] in [item["id"] for item in found]) == late


class TestPages:
    def test_contain_each_item_once_while_more_is_reported(self, house: House) -> None:
        before = []
        for number in range(12):
            # Two at each moment, so that the order cannot depend on the moment alone.
            house.clock.moment += timedelta(minutes=number % 2)
            before.append(house.report()["id"])
        seen = []
        for page in paged(house, "dsl", "/incidents", 5):
            seen += [item["id"] for item in page]
            house.clock.moment += timedelta(minutes=1)
            house.report()
        assert sorted(seen) == sorted(before)
        assert len(everything(house, "dsl", "/incidents", 7)) == len(before) + 3

    @pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
    @pytest.mark.parametrize(("count", "limit", "pages"), [(0, 5, 1), (5, 5, 1), (6, 5, 2), (3, 1, 3)])
    def test_end_at_the_end_of_the_list(self, house: House, count: int, limit: int, pages: int) -> None:
        for _ in range(count):
            house.report()
        assert len(list(paged(house, "dsl", "/incidents", limit))) == pages

    @pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
    def test_have_25_items_by_default(self, house: House) -> None:
        for _ in range(26):
            house.report()
        assert len(house.get("dsl", "/incidents")["items"]) == 25
        assert len(house.get("dsl", "/incidents?limit=100")["items"]) == 26

    @pytest.mark.parametrize("limit", [1, 3, 100])
    @pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
    def test_of_a_timeline_are_in_the_order_of_the_steps(self, house: House, limit: int) -> None:
        incident = house.report()["id"]
        for number in range(6):
            house.take(incident, "add_note", text=f"Note {number}.")
        entries = everything(house, "dsl", f"/incidents/{incident}/steps", limit)
        assert [entry["number"] for entry in entries] == list(range(1, 8))
        assert [entry["fields"].get("text") for entry in entries[1:]] == [f"Note {n}." for n in range(6)]


class TestChronology:
    def test_lists_each_incident_the_reader_may_see_and_the_persons_part_in_it(self, house: House) -> None:
        pupil, teacher = house.person("Petra Pupil"), house.person("Tara Teacher", "staff")
        house.clock.set("2026-09-14 10:20")
        first = house.report(people=[{"person": pupil, "involvement": "target"}])["id"]
        house.clock.set("2026-10-08 16:40")
        hidden = house.report(
            kind="unsolicited_contact",
            direction="staff_to_pupil",
            people=[
                {"person": teacher, "involvement": "alleged"},
                {"person": pupil, "involvement": "target"},
            ],
        )["id"]
        both = [{"person": pupil, "involvement": way} for way in ("witness", "alleged")]
        house.clock.set("2026-11-10 09:00")
        last = house.report(people=both)["id"]
        house.report(people=[])

        shown = everything(house, "dsl", f"/people/{pupil}/chronology", 1)
        assert [entry["incident"]["id"] for entry in shown] == [first, last]
        assert [entry["involvements"] for entry in shown] == [["target"], ["alleged", "witness"]]
        seen_by_head = everything(house, "headteacher", f"/people/{pupil}/chronology", 2)
        assert [entry["incident"]["id"] for entry in seen_by_head] == [first, hidden, last]

    def test_includes_what_later_steps_changed(self, house: House) -> None:
        pupil, unknown = house.person("Petra Pupil"), house.person("Somebody", "unknown")
        incident = house.report(people=[{"person": unknown, "involvement": "alleged"}])["id"]
        house.take(incident, "identify_person", person=unknown, **{"as": pupil})
        assert [
            entry["incident"]["id"] for entry in everything(house, "dsl", f"/people/{pupil}/chronology", 5)
        ] == [incident]
        assert everything(house, "dsl", f"/people/{unknown}/chronology", 5) == []


class TestDeclarations:
    def test_are_found_by_either_person_newest_first(self, house: House) -> None:
        teacher, other_teacher = house.person("Tara Teacher", "staff"), house.person("Theo Teacher", "staff")
        pupils = [house.person(f"Pupil {number}") for number in range(4)]
        made = []
        house.clock.set("2026-09-20 09:00")
        for day, pupil in enumerate(pupils, start=10):
            made.append(self.declared(house, teacher, pupil, f"2026-09-{day}"))
        another = self.declared(house, other_teacher, pupils[0], "2026-09-01")

        found = everything(house, "dsl", f"/declarations?person={teacher}", 3)
        assert [item["id"] for item in found] == made[::-1]
        of_pupil = everything(house, "headteacher", f"/declarations?person={pupils[0]}", 1)
        assert {item["id"] for item in of_pupil} == {made[0], another}
        assert found[0]["advice"] == "Not about school matters."

    @staticmethod
    def declared(house: House, staff: str, other: str, disclosed_on: str) -> str:
        body = {
            "school": house.school,
            "staff": staff,
            "other": other,
            "relation": "parent",
            "disclosed_on": disclosed_on,
            "decision": "contact within the family may go on",
            "advice": "Not about school matters.",
            "decided_by": [house.users["dsl"], house.users["headteacher"]],
        }
        return str(house.created("dsl", "/declarations", body)["id"])


def test_a_spreadsheet_of_lessons_has_no_next_page(house: House) -> None:
    incident = house.bullying("2026-09-14 10:20")["id"]
    house.answer_everything(incident, frozenset({"debrief", "close"}))
    lessons = [{"text": f"Teach part {part} earlier.", "changes": "curriculum"} for part in range(3)]
    house.take(incident, "debrief", summary="What was learnt.", lessons=lessons, actions=[])
    path = f"/schools/{house.school}/lessons-learnt?limit=1"
    assert len(house.get("dsl", path)["items"]) == 1
    rows = house.ask("dsl", "GET", path, headers={"Accept": "text/csv"}).text.splitlines()
    assert [sum(f"part {part}" in row for row in rows) for part in range(3)] == [1, 1, 1]


def test_a_lesson_names_its_case_only_to_users_who_may_read_it(house: House) -> None:
    """The chair may read an allegation against the head, but the chair's list of lessons does not name it."""
    head = house.person("Hal Head", "staff")
    house.add_user("subject", "headteacher", house.school, person=head)
    house.add_user("chair", "chair_of_governors", house.school)
    child_case = house.bullying("2026-09-14 10:20")["id"]
    against_head = house.report(kind="staff_misuse", people=[{"person": head, "involvement": "alleged"}])[
        "id"
    ]
    house.answer_everything(child_case)
    for incident, who in ((child_case, "dsl"), (against_head, "chair")):
        house.take(incident, "complete_investigation", who, findings="As it was reported.")
        lessons = [{"text": "Teach it earlier.", "changes": "curriculum"}]
        house.take(incident, "debrief", who, summary="Learnt.", lessons=lessons, actions=[])
    assert house.get("chair", f"/incidents/{against_head}")["version"] == 3

    named = {
        who: {incident for incident in (child_case, against_head) if incident in answer.text}
        for who in ("dsl", "deputy_dsl", "headteacher", "subject", "chair", "governor", "reporter")
        for answer in [house.ask(who, "GET", f"/schools/{house.school}/lessons-learnt")]
    }
    assert named == {
        "dsl": {child_case},
        "deputy_dsl": {child_case},
        "headteacher": {child_case},
        "subject": {child_case},
        "chair": set(),
        "governor": set(),
        "reporter": set(),
    }
