"""Changes to accounts that take two people: an administrator asks, and a lead, say, decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from casework.domain.account_change import ChangeUser
from casework.domain.school import Appointed
from tests.api.approving import Unchanged, faults, refused
from tests.api.client import BASE, REASON, House, Json, body_of, called, logged
from tests.api.test_enrolment import enrol
from tests.api.test_idempotency import at_once, processes

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

NEWCOMER: Final = "newcomer"


def newcomer(house: House, **fields: Json) -> str:
    """The id of a new user who is a person on the roll and has no token."""
    body = {"name": "Nell Newcomer", "email": f"{uuid4()}@school.example", **fields}
    if "person" not in body:
        body["person"] = house.on_roll("Nell Newcomer")
    house.users[NEWCOMER] = house.created("admin", "/users", body)["id"]
    return house.users[NEWCOMER]


def appoint(house: House, who: str = NEWCOMER, role: str = "deputy_dsl", **more: Json) -> TestResponse:
    body = {"user": house.users[who], "role": role, "from": "2026-09-01", **more}
    return house.ask("admin", "POST", f"/schools/{house.school}/appointments", json=body)


def change(house: House, who: str, by: str = "admin", **fields: Json) -> TestResponse:
    path, headers = f"/users/{house.users[who]}", {"If-Match": "*"}
    return house.ask(by, "PATCH", path, json=fields, headers=headers)


def invite(house: House, who: str, by: str = "admin", **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.ask(by, "POST", f"/users/{house.users[who]}/invitations", headers=sent)


def end(house: House, who: str) -> TestResponse:
    """The answer to ending the first appointment of `who`."""
    held = house.get(who, "/me")["appointments"][0]["id"]
    return house.ask("admin", "DELETE", f"/schools/{house.school}/appointments/{held}")


def asked(answer: TestResponse) -> str:
    """The approval that was requested."""
    assert answer.status_code == 202, answer.text
    approval = str(body_of(answer)["approval"])
    assert answer.headers["Location"] == f"{BASE}/approvals/{approval}"
    return approval


def approved(answer: TestResponse) -> Json:
    assert answer.status_code == 200, answer.text
    assert body_of(answer)["state"] == "approved"
    return body_of(answer)


def leadless(house: House) -> None:
    """Deactivate every lead; the last one takes two people."""
    for who in ("dsl", "deputy_dsl", "headteacher"):
        house.agreed(change(house, who, active=False))


REQUESTS: Final[dict[str, Callable[[House], TestResponse]]] = {
    "an appointment": appoint,
    "a stand-in": lambda house: appoint(house, role="reporter", standing_in_for="dsl"),
    "an invitation of a lead": lambda house: invite(house, "deputy_dsl"),
    "an invitation of a user who has enrolled": lambda house: invite(house, "governor"),
    "another address": lambda house: change(house, "dsl", email="new@school.example"),
    "another person": lambda house: change(house, "dsl", person=house.on_roll("Dora Other")),
    "the name of a colleague": lambda house: change(house, "dsl", name=called("headteacher")),
}
"""What takes two people at a school that is led, and how an administrator asks for it."""


@pytest.mark.parametrize("request_name", REQUESTS)
class TestWhatTakesTwo:
    def test_changes_nothing_before_it_is_approved(self, house: House, request_name: str) -> None:
        newcomer(house)
        before = [house.get("admin", f"/users/{user}") for user in house.users.values()]
        approval = asked(REQUESTS[request_name](house))
        assert [house.get("admin", f"/users/{user}") for user in house.users.values()][
            : len(before)
        ] == before
        assert house.get("admin", f"/approvals/{approval}")["state"] == "asked"

    def test_is_approved_by_a_lead(self, house: House, request_name: str) -> None:
        newcomer(house)
        approval = asked(REQUESTS[request_name](house))
        assert [each["id"] for each in house.get("headteacher", "/approvals")["items"]] == [approval]
        approved(house.decide(approval, "headteacher"))
        assert house.get("headteacher", f"/approvals/{approval}")["state"] == "approved"

    def test_is_approved_by_another_administrator(self, house: House, request_name: str) -> None:
        newcomer(house)
        approval = asked(REQUESTS[request_name](house))
        approved(house.decide(approval, house.second_administrator()))

    def test_is_not_approved_by_the_one_who_asks(self, house: House, request_name: str) -> None:
        newcomer(house)
        approval = asked(REQUESTS[request_name](house))
        with Unchanged(house):
            assert house.decide(approval, "admin").status_code == 403

    def test_does_not_exist_for_others(self, house: House, request_name: str) -> None:
        newcomer(house)
        elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", elsewhere)
        approval = asked(REQUESTS[request_name](house))
        for who in ("reporter", "stranger"):
            assert house.get(who, "/approvals")["items"] == []
            house.get(who, f"/approvals/{approval}", status=404)
            with Unchanged(house):
                assert house.decide(approval, who).status_code == 404

    def test_that_is_refused_changes_nothing(self, house: House, request_name: str) -> None:
        newcomer(house)
        approval = asked(REQUESTS[request_name](house))
        events = house.events()
        assert body_of(house.decide(approval, approve=False)) == {"id": approval, "state": "refused"}
        assert house.events() == events + 1

    def test_expires_after_seven_days(self, house: House, request_name: str) -> None:
        newcomer(house)
        approval = asked(REQUESTS[request_name](house))
        house.clock.set("2026-09-08 09:00")
        with Unchanged(house):
            assert refused(house.decide(approval)) == "approval-expired"

    def test_is_decided_once(self, house: House, request_name: str) -> None:
        newcomer(house)
        approval = asked(REQUESTS[request_name](house))
        approved(house.decide(approval))
        with Unchanged(house):
            assert refused(house.decide(approval)) == "approval-decided"

    def test_names_nobody_in_the_log(self, house: House, request_name: str) -> None:
        newcomer(house)
        with logged() as stream:
            approval = asked(REQUESTS[request_name](house))
            house.decide(approval)
        for text in ("Newcomer", "Other", "new@school", REASON):
            assert text not in stream.getvalue()


class TestTheSubject:
    def test_of_an_invitation_does_not_approve_it(self, house: House) -> None:
        approval = asked(invite(house, "dsl"))
        with Unchanged(house):
            assert house.decide(approval, "dsl").status_code == 403
        assert house.get("dsl", "/approvals")["items"] == []

    def test_of_a_change_does_not_approve_it(self, house: House) -> None:
        approval = asked(change(house, "dsl", person=house.on_roll("Dora Other")))
        assert house.decide(approval, "dsl").status_code == 403

    def test_is_recognised_by_another_account(self, house: House) -> None:
        """Records of one person are joined; the accounts that they belong to are one person."""
        person = house.get("admin", f"/users/{house.users['headteacher']}")["person"]
        other = house.on_roll("Hetty Other")
        house.add_user("twin", "deputy_dsl", house.school, person=other)
        house.created("dsl", f"/people/{person}/same-as", {"person": other, "reason": REASON})
        approval = asked(invite(house, "headteacher"))
        assert house.decide(approval, "twin").status_code == 403
        approved(house.decide(approval, "dsl"))


class TestAnotherSchool:
    """An administrator alone opens a school and makes its first lead, who decides nothing elsewhere."""

    @pytest.mark.parametrize("role", ["governor", "deputy_dsl"])
    def test_gives_its_lead_no_say_over_a_user_of_two_schools(self, house: House, role: str) -> None:
        elsewhere = house.open_school("headcorn")
        house.add_school("dsl", role, elsewhere)
        house.add_user("puppet", "dsl", elsewhere)
        for answer in (invite(house, "dsl"), change(house, "dsl", email="new@school.example")):
            approval = asked(answer)
            assert house.get("puppet", "/approvals")["items"] == []
            assert house.decide(approval, "puppet").status_code == 404
            assert house.decide(approval, "headteacher").status_code == 404
            approved(house.decide(approval, house.second_administrator()))

    def test_has_appointments_of_its_own(self, house: House) -> None:
        elsewhere = house.open_school("headcorn")
        house.add_user("lead", "dsl", elsewhere)
        house.add_school("governor", "governor", elsewhere)
        path = f"/schools/{elsewhere}/appointments"
        body = {"user": house.users["governor"], "role": "deputy_dsl", "from": "2026-09-01"}
        approval = asked(house.ask("admin", "POST", path, json=body))
        assert house.decide(approval, "dsl").status_code == 404
        approved(house.decide(approval, "lead"))

    def test_does_not_take_a_user_over_who_was_moved_to_it(self, house: House) -> None:
        elsewhere = house.open_school("headcorn")
        house.add_user("puppet", "dsl", elsewhere)
        assert end(house, "reporter").status_code == 204
        house.appoint("reporter", "reporter", elsewhere)
        approval = asked(invite(house, "reporter"))
        for who in ("puppet", "dsl"):
            assert house.decide(approval, who).status_code == 404
        approved(house.decide(approval, house.second_administrator()))


class TestAnAdministrator:
    def test_is_invited_by_two_administrators_only(self, house: House) -> None:
        elsewhere = house.open_school("headcorn")
        house.add_user("puppet", "dsl", elsewhere)
        other = house.second_administrator()
        house.appoint(other, "reporter", elsewhere)
        approval = asked(invite(house, other))
        assert house.get("puppet", "/approvals")["items"] == []
        assert house.decide(approval, "puppet").status_code == 404
        assert house.decide(approval, other).status_code == 403

    def test_does_not_approve_what_a_manager_of_a_school_asks(self, house: House) -> None:
        """Whom an administrator alone has appointed."""
        house.add_user("office", "admin", house.school)
        body = {"user": newcomer(house), "role": "dsl", "from": "2026-09-01"}
        approval = asked(house.ask("office", "POST", f"/schools/{house.school}/appointments", json=body))
        for who in ("admin", house.second_administrator()):
            assert house.decide(approval, who).status_code == 404
        approved(house.decide(approval, "headteacher"))

    @pytest.mark.parametrize("fields", [{"name": "Ada Other"}, {"category": "unknown"}, {"on_roll": False}])
    def test_does_not_say_who_a_user_is(self, house: House, fields: Json) -> None:
        person = house.get("admin", f"/users/{house.users['dsl']}")["person"]
        body, headers = {**fields, "reason": REASON}, {"If-Match": "*"}
        path = f"/people/{person}"
        assert house.ask("admin", "PATCH", path, json=body, headers=headers).status_code == 403
        body = {"employer": "A company", "reason": REASON}
        assert house.ask("admin", "PATCH", path, json=body, headers=headers).status_code == 200


class TestAnAppointment:
    def test_is_shown_with_the_user_and_their_person(self, house: House) -> None:
        user = newcomer(house)
        shown = house.get("dsl", f"/approvals/{asked(appoint(house))}")
        assert shown["what"] == "appointment"
        assert shown["about"] == {"user": user, "school": house.school}
        assert shown["change"] == {"change": "appoint", "role": "deputy_dsl", "from": "2026-09-01"}
        assert (shown["user"]["name"], shown["user"]["enrolled"]) == ("Nell Newcomer", False)
        assert shown["user"]["person"]["name"] == "Nell Newcomer"

    def test_that_is_approved_is_answered_as_if_it_had_been_made(self, house: House) -> None:
        newcomer(house)
        approval = asked(appoint(house))
        result = approved(house.decide(approval))["result"]
        listed = house.get("dsl", f"/schools/{house.school}/appointments")["items"]
        (made,) = [each for each in listed if each["id"] == result["id"]]
        assert (made["role"], made["user"]) == ("deputy_dsl", house.users[NEWCOMER])
        assert house.get("admin", f"/approvals/{approval}")["result"] == result

    def test_that_was_asked_for_is_answered_the_same_when_it_is_retried(self, house: House) -> None:
        body = {"user": newcomer(house), "role": "deputy_dsl", "from": "2026-09-01"}
        path, headers = f"/schools/{house.school}/appointments", {"Idempotency-Key": uuid4().hex}
        first = house.ask("admin", "POST", path, json=body, headers=headers)
        house.decide(asked(first))
        with Unchanged(house):
            again = house.ask("admin", "POST", path, json=body, headers=headers)
        assert (again.status_code, body_of(again)) == (202, body_of(first))
        other = house.ask("admin", "POST", path, json={**body, "role": "slt"}, headers=headers)
        assert other.status_code == 409

    def test_is_checked_again_when_it_is_approved(self, house: House) -> None:
        newcomer(house)
        first, second = asked(appoint(house)), asked(appoint(house))
        approved(house.decide(first))
        with Unchanged(house):
            assert refused(house.decide(second)) == "appointment-overlaps"

    def test_of_a_user_who_became_another_person_is_asked_again(self, house: House) -> None:
        newcomer(house)
        house.appoint(NEWCOMER, "reporter", house.school)
        approval = asked(appoint(house))
        house.agreed(change(house, NEWCOMER, person=house.on_roll("Dora Other")))
        with Unchanged(house):
            assert refused(house.decide(approval)) == "approval-outdated"

    def test_of_a_user_who_is_deactivated_is_refused(self, house: House) -> None:
        newcomer(house)
        approval = asked(appoint(house))
        house.agreed(change(house, NEWCOMER, active=False))
        with Unchanged(house):
            assert refused(house.decide(approval)) == "approval-outdated"

    def test_that_a_deactivated_administrator_asked_for_is_refused(self, house: House) -> None:
        newcomer(house)
        approval = asked(appoint(house))
        house.second_administrator()
        house.casework.users.change(house.as_system(), house.id_of("admin"), ChangeUser(active=False))
        with Unchanged(house):
            assert refused(house.decide(approval)) == "approval-asker"

    def test_that_a_former_manager_asked_for_is_refused(self, house: House) -> None:
        house.add_user("office", "admin", house.school)
        body = {"user": newcomer(house), "role": "deputy_dsl", "from": "2026-09-01"}
        approval = asked(house.ask("office", "POST", f"/schools/{house.school}/appointments", json=body))
        assert end(house, "office").status_code == 204
        with Unchanged(house):
            assert refused(house.decide(approval)) == "approval-asker"

    @pytest.mark.parametrize("role", ["reporter", "governor", "admin"])
    def test_to_a_role_that_reads_no_case_takes_one_person(self, house: House, role: str) -> None:
        newcomer(house)
        assert appoint(house, role=role).status_code == 201

    def test_is_recorded_with_both_names(self, house: House) -> None:
        newcomer(house)
        approved(house.decide(asked(appoint(house)), "headteacher"))
        (*_, made) = house.casework.log.events.get(UUID(house.school))
        assert isinstance(made, Appointed)
        assert str(made.by) == house.users["admin"]
        assert str(made.approved_by) == house.users["headteacher"]


class TestAnInvitationByTwo:
    def test_needs_both_halves_of_the_code(self, house: House) -> None:
        answer = invite(house, "dsl")
        code = body_of(answer)["code"]
        assert set(faults(enrol(house, code))) == {"$.code"}
        second = approved(house.decide(asked(answer)))["result"]["second"]
        with Unchanged(house):
            assert set(faults(enrol(house, code))) == {"$.second"}
            assert set(faults(enrol(house, code, second="a" * 16))) == {"$.second"}
            assert set(faults(enrol(house, code, second=code))) == {"$.second"}
        token = body_of(enrol(house, code, second=f" {second.upper()} "))["token"]
        house.get("dsl", "/me", status=401)
        house.tokens["dsl"] = token
        house.get("dsl", "/me")

    def test_shows_each_half_to_one_of_them_only(self, house: House) -> None:
        answer = invite(house, "dsl")
        approval, code = asked(answer), body_of(answer)["code"]
        second = approved(house.decide(approval))["result"]["second"]
        for who in ("admin", "headteacher", "deputy_dsl"):
            shown = house.ask(who, "GET", f"/approvals/{approval}").text
            listed = house.ask(who, "GET", "/approvals").text
            assert second not in shown + listed
            assert code not in shown + listed

    def test_whose_decision_is_retried_shows_the_same_half(self, house: House) -> None:
        path = f"/approvals/{asked(invite(house, 'dsl'))}/decision"
        body, headers = {"approve": True, "reason": REASON}, {"Idempotency-Key": uuid4().hex}
        first = house.ask("headteacher", "POST", path, json=body, headers=headers)
        with Unchanged(house):
            again = house.ask("headteacher", "POST", path, json=body, headers=headers)
        assert body_of(again) == body_of(first)

    def test_that_is_retried_shows_the_same_code(self, house: House) -> None:
        key = uuid4().hex
        first = invite(house, "dsl", Idempotency_Key=key)
        with Unchanged(house):
            assert body_of(invite(house, "dsl", Idempotency_Key=key)) == body_of(first)

    def test_that_is_refused_opens_nothing(self, house: House) -> None:
        answer = invite(house, "dsl")
        house.decide(asked(answer), approve=False)
        assert set(faults(enrol(house, body_of(answer)["code"]))) == {"$.code"}
        house.get("dsl", "/me")

    def test_is_needed_once_a_user_who_was_invited_by_one_is_appointed_by_two(self, house: House) -> None:
        newcomer(house)
        code = body_of(invite(house, NEWCOMER))["code"]
        approved(house.decide(asked(appoint(house, role="dsl"))))
        with Unchanged(house):
            assert refused(enrol(house, code)) == "code-of-one-person"
        answer = invite(house, NEWCOMER)
        second = approved(house.decide(asked(answer)))["result"]["second"]
        assert enrol(house, body_of(answer)["code"], second=second).status_code == 201

    @pytest.mark.parametrize(
        "appointment", [{"role": "dsl"}, {"role": "reporter", "standing_in_for": "dsl"}], ids=str
    )
    def test_replaces_the_tokens_of_a_user_whom_one_person_invited(
        self, house: House, appointment: Json
    ) -> None:
        """The administrator could have enrolled in the place of the user, and kept the token."""
        newcomer(house)
        house.tokens[NEWCOMER] = body_of(enrol(house, body_of(invite(house, NEWCOMER))["code"]))["token"]
        house.tokens["kept"] = house.created(NEWCOMER, f"/users/{house.users[NEWCOMER]}/tokens", {})["token"]
        approval = asked(appoint(house, **appointment))
        house.get("kept", "/me")
        approved(house.decide(approval))
        for token in (NEWCOMER, "kept"):
            house.get(token, "/me", status=401)
        assert house.get("admin", f"/users/{house.users[NEWCOMER]}")["enrolled"] is False
        answer = invite(house, NEWCOMER)
        second = approved(house.decide(asked(answer)))["result"]["second"]
        house.tokens[NEWCOMER] = body_of(enrol(house, body_of(answer)["code"], second=second))["token"]
        assert house.get(NEWCOMER, "/me")["user"]["enrolled"] is True

    def test_is_enough_for_the_appointments_that_follow(self, house: House) -> None:
        newcomer(house)
        approved(house.decide(asked(appoint(house))))
        answer = invite(house, NEWCOMER)
        second = approved(house.decide(asked(answer)))["result"]["second"]
        house.tokens[NEWCOMER] = body_of(enrol(house, body_of(answer)["code"], second=second))["token"]
        approved(house.decide(asked(appoint(house, role="headteacher"))))
        house.get(NEWCOMER, "/me")

    def test_that_is_retried_later_expires_as_at_first(self, house: House) -> None:
        newcomer(house)
        key = uuid4().hex
        first = body_of(invite(house, NEWCOMER, Idempotency_Key=key))
        house.clock.set("2026-09-04 09:00")
        again = body_of(invite(house, NEWCOMER, Idempotency_Key=key))
        assert datetime.fromisoformat(again["expires_at"]) == datetime.fromisoformat(first["expires_at"])


class TestTheLastLead:
    def test_is_ended_by_two_people(self, house: House) -> None:
        assert end(house, "dsl").status_code == 204
        approval = asked(end(house, "headteacher"))
        assert house.get("admin", f"/approvals/{approval}")["change"]["role"] == "headteacher"
        assert house.decide(approval, "headteacher").status_code == 403
        approved(house.decide(approval, "deputy_dsl"))

    def test_is_ended_on_a_later_day_by_two_people(self, house: House) -> None:
        assert end(house, "dsl").status_code == 204
        held = house.get("headteacher", "/me")["appointments"][0]["id"]
        path = f"/schools/{house.school}/appointments/{held}"
        answer = house.ask("admin", "PATCH", path, json={"until": "2026-12-31"})
        assert approved(house.decide(asked(answer), "deputy_dsl"))["result"]["until"] == "2026-12-31"
        assert house.ask("admin", "PATCH", path, json={"absent_until": "2026-10-01"}).status_code == 200

    def test_is_deactivated_by_two_people(self, house: House) -> None:
        assert change(house, "headteacher", active=False).status_code == 200
        approval = asked(change(house, "dsl", active=False))
        approved(house.decide(approval, "deputy_dsl"))
        house.get("dsl", "/me", status=401)

    def test_is_one_whose_colleagues_leave_later(self, house: House) -> None:
        for who in ("dsl", "deputy_dsl"):
            held = house.get(who, "/me")["appointments"][0]["id"]
            path = f"/schools/{house.school}/appointments/{held}"
            answer = house.ask("admin", "PATCH", path, json={"until": "2026-09-01"})
            assert answer.status_code == 200
        asked(end(house, "headteacher"))
        asked(change(house, "headteacher", active=False))

    def test_is_ended_by_the_chair_if_there_is_no_other_lead(self, house: House) -> None:
        house.add_user("chair", "chair_of_governors", house.school)
        assert change(house, "deputy_dsl", active=False).status_code == 200
        assert end(house, "dsl").status_code == 204
        approval = asked(end(house, "headteacher"))
        assert house.decide(approval, "headteacher").status_code == 403
        approved(house.decide(approval, "chair"))

    def test_is_not_taken_away_by_two_requests_at_once(self, house: House) -> None:
        """The second is checked again, because the first has changed what it was checked against."""
        (held,) = house.get("headteacher", "/me")["appointments"]
        paths = {
            "DELETE": f"/schools/{house.school}/appointments/{held['id']}",
            "PATCH": f"/users/{house.users['dsl']}",
        }
        headers = {"If-Match": "*", "Authorization": f"Bearer {house.tokens['admin']}"}
        with processes(house, 2) as clients:
            answers = at_once(
                clients,
                lambda client, number: client.open(
                    BASE + [*paths.values()][number],
                    method=[*paths][number],
                    json={"active": False} if number else None,
                    headers=headers,
                ),
            )
        assert [each.status_code for each in answers].count(202) == 1

    def test_is_not_one_who_never_enrolled(self, house: House) -> None:
        newcomer(house)
        house.appoint(NEWCOMER, "headteacher", house.school)
        assert change(house, "headteacher", active=False).status_code == 200
        asked(end(house, "dsl"))


class TestASchoolThatNobodyLeadsYet:
    """Until its head or safeguarding lead has enrolled, one administrator sets it up."""

    @pytest.fixture
    def elsewhere(self, house: House) -> str:
        return house.open_school("headcorn")

    def appointed(self, house: House, school: str, who: str, role: str) -> TestResponse:
        name = called(who)
        body = {"name": name, "email": f"{who}@other.example", "person": house.on_roll(name, school)}
        house.users[who] = house.created("admin", "/users", body)["id"]
        path = f"/schools/{school}/appointments"
        appointment = {"user": house.users[who], "role": role, "from": "2026-09-01"}
        return house.ask("admin", "POST", path, json=appointment)

    def enrolled(self, house: House, who: str) -> None:
        code = body_of(invite(house, who))["code"]
        house.tokens[who] = body_of(enrol(house, code))["token"]

    def test_gets_all_its_users_from_one_person(self, house: House, elsewhere: str) -> None:
        roles = {"first": "dsl", "second": "headteacher", "third": "deputy_dsl"}
        for who, role in roles.items():
            assert self.appointed(house, elsewhere, who, role).status_code == 201
        codes = {who: body_of(invite(house, who))["code"] for who in roles}
        for who, code in codes.items():
            house.tokens[who] = body_of(enrol(house, code))["token"]
            assert house.get(who, "/incidents")["items"] == []

    def test_takes_two_people_once_its_lead_has_enrolled(self, house: House, elsewhere: str) -> None:
        self.appointed(house, elsewhere, "first", "dsl")
        self.enrolled(house, "first")
        asked(self.appointed(house, elsewhere, "second", "headteacher"))
        asked(invite(house, "first"))

    def test_takes_one_person_while_only_a_deputy_has_enrolled(self, house: House, elsewhere: str) -> None:
        self.appointed(house, elsewhere, "first", "deputy_dsl")
        self.enrolled(house, "first")
        assert self.appointed(house, elsewhere, "second", "headteacher").status_code == 201


class TestASchoolThatHasLostItsLeads:
    def test_takes_two_people_still(self, house: House) -> None:
        newcomer(house)
        leadless(house)
        asked(appoint(house, role="dsl"))

    @pytest.mark.parametrize("role", ["chair_of_governors", "vice_chair"])
    def test_is_decided_for_by_its_governors(self, house: House, role: str) -> None:
        house.add_user("chair", role, house.school)
        newcomer(house)
        before = asked(appoint(house, role="dsl"))
        assert house.decide(before, "chair").status_code == 404
        leadless(house)
        approved(house.decide(asked(appoint(house, role="dsl")), "chair"))


def test_a_first_link_takes_one_person(house: House) -> None:
    """It only hides more from the user, and a school of an earlier release may have one lead."""
    house.add_user("plain", "reporter", house.school)
    person = house.on_roll("Plain Usher")
    assert change(house, "plain", person=person).status_code == 200
    assert change(house, "plain", person=house.on_roll("Plain Other")).status_code == 200
    house.appoint("plain", "deputy_dsl", house.school)
    asked(change(house, "plain", person=house.on_roll("Plain Third")))


def test_a_link_to_a_person_with_the_name_of_a_colleague_takes_two(house: House) -> None:
    """Their names count as the user's own, and would shut the user out of cases about the colleague."""
    house.add_user("chair", "chair_of_governors", house.school)
    other = house.open_school("headcorn")
    house.appoint("chair", "reporter", other)
    namesake = house.on_roll(called("headteacher"), other)
    asked(change(house, "chair", person=namesake))


