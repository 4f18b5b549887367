"""A person who may have a record already is not registered again without a word, and pairs are listed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from casework.domain.person import PersonDistinguished
from casework.storage.observation import count_statements
from casework_api.http.current import EXTENSION
from casework_api.http.problems import Problem
from tests.api.client import REASON, House, Json, body_of, logged
from tests.api.test_lists import everything
from tests.api.test_recusal import NAMES, School

UPN: Final = "B801200005001"


@pytest.fixture
def school(house: House) -> School:
    return School(house)


def register(school: School, who: str = "lead", key: str | None = None, **fields: Json) -> TestResponse:
    """The answer to a person, by default another pupil called Petra Pupil."""
    body = {"school": school.id, "category": "pupil", "name": "Petra Pupil", **fields}
    headers = {} if key is None else {"Idempotency-Key": key}
    return school.house.ask(who, "POST", "/people", json=body, headers=headers)


def registered(school: School, who: str = "lead", **fields: Json) -> str:
    answer = register(school, who, **{"distinct": True, **fields})
    assert answer.status_code == 201, answer.text
    return str(body_of(answer)["id"])


def candidates(school: School, who: str = "lead", **fields: Json) -> list[str] | None:
    """The ids of the candidates; None if the person was registered."""
    answer = register(school, who, **fields)
    if answer.status_code == 201:
        return None
    assert (answer.status_code, body_of(answer)["type"]) == (409, "/problems/possible-duplicate")
    return [each["id"] for each in body_of(answer)["candidates"]]


def pairs(school: School, who: str = "lead") -> set[frozenset[str]]:
    items = everything(school.house, who, f"/people/pairs?school={school.id}", 2)
    found = [frozenset((item["one"]["id"], item["other"]["id"])) for item in items]
    assert len(found) == len(set(found))
    return set(found)


class TestSomebodyWhoIsKnown:
    @pytest.mark.parametrize("who", [*NAMES, "assistant", "admin"])
    def test_on_the_roll_is_a_candidate_for_all_who_register_people(self, school: School, who: str) -> None:
        before = school.house.events()
        answer = register(school, who, name="Pupil, Pétra")
        assert answer.status_code == 409
        problem = body_of(answer)
        assert problem["candidates"] == [
            {"id": school.pupil, "name": "Petra Pupil", "category": "pupil", "year_group": None}
        ]
        assert {*problem} == {"type", "title", "status", "detail", "instance", "candidates"}
        assert school.house.events() == before

    def test_is_no_candidate_if_nothing_is_alike(self, school: School) -> None:
        for fields in ({"name": "Otto Zufall"}, {"category": "parent"}):
            assert candidates(school, **fields) is None

    def test_at_another_school_is_no_candidate(self, school: School) -> None:
        house = school.house
        elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", elsewhere)
        body = {"school": elsewhere, "category": "pupil", "name": "Petra Pupil"}
        house.created("stranger", "/people", {**body, "identifiers": {"upn": UPN}})
        assert candidates(school, identifiers={"upn": UPN}) == [school.pupil]

    def test_may_be_told_from_the_new_person(self, school: School) -> None:
        house = school.house
        new = registered(school, "assistant")
        assert new != school.pupil
        person = house.casework.log.event_recorder.select_events(UUID(new))
        said = house.casework.log.event_mapper.to_domain_event(person[-1])
        assert isinstance(said, PersonDistinguished)
        assert said.others == (UUID(school.pupil),)

    def test_is_no_reason_to_record_anything_if_nobody_is_alike(self, school: School) -> None:
        before = school.house.events()
        registered(school, name="Otto Zufall")
        assert school.house.events() == before + 1

    def test_is_a_candidate_by_any_name(self, school: School) -> None:
        pupil = registered(school, name="Bartholomew Quill", known_as="Tolly Quill")
        for who in ("lead", "assistant"):
            for fields in (
                {"name": "Tolly Quill"},
                {"name": "Bartholomew"},
                {"name": "Rudolf Fund", "known_as": "B. Quill"},
            ):
                assert candidates(school, who, **fields) == [pupil]

    def test_lists_at_most_ten_and_says_it_of_those(self, school: School) -> None:
        for _ in range(11):
            registered(school)
        found = candidates(school)
        assert found is not None
        assert len(found) == 10

    def test_sorts_out_by_age_what_only_leads_may_know(self, school: School) -> None:
        pupil = registered(school, name="Bo Quill", born_on="2016-03-04", year_group=4)
        for who, expected in (("assistant", [pupil]), ("lead", None)):
            assert candidates(school, who, name="Bo Quill", born_on="2015-03-04") == expected

    def test_by_a_former_name_is_a_candidate_only_for_those_who_may_read_people(self, school: School) -> None:
        pupil = registered(school, name="Bartholomew Quill")
        change = {"name": "Barney Feather", "reason": REASON}
        headers = {"If-Match": "*"}
        school.house.ask("lead", "PATCH", f"/people/{pupil}", json=change, headers=headers)
        assert candidates(school, name="Bartholomew Quill") == [pupil]
        assert candidates(school, "assistant", name="Bartholomew Quill") is None

    def test_is_not_one_whose_name_is_erased(self, school: School) -> None:
        school.house.casework.record.commit(destroying=[UUID(school.pupil)])
        assert candidates(school, identifiers={"upn": UPN}) is None


class TestNumbers:
    def test_find_a_child_of_any_name_for_those_who_may_read_people(self, school: School) -> None:
        pupil = registered(school, name="Bo Quill", identifiers={"upn": UPN, "nhs_number": "9434765919"})
        said = {"name": "Otto Zufall", "category": "unknown"}
        assert candidates(school, **said, identifiers={"upn": "b801200-005001"}) == [pupil]
        assert candidates(school, **said, identifiers={"nhs_number": "943 476 5919"}) == [pupil]
        assert candidates(school, "assistant", **said, identifiers={"upn": UPN}) is None

    def test_that_were_changed_count_as_they_are_now(self, school: School) -> None:
        pupil = registered(school, name="Bo Quill", identifiers={"upn": UPN})
        change = {"identifiers": None, "reason": REASON}
        headers = {"If-Match": "*"}
        school.house.ask("lead", "PATCH", f"/people/{pupil}", json=change, headers=headers)
        assert candidates(school, name="Otto Zufall", identifiers={"upn": UPN}) is None

    def test_make_a_pair(self, school: School) -> None:
        pupil = registered(school, name="Bo Quill", identifiers={"upn": UPN})
        other = registered(school, name="Otto Zufall")
        change = {"identifiers": {"upn": UPN}, "reason": REASON}
        headers = {"If-Match": "*"}
        assert pairs(school) == set()
        school.house.ask("lead", "PATCH", f"/people/{other}", json=change, headers=headers)
        assert pairs(school) == {frozenset((pupil, other))}


class TestSomebodyTheUserMayNotKnow:
    """A record made for a case: nothing tells of it, and nobody is kept from registering the person."""

    def test_makes_no_difference(self, school: School) -> None:
        registered(school, "assistant", name="Sam Stranger", category="unknown")
        for who in ("lead", "deputy", "head", "chair", "admin"):
            alike = register(school, who, name="Sam Stranger", category="external")
            other = register(school, who, name="Una Unheard", category="external")
            assert self.shape(alike) == self.shape(other) == (201, *self.shape(other)[1:])
            for each in (alike, other):
                self.forget(school, body_of(each)["id"])

    def test_costs_the_same_statements(self, school: School) -> None:
        registered(school, "assistant", name="Sam Stranger", category="unknown")
        tallies = []
        for name in ("Sam Stranger", "Una Unheard"):
            school.house.get("lead", "/incidents?limit=1")
            school.house.get("lead", "/people?name=petra")
            with count_statements() as tally:
                assert register(school, name=name, category="external").status_code == 201
            tallies.append([statement.count("?") for statement in tally.statements])
        assert tallies[0] == tallies[1]

    def test_is_a_candidate_for_who_registered_it_and_who_reads_a_case_it_is_in(self, school: School) -> None:
        record = registered(school, "assistant", name="Sam Stranger", category="unknown")
        said: Any = {"name": "Sam Stranger", "category": "external"}
        assert candidates(school, "assistant", **said) == [record]
        school.report(
            {"person": record, "involvement": "alleged"},
            kind="cyberbullying",
            summary="Unkind.",
            confidential_reporter=False,
        )
        for who in ("lead", "deputy", "head", "assistant"):
            assert candidates(school, who, **said) == [record]
        assert candidates(school, "vice", **said) is None

    def test_is_in_no_event_of_a_person_who_was_told_from_others(self, school: School) -> None:
        registered(school, "assistant", name="Sam Stranger", category="unknown")
        before = school.house.events()
        registered(school, name="Sam Stranger", category="external")
        assert school.house.events() == before + 1

    @staticmethod
    def shape(answer: TestResponse) -> tuple[int, set[str], set[str], int]:
        body = body_of(answer)
        return answer.status_code, {*body}, {*answer.headers.keys()}, body["version"]

    @staticmethod
    def forget(school: School, person: str) -> None:
        school.house.casework.record.commit(destroying=[UUID(person)])


class TestARetry:
    def test_of_a_registration_does_not_find_itself(self, school: School) -> None:
        key = uuid4().hex
        first = register(school, key=key, name="Otto Zufall")
        assert first.status_code == 201
        again = register(school, key=key, name="Otto Zufall")
        assert (again.status_code, again.data) == (201, first.data)

    def test_of_one_that_was_told_from_others_is_answered_as_before(self, school: School) -> None:
        key = uuid4().hex
        first = register(school, key=key, distinct=True)
        events = school.house.events()
        registered(school)
        again = register(school, key=key, distinct=True)
        assert (again.status_code, again.data) == (201, first.data)
        assert school.house.events() == events + 2

    def test_with_the_same_key_but_distinct_is_another_request_only_if_the_first_was_recorded(
        self, school: School
    ) -> None:
        key = uuid4().hex
        assert register(school, key=key).status_code == 409
        assert register(school, key=key, distinct=True).status_code == 201
        assert body_of(register(school, key=key))["type"] == "/problems/key-reused"


class TestPairs:
    def test_are_listed_for_leads_with_what_lists_show(self, school: School) -> None:
        other = self.alike(school)
        for who in ("lead", "deputy", "head"):
            (item,) = school.house.get(who, f"/people/pairs?school={school.id}")["items"]
            assert [each["id"] for each in (item["one"], item["other"])] == [other, school.pupil]
            assert item["other"] == {
                "id": school.pupil,
                "school": school.id,
                "category": "pupil",
                "name": "Petra Pupil",
                "year_group": None,
            }

    def test_that_somebody_told_apart_are_not_listed(self, school: School) -> None:
        registered(school)
        assert pairs(school) == set()

    def test_that_are_joined_are_not_listed_nor_after_they_were_parted(self, school: School) -> None:
        house, other = school.house, self.alike(school)
        assert pairs(school) == {frozenset((school.pupil, other))}
        house.created("lead", f"/people/{school.pupil}/same-as", {"person": other, "reason": REASON})
        assert pairs(school) == set()
        path = f"/people/{other}/same-as/{school.pupil}"
        assert house.ask("lead", "DELETE", path, json={"reason": REASON}).status_code == 204
        assert pairs(school) == set()

    def test_are_of_records_that_the_user_may_know(self, school: School) -> None:
        record = registered(school, "assistant", name="Petra Pupil", category="unknown")
        other = registered(school, "assistant", name="P. Pupil", category="external")
        assert pairs(school) == set()
        school.report(
            {"person": record, "involvement": "witness"},
            kind="cyberbullying",
            summary="Unkind.",
            confidential_reporter=False,
        )
        # The assistant has told both from the pupil, and the second from the first.
        assert pairs(school) == set()
        renamed = self.alike(school)
        assert pairs(school) == {frozenset((renamed, school.pupil)), frozenset((renamed, record))}
        assert other not in {each for pair in pairs(school) for each in pair}

    def test_of_the_head_are_not_listed_for_the_head(self, school: School) -> None:
        record = registered(school, "assistant", name="Harriet Heddle", category="staff")
        school.report({"person": record, "involvement": "alleged"})
        for who in ("lead", "deputy", "head"):
            assert pairs(school, who) == set()

    def test_follow_what_is_recorded_later(self, school: School) -> None:
        other = self.alike(school)
        for fields, expected in (
            ({"category": "staff"}, set()),
            ({"category": "unknown"}, {frozenset((school.pupil, other))}),
            ({"name": "Otto Zufall"}, {frozenset((school.pupil, other))}),
        ):
            change = {**fields, "reason": REASON}
            headers = {"If-Match": "*"}
            school.house.ask("lead", "PATCH", f"/people/{other}", json=change, headers=headers)
            assert pairs(school) == expected

    def test_need_a_school(self, school: School) -> None:
        answer = school.house.ask("lead", "GET", "/people/pairs")
        assert (answer.status_code, [*body_of(answer)["errors"]]) == (422, ["school"])

    @staticmethod
    def alike(school: School) -> str:
        """A pupil registered under another name, and renamed since."""
        other = registered(school, name="Greta Garbled")
        change = {"name": "P. Pupil", "reason": REASON}
        headers = {"If-Match": "*"}
        answer = school.house.ask("lead", "PATCH", f"/people/{other}", json=change, headers=headers)
        assert answer.status_code == 200
        return other


class TestTheHistory:
    def test_shows_from_whom_a_person_was_told(self, school: School) -> None:
        new = registered(school)
        entry = school.house.get("lead", f"/people/{new}/history")["items"][-1]
        assert (entry["what"], entry["record"], entry["other_record"]) == ("distinguished", new, school.pupil)
        assert entry["by"] == school.house.users["lead"]
        seen = school.house.get("lead", f"/people/{school.pupil}/history")["items"]
        assert [each["what"] for each in seen] == ["registered"]

    def test_names_neither_who_made_a_record_for_a_case_nor_records_the_user_may_not_know(
        self, school: School
    ) -> None:
        hidden = registered(school, "assistant", name="P. Pupil", category="unknown")
        record = registered(school, "assistant", name="Petra Pupil", category="external")
        school.report(
            {"person": record, "involvement": "witness"},
            kind="cyberbullying",
            summary="Unkind.",
            confidential_reporter=False,
        )
        items = school.house.get("lead", f"/people/{record}/history")["items"]
        told = [each for each in items if each["what"] == "distinguished"]
        assert [(each["other_record"], each["by"], each["role"]) for each in told] == [
            (school.pupil, None, None)
        ]
        assert hidden not in str(items)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_candidates_are_shown_as_often_as_a_user_may_search_by_name(school: School) -> None:
    searches = school.house.app.extensions[EXTENSION].name_searches
    user = UUID(school.house.users["assistant"]).hex
    with suppress(Problem):
        while True:
            searches.check(user)
    answer = register(school, "assistant")
    assert (answer.status_code, body_of(answer)["type"]) == (429, "/problems/too-many-requests")
    assert school.pupil not in answer.text
    assert register(school, "assistant", name="Otto Zufall").status_code == 201


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_name_and_no_number_is_logged(school: School) -> None:
    registered(school, name="Petra Quillfeather", identifiers={"upn": UPN})
    with logged() as log:
        assert candidates(school, name="Petra Quillfeather") is not None
        assert candidates(school, name="Otto Zufall", identifiers={"upn": UPN}) is not None
        pairs(school)
    assert "quillfeather" not in log.getvalue().casefold()
    assert UPN not in log.getvalue()
