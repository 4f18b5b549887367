"""Once a year, all pupils of a school go a year up, and those of the top year leave."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from tests.api.client import House, Json, body_of, logged
from tests.api.people import changed, history

SEPTEMBER: Final = "2026-09-14 10:20"


def promote(
    house: House, who: str = "dsl", *, preview: bool = False, key: str | None = None, **fields: Json
) -> TestResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"preview": preview, **fields}
    return house.ask(who, "POST", f"/schools/{house.school}/year-groups/promote", json=body, headers=headers)


def promoted(house: House, who: str = "dsl", **fields: Json) -> Json:
    answer = promote(house, who, **fields)
    assert answer.status_code == 200, answer.text
    return body_of(answer)


class Pupils:
    """A pupil in each of three years, one without a year, and a teacher of the top year."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.clock.set(SEPTEMBER)
        self.by_year = {year: house.person(f"Pupil {year}", year_group=year) for year in (4, 5, 6)}
        self.other = house.person("Pupil Unknown")
        self.teacher = house.person("Tara Teacher", "staff", year_group=6)
        self.visiting = house.person("Pupil Visiting", year_group=6, on_roll=False)

    def years(self) -> dict[str, int | None]:
        people = (*self.by_year.values(), self.other, self.teacher)
        return {each: self.house.get("dsl", f"/people/{each}")["year_group"] for each in people}


@pytest.fixture
def pupils(house: House) -> Pupils:
    return Pupils(house)


class TestAPreview:
    def test_says_how_many_move_and_who_leaves_and_changes_nothing(self, pupils: Pupils) -> None:
        house, before = pupils.house, pupils.house.events()
        leaver = {"id": pupils.by_year[6], "name": "Pupil 6", "year_group": 6}
        assert promoted(house, preview=True) == {
            "preview": True,
            "school_year": 2026,
            "top_year": 6,
            "left_on": "2026-09-14",
            "moved": 2,
            "leavers": [leaver],
        }
        assert house.events() == before

    def test_names_the_last_day_of_the_last_term(self, pupils: Pupils) -> None:
        pupils.house.clock.set("2027-08-20 10:00")
        shown = promoted(pupils.house, preview=True)
        assert (shown["school_year"], shown["left_on"]) == (2027, "2027-07-21")

    def test_of_a_school_without_pupils_has_no_top_year(self, house: House) -> None:
        before = house.events()
        for preview in (True, False):
            shown = promoted(house, preview=preview)
            assert (shown["top_year"], shown["moved"], shown["leavers"]) == (None, 0, [])
        assert house.events() == before

    @pytest.mark.parametrize(
        ("highest", "top"), [(-1, 6), (5, 6), (6, 6), (7, 11), (11, 11), (12, 13), (13, 13), (14, 14)]
    )
    def test_without_a_top_year_takes_the_usual_one(self, house: House, highest: int, top: int) -> None:
        """A school whose top year is empty has no leavers."""
        house.person("Petra Pupil", year_group=highest, on_roll=True)
        shown = promoted(house, preview=True)
        assert (shown["top_year"], len(shown["leavers"])) == (top, int(highest == top))

    def test_with_a_top_year_takes_that(self, pupils: Pupils) -> None:
        for top_year, moved in ((5, 1), (7, 3), (4, 0)):
            shown = promoted(pupils.house, preview=True, top_year=top_year)
            assert (shown["top_year"], shown["moved"], len(shown["leavers"])) == (top_year, moved, 3 - moved)


