"""A case about a user does not exist for that user, nor for those close to them; the next one has it.

Scenario 7 and its variants, and what users of earlier releases could see.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.api.client import REASON, House, Json, body_of, called
from tests.api.people import patch

REPORTED: Final = "2026-10-08 16:40"
NAMES: Final = {
    "lead": ("dsl", "Dana Leadley"),
    "deputy": ("deputy_dsl", "Della Poole"),
    "head": ("headteacher", "Harriet Heddle"),
    "chair": ("chair_of_governors", "Charles Baird"),
    "vice": ("vice_chair", "Vera Visser"),
}
HEARD: Final = "The head sent a pupil messages in the evening."
NOT_LIKE: Final = "has no name that could be this user's, or it is cleared already"
NOBODY: Final = "00000000-0000-4000-8000-000000000000"


class School:
    """A school whose leads, head, chair and vice-chair are linked to people on its roll."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.id = house.open_school("st_thomas")
        for who, (role, name) in NAMES.items():
            house.add_user(who, role, self.id, name=name)
        house.add_user("assistant", "reporter", self.id, name="Tad Assistant")
        self.people = {who: self._person_of(who) for who in NAMES}
        self.pupil = self.made("lead", "Petra Pupil", "pupil")

    def _person_of(self, who: str) -> str:
        (linked,) = self.house.get(who, "/me")["user"]["persons"]
        return str(linked["person"])

    def made(self, by: str, name: str, category: str = "staff") -> str:
        """A new record of a person."""
        body = {"school": self.id, "category": category, "name": name, "distinct": True}
        return str(self.house.created(by, "/people", body)["id"])

    def related(self, one: str, relation: str, other: str, by: str = "lead") -> str:
        """The id of a new relation."""
        body = {"relation": relation, "person": other}
        return str(self.house.created(by, f"/people/{one}/relations", body)["id"])

    def report(self, *people: Json, at: str = REPORTED, **said: Json) -> str:
        """An allegation that the assistant reports in confidence, unless something else is `said`."""
        self.house.clock.set(at)
        target = {"person": self.pupil, "involvement": "target"}
        body = {"kind": "staff_allegation", "summary": HEARD, "confidential_reporter": True, **said}
        return str(self.house.report("assistant", school=self.id, people=[target, *people], **body)["id"])

    def about(self, who: str, at: str = REPORTED) -> str:
        """An allegation against a user, by their person on the roll."""
        return self.report({"person": self.people[who], "involvement": "alleged"}, at=at)

    def child_case(self, *targets: str) -> str:
        people = [{"person": self.people[who], "involvement": "target"} for who in targets]
        said: Json = {"kind": "cyberbullying", "summary": "Unkind messages.", "confidential_reporter": False}
        return self.report(*people, **said)

    def readers(self, incident: str) -> set[str]:
        """Who reads the case, the same one by one and in lists."""
        house = self.house
        read = {who for who in NAMES if house.ask(who, "GET", f"/incidents/{incident}").status_code == 200}
        lists = {who: house.get(who, "/incidents?limit=100")["items"] for who in NAMES}
        assert read == {who for who, items in lists.items() if incident in [item["id"] for item in items]}
        return read

    def end_appointment(self, who: str) -> None:
        held = self.house.get(who, "/me")["appointments"][0]
        path = f"/schools/{self.id}/appointments/{held['id']}"
        assert self.house.ask("admin", "DELETE", path).status_code == 204


@pytest.fixture
def school(house: House) -> School:
    return School(house)


