"""Cases reported twice, reports made in error, and cases that belong together."""

from __future__ import annotations

from typing import Final

import pytest

from casework.storage.observation import count_statements
from tests.api.approving import Unchanged, faults, refused
from tests.api.client import REASON, House, Json, body_of

TWICE: Final = {"reason": "A colleague reported the same messages."}
FIRST: Final = "2026-09-14 10:20"
SECOND: Final = "2026-09-15 09:00"


class Twice:
    """The same incident, reported by two members of staff; the second report is the one that goes on."""

    def __init__(self, house: House, **first: Json) -> None:
        self.house = house
        house.clock.set(FIRST)
        self.people = house.two_pupils()
        self.duplicate = str(house.report(people=self.people, **first)["id"])
        house.add_user("colleague", "reporter", house.school)
        house.clock.set(SECOND)
        self.other = str(house.report("colleague", people=self.people)["id"])

    def close(self, **fields: Json) -> Json:
        return self.house.take(self.duplicate, "close_as_duplicate", of=self.other, **TWICE, **fields)


@pytest.fixture
def twice(house: House) -> Twice:
    return Twice(house)


class TestDuplicates:
    def test_ends_and_is_not_counted_and_stays_to_be_read(self, house: House, twice: Twice) -> None:
        body = twice.close()
        assert (body["state"], body["closed"], body["uncounted"]) == ("closed", True, "duplicate")
        shown = house.get("dsl", f"/incidents/{twice.duplicate}")
        assert shown["links"] == [{"incident": twice.other, "as": "duplicate_of", "from_here": True}]
        assert house.get("dsl", f"/incidents/{twice.other}")["links"] == [
            {"incident": twice.duplicate, "as": "duplicate_of", "from_here": False}
        ]
        listed = {each["id"]: each["uncounted"] for each in house.get("dsl", "/incidents")["items"]}
        assert listed == {twice.duplicate: "duplicate", twice.other: None}

    def test_the_clocks_of_the_other_run_from_the_earlier_report(self, house: House, twice: Twice) -> None:
        assert house.due(twice.other, "acknowledge").startswith("2026-09-15")
        twice.close()
        assert house.due(twice.other, "acknowledge").startswith("2026-09-14")
        assert house.get("dsl", f"/incidents/{twice.other}")["reported_at"] == "2026-09-15T09:00:00+01:00"

    def test_lists_what_the_other_does_not_say(self, house: House) -> None:
        twice = Twice(house, content=["racist"])
        newcomer = house.person("Nora Newcomer")
        house.take(twice.duplicate, "involve_person", person=newcomer, involvement="witness")
        with Unchanged(house):
            answer = house.step(twice.duplicate, "close_as_duplicate", of=twice.other, **TWICE)
        assert refused(answer) == "duplicate-incomplete"
        assert body_of(answer)["open"] == [
            {"step": "involve_person", "preset": {"person": newcomer, "involvement": "witness"}},
            {"step": "record_content", "preset": {"content": ["racist"]}},
        ]
        for each in body_of(answer)["open"]:
            how = {"how": "As the other report says."} if each["step"] == "record_content" else {}
            house.take(twice.other, each["step"], **each["preset"], **how)
        twice.close()

    def test_a_joined_record_of_a_person_is_that_person(self, house: House, twice: Twice) -> None:
        newcomer, same = house.person("Nora Newcomer"), house.person("Norah Newcomer")
        house.take(twice.duplicate, "involve_person", person=newcomer, involvement="witness")
        house.take(twice.other, "involve_person", person=same, involvement="witness")
        house.created("dsl", f"/people/{newcomer}/same-as", {"person": same, "reason": REASON})
        twice.close()

    def test_who_reported_in_confidence_need_not_stand_in_the_other(self, house: House) -> None:
        twice = Twice(house, confidential_reporter=True)
        assistant = house.person("Tad Assistant", "staff")
        house.take(twice.duplicate, "involve_person", person=assistant, involvement="reporter")
        twice.close()
        taken_up = house.get("dsl", f"/incidents/{twice.other}/steps")["items"][-1]
        assert taken_up["step"] == "take_up_duplicate"
        assert house.users["reporter"] not in str(taken_up)

    def test_its_reporter_sees_how_the_other_stands(self, house: House, twice: Twice) -> None:
        before = house.get("reporter", f"/incidents/{twice.duplicate}")
        twice.close()
        assert house.get("reporter", f"/incidents/{twice.duplicate}") == before
        house.take(twice.other, "acknowledge")
        seen = house.get("reporter", f"/incidents/{twice.duplicate}")
        assert (seen["received"], seen["closed"], seen["uncounted"]) == (True, False, None)
        assert seen["version"] > before["version"]
        assert "links" not in seen
        house.answer_everything(twice.other)
        house.take(twice.other, "close", outcome="Settled.", rationale=REASON)
        seen = house.get("reporter", f"/incidents/{twice.duplicate}")
        (listed,) = house.get("reporter", "/incidents")["items"]
        assert (seen["state"], seen["closed"], listed["state"], listed["closed"]) == (
            *("closed", True, "closed", True),
        )
        assert listed["version"] == seen["version"]
        assert twice.other not in str(seen)

    @pytest.mark.parametrize("what", ["steps", "audit-trail"])
    def test_does_not_name_the_other_to_who_may_not_read_it(
        self, house: House, twice: Twice, what: str
    ) -> None:
        twice.close()
        path = f"/incidents/{twice.duplicate}/{what}"
        assert twice.other in house.ask("headteacher", "GET", path).text
        house.add_user("chair", "chair_of_governors", house.school)
        (linked,) = house.get("headteacher", "/me")["user"]["persons"]
        house.take(twice.other, "involve_person", person=linked["person"], involvement="target")
        house.get("headteacher", f"/incidents/{twice.other}", 404)
        answer = house.ask("headteacher", "GET", path)
        assert (answer.status_code, twice.other in answer.text) == (200, False)

    def test_its_reporter_may_add_to_it(self, house: House, twice: Twice) -> None:
        twice.close()
        house.take(twice.duplicate, "add_note", "reporter", text="It went on at the bus stop.")

    def test_reopening_it_gives_each_its_own_clocks_again(self, house: House, twice: Twice) -> None:
        twice.close()
        body = house.take(twice.duplicate, "reopen", reason=REASON)
        assert (body["closed"], body["uncounted"]) == (False, None)
        assert house.due(twice.other, "acknowledge").startswith("2026-09-15")
        assert house.get("dsl", f"/incidents/{twice.other}")["links"] == []

    def test_nobody_reopens_it_who_may_take_no_steps_in_the_other(self, house: House, twice: Twice) -> None:
        """The clocks of the other would start later, and it may be about whoever reopens this one."""
        twice.close()
        conflict = {"reason": "The pupil is my neighbour's child."}
        path = f"/incidents/{twice.other}/conflicts"
        assert house.ask("deputy_dsl", "POST", path, json=conflict).status_code == 201
        before = house.due(twice.other, "acknowledge")
        with Unchanged(house):
            answer = house.step(twice.duplicate, "reopen", "deputy_dsl", reason=REASON)
            assert refused(answer) == "duplicate-reopened-by-another"
        assert house.due(twice.other, "acknowledge") == before
        house.take(twice.duplicate, "reopen", reason=REASON)

    def test_a_retry_closes_it_once(self, house: House, twice: Twice) -> None:
        body = {"step": "close_as_duplicate", "of": twice.other, **TWICE}
        headers = {"If-Match": "*", "Idempotency-Key": "close-once"}
        path = f"/incidents/{twice.duplicate}/steps"
        first, again = (house.ask("dsl", "POST", path, json=body, headers=headers) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 201)
        assert house.get("dsl", f"/incidents/{twice.other}")["version"] == 2

    def test_is_never_closed_into_itself(self, house: House, twice: Twice) -> None:
        answer = house.step(twice.duplicate, "close_as_duplicate", of=twice.duplicate, **TWICE)
        assert faults(answer) == {"$.of": ["is this case"]}

    def test_nor_into_a_closed_case_or_in_a_ring(self, house: House, twice: Twice) -> None:
        twice.close()
        answer = house.step(twice.other, "close_as_duplicate", of=twice.duplicate, **TWICE)
        assert refused(answer) == "duplicate-of-closed"

    def test_nor_across_streams(self, house: House, twice: Twice) -> None:
        colleague = house.person("Colin Colleague", "staff")
        for case in (twice.duplicate, twice.other):
            house.take(case, "involve_person", person=colleague, involvement="witness")
        house.take(twice.other, "involve_person", person=colleague, involvement="alleged")
        answer = house.step(twice.duplicate, "close_as_duplicate", "headteacher", of=twice.other, **TWICE)
        assert refused(answer) == "duplicate-across-streams"

    def test_nor_into_a_case_one_may_not_know(self, house: House, twice: Twice) -> None:
        colleague = house.person("Colin Colleague", "staff")
        house.take(twice.other, "involve_person", person=colleague, involvement="alleged")
        answer = house.step(twice.duplicate, "close_as_duplicate", of=twice.other, **TWICE)
        assert faults(answer) == {"$.of": ["names no incident of this school"]}


