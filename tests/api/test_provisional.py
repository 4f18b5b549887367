"""A school that lost everybody who led it, and has one administrator: they appoint a lead provisionally."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from casework.domain.sealed import Sealed
from casework.usecases.users import RegisterUser
from tests.api.approving import Unchanged, refused
from tests.api.client import House, Json, body_of, called
from tests.api.test_enrolment import enrol, made

HEAD: Final = "new head"
LEADS: Final = ("dsl", "deputy_dsl", "headteacher")
OF_ALL_CASES: Final = (
    "governor-summary?term=2026-autumn",
    "lessons-learnt",
    "breaches",
    "playbook-comparison?pack=headcorn",
)


@pytest.fixture
def house(house: House) -> House:
    """A school whose leads all left in the morning, and a teacher who has no token."""
    house.clock.set("2026-09-14 08:00")
    newcomer(house, HEAD)
    return house


def newcomer(house: House, who: str) -> None:
    body = {"name": called(who), "email": f"{uuid4()}@school.example"}
    body["person"] = house.on_roll(body["name"])
    house.users[who] = house.created("admin", "/users", body)["id"]


def lose_leads(house: House, *without: str) -> None:
    """End the appointments of everybody who leads the school, but of those in `without`."""
    for role in LEADS:
        if role not in without:
            held = UUID(house.get(role, "/me")["appointments"][0]["id"])
            house.casework.appointments.end(house.as_system(), UUID(house.school), held)


def appoint(house: House, who: str = HEAD, role: str = "headteacher", **more: Json) -> TestResponse:
    body = {"user": house.users[who], "role": role, "from": "2026-09-14", **more}
    return house.ask("admin", "POST", f"/schools/{house.school}/appointments", json=body)


def change(house: House, appointment: str, by: str = "admin", **fields: Json) -> TestResponse:
    return house.ask(by, "PATCH", f"/schools/{house.school}/appointments/{appointment}", json=fields)


def invited(house: House, who: str = HEAD) -> str:
    """The code of an invitation that one administrator makes."""
    return str(made(house.ask("admin", "POST", f"/users/{house.users[who]}/invitations"))["code"])


def provisional(house: House) -> str:
    """Lose the leads and appoint another head, who enrols. Returns the appointment."""
    lose_leads(house)
    appointment = str(made(appoint(house))["id"])
    house.tokens[HEAD] = made(enrol(house, invited(house)))["token"]
    return appointment


def reads(house: House, who: str, incident: str) -> bool:
    """Whether `who` reads the case, by its address and in the list."""
    alone = house.ask(who, "GET", f"/incidents/{incident}").status_code == 200
    assert alone is (incident in [each["id"] for each in house.get(who, "/incidents")["items"]])
    return alone


def confirm(house: House, appointment: str, by: str = "admin") -> str:
    """The approval that is asked for."""
    answer = change(house, appointment, by, confirmed=True)
    assert answer.status_code == 202, answer.text
    return str(body_of(answer)["approval"])


def decide(house: House, approval: str, who: str) -> TestResponse:
    path, decision = f"/approvals/{approval}/decision", {"approve": True, "reason": "Rang them; it is true."}
    return house.ask(who, "POST", path, json=decision)


def enrol_again(house: House) -> None:
    """Enrol the head with an invitation that two people make."""
    asked = body_of(house.ask("admin", "POST", f"/users/{house.users[HEAD]}/invitations"))
    second = body_of(decide(house, asked["approval"], house.second_administrator()))["result"]["second"]
    house.tokens[HEAD] = made(enrol(house, asked["code"], second=second))["token"]


class TestAProvisionalLead:
    def test_reads_cases_reported_from_then_on(self, house: House) -> None:
        before = house.bullying("2026-09-14 08:30")["id"]
        house.clock.set("2026-09-14 09:00")
        provisional(house)
        at_once = house.report()["id"]
        house.clock.set("2026-09-15 10:00")
        later = house.report()["id"]
        assert [reads(house, HEAD, each) for each in (before, at_once, later)] == [False, True, True]
        house.take(later, "acknowledge", HEAD)
        assert house.step(before, "acknowledge", HEAD).status_code == 404

    def test_reads_no_earlier_case_by_a_first_day_in_the_past(self, house: House) -> None:
        before = house.bullying("2026-09-14 08:30")["id"]
        house.clock.set("2026-09-14 09:00")
        lose_leads(house)
        made(appoint(house, **{"from": "2026-09-01"}))
        house.tokens[HEAD] = made(enrol(house, invited(house)))["token"]
        assert not reads(house, HEAD, before)

    def test_is_shown_as_provisional(self, house: House) -> None:
        appointment = provisional(house)
        listed = house.get("admin", f"/schools/{house.school}/appointments")["items"]
        assert [each["id"] for each in listed if each["provisional"]] == [appointment]
        (held,) = house.get(HEAD, "/me")["appointments"]
        assert held["provisional"] is True
        assert "read child cases" in held["may"]
        assert "read the governor summary" not in held["may"]

    @pytest.mark.parametrize("path", OF_ALL_CASES)
    def test_reads_nothing_that_is_made_of_every_case(self, house: House, path: str) -> None:
        house.get("headteacher", f"/schools/{house.school}/{path}")
        provisional(house)
        house.get(HEAD, f"/schools/{house.school}/{path}", status=403)

    def test_is_no_second_person(self, house: House) -> None:
        provisional(house)
        newcomer(house, "chair")
        answer = appoint(house, "chair", "chair_of_governors")
        with Unchanged(house):
            assert decide(house, body_of(answer)["approval"], HEAD).status_code == 404

    def test_does_not_keep_earlier_cases_from_the_chair(self, house: House) -> None:
        before = house.bullying("2026-09-14 08:30")["id"]
        house.clock.set("2026-09-14 09:00")
        appointment = provisional(house)
        house.add_user("chair", "chair_of_governors", house.school)
        assert reads(house, "chair", before)
        assert decide(house, confirm(house, appointment), "chair").status_code == 200
        assert not reads(house, "chair", before)

    def test_may_be_followed_by_another(self, house: House) -> None:
        """Whoever turns out to be the wrong one must not stay because nobody else leads the school."""
        appointment = provisional(house)
        path = f"/schools/{house.school}/appointments/{appointment}"
        assert house.ask("admin", "DELETE", path).status_code == 204
        newcomer(house, "another")
        assert made(appoint(house, "another", "dsl"))["provisional"] is True

    def test_is_a_notice_to_each_later_lead(self, house: House) -> None:
        provisional(house)
        house.second_administrator()
        house.add_user("new dsl", "dsl", house.school)
        notices = house.get("new dsl", "/me/notices")["items"]
        alone = [each for each in notices if each.get("alone") and each["user"] == house.users[HEAD]]
        assert {(each["what"], each.get("role")) for each in alone} >= {("appointed", "headteacher")}


class TestAConfirmation:
    def test_lets_the_lead_read_every_case(self, house: House) -> None:
        before = house.bullying("2026-09-14 08:30")["id"]
        house.clock.set("2026-09-14 09:00")
        appointment = provisional(house)
        approval = confirm(house, appointment)
        assert not reads(house, HEAD, before)
        for who, status in (("admin", 403), (HEAD, 404)):
            with Unchanged(house):
                assert decide(house, approval, who).status_code == status
        decided = decide(house, approval, house.second_administrator())
        assert decided.status_code == 200, decided.text
        enrol_again(house)
        assert reads(house, HEAD, before)
        assert house.get(HEAD, "/me")["appointments"][0]["provisional"] is False
        assert body_of(change(house, appointment, confirmed=True))["provisional"] is False

    def test_is_not_decided_by_who_made_the_appointment(self, house: House) -> None:
        appointment = provisional(house)
        approval = confirm(house, appointment, by=house.second_administrator())
        with Unchanged(house):
            assert refused(decide(house, approval, "admin")) == "appointed-alone"

    def test_ends_the_tokens_that_an_administrator_might_hold(self, house: House) -> None:
        approval = confirm(house, provisional(house))
        house.get(HEAD, "/me")
        assert decide(house, approval, house.second_administrator()).status_code == 200
        house.get(HEAD, "/me", status=401)
        enrol_again(house)
        house.get(HEAD, "/me")

    def test_ends_an_invitation_that_one_person_made(self, house: House) -> None:
        lose_leads(house)
        appointment, code = made(appoint(house))["id"], invited(house)
        house.agreed(change(house, appointment, confirmed=True))
        with Unchanged(house):
            assert refused(enrol(house, code)) == "code-of-one-person"

    @pytest.mark.parametrize("fields", [{"confirmed": False}, {"confirmed": True, "absent_until": None}])
    def test_is_true_and_comes_alone(self, house: House, fields: Json) -> None:
        answer = change(house, provisional(house), **fields)
        assert answer.status_code == 422, answer.text
        assert body_of(answer)["errors"] == {"$.confirmed": ["is true, and comes alone"]}

    def test_is_for_administrators_to_ask(self, house: House) -> None:
        assert change(house, provisional(house), HEAD, confirmed=True).status_code == 403


class TestAnAppointmentTakesTwoPeople:
    def takes_two(self, house: House, *args: str, **more: Json) -> None:
        answer = appoint(house, *args, **more)
        assert answer.status_code == 202, answer.text

    @pytest.mark.parametrize("lead", LEADS)
    def test_while_anybody_leads_the_school(self, house: House, lead: str) -> None:
        lose_leads(house, lead)
        self.takes_two(house)

    def test_where_there_is_another_administrator(self, house: House) -> None:
        lose_leads(house)
        house.second_administrator()
        self.takes_two(house)

    @pytest.mark.parametrize("role", ["chair_of_governors", "vice_chair"])
    def test_where_the_governors_can_decide(self, house: House, role: str) -> None:
        lose_leads(house)
        house.add_user("chair", role, house.school)
        self.takes_two(house)

    def test_to_any_other_role(self, house: House) -> None:
        lose_leads(house)
        self.takes_two(house, HEAD, "deputy_dsl")
        self.takes_two(house, HEAD, "headteacher", standing_in_for="dsl")

    def test_where_a_user_who_is_no_administrator_appoints(self, house: House) -> None:
        lose_leads(house)
        house.add_user("office", "admin", house.school)
        body = {"user": house.users[HEAD], "role": "headteacher", "from": "2026-09-14"}
        answer = house.ask("office", "POST", f"/schools/{house.school}/appointments", json=body)
        assert answer.status_code == 202, answer.text


def test_a_user_who_enrolled_before_is_not_invited_again_by_one_person(house: House) -> None:
    provisional(house)
    answer = house.ask("admin", "POST", f"/users/{house.users[HEAD]}/invitations")
    assert answer.status_code == 202, answer.text


def test_who_must_be_a_person_on_the_roll(house: House) -> None:
    lose_leads(house)
    body = {"name": "Nobody Usher", "email": f"{uuid4()}@school.example"}
    house.users["nobody"] = house.created("admin", "/users", body)["id"]
    assert refused(appoint(house, "nobody")) == "person-needed"


def test_an_administrator_is_deactivated_by_two_if_that_leaves_one_alone(house: House) -> None:
    second = house.second_administrator()
    path, headers = f"/users/{house.users[second]}", {"If-Match": "*"}
    with_two = house.ask("admin", "PATCH", path, json={"active": False}, headers=headers)
    assert with_two.status_code == 202, with_two.text
    third = RegisterUser(name=Sealed("Abi Adminson"), email=Sealed("third@school.example"))
    house.casework.users.register(house.as_system(), third, administrator=True)
    with_three = house.ask("admin", "PATCH", path, json={"active": False}, headers=headers)
    assert with_three.status_code == 200, with_three.text