class TestAboutTheHead:
    def test_named_by_the_roll_it_comes_to_the_chair(self, school: School) -> None:
        incident = school.about("head")
        assert school.readers(incident) == {"chair"}
        assert school.house.get("assistant", f"/incidents/{incident}")["kind"] == "staff_allegation"

    def test_named_by_role_it_comes_to_the_chair(self, school: School) -> None:
        assert school.readers(school.report({"role": "headteacher", "involvement": "alleged"})) == {"chair"}

    def test_named_as_a_user_it_comes_to_the_chair(self, school: School) -> None:
        head = {"user": school.house.users["head"], "involvement": "alleged"}
        assert school.readers(school.report(head)) == {"chair"}

    def test_named_as_a_user_without_a_record_it_does_not_name_the_reporter(self, school: School) -> None:
        house = school.house
        house.add_user("caretaker", "reporter", school.id, name="Karl Keeper")
        caretaker = {"user": house.users["caretaker"], "involvement": "alleged"}
        before = house.events()
        school.report(caretaker)
        log = house.casework.log
        recorded = [
            log.event_mapper.to_domain_event(each)
            for each in log.event_recorder.select_notifications(before + 1, 10)
        ]
        assert [event.TOPIC for event in recorded] == ["incident.report", "person.registered"]
        assert {event.by for event in recorded} == {UUID(int=0)}

    @pytest.mark.parametrize("said", [{}, {"about_leader": True}])
    def test_naming_nobody_it_comes_to_the_chair(self, school: School, said: Json) -> None:
        assert school.readers(school.report(**said)) == {"chair"}

    def test_not_about_the_head_it_comes_to_the_head(self, school: School) -> None:
        assert school.readers(school.report(about_leader=False)) == {"head"}

    @pytest.mark.parametrize(
        "name", ["Harriet Heddle", "Mrs Heddle", "H. Heddle", "Heddle, Harriet", "Hariet Heddel"]
    )
    def test_under_a_new_record_of_the_head_it_comes_to_the_chair(self, school: School, name: str) -> None:
        record = school.made("assistant", name)
        assert school.readers(school.report({"person": record, "involvement": "alleged"})) == {"chair"}

    def test_the_vice_chair_has_it_if_the_chair_is_the_heads_spouse(self, school: School) -> None:
        incident = school.about("head")
        school.related(school.people["chair"], "spouse_of", school.people["head"])
        assert school.readers(incident) == {"vice"}

    @pytest.mark.parametrize("said", [{}, {"about_leader": True}])
    def test_naming_nobody_the_vice_chair_has_it_if_the_chair_is_the_heads_spouse(
        self, school: School, said: Json
    ) -> None:
        incident = school.report(**said)
        school.related(school.people["chair"], "spouse_of", school.people["head"])
        assert school.readers(incident) == {"vice"}

    def test_a_divorce_lets_nobody_back_in(self, school: School) -> None:
        chair = school.people["chair"]
        relation = school.related(chair, "spouse_of", school.people["head"])
        incident = school.about("head")
        school.house.clock.set("2026-10-12 09:00")
        path = f"/people/{chair}/relations/{relation}"
        assert school.house.ask("lead", "DELETE", path).status_code == 204
        assert school.readers(incident) == {"vice"}
        assert school.readers(school.about("head", at="2026-10-13 09:00")) == {"chair"}

    def test_the_head_leaves_and_the_next_head_does_not_read_it(self, school: School) -> None:
        house, incident = school.house, school.about("head")
        house.clock.set("2026-11-02 09:00")
        school.end_appointment("head")
        house.add_user("next", "headteacher", school.id, name="Nell Norris")
        assert school.readers(incident) == {"chair"}
        assert house.ask("next", "GET", f"/incidents/{incident}").status_code == 404
        other = school.report(about_leader=False, at="2026-11-03 09:00")
        assert house.ask("next", "GET", f"/incidents/{other}").status_code == 200

    def test_of_a_user_without_a_record_who_has_the_heads_name_it_comes_to_the_chair(
        self, school: School
    ) -> None:
        house = school.house
        house.add_user("namesake", "reporter", school.id, name="Harriet Heddle")
        named = {"user": house.users["namesake"], "involvement": "alleged"}
        assert school.readers(school.report(named)) == {"chair"}

    def test_another_name_of_a_record_lets_nobody_in(self, school: School) -> None:
        record = school.made("lead", "Harriet Heddle")
        incident = school.report({"person": record, "involvement": "alleged"})
        assert patch(school.house, record, who="lead", name="Sam Someone").status_code == 200
        assert school.readers(incident) == {"chair"}

    def test_whose_name_could_be_theirs_it_comes_to_nobody_close_to_them(self, school: School) -> None:
        house, record = school.house, school.made("assistant", "Harriet Heddle")
        school.related(school.people["head"], "spouse_of", school.people["chair"])
        incident = school.report({"person": record, "involvement": "alleged"})
        assert school.readers(incident) == {"vice"}
        clear = {"person": record, "user": house.users["head"], "reason": REASON}
        assert house.step(incident, "clear_name", "chair", **clear).status_code == 404
        # That it is not the chair does not say that it is not the head.
        of_chair = house.step(incident, "clear_name", "vice", **{**clear, "user": house.users["chair"]})
        assert body_of(of_chair)["errors"] == {"$.person": [NOT_LIKE]}
        assert school.readers(incident) == {"vice"}
        house.take(incident, "clear_name", "vice", **clear)
        assert school.readers(incident) == {"head"}

    def test_a_name_that_was_cleared_shuts_nobody_out(self, school: School) -> None:
        house, record = school.house, school.made("assistant", "Harriet Heddle")
        incident = school.report({"person": record, "involvement": "alleged"})
        head = house.users["head"]
        house.take(incident, "clear_name", "chair", person=record, user=head, reason=REASON)
        assert school.readers(incident) == {"head"}
        assert school.readers(school.report({"person": record, "involvement": "alleged"})) == {"head"}

    def test_nobody_clears_their_own_name_in_another_case(self, school: School) -> None:
        house, record = school.house, school.made("assistant", "Harriet Heddle")
        incident = school.report({"person": record, "involvement": "alleged"})
        other = school.child_case()
        house.take(other, "involve_person", "head", person=record, involvement="witness")
        said = {"person": record, "user": house.users["head"], "reason": REASON}
        answer = house.step(other, "clear_name", "head", **said)
        assert body_of(answer)["errors"] == {
            "$.user": ["is you; another user says whether the person is you"]
        }
        assert school.readers(incident) == {"chair"}