class TestDuplicatesThatTwoPeopleClose:
    """Nobody alone ends by a duplicate what the other case does not go on with."""

    @staticmethod
    def closing(house: House, duplicate: str, of: str, who: str = "dsl") -> int:
        return house.step(duplicate, "close_as_duplicate", who, of=of, **TWICE).status_code

    def test_a_case_of_another_kind(self, house: House, twice: Twice) -> None:
        child = [{**twice.people[0], "involvement": "target"}]
        post: Json = {"people": child, "content": ["abusive"]}
        other = str(house.report(kind="inappropriate_content", **post)["id"])
        case = str(house.report(people=child)["id"])
        assert self.closing(house, case, other) == 202

    def test_a_case_counted_in_another_term(self, house: House, twice: Twice) -> None:
        house.clock.set("2027-01-06 09:00")
        later = str(house.report(people=twice.people)["id"])
        assert self.closing(house, twice.duplicate, later) == 202

    def test_a_case_that_asks_for_more(self, house: House, twice: Twice) -> None:
        house.take(twice.duplicate, "triage", timing="in_school", critical=False, rationale=REASON)
        assert house.step(twice.duplicate, "request_removal", addressee="platform").status_code == 201
        house.clock.set("2026-09-18 09:00")
        assert self.closing(house, twice.duplicate, twice.other) == 202

    def test_a_case_that_asks_for_another_agency(self, house: House, twice: Twice) -> None:
        house.take(twice.duplicate, "consider_police", refer=True, reason=REASON)
        assert house.asked(twice.duplicate, "escalate", agency="police")
        assert self.closing(house, twice.duplicate, twice.other) == 202

    def test_a_case_that_was_an_allegation(self, house: House, twice: Twice) -> None:
        adult = {"person": house.person("Colin Colleague", "staff")}
        case = str(house.report(people=[*twice.people, {**adult, "involvement": "alleged"}])["id"])
        house.take(case, "withdraw_involvement", "headteacher", reason=REASON, **adult)
        assert self.closing(house, case, twice.other, "headteacher") == 202


