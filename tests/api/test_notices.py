"""What users are notified of, and what they are not."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import pytest

from tests.api.client import REASON, House, Json, body_of, called
from tests.api.test_account_approvals import NEWCOMER, appoint, asked, change, invite, newcomer
from tests.api.test_enrolment import enrol
from tests.api.test_lists import everything

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

CONTACTS: Final = [{"who": "lado", "name": "Duty desk", "phone": "01632 960123"}]


def notices(house: House, who: str, what: str) -> Any:
    """The notices of one sort, the newest first."""
    return [each for each in house.get(who, "/me/notices?limit=100")["items"] if each["what"] == what]


def bullying(house: House, *alleged: str) -> str:
    """A child's case with these users among the alleged."""
    people = house.two_pupils()
    people += [{"user": house.users[each], "involvement": "target"} for each in alleged]
    return str(house.report(who="governor", people=people)["id"])


class TestAnAppointment:
    def test_is_a_notice_to_the_user(self, house: House) -> None:
        (own,) = notices(house, "governor", "appointed")
        assert (own["user"], own["role"]) == (house.users["governor"], "governor")
        assert own["school"] == house.school

    def test_that_one_person_made_is_one_to_every_later_lead(self, house: House) -> None:
        elsewhere = house.open_school("headcorn")
        for who, role in {"first": "dsl", "second": "headteacher"}.items():
            name = called(who)
            body = {
                "name": name,
                "email": f"{uuid4()}@other.example",
                "person": house.on_roll(name, elsewhere),
            }
            house.users[who] = house.created("admin", "/users", body)["id"]
            house.created(
                "admin",
                f"/schools/{elsewhere}/appointments",
                {"user": house.users[who], "role": role, "from": "2026-09-01"},
            )
        house.tokens["second"] = house.issued("second", "read", "write")["token"]
        made = {each["user"]: each for each in notices(house, "second", "appointed")}
        assert set(made) == {house.users["first"], house.users["second"]}
        assert made[house.users["first"]]["alone"] is True
        assert made[house.users["first"]]["name"] == "First Usher"

    def test_that_two_people_made_is_none_to_the_other_leads(self, house: House) -> None:
        newcomer(house)
        house.agreed(appoint(house))
        assert house.users[NEWCOMER] not in {each["user"] for each in notices(house, "dsl", "appointed")}


class TestAnEnrolment:
    def test_is_a_notice_to_every_lead_of_the_school(self, house: House) -> None:
        answer = invite(house, "governor")
        second = body_of(house.decide(asked(answer)))["result"]["second"]
        assert enrol(house, body_of(answer)["code"], second=second).status_code == 201
        for who in ("dsl", "deputy_dsl", "headteacher"):
            (seen,) = notices(house, who, "enrolled")
            assert (seen["user"], seen["name"]) == (house.users["governor"], called("governor"))
        assert notices(house, "reporter", "enrolled") == []

    def test_at_another_school_is_none(self, house: House) -> None:
        elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", elsewhere)
        answer = invite(house, "governor")
        second = body_of(house.decide(asked(answer)))["result"]["second"]
        enrol(house, body_of(answer)["code"], second=second)
        assert notices(house, "stranger", "enrolled") == []

    def test_follows_an_invitation(self, house: House) -> None:
        house.decide(asked(invite(house, "dsl")))
        (seen,) = notices(house, "dsl", "invited")
        assert seen["user"] == house.users["dsl"]


class TestAnApproval:
    def test_is_a_notice_to_those_who_may_decide(self, house: House) -> None:
        newcomer(house)
        approval = asked(appoint(house))
        for who in ("dsl", "headteacher"):
            (seen,) = notices(house, who, "approval_asked")
            assert seen["approval"] == approval
        assert notices(house, "admin", "approval_asked") == []
        house.decide(approval)
        assert notices(house, "dsl", "approval_asked") == []

    def test_of_a_step_says_that_a_case_waits(self, house: House) -> None:
        incident = str(house.bullying("2026-09-14 10:20")["id"])
        approval = house.ask_to_waive(incident, "save_evidence")
        (seen,) = notices(house, "headteacher", "case_waits_for_decision")
        assert (seen["approval"], seen["incident"]) == (approval, incident)
        assert notices(house, "dsl", "case_waits_for_decision") == []


