"""The history of a person over HTTP: what changed, by whom and why, and nothing of a case."""

from __future__ import annotations

import pytest

from tests.api.client import REASON, House
from tests.api.people import changed, history

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class TestTheHistory:
    def test_has_what_changed_by_whom_and_why(self, house: House) -> None:
        person = house.person("Petra Pupil")
        house.clock.set("2026-09-14 10:20")
        changed(house, person, name="Petra Palmer", contact={"phone": "01632 960000"})
        entry = history(house, person)["items"][1]
        assert entry == {
            "what": "changed",
            "at": "2026-09-14T10:20:00+01:00",
            "by": house.users["dsl"],
            "role": "dsl",
            "reason": REASON,
            "changes": [
                {"field": "name", "before": "Petra Pupil", "after": "Petra Palmer"},
                {"field": "contact.phone", "before": None, "after": "01632 960000"},
            ],
            "relation": None,
        }

    def test_has_nothing_of_a_case(self, house: House) -> None:
        person = house.person("Petra Pupil")
        incident = house.report(people=[{"person": person, "involvement": "target"}])["id"]
        shown = history(house, person)
        assert [each["what"] for each in shown["items"]] == ["registered"]
        assert incident not in str(shown)

    @on_sqlite
    def test_does_not_name_the_reporter_who_registered_a_person(self, house: House) -> None:
        body = {"school": house.school, "category": "pupil", "name": "Petra Pupil"}
        person = house.created("reporter", "/people", body)["id"]
        house.report(people=[{"person": person, "involvement": "target"}], confidential_reporter=True)
        assert house.users["reporter"] not in str(history(house, person))

    @on_sqlite
    def test_comes_in_pages(self, house: House) -> None:
        person = house.person("Petra Pupil")
        for number in range(4):
            changed(house, person, name=f"Petra {'abcd'[number]}")
        first = history(house, person, "?limit=3")
        second = history(house, person, f"?limit=3&cursor={first['next']}")
        assert [len(page["items"]) for page in (first, second)] == [3, 2]
        assert second["next"] is None