class TestAPromotion:
    @pytest.mark.parametrize("who", ["dsl", "deputy_dsl", "headteacher", "admin"])
    def test_moves_all_pupils_on_the_roll_a_year_up(self, pupils: Pupils, who: str) -> None:
        before, house = pupils.years(), pupils.house
        shown = promoted(house, who)
        assert (shown["preview"], shown["moved"], len(shown["leavers"])) == (False, 2, 1)
        after = pupils.years()
        assert after[pupils.by_year[4]] == 5
        assert after[pupils.by_year[5]] == 6
        for each in (pupils.other, pupils.teacher):
            assert after[each] == before[each]
        listed = house.get("reporter", "/people?year_group=6&category=pupil")["items"]
        assert [each["id"] for each in listed] == [pupils.by_year[5]]

    def test_makes_those_of_the_top_year_former_pupils_who_left(self, pupils: Pupils) -> None:
        house, leaver = pupils.house, pupils.by_year[6]
        promoted(house)
        gone = house.get("dsl", f"/people/{leaver}")
        expected = ("former_pupil", False, None, "2026-09-14")
        assert (gone["category"], gone["on_roll"], gone["year_group"], gone["left_on"]) == expected
        assert house.get("reporter", "/people?name=pupil+6")["items"] == []
        assert [each["id"] for each in house.get("dsl", "/people?name=pupil+6")["items"]] == [leaver]
        entry = history(house, leaver)["items"][-1]
        assert (entry["what"], entry["by"]) == ("changed", house.users["dsl"])
        assert entry["reason"]

    def test_is_done_once_in_a_school_year(self, pupils: Pupils) -> None:
        house = pupils.house
        promoted(house)
        before, events = pupils.years(), house.events()
        for moment, who in ((SEPTEMBER, "headteacher"), ("2027-06-30 09:00", "dsl")):
            house.clock.set(moment)
            for preview in (True, False):
                answer = promote(house, who, preview=preview)
                rule = (answer.status_code, body_of(answer)["type"], body_of(answer)["rule"])
                assert rule == (409, "/problems/refused", "year-groups-promoted-once")
        assert (pupils.years(), house.events()) == (before, events)
        house.clock.set("2027-07-22 09:00")
        assert promoted(house)["leavers"] == [{"id": pupils.by_year[5], "name": "Pupil 5", "year_group": 6}]

    @pytest.mark.parametrize(("who", "status"), [("reporter", 403), ("governor", 403)])
    def test_is_not_for_others(self, pupils: Pupils, who: str, status: int) -> None:
        before = pupils.house.events()
        for preview in (True, False):
            answer = promote(pupils.house, who, preview=preview)
            assert answer.status_code == status
            assert "Pupil 6" not in answer.text
        assert pupils.house.events() == before

    def test_is_not_for_leads_of_another_school(self, pupils: Pupils) -> None:
        house = pupils.house
        house.add_user("stranger", "dsl", house.open_school("headcorn"))
        assert promote(house, "stranger").status_code == 404

    def test_leaves_out_people_whose_names_are_erased(self, pupils: Pupils) -> None:
        house = pupils.house
        house.casework.record.commit(destroying=[UUID(pupils.by_year[4])])
        assert promoted(house)["moved"] == 1

    def test_is_one_commit(self, pupils: Pupils) -> None:
        before = pupils.house.events()
        promoted(pupils.house)
        assert pupils.house.events() == before + 4


class TestARetry:
    def test_is_answered_as_before_after_later_changes(self, pupils: Pupils) -> None:
        house, key = pupils.house, uuid4().hex
        first = promote(house, key=key)
        changed(house, pupils.by_year[6], name="Renamed Later")
        changed(house, pupils.by_year[4], year_group=1)
        events = house.events()
        house.clock.set("2027-07-22 09:00")
        again = promote(house, key=key)
        assert (again.status_code, again.data) == (200, first.data)
        assert house.events() == events

    def test_after_a_preview_with_the_same_key_is_done(self, pupils: Pupils) -> None:
        key = uuid4().hex
        assert body_of(promote(pupils.house, preview=True, key=key))["preview"]
        assert not body_of(promote(pupils.house, key=key))["preview"]
        assert body_of(promote(pupils.house, preview=True, key=key))["type"] == "/problems/key-reused"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_name_is_logged(pupils: Pupils) -> None:
    with logged() as log:
        promoted(pupils.house)
    assert "Pupil" not in log.getvalue()
    assert pupils.by_year[6] not in log.getvalue()