def test_a_user_is_linked_to_nobody_whom_an_administrator_may_not_know(house: House) -> None:
    stranger = house.person("Sam Stranger", "staff", on_roll=False)
    for person in (stranger, str(uuid4())):
        assert faults(change(house, "dsl", person=person)) == {"$.person": ["is not a person on the roll"]}


@pytest.mark.parametrize("respelt", [str.upper, lambda name: f" {name.replace(' ', '  ')}"])
def test_the_same_name_in_another_spelling_takes_one_person(
    house: House, respelt: Callable[[str], str]
) -> None:
    assert change(house, "dsl", name=respelt(called("dsl"))).status_code == 200


def test_a_name_that_is_no_colleagues_takes_one_person(house: House) -> None:
    assert change(house, "dsl", name="Dora Newname").status_code == 200


def test_a_name_of_a_user_who_reads_no_case_takes_one_person(house: House) -> None:
    assert change(house, "reporter", name="Rita Newname").status_code == 200


def test_one_administrator_shuts_nobody_out_by_giving_them_the_name_of_another(house: House) -> None:
    house.add_user("chair", "chair_of_governors", house.school)
    people = [{"role": "headteacher", "involvement": "alleged"}]
    incident = house.report(kind="staff_allegation", people=people)["id"]
    approval = asked(change(house, "chair", name=called("headteacher")))
    house.get("chair", f"/incidents/{incident}")
    house.decide(approval, "dsl", approve=False)
    house.get("chair", f"/incidents/{incident}")