class TestWithdrawnReports:
    @pytest.fixture
    def case(self, house: House) -> str:
        return str(house.bullying(FIRST)["id"])

    def asked(self, house: House, case: str) -> str:
        answer = house.step(case, "withdraw_report", reason="The messages were lines of a play.")
        assert answer.status_code == 202, answer.text
        return str(body_of(answer)["approval"])

    def test_two_people_withdraw_it(self, house: House, case: str) -> None:
        approval = self.asked(house, case)
        assert not house.get("dsl", f"/incidents/{case}")["closed"]
        result = body_of(house.decide(approval))["result"]
        assert (result["closed"], result["uncounted"]) == (True, "withdrawn")
        house.get("dsl", f"/incidents/{case}/audit-trail")

    def test_it_is_in_no_figure(self, house: House, case: str) -> None:
        def new() -> Json:
            path = f"/schools/{house.school}/governor-summary"
            asked = {"term": "2026-autumn"}
            return house.get("dsl", path, query_string=asked)["incidents"]["by_kind"]["cyberbullying"]

        for _ in range(5):
            house.report(people=house.two_pupils())
        before = new()
        house.decide(self.asked(house, case))
        assert (before, new()) == (6, 5)

    @pytest.mark.parametrize(
        ("step", "fields", "rule"),
        [
            ("escalate", {"agency": "platform", "reason": REASON}, "withdraw-report-agency-told"),
            ("offer_support", {"what": "Time with the mentor."}, "withdraw-report-child-spoken-to"),
        ],
    )
    def test_never_once_somebody_was_told(
        self, house: House, case: str, step: str, fields: Json, rule: str
    ) -> None:
        approval = self.asked(house, case)
        child = house.get("dsl", f"/incidents/{case}")["people"][0]["person"]
        house.take(case, step, **fields, **({"person": child} if step == "offer_support" else {}))
        answer = house.step(case, "withdraw_report", reason="The messages were lines of a play.")
        assert refused(answer) == rule
        assert refused(house.decide(approval)) == rule

    def test_nor_by_way_of_a_duplicate_in_which_an_agency_was_told(self, house: House, twice: Twice) -> None:
        house.take(twice.duplicate, "escalate", agency="platform", reason=REASON)
        closing = house.step(twice.duplicate, "close_as_duplicate", of=twice.other, **TWICE)
        house.decide(body_of(closing)["approval"])
        answer = house.step(twice.other, "withdraw_report", reason=REASON)
        assert refused(answer) == "withdraw-report-with-duplicate"
        house.take(twice.duplicate, "reopen", reason=REASON)
        assert house.step(twice.other, "withdraw_report", reason=REASON).status_code == 202
        answer = house.step(twice.duplicate, "withdraw_report", reason=REASON)
        assert refused(answer) == "withdraw-report-agency-told"

    def test_it_can_be_reopened(self, house: House, case: str) -> None:
        house.decide(self.asked(house, case))
        assert house.take(case, "reopen", reason=REASON)["uncounted"] is None