class TestACaseThatIsClosedToALead:
    def test_waits_for_the_other_leads(self, house: House) -> None:
        house.clock.set("2026-09-14 10:20")
        incident = bullying(house, "headteacher")
        for who in ("dsl", "deputy_dsl"):
            assert [each["incident"] for each in notices(house, who, "case_waits")] == [incident]
        assert notices(house, "headteacher", "case_waits") == []

    def test_waits_for_the_chair_if_there_is_nobody_before(self, house: House) -> None:
        house.add_user("chair", "chair_of_governors", house.school)
        house.clock.set("2026-09-14 10:20")
        bullying(house)
        incident = bullying(house, "dsl", "deputy_dsl", "headteacher")
        assert [each["incident"] for each in notices(house, "chair", "case_waits")] == [incident]
        assert notices(house, "headteacher", "case_waits") == []

    def test_about_the_head_waits_for_the_chair_and_not_the_vice_chair(self, house: House) -> None:
        house.add_user("chair", "chair_of_governors", house.school)
        house.add_user("vice", "vice_chair", house.school)
        house.clock.set("2026-09-14 10:20")
        people = [{"role": "headteacher", "involvement": "alleged"}]
        incident = house.report(kind="staff_allegation", people=people)["id"]
        assert [each["incident"] for each in notices(house, "chair", "case_waits")] == [incident]
        assert notices(house, "vice", "case_waits") == []

    def test_does_not_wait_once_it_is_closed_to_nobody(self, house: House) -> None:
        house.clock.set("2026-09-14 10:20")
        bullying(house)
        for who in ("dsl", "deputy_dsl", "headteacher"):
            assert notices(house, who, "case_waits") == []


class TestANameThatCouldBeAColleagues:
    def test_is_to_be_cleared_by_those_who_read_the_case(self, house: House) -> None:
        house.clock.set("2026-09-14 10:20")
        person = house.person("Deputy Miller", "unknown", distinct=True)
        people = [*house.two_pupils(), {"person": person, "involvement": "target"}]
        incident = str(house.report(who="governor", people=people)["id"])
        (seen,) = notices(house, "headteacher", "name_to_clear")
        assert (seen["incident"], seen["person"]) == (incident, person)
        assert seen["user"] == house.users["deputy_dsl"]
        assert notices(house, "deputy_dsl", "name_to_clear") == []
        clear = {"person": person, "user": house.users["deputy_dsl"], "reason": REASON}
        house.take(incident, "clear_name", "headteacher", **clear)
        assert notices(house, "headteacher", "name_to_clear") == []