class TestAChildsCase:
    def test_of_a_leads_own_child_is_handled_by_the_others(self, school: School) -> None:
        school.related(school.people["lead"], "parent_of", school.pupil, by="deputy")
        assert school.readers(school.child_case()) == {"deputy", "head"}

    def test_is_not_read_by_who_is_in_it_as_a_parent(self, school: School) -> None:
        parent = {"person": school.people["lead"], "involvement": "parent"}
        incident = school.report(parent, kind="cyberbullying", confidential_reporter=False)
        assert school.readers(incident) == {"deputy", "head"}
        record = school.made("deputy", "Another Record")
        house = school.house
        house.take(incident, "involve_person", "head", person=record, involvement="parent")
        body = {"person": school.people["deputy"], "reason": REASON}
        house.created("head", f"/people/{record}/same-as", body)
        assert school.readers(incident) == {"head", "chair"}

    def test_is_handled_by_nobody_alone_who_named_all_colleagues(self, school: School) -> None:
        incident = school.child_case()
        for who in ("lead", "head"):
            person = school.people[who]
            school.house.take(incident, "involve_person", "deputy", person=person, involvement="target")
        assert school.readers(incident) == {"deputy", "chair"}

    def test_two_accounts_are_one_person_if_their_records_are_joined(self, school: School) -> None:
        body = {"person": school.people["deputy"], "reason": REASON}
        school.house.created("head", f"/people/{school.people['lead']}/same-as", body)
        assert school.readers(school.child_case()) == {"lead", "deputy", "head"}
        assert school.readers(school.child_case("head")) == {"lead", "deputy", "chair"}

    def test_about_every_lead_is_read_by_the_chair_and_the_vice_chair(self, school: School) -> None:
        assert school.readers(school.child_case("lead", "deputy", "head")) == {"chair", "vice"}

    def told(self, school: School, incident: str, who: str) -> set[str]:
        """Who is notified of what is due."""
        return {each for item in school.house.next_steps(incident, who) for each in item.get("told", ())}

    def test_is_told_to_the_next_if_the_safeguarding_lead_is_shut_out(self, school: School) -> None:
        assert "dsl" in self.told(school, school.child_case(), "deputy")
        told = self.told(school, school.child_case("lead"), "deputy")
        assert "dsl" not in told
        assert "deputy_dsl" in told
        told = self.told(school, school.child_case("lead", "deputy"), "head")
        assert told & {"dsl", "deputy_dsl", "headteacher"} == {"headteacher"}

    def test_shuts_out_who_declares_a_conflict(self, school: School) -> None:
        house, incident = school.house, school.child_case()
        path = f"/incidents/{incident}/conflicts"
        answer = house.ask("lead", "POST", path, json={"reason": REASON})
        assert (answer.status_code, body_of(answer)) == (201, {"incident": incident})
        assert school.readers(incident) == {"deputy", "head"}
        assert house.get("deputy", f"/incidents/{incident}/steps")["items"][-1]["step"] == "declare_conflict"
        assert house.ask("lead", "POST", path, json={"reason": REASON}).status_code == 404