def linked_up_to(house: House, incident: str) -> int:
    """The position that the view of the links has reached once a case was read."""
    house.get("dsl", f"/incidents/{incident}")
    with house.casework.database.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT position FROM view_positions WHERE view = 'links'")
        return int(found.scalar_one())


class TestLinks:
    @pytest.fixture
    def cases(self, house: House) -> tuple[str, str]:
        return str(house.bullying(FIRST)["id"]), str(house.bullying(SECOND)["id"])

    def test_are_shown_from_both_sides(self, house: House, cases: tuple[str, str]) -> None:
        one, other = cases
        body = house.take(other, "link", incident=one, **{"as": "follows"})
        assert body["version"] == 1
        assert house.get("dsl", f"/incidents/{other}")["links"] == [
            {"incident": one, "as": "follows", "from_here": True}
        ]
        assert house.get("dsl", f"/incidents/{one}")["links"] == [
            {"incident": other, "as": "follows", "from_here": False}
        ]
        entry = house.get("dsl", f"/incidents/{other}/steps")["items"][-1]
        assert (entry["step"], entry["number"]) == ("link", None)
        assert entry["fields"] == {"incident": one, "as": "follows"}

    def test_are_read_with_one_statement_until_some_are_recorded(
        self, house: House, cases: tuple[str, str]
    ) -> None:
        """Other events leave the view as it is; a link is applied at once, also in another process."""
        one, other = cases
        reached = linked_up_to(house, one)
        house.take(other, "add_note", text="Something worth keeping.")
        with count_statements() as tally:
            assert linked_up_to(house, one) == reached
        assert sum("view_links" in each for each in tally.statements) == 1
        house.take(other, "link", incident=one, **{"as": "follows"})
        assert linked_up_to(house, one) > reached
        assert len(house.get("dsl", f"/incidents/{one}")["links"]) == 1

    @pytest.mark.parametrize("behind", ["position = 0", "position = 0, version = 0"])
    def test_are_shown_after_the_view_was_emptied(
        self, house: House, cases: tuple[str, str], behind: str
    ) -> None:
        one, other = cases
        house.take(other, "link", incident=one, **{"as": "follows"})
        shown = house.get("dsl", f"/incidents/{one}")["links"]
        with house.casework.database.writer.begin() as connection:
            connection.exec_driver_sql("DELETE FROM view_links")
            connection.exec_driver_sql(f"UPDATE view_positions SET {behind} WHERE view = 'links'")  # noqa: S608
        assert house.get("dsl", f"/incidents/{one}")["links"] == shown

    @pytest.mark.parametrize(
        "gone", ["DELETE FROM view_positions WHERE view = 'links'", "DROP TABLE view_set_aside"]
    )
    def test_are_left_out_if_there_is_no_view(self, house: House, cases: tuple[str, str], gone: str) -> None:
        house.get("dsl", f"/incidents/{cases[0]}")
        with house.casework.database.writer.begin() as connection:
            connection.exec_driver_sql(gone)
        assert "links" not in house.get("dsl", f"/incidents/{cases[0]}")

    def test_only_to_those_who_may_read_both(self, house: House, cases: tuple[str, str]) -> None:
        """The deputy, who is recused from one, must not learn from the other that it exists."""
        one, other = cases
        before = house.get("deputy_dsl", f"/incidents/{other}")
        trail = house.get("deputy_dsl", f"/incidents/{other}/audit-trail")
        steps = house.get("deputy_dsl", f"/incidents/{other}/steps")
        declared = {"reason": "The pupil is my neighbour's child."}
        assert (
            house.ask("deputy_dsl", "POST", f"/incidents/{one}/conflicts", json=declared).status_code == 201
        )
        house.take(other, "link", incident=one, note="See there.", **{"as": "part_of_the_same"})
        assert house.get("deputy_dsl", f"/incidents/{other}") == before
        assert house.get("deputy_dsl", f"/incidents/{other}/audit-trail") == trail
        assert house.get("deputy_dsl", f"/incidents/{other}/steps") == steps
        answer = house.step(other, "link", "deputy_dsl", incident=one, **{"as": "follows"})
        assert faults(answer) == {"$.incident": ["names no incident of this school"]}

    def test_a_wrong_one_is_taken_back(self, house: House, cases: tuple[str, str]) -> None:
        one, other = cases
        house.take(other, "link", incident=one, **{"as": "follows"})
        house.take(other, "unlink", incident=one, reason="Another case was meant.", **{"as": "follows"})
        assert house.get("dsl", f"/incidents/{one}")["links"] == []
        assert [each["step"] for each in house.get("dsl", f"/incidents/{other}/steps")["items"]] == [
            *("report", "link", "unlink"),
        ]

    def test_are_made_once(self, house: House, cases: tuple[str, str]) -> None:
        one, other = cases
        body = {"step": "link", "incident": one, "as": "follows"}
        headers = {"If-Match": "*", "Idempotency-Key": "link-once"}
        path = f"/incidents/{other}/steps"
        first, again = (house.ask("dsl", "POST", path, json=body, headers=headers) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 201)
        found = faults(house.step(other, "link", incident=one, **{"as": "follows"}))
        assert found == {"$.incident": ["is linked in this way already"]}
        assert faults(house.step(other, "link", incident=other, **{"as": "follows"})) == {
            "$.incident": ["is this case"]
        }
        answer = house.step(other, "unlink", incident=one, reason=REASON, **{"as": "reprisal_for"})
        assert faults(answer) == {"$.incident": ["is not linked in this way"]}

    def test_a_link_is_no_event_of_the_case_for_its_reporter(
        self, house: House, cases: tuple[str, str]
    ) -> None:
        one, other = cases
        before = house.get("reporter", f"/incidents/{other}")
        house.take(other, "link", incident=one, **{"as": "reprisal_for"})
        assert house.get("reporter", f"/incidents/{other}") == before