class TestACaseThatNobodyMayRead:
    def unread(self, house: House) -> str:
        house.ask("admin", "PATCH", f"/schools/{house.school}", json={"outside_contacts": CONTACTS})
        house.clock.set("2026-09-14 10:20")
        return bullying(house, "dsl", "deputy_dsl", "headteacher")

    def link_the_administrator(self, house: House, person: str | None = None) -> None:
        person = person or house.on_roll("Ada Adminson")
        answer = change(house, "admin", house.second_administrator(), person=person)
        assert answer.status_code == 200

    def test_is_a_count_for_administrators_who_are_a_person(self, house: House) -> None:
        self.unread(house)
        assert notices(house, "admin", "cases_unread") == []
        self.link_the_administrator(house)
        (seen,) = notices(house, "admin", "cases_unread")
        assert seen["count"] == 1
        assert notices(house, "admin", "link_yourself") == []
        assert set(seen) == {"id", "at", "what", "count"}
        assert notices(house, "governor", "cases_unread") == []

    def test_asks_administrators_who_are_no_person_to_link_themselves(self, house: House) -> None:
        """Whether or not there is such a case, so that the notice does not tell."""
        house.clock.set("2026-09-14 08:00")
        before = notices(house, "admin", "link_yourself")
        self.unread(house)
        assert notices(house, "admin", "link_yourself") == before
        (asked_to,) = before
        assert set(asked_to) == {"id", "at", "what", "hint"}
        assert "Link your user to your person" in asked_to["hint"]
        for who in ("dsl", "governor", "reporter"):
            assert notices(house, who, "link_yourself") == []

    def test_is_a_count_once_a_lead_has_approved_who_the_only_administrator_is(self, house: House) -> None:
        answer = change(house, "admin", person=house.on_roll("Ada Adminson"))
        assert house.decide(asked(answer), "dsl").status_code == 200
        self.unread(house)
        (seen,) = notices(house, "admin", "cases_unread")
        assert seen["count"] == 1

    def test_is_not_counted_for_one_who_is_a_party_to_it(self, house: House) -> None:
        person = house.on_roll("Ada Adminson")
        self.link_the_administrator(house, person)
        house.clock.set("2026-09-14 10:20")
        incident = bullying(house, "dsl", "deputy_dsl")
        party = {"person": person, "involvement": "target"}
        assert house.take(incident, "involve_person", "headteacher", **party)["version"] == 2
        head = {"user": house.users["headteacher"], "involvement": "target"}
        house.report(who="governor", people=[head, party])
        assert notices(house, "admin", "cases_unread") == []

    def test_gives_its_reporter_the_outside_contacts(self, house: House) -> None:
        incident = self.unread(house)
        assert house.get("governor", f"/incidents/{incident}")["outside_contacts"] == CONTACTS
        house.add_user("chair", "chair_of_governors", house.school)
        assert "outside_contacts" not in house.get("governor", f"/incidents/{incident}")
        assert house.get("chair", f"/incidents/{incident}")["id"] == incident

    def test_gives_no_contacts_to_its_subject(self, house: House) -> None:
        self.unread(house)
        people = [*house.two_pupils()]
        people += [
            {"user": house.users[each], "involvement": "target"}
            for each in ("dsl", "deputy_dsl", "headteacher")
        ]
        own = house.report(who="dsl", people=people)["id"]
        assert "outside_contacts" not in house.get("dsl", f"/incidents/{own}")

    def test_is_counted_at_a_school_that_has_lost_all_its_leads(self, house: House) -> None:
        self.link_the_administrator(house)
        house.clock.set("2026-09-14 10:20")
        bullying(house)
        assert notices(house, "admin", "cases_unread") == []
        for who in ("dsl", "deputy_dsl", "headteacher"):
            house.agreed(change(house, who, active=False))
        (seen,) = notices(house, "admin", "cases_unread")
        assert seen["count"] == 1


def test_they_are_paged_newest_first(house: House) -> None:
    for _ in range(3):
        newcomer(house)
        asked(appoint(house))
    found: list[Json] = everything(house, "dsl", "/me/notices", 2)
    assert found == house.get("dsl", "/me/notices?limit=100")["items"]
    moments = [datetime.fromisoformat(each["at"]) for each in found]
    assert moments == sorted(moments, reverse=True)
    assert len({each["id"] for each in found}) == len(found)


def test_being_let_in_is_a_notice_while_the_case_may_be_read(house: House) -> None:
    house.clock.set("2026-09-14 10:20")
    incident = bullying(house)
    house.created("headteacher", f"/incidents/{incident}/conflicts", {"reason": REASON})
    about = {"incident": incident, "user": house.users["headteacher"]}
    body = {"what": "let_in", "about": about, "reason": REASON}
    approval = house.created("dsl", "/approvals", body)["id"]
    assert notices(house, "headteacher", "let_in") == []
    assert house.decide(approval, "deputy_dsl").status_code == 200
    (seen,) = notices(house, "headteacher", "let_in")
    assert seen["incident"] == incident
    house.created("headteacher", f"/incidents/{incident}/conflicts", {"reason": REASON})
    assert notices(house, "headteacher", "let_in") == []