class TestLettingBackIn:
    """By two people who may read the case, once what shut the user out has ended."""

    def asked(self, school: School, incident: str, who: str, by: str = "deputy") -> TestResponse:
        about = {"incident": incident, "user": school.house.users[who]}
        body = {"what": "let_in", "about": about, "reason": REASON}
        return school.house.ask(by, "POST", "/approvals", json=body)

    def decided(self, school: School, approval: str, by: str) -> int:
        path, body = f"/approvals/{approval}/decision", {"approve": True, "reason": REASON}
        return school.house.ask(by, "POST", path, json=body).status_code

    def test_after_a_declared_conflict(self, school: School) -> None:
        house, incident = school.house, school.child_case()
        house.created("lead", f"/incidents/{incident}/conflicts", {"reason": REASON})
        answer = self.asked(school, incident, "lead")
        assert answer.status_code == 201, answer.text
        approval = body_of(answer)["id"]
        assert school.readers(incident) == {"deputy", "head"}
        assert [self.decided(school, approval, by) for by in ("lead", "deputy", "head")] == [404, 403, 200]
        assert school.readers(incident) == {"lead", "deputy", "head"}
        house.created("lead", f"/incidents/{incident}/conflicts", {"reason": REASON})
        assert school.readers(incident) == {"lead", "deputy", "head"} - {"lead"}

    @pytest.mark.parametrize("way", ["withdrawn", "corrected"])
    def test_not_by_whoever_took_them_out_of_the_case(self, school: School, way: str) -> None:
        house, incident, lead = school.house, school.child_case(), school.people["lead"]
        taken = house.take(incident, "involve_person", "deputy", person=lead, involvement="target")
        assert school.readers(incident) == {"deputy", "head"}
        if way == "withdrawn":
            house.take(incident, "withdraw_involvement", "head", person=lead, reason=REASON)
        else:
            house.take(incident, "correct", "head", corrects=taken["version"], void=True, reason=REASON)
        assert school.readers(incident) == {"deputy", "head"}
        approval = body_of(self.asked(school, incident, "lead"))["id"]
        assert self.decided(school, approval, "head") == 403
        assert school.readers(incident) == {"deputy", "head"}

    def test_after_a_parting_and_not_before(self, school: School) -> None:
        house, incident = school.house, school.child_case()
        record = school.made("deputy", "Sam Other")
        house.take(incident, "involve_person", "deputy", person=record, involvement="target")
        body = {"person": school.people["lead"], "reason": REASON}
        house.created("deputy", f"/people/{record}/same-as", body)
        assert school.readers(incident) == {"deputy", "head"}
        answer = self.asked(school, incident, "lead")
        assert body_of(answer)["errors"] == {"$.about.user": ["is shut out by something that still holds"]}
        path = f"/people/{record}/same-as/{school.people['lead']}"
        assert house.ask("deputy", "DELETE", path, json={"reason": REASON}).status_code == 204
        assert school.readers(incident) == {"deputy", "head"}
        approval = body_of(self.asked(school, incident, "lead"))["id"]
        assert self.decided(school, approval, "head") == 200
        assert school.readers(incident) == {"lead", "deputy", "head"}

    def test_by_the_chair_to_whom_the_case_came(self, school: School) -> None:
        house, incident = school.house, school.child_case()
        for who in ("lead", "deputy"):
            house.created(who, f"/incidents/{incident}/conflicts", {"reason": REASON})
        assert school.readers(incident) == {"head", "chair"}
        approval = body_of(self.asked(school, incident, "lead", by="head"))["id"]
        assert [each["id"] for each in house.get("chair", "/approvals")["items"]] == [approval]
        assert self.decided(school, approval, "chair") == 200
        assert "lead" in school.readers(incident)

    def test_not_before_the_last_day_of_a_relation(self, school: School) -> None:
        house, incident = school.house, school.child_case("head")
        body = {"relation": "spouse_of", "person": school.people["head"], "until": "2026-10-30"}
        house.created("lead", f"/people/{school.people['deputy']}/relations", body)
        assert "deputy" not in school.readers(incident)
        answer = self.asked(school, incident, "deputy", by="lead")
        assert body_of(answer)["errors"] == {"$.about.user": ["is shut out by something that still holds"]}
        house.clock.set("2026-10-31 09:00")
        assert "deputy" not in school.readers(incident)
        assert self.asked(school, incident, "deputy", by="lead").status_code == 201

    def test_not_by_the_one_who_made_the_change(self, school: School) -> None:
        house, incident = school.house, school.child_case()
        record = school.made("deputy", "Sam Other")
        house.take(incident, "involve_person", "deputy", person=record, involvement="target")
        body = {"person": school.people["lead"], "reason": REASON}
        house.created("deputy", f"/people/{record}/same-as", body)
        path = f"/people/{record}/same-as/{school.people['lead']}"
        assert house.ask("head", "DELETE", path, json={"reason": REASON}).status_code == 204
        approval = body_of(self.asked(school, incident, "lead"))["id"]
        assert self.decided(school, approval, "head") == 403
        assert school.readers(incident) == {"deputy", "head"}
        again = body_of(self.asked(school, incident, "lead", by="head"))
        assert again["rule"] == "approval-asked"

    def test_not_by_two_accounts_whose_records_are_joined(self, school: School) -> None:
        house, incident = school.house, school.child_case()
        body = {"person": school.people["head"], "reason": REASON}
        house.created("lead", f"/people/{school.people['deputy']}/same-as", body)
        house.created("lead", f"/incidents/{incident}/conflicts", {"reason": REASON})
        approval = body_of(self.asked(school, incident, "lead"))["id"]
        assert self.decided(school, approval, "head") == 403

    def test_of_a_user_who_may_read_it_is_refused(self, school: School) -> None:
        answer = self.asked(school, school.child_case(), "lead")
        assert answer.status_code == 422
        assert body_of(answer)["errors"] == {"$.about.user": ["is not shut out of this case"]}


