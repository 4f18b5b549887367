"""People are found over HTTP by any part of their name and by filters, where the user may find people."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest

from tests.api.client import BASE, House, Json, logged
from tests.api.test_lists import everything

PAIRS: Final = [
    # A name, and what finds it.
    ("Siân Madeup", "Sian Madeup"),
    ("Sian Madeup", "Siân Madeup"),
    ("Żółć Madeup", "Zolc"),
    ("Zolc Madeup", "Żółć"),
    ("Nguyễn Văn Madeup", "Nguyen Van"),
    ("Nguyen Van Madeup", "Nguyễn"),
    ("İpek Madeup", "ipek"),
    ("ipek Madeup", "İPEK"),
    ("I\u015f\u0131l Madeup", "isil"),
    ("Pat O\u2019Brien", "O'Brien"),
    ("Pat O'Brien", "O\u2019Brien"),
    ("Pat O'Brien", "OBrien"),
    ("Anne-Marie Madeup", "Anne Marie"),
    ("Anne Marie Madeup", "Anne-Marie"),
    ("Anne-Marie Madeup", "annemarie"),
    ("Annemarie Madeup", "anne\u2011marie"),
    ("Jo Smith", "Smith, Jo"),
    ("Jo Smith", "J. Smith"),
    ("Jo\u200b Smith", "Jo Smith"),
    ("Jo Smith", "Jo\u200e Smith"),
    ("Alice Madeup", "Ali"),
    ("Alice Madeup", "lice"),
    ("Siôn Ŵyn", "sion wyn"),
    ("Łukasz Wójcik", "lukasz wojcik"),
    ("Ṣọlá Adéwálé", "sola adewale"),
    ("مُحَمَّد أحمد", "محمد احمد"),
    ("王小明", "小明"),
    ("王小明", "王"),
    ("Zendaya", "ZENDAYA"),
]


def found(house: House, who: str = "dsl", **query: str) -> list[Json]:
    items: list[Json] = house.get(who, f"/people?{urlencode(query)}")["items"]
    return items


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
class TestNames:
    @pytest.mark.parametrize(("name", "searched"), PAIRS)
    def test_are_found_in_another_spelling(self, house: House, name: str, searched: str) -> None:
        person = house.person(name)
        house.person("Otto Zufall")
        assert [item["id"] for item in found(house, name=searched)] == [person]

    @pytest.mark.parametrize("searched", ["Petra Other", "Petras", "Pupil Petra P", "Petra%Pupils", "Ped"])
    def test_are_not_found_by_another_name(self, house: House, searched: str) -> None:
        house.person("Petra Pupil")
        assert house.get("dsl", f"/people?name={quote(searched)}") == {"items": [], "next": None}

    def test_are_listed_with_the_best_match_first_and_each_once(self, house: House) -> None:
        names = ["Petra Pupil", "Ann Petra", "Petrarch Pupil", "Karpetra Pupil", "Petra", "Pétra"]
        ids = {house.person(name): name for name in names}
        for limit in (1, 2, 100):
            listed = everything(house, "dsl", "/people?name=petra", limit)
            assert [ids[item["id"]] for item in listed][2:] == [
                *("Ann Petra", "Petra Pupil", "Petrarch Pupil", "Karpetra Pupil")
            ]
            assert {ids[item["id"]] for item in listed[:2]} == {"Petra", "Pétra"}

    @pytest.mark.parametrize("searched", ["J", "%", "☃☃", "é", "'-'", "\u200b\u200b"])
    def test_of_too_few_letters_are_refused(self, house: House, searched: str) -> None:
        answer = house.ask("dsl", "GET", f"/people?name={quote(searched)}")
        assert answer.status_code == 422
        assert answer.json is not None
        assert answer.json["errors"] == {"name": ["must have at least 2 letters or digits"]}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
class TestFilters:
    def test_tell_namesakes_apart(self, house: House) -> None:
        young, old = (house.person("Petra Pupil", year_group=year) for year in (2, 6))
        parent = house.person("Petra Pupil", "parent")
        shown = {item["id"]: (item["category"], item["year_group"]) for item in found(house, name="Petra")}
        assert shown == {young: ("pupil", 2), old: ("pupil", 6), parent: ("parent", None)}
        for query, wanted in (
            ({"year_group": "6"}, [old]),
            ({"category": "parent"}, [parent]),
            ({"category": "pupil", "year_group": "2"}, [young]),
            ({"category": "parent", "year_group": "2"}, []),
        ):
            assert [item["id"] for item in found(house, name="pupil", **query)] == wanted
            assert [item["id"] for item in found(house, **query)] == wanted

    def test_without_a_name_list_people_in_the_order_of_names(self, house: House) -> None:
        for name in ("Zoe Madeup", "Élan Madeup", "Dora Madeup", "Eli Madeup"):
            house.person(name, year_group=-1)
        listed = everything(house, "dsl", f"/people?year_group=-1&school={house.school}", 3)
        assert [item["name"].split()[0] for item in listed] == ["Dora", "Élan", "Eli", "Zoe"]
        pupils = everything(house, "dsl", f"/people?school={house.school}&category=pupil", 3)
        assert pupils == listed

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("", "name"),
            ("limit=5", "name"),
            ("name=", "name"),
            ("name=" + "x" * 201, "name"),
            ("category=wizard", "category"),
            ("category=", "category"),
            ("year_group=15", "year_group"),
            ("year_group=-3", "year_group"),
            ("year_group=six", "year_group"),
            ("school=here", "school"),
        ],
    )
    def test_that_are_invalid_are_named(self, house: House, query: str, name: str) -> None:
        answer = house.ask("dsl", "GET", f"/people?{query}")
        assert answer.status_code == 422
        assert answer.json is not None
        assert list(answer.json["errors"]) == [name]

    def test_bind_the_cursor(self, house: House) -> None:
        for year in (2, 2, 6, 6):
            house.person("Petra Pupil", year_group=year)
        cursor = house.get("dsl", "/people?name=petra&year_group=2&limit=1")["next"]
        assert house.get("dsl", f"/people?name=petra&year_group=2&limit=1&cursor={cursor}")["next"] is None
        for other in ("name=petra&year_group=6", "name=pupil&year_group=2", "name=petra", "year_group=2"):
            assert house.ask("dsl", "GET", f"/people?{other}&cursor={cursor}").status_code == 422


class TestWhoIsFound:
    def test_are_people_where_the_user_may_find_them(self, house: House) -> None:
        here = house.person("Petra Pupil")
        elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", elsewhere)
        body = {"school": elsewhere, "category": "pupil", "name": "Petra Pupil"}
        there = house.created("stranger", "/people", body)["id"]
        for who, expected, other in (("dsl", here, elsewhere), ("stranger", there, house.school)):
            for query in ({"name": "Pet"}, {"category": "pupil"}, {"name": "Petra", "category": "pupil"}):
                assert [item["id"] for item in found(house, who, **query)] == [expected]
                assert found(house, who, school=other, **query) == []
        assert [item["id"] for item in found(house, "governor", name="Petra")] == [here]
        assert house.ask("admin", "GET", "/people?name=Petra").status_code == 403

        house.add_school("dsl", "dsl", elsewhere)
        assert {item["id"] for item in found(house, name="Petra")} == {here, there}
        assert [item["id"] for item in found(house, name="Petra", school=elsewhere)] == [there]

    def test_are_not_people_whose_names_are_erased(self, house: House) -> None:
        erased, other = house.person("Petra Pupil"), house.person("Petra Pupilson")
        assert {item["id"] for item in found(house, name="Petra")} == {erased, other}
        house.casework.record.commit(destroying=[UUID(erased)])
        for query in ({"name": "Petra"}, {"category": "pupil"}):
            assert [item["id"] for item in found(house, **query)] == [other]
        assert found(house, name="erased") == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_name_is_in_a_log_a_problem_a_link_or_a_cursor(house: House) -> None:
    person = house.person("Petra Quillfeather")
    house.person("Petrus Quillfeather")
    written: list[str] = []
    with logged() as log:
        for path in (
            "name=Quillfeather&limit=1",
            "name=Quillfeather&nonsense=1",
            "name=Quillfeather&limit=0",
        ):
            answer = house.ask("dsl", "GET", f"/people?{path}")
            written += [str(answer.headers), answer.text if answer.status_code >= 400 else ""]
        cursor = house.get("dsl", "/people?name=Quillfeather&limit=1")["next"]
        for who in ("governor", "dsl"):
            answer = house.ask(who, "GET", f"/people?name=Quillfeather&year_group=3&cursor={cursor}")
            written.append(answer.text)
        house.http.get(f"{BASE}/people?name=Quillfeather")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {line["route"] for line in lines if line["event"] == "request"} == {f"{BASE}/people"}
    written += [log.getvalue(), urlsafe_b64decode(cursor + "==").decode("latin-1")]
    assert "quillfeather" not in "".join(written).casefold()
    assert person not in log.getvalue()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
class TestBirthDates:
    """Namesakes of one year group are told apart by those who may read birth dates, and by nobody else."""

    DAYS: Final = ("2017-09-05", "2017-12-05", "2018-03-05")

    def namesakes(self, house: House) -> dict[str, str]:
        """The id of each of three pupils of one name by birth date."""
        return {day: house.person("Sam Same", year_group=4, born_on=day) for day in self.DAYS}

    @pytest.mark.parametrize("who", ["dsl", "deputy_dsl", "headteacher"])
    def test_are_shown_to_leads(self, house: House, who: str) -> None:
        born = {person: day for day, person in self.namesakes(house).items()}
        assert {each["id"]: each["born_on"] for each in found(house, who, name="sam same")} == born

    @pytest.mark.parametrize("who", ["reporter", "governor"])
    def test_are_shown_to_nobody_else(self, house: House, who: str) -> None:
        self.namesakes(house)
        roll = {"id", "school", "category", "name", "year_group"}
        assert [set(each) for each in found(house, who, name="sam same")] == [roll] * 3

    @pytest.mark.parametrize(
        "query",
        [{"name": "sam"}, {"year_group": "4"}, {"category": "pupil"}, {}],
        ids=["name", "year", "category", "alone"],
    )
    def test_find_people_for_leads(self, house: House, query: dict[str, str]) -> None:
        by_day = self.namesakes(house)
        (item,) = found(house, born_on="2017-12-05", **query)
        assert item["id"] == by_day["2017-12-05"]
        assert found(house, born_on="2017-12-06", **query) == []

    @pytest.mark.parametrize("who", ["reporter", "governor"])
    @pytest.mark.parametrize("day", ["2017-12-05", "2017-12-06"])
    def test_find_nobody_for_others_whatever_is_recorded(self, house: House, who: str, day: str) -> None:
        self.namesakes(house)
        house.get(who, f"/people?name=sam&born_on={day}", status=403)

    def test_find_nobody_at_a_school_where_the_user_is_no_lead(self, house: House) -> None:
        self.namesakes(house)
        elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", elsewhere)
        house.appoint("stranger", "reporter", house.school)
        assert len(found(house, "stranger", name="sam")) == 3
        assert found(house, "stranger", name="sam", born_on="2017-12-05") == []
        assert found(house, "stranger", school=house.school, born_on="2017-12-05") == []
        assert all("born_on" not in each for each in found(house, "stranger", name="sam"))

    def test_are_found_as_they_are_now(self, house: House) -> None:
        person = self.namesakes(house)["2017-12-05"]
        assert found(house, born_on="2017-12-05")
        change = {"born_on": "2017-12-15", "reason": "It was misread."}
        house.ask("dsl", "PATCH", f"/people/{person}", json=change, headers={"If-Match": "*"})
        assert found(house, born_on="2017-12-05") == []
        assert [each["id"] for each in found(house, born_on="2017-12-15")] == [person]

    @pytest.mark.parametrize("day", ["2017-13-01", "05/12/2017", "2017-12-05T00:00:00Z", ""])
    def test_are_dates(self, house: House, day: str) -> None:
        answer = house.ask("dsl", "GET", f"/people?{urlencode({'name': 'sam', 'born_on': day})}")
        assert answer.status_code == 422, answer.text
        assert answer.json is not None
        assert list(answer.json["errors"]) == ["born_on"]

    @pytest.mark.parametrize(("who", "shown"), [("dsl", True), ("reporter", False), ("admin", False)])
    def test_of_candidates_are_shown_to_leads(self, house: House, who: str, shown: bool) -> None:
        self.namesakes(house)
        body = {"school": house.school, "category": "pupil", "name": "Sam Same", "year_group": 4}
        answer = house.ask(who, "POST", "/people", json=body)
        assert answer.status_code == 409, answer.text
        assert answer.json is not None
        days = sorted(each.get("born_on", "") for each in answer.json["candidates"])
        assert days == (sorted(self.DAYS) if shown else [""] * 3)

    def test_of_pairs_are_shown(self, house: House) -> None:
        for each in house.people_called("Sam Same", 2):
            change = {"born_on": "2017-12-05", "reason": "It was missing."}
            house.ask("dsl", "PATCH", f"/people/{each}", json=change, headers={"If-Match": "*"})
        (pair,) = house.get("dsl", f"/people/pairs?school={house.school}")["items"]
        assert [pair[side]["born_on"] for side in ("one", "other")] == ["2017-12-05"] * 2
