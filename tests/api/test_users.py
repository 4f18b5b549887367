"""Users over HTTP: changed, linked to people, deactivated."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.client import REASON, House, Json, body_of

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
pytestmark = on_sqlite


def change(house: House, who: str, *, by: str = "admin", match: str = "*", **fields: Json) -> Any:
    """The answer to a change of the user `who`."""
    path = f"/users/{house.users[who]}"
    return house.ask(by, "PATCH", path, json=fields, headers={"If-Match": match})


def changed(house: House, who: str, *, by: str = "admin", **fields: Json) -> Json:
    return house.agreed(change(house, who, by=by, **fields))


def errors(answer: Any) -> Json:
    assert answer.status_code == 422, answer.text
    return body_of(answer)["errors"]


class TestAChange:
    def test_replaces_only_what_is_given(self, house: House) -> None:
        before = house.get("admin", f"/users/{house.users['dsl']}")
        version = before["version"] + 1
        assert changed(house, "dsl", name="Una Usher")["version"] == version
        after = house.get("admin", f"/users/{house.users['dsl']}")
        assert after == {**before, "name": "Una Usher", "version": version}

    def test_that_changes_nothing_records_nothing(self, house: House) -> None:
        before, events = house.get("admin", f"/users/{house.users['dsl']}"), house.events()
        assert changed(house, "dsl", name=before["name"], active=True)["version"] == before["version"]
        assert house.events() == events

    def test_needs_the_version_that_was_read(self, house: House) -> None:
        answer = house.ask("admin", "PATCH", f"/users/{house.users['dsl']}", json={"name": "Una Usher"})
        assert answer.status_code == 428

    def test_of_another_version_is_refused_with_the_present_one(self, house: House) -> None:
        answer = change(house, "dsl", match='"7"', name="Una Usher")
        tag = house.ask("admin", "GET", f"/users/{house.users['dsl']}").headers["ETag"]
        assert (answer.status_code, answer.headers["ETag"]) == (412, tag)
        assert tag == f'"{body_of(answer)["version"]}"'

    def test_of_the_present_version_is_answered_with_the_next(self, house: House) -> None:
        tag = house.ask("admin", "GET", f"/users/{house.users['dsl']}").headers["ETag"]
        answer = change(house, "dsl", match=tag, name="Una Newname")
        assert answer.status_code == 200
        assert answer.headers["ETag"] == f'"{int(tag.strip(chr(34))) + 1}"'

    def test_that_is_retried_is_answered_as_it_was_at_first(self, house: House) -> None:
        headers = {"If-Match": "*", "Idempotency-Key": uuid4().hex}
        path, body = f"/users/{house.users['reporter']}", {"name": "Una Usher"}
        first = house.ask("admin", "PATCH", path, json=body, headers=headers)
        changed(house, "reporter", name="Ursula Usher")
        again = house.ask("admin", "PATCH", path, json=body, headers=headers)
        assert body_of(again) == body_of(first)
        assert house.get("admin", path)["name"] == "Ursula Usher"

    def test_of_nobody_is_not_found(self, house: House) -> None:
        house.users["nobody"] = str(uuid4())
        assert change(house, "nobody", name="Una Usher").status_code == 404


class TestALink:
    def test_makes_a_user_a_person_of_the_school(self, house: House) -> None:
        teacher = house.person("Tara Teacher", "staff")
        after = changed(house, "dsl", person=teacher)
        assert after["person"] == teacher
        assert after["persons"] == [{"school": house.school, "person": teacher}]
        assert house.get("dsl", "/me")["user"]["persons"] == after["persons"]

    def test_takes_a_case_from_its_subject(self, house: House) -> None:
        teacher = house.person("Tara Teacher", "staff")
        incident = house.report(people=[{"person": teacher, "involvement": "target"}])["id"]
        house.get("dsl", f"/incidents/{incident}")
        changed(house, "dsl", person=teacher)
        house.get("dsl", f"/incidents/{incident}", status=404)
        assert house.get("dsl", "/incidents")["items"] == []

    def test_that_was_replaced_still_recuses(self, house: House) -> None:
        teacher, other = house.person("Tara Teacher", "staff"), house.person("Tom Teacher", "staff")
        incident = house.report(people=[{"person": teacher, "involvement": "target"}])["id"]
        changed(house, "dsl", person=teacher)
        after = changed(house, "dsl", person=other)
        assert after["persons"] == [{"school": house.school, "person": other}]
        house.get("dsl", f"/incidents/{incident}", status=404)
        assert house.get("dsl", "/incidents")["items"] == []

    def test_at_one_school_recuses_at_another(self, house: House) -> None:
        elsewhere = house.open_school("headcorn")
        house.add_user("lead", "dsl", house.school)
        house.add_school("lead", "dsl", elsewhere)
        here = house.person("Tara Teacher", "staff")
        there = str(
            house.created("lead", "/people", {"school": elsewhere, "category": "staff", "name": "T T"})["id"]
        )
        changed(house, "lead", person=here)
        after = changed(house, "lead", person=there)
        assert after["person"] == there
        assert {link["school"]: link["person"] for link in after["persons"]} == {
            house.school: here,
            elsewhere: there,
        }
        incident = house.report(people=[{"person": here, "involvement": "target"}])["id"]
        house.get("lead", f"/incidents/{incident}", status=404)
        house.get("dsl", f"/incidents/{incident}")

    def test_of_a_head_lets_the_chair_read_an_allegation_about_any_of_their_people(
        self, house: House
    ) -> None:
        house.add_user("chair", "chair_of_governors", house.school)
        first, second = house.person("Hal Head", "staff"), house.person("Hal Head", "staff")
        changed(house, "headteacher", person=first)
        changed(house, "headteacher", person=second)
        people = [{"person": first, "involvement": "alleged"}]
        incident = house.report(kind="staff_allegation", people=people)["id"]
        house.get("chair", f"/incidents/{incident}")
        house.get("headteacher", f"/incidents/{incident}", status=404)
        assert [item["id"] for item in house.get("chair", "/incidents")["items"]] == [incident]

    @pytest.mark.parametrize("category", ["pupil", "former_pupil"])
    def test_to_a_pupil_is_refused(self, house: House, category: str) -> None:
        pupil = house.person("Petra Pupil", category)
        assert errors(change(house, "dsl", person=pupil)) == {"$.person": ["is or was a pupil"]}
        body = {"name": "Una Usher", "email": "una@school.example", "person": pupil}
        answer = house.ask("admin", "POST", "/users", json=body)
        assert errors(answer) == {"$.person": ["is or was a pupil"]}

    def test_to_a_person_of_a_school_that_never_appointed_the_user_is_refused(self, house: House) -> None:
        elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", elsewhere)
        person = house.created(
            "stranger", "/people", {"school": elsewhere, "category": "staff", "name": "Tara Teacher"}
        )["id"]
        assert list(errors(change(house, "dsl", person=person))) == ["$.person"]
        assert changed(house, "stranger", person=person)["person"] == person

    def test_to_a_person_of_a_school_whose_appointment_ended_is_possible(self, house: House) -> None:
        teacher = house.person("Tara Teacher", "staff")
        house.add_user("leaver", "reporter", house.school)
        (held,) = house.get("leaver", "/me")["appointments"]
        path = f"/schools/{house.school}/appointments/{held['id']}"
        assert house.ask("admin", "DELETE", path).status_code == 204
        assert changed(house, "leaver", person=teacher)["person"] == teacher

    def test_of_an_administrator_needs_no_appointment(self, house: House) -> None:
        second, person = house.second_administrator(), house.on_roll("Ada Adminson")
        before = house.get("admin", "/me")["appointments"]
        assert changed(house, "admin", by=second, person=person)["person"] == person
        assert house.get("admin", "/me")["appointments"] == before == []

    @pytest.mark.parametrize("category", ["pupil", "former_pupil"])
    def test_of_an_administrator_to_a_pupil_is_refused(self, house: House, category: str) -> None:
        pupil, second = house.person("Petra Pupil", category), house.second_administrator()
        answer = change(house, "admin", by=second, person=pupil)
        assert errors(answer) == {"$.person": ["is or was a pupil"]}


class TestAnAdministratorsLinkOfTheirOwn:
    """Nobody edits their own link alone; the only administrator asks a lead of the school."""

    def ask(self, house: House, school: str | None = None) -> str:
        """The approval that the administrator asks for."""
        answer = change(house, "admin", person=house.on_roll("Ada Adminson", school))
        assert answer.status_code == 202, answer.text
        return str(body_of(answer)["approval"])

    def test_is_approved_by_a_lead_of_the_school(self, house: House) -> None:
        approval = self.ask(house)
        assert house.get("admin", "/me")["user"]["persons"] == []
        listed = [each["id"] for each in house.get("dsl", "/approvals")["items"]]
        assert listed == [approval]
        shown = house.get("dsl", f"/approvals/{approval}")
        assert shown["user"]["person"]["name"] == "Ada Adminson"
        assert house.decide(approval, "dsl").status_code == 200
        (linked,) = house.get("admin", "/me")["user"]["persons"]
        assert linked["school"] == house.school

    def test_is_approved_by_another_administrator(self, house: House) -> None:
        second = house.second_administrator()
        assert house.decide(self.ask(house), second).status_code == 200

    def test_is_not_approved_by_themselves_or_where_they_are_not_linked(self, house: House) -> None:
        approval = self.ask(house)
        house.add_user("stranger", "dsl", house.open_school("headcorn"))
        assert house.decide(approval, "admin").status_code == 403
        assert house.decide(approval, "stranger").status_code == 404
        assert house.decide(approval, "reporter").status_code == 404

    def test_comes_alone_so_that_a_lead_decides_on_nothing_else(self, house: House) -> None:
        person = house.on_roll("Ada Adminson")
        answer = change(house, "admin", person=person, email="ada@other.example")
        assert errors(answer) == {"$.person": ["must be the only field when you change your own user"]}

    def test_that_is_replaced_takes_two_people_too(self, house: House) -> None:
        house.decide(self.ask(house), "dsl")
        approval = self.ask(house)
        assert house.decide(approval, "headteacher").status_code == 200

    def test_is_decided_by_another_administrator_alone_if_they_read_cases(self, house: House) -> None:
        second = house.second_administrator()
        changed(house, "admin", by=second, person=house.on_roll("Ada Adminson"))
        house.appoint("admin", "deputy_dsl", house.school)
        approval = self.ask(house)
        assert house.decide(approval, "dsl").status_code == 404
        assert house.decide(approval, second).status_code == 200


class TestADeactivatedUser:
    def test_has_no_token_left(self, house: House) -> None:
        assert changed(house, "dsl", active=False)["active"] is False
        house.get("dsl", "/me", status=401)

    def test_who_is_activated_again_needs_a_new_token(self, house: House) -> None:
        changed(house, "dsl", active=False)
        changed(house, "dsl", active=True)
        house.get("dsl", "/me", status=401)
        house.tokens["dsl"] = house.issued("dsl", "read")["token"]
        house.get("dsl", "/me")

    def test_is_not_invited(self, house: House) -> None:
        changed(house, "dsl", active=False)
        answer = house.ask("admin", "POST", f"/users/{house.users['dsl']}/invitations")
        assert (answer.status_code, body_of(answer)["rule"]) == (409, "user-inactive")

    def test_gets_no_appointment(self, house: House) -> None:
        changed(house, "dsl", active=False)
        appointment = {"user": house.users["dsl"], "role": "governor", "from": "2026-09-01"}
        answer = house.ask("admin", "POST", f"/schools/{house.school}/appointments", json=appointment)
        assert errors(answer) == {"$.user": ["is deactivated"]}

    def test_is_assigned_no_case(self, house: House) -> None:
        incident = str(house.bullying("2026-09-14 10:20")["id"])
        changed(house, "deputy_dsl", active=False)
        answer = house.step(incident, "assign", user=house.users["deputy_dsl"])
        assert errors(answer) == {"$.user": ["is deactivated"]}

    def test_manages_no_allegation(self, house: House) -> None:
        people = [{"person": house.person("Tara Teacher", "staff"), "involvement": "alleged"}]
        incident = house.report(kind="staff_allegation", people=people)["id"]
        house.add_user("chair", "chair_of_governors", house.school)
        changed(house, "chair", active=False)
        answer = house.step(incident, "appoint_case_manager", "headteacher", user=house.users["chair"])
        assert errors(answer) == {"$.user": ["is deactivated"]}

    def test_is_asked_to_decide_nothing(self, house: House) -> None:
        incident = str(house.bullying("2026-09-14 10:20")["id"])
        changed(house, "headteacher", active=False)
        waiver = {"waived": "save_evidence", "reason": REASON, "authorised_by": house.users["headteacher"]}
        assert errors(house.step(incident, "waive", **waiver)) == {"$.authorised_by": ["is deactivated"]}

    def test_is_still_named_in_the_trail(self, house: House) -> None:
        incident = str(house.bullying("2026-09-14 10:20")["id"])
        house.take(incident, "acknowledge")
        trail = f"/incidents/{incident}/audit-trail"
        before = house.get("headteacher", trail)["entries"]
        changed(house, "dsl", active=False)
        assert house.get("headteacher", trail)["entries"] == before

    def test_is_not_oneself(self, house: House) -> None:
        assert change(house, "admin", active=False).status_code == 403


class TestAChildsCase:
    @pytest.mark.parametrize("role", ["reporter", "governor", "chair_of_governors", "admin"])
    def test_is_assigned_to_nobody_who_could_not_read_it(self, house: House, role: str) -> None:
        incident = str(house.bullying("2026-09-14 10:20")["id"])
        house.add_user("colleague", role, house.school)
        answer = house.step(incident, "assign", user=house.users["colleague"])
        assert errors(answer) == {"$.user": ["holds no role that could read this case"]}

    def test_is_assigned_to_nobody_whose_appointment_has_ended(self, house: House) -> None:
        incident = str(house.bullying("2026-09-14 10:20")["id"])
        (held,) = house.get("deputy_dsl", "/me")["appointments"]
        house.ask("admin", "DELETE", f"/schools/{house.school}/appointments/{held['id']}")
        answer = house.step(incident, "assign", user=house.users["deputy_dsl"])
        assert errors(answer) == {"$.user": ["holds no role that could read this case"]}