class TestFactsOfAnotherSchoolOrTime:
    """What shuts a user out may be recorded at another school, of another account, or have ended since."""

    def test_a_name_that_a_user_has_at_another_school_shuts_them_out(self, school: School) -> None:
        other = school.house.open_school("headcorn")
        school.house.add_school("deputy", "deputy_dsl", other)
        record = school.made("lead", called("deputy"))
        target = {"person": record, "involvement": "target"}
        assert school.readers(school.report(target, kind="cyberbullying")) == {"lead", "head"}

    def test_a_conflict_shuts_out_both_accounts_of_one_person(self, school: School) -> None:
        house = school.house
        house.add_user("again", "dsl", school.id, name="Dana Leadley")
        (again,) = house.get("again", "/me")["user"]["persons"]
        body = {"person": school.people["lead"], "reason": REASON}
        house.created("head", f"/people/{again['person']}/same-as", body)
        incident = school.child_case()
        house.created("lead", f"/incidents/{incident}/conflicts", {"reason": REASON})
        assert house.ask("again", "GET", f"/incidents/{incident}").status_code == 404

    def test_the_stream_follows_the_category_at_the_time_of_the_incident(self, school: School) -> None:
        record = school.made("lead", "Tom Teacher")
        school.house.clock.set("2026-10-06 09:00")
        assert patch(school.house, record, who="lead", category="parent").status_code == 200
        alleged = {"person": record, "involvement": "alleged"}
        said: Json = {"kind": "cyberbullying", "occurred_at": "2026-10-01T12:00:00+01:00"}
        assert school.readers(school.report(alleged, **said)) == {"head"}

    def test_a_head_who_left_on_the_day_led_the_school_until_then(self, school: School) -> None:
        house, incident = school.house, school.about("head")
        assert school.readers(incident) == {"chair"}
        house.clock.set("2026-10-08 17:00")
        school.end_appointment("head")
        house.add_user("next", "headteacher", school.id, name="Nell Norris")
        assert house.ask("next", "GET", f"/incidents/{incident}").status_code == 404

    def test_a_spouse_is_shut_out_also_if_only_another_school_recorded_it(self, school: School) -> None:
        house, other = school.house, school.house.open_school("headcorn")
        house.add_user("elsewhere", "dsl", other, name="Ellen Moss")
        for who, role in (("head", "headteacher"), ("chair", "chair_of_governors")):
            house.add_school(who, role, other)
        there = {
            who: next(
                each["person"] for each in house.get(who, "/me")["user"]["persons"] if each["school"] == other
            )
            for who in ("head", "chair")
        }
        school.related(there["chair"], "spouse_of", there["head"], by="elsewhere")
        assert school.readers(school.about("head")) == {"vice"}


class TestWhatBadInputGets:
    def errors(self, school: School, *people: Json) -> Json:
        body = school.house.reported(school=school.id, people=[*people])
        answer = school.house.ask("assistant", "POST", "/incidents", json=body)
        assert answer.status_code == 422
        return body_of(answer)["errors"]

    @pytest.mark.parametrize(
        ("named", "path"),
        [
            ({}, "$.people[0].person"),
            ({"role": "hed"}, "$.people[0].role"),
            ({"role": "slt"}, "$.people[0].role"),
            ({"role": "headteacher", "user": NOBODY}, "$.people[0]"),
            ({"user": NOBODY}, "$.people[0].user"),
        ],
    )
    def test_a_report_that_names_nobody_it_could_mean(self, school: School, named: Json, path: str) -> None:
        assert list(self.errors(school, {**named, "involvement": "alleged"})) == [path]

    def test_a_role_that_several_users_hold(self, school: School) -> None:
        school.house.add_user("second deputy", "deputy_dsl", school.id, name="Sid Second")
        assert self.errors(school, {"role": "deputy_dsl", "involvement": "target"}) == {
            "$.people[0].role": ["is held by several users: name the user"]
        }
