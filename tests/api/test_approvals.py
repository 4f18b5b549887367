"""Requesting a step that needs two people: nothing changes yet, and readers of the case see the request."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.api.approving import (
    REPORTED,
    UNKNOWN,
    WEEK,
    WHY,
    Unchanged,
    ask,
    case,
    faults,
    post,
    refused,
    shown,
    waiver,
)
from tests.api.client import REASON, House, Json, body_of, logged
from tests.api.test_access_over_http import allegation
from tests.api.test_lists import everything


class TestAsking:
    def test_changes_nothing_except_the_pending_approvals(self, house: House) -> None:
        incident = case(house)
        before = shown(house, incident)
        due = house.next_steps(incident)
        house.clock.set("2026-09-14 11:00")
        answer = post(house, incident, waiver(house))
        approval = body_of(answer)["approval"]
        assert (answer.status_code, body_of(answer)) == (202, {"approval": approval})
        assert answer.headers["Location"] == f"/api/v1/approvals/{approval}"

        after = shown(house, incident)
        assert before["approvals"] == []
        assert after["approvals"] == [
            {
                "id": approval,
                "step": "waive",
                "asked_by": house.users["dsl"],
                "asked_at": "2026-09-14T11:00:00+01:00",
                "expires_at": "2026-09-21T10:00:00Z",
            }
        ]
        assert {**after, "approvals": []} == before
        assert [each["step"] for each in house.next_steps(incident)] == [each["step"] for each in due]
        assert house.asked(incident, "save_evidence")
        assert len(house.get("dsl", f"/incidents/{incident}/steps")["items"]) == 1

    def test_does_not_stop_the_clocks(self, house: House) -> None:
        incident = case(house)
        house.clock.set("2026-09-14 11:00")
        house.ask_to_waive(incident, "save_evidence")
        before = [each.get("due_at") for each in house.next_steps(incident)]
        house.clock.set("2026-09-18 11:00")
        assert [each.get("due_at") for each in house.next_steps(incident)] == before
        assert any(each["overdue"] for each in house.next_steps(incident))

    def test_shows_nothing_to_a_user_who_only_reported(self, house: House) -> None:
        incident = case(house)
        before = shown(house, incident, "reporter")
        approval = house.ask_to_waive(incident, "save_evidence")
        assert shown(house, incident, "reporter") == before
        assert "approvals" not in before
        house.get("reporter", f"/approvals/{approval}", 404)
        assert house.get("reporter", "/approvals")["items"] == []

    def test_logs_no_user_who_reported_in_confidence(self, house: House) -> None:
        incident = house.bullying(REPORTED, confidential_reporter=True)["id"]
        approval = house.ask_to_waive(incident, "save_evidence")
        with logged() as log:
            assert ask(house, incident, waiver(house), "reporter").status_code == 403
            assert house.decide(approval, "reporter").status_code == 404
            house.get("reporter", f"/approvals/{approval}", 404)
        assert house.users["reporter"] not in log.getvalue()
        with logged() as log:
            assert ask(house, incident, waiver(house, waived="debrief")).status_code == 201
            assert house.decide(UNKNOWN, "reporter").status_code == 404
            assert house.decide(approval).status_code == 200
        assert all(house.users[who] in log.getvalue() for who in ("dsl", "reporter", "headteacher"))

    def test_is_the_same_on_either_route(self, house: House) -> None:
        posted, asked = case(house), case(house)
        first = body_of(post(house, posted, waiver(house)))["approval"]
        answer = ask(house, asked, waiver(house))
        second = body_of(answer)["id"]
        assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/approvals/{second}")
        one, other = (house.get("headteacher", f"/approvals/{each}") for each in (first, second))
        assert one["step"] == other["step"] == waiver(house)
        assert (one["reason"], other["reason"]) == (REASON, WHY)
        own = {"id", "about", "reason"}
        assert {n: v for n, v in one.items() if n not in own} == {
            n: v for n, v in other.items() if n not in own
        }

    def test_is_refused_at_once_if_the_floor_forbids_the_step(self, house: House) -> None:
        incident = case(house)
        with Unchanged(house):
            rule = refused(post(house, incident, waiver(house, waived="inform_parents")))
            assert rule.endswith("-parents")
            assert refused(ask(house, incident, waiver(house, waived="inform_parents"))) == rule

    def test_is_refused_with_a_stale_version(self, house: House) -> None:
        incident = case(house)
        house.take(incident, "add_note", text="Rang home.")
        with Unchanged(house):
            assert post(house, incident, waiver(house), If_Match='"1"').status_code == 412
        assert post(house, incident, waiver(house), If_Match='"2"').status_code == 202

    @pytest.mark.parametrize(
        ("who", "fault"),
        [
            ("dsl", "is the person who asks; another person must decide"),
            ("twin", "is the person who asks; another person must decide"),
            ("reporter", "holds no role that may authorise this"),
            ("witness", "is involved in the incident"),
        ],
    )
    def test_is_refused_if_the_named_user_may_not_decide(self, house: House, who: str, fault: str) -> None:
        house.clock.set(REPORTED)
        lead, witness = house.person("Lena Lead", "staff"), house.person("Will Witness", "staff")
        house.add_user("lead", "dsl", house.school, person=lead)
        house.add_user("twin", "headteacher", house.school, person=lead)
        house.add_user("witness", "headteacher", house.school, person=witness)
        people = [*house.two_pupils(), {"person": witness, "involvement": "witness"}]
        incident = house.report(people=people)["id"]
        asker = "lead" if who == "twin" else "dsl"
        with Unchanged(house):
            answer = post(house, incident, waiver(house, who), asker)
            assert faults(answer) == {"$.authorised_by": [fault]}
            answer = ask(house, incident, waiver(house, who), asker)
            assert faults(answer) == {"$.step.authorised_by": [fault]}

    def test_is_refused_if_the_named_user_may_not_read_the_case(self, house: House) -> None:
        incident, _ = allegation(house)
        with Unchanged(house):
            answer = post(house, incident, waiver(house, "deputy_dsl"), "headteacher")
        assert faults(answer) == {"$.authorised_by": ["may not read this case"]}

    def test_is_refused_while_the_same_step_is_pending(self, house: House) -> None:
        incident = case(house)
        house.ask_to_waive(incident, "save_evidence")
        with Unchanged(house):
            again = waiver(house, reason="The same in other words.")
            for who in ("dsl", "deputy_dsl"):
                assert refused(post(house, incident, again, who)) == "approval-asked"
                assert refused(ask(house, incident, again, who)) == "approval-asked"
        house.ask_to_waive(incident, "save_evidence", by="deputy_dsl")
        house.ask_to_waive(incident, "debrief")
        assert len(shown(house, incident)["approvals"]) == 3

    @pytest.mark.parametrize("end", ["refused", "expired"])
    def test_may_be_repeated_after_refusal_or_expiry(self, house: House, end: str) -> None:
        incident = case(house)
        first = house.ask_to_waive(incident, "save_evidence")
        if end == "refused":
            assert house.decide(first, approve=False).status_code == 200
        else:
            house.clock.moment += WEEK
        second = house.ask_to_waive(incident, "save_evidence")
        assert [each["id"] for each in shown(house, incident)["approvals"]] == [second]
        assert first != second

    def test_works_after_many_earlier_approvals(self, house: House) -> None:
        incident = case(house)
        for _ in range(17):
            approval = house.ask_to_waive(incident, "save_evidence")
            assert house.decide(approval, approve=False).status_code == 200
        last = house.ask_to_waive(incident, "save_evidence")
        assert [each["id"] for each in shown(house, incident)["approvals"]] == [last]

    @pytest.mark.parametrize(
        "what", ["reveal_reporter", "break_glass", "appointment", "invitation", "user_change"]
    )
    def test_is_refused_for_matters_that_are_not_built(self, house: House, what: str) -> None:
        body = {"what": what, "about": {"user": house.users["dsl"]}, "reason": REASON}
        with Unchanged(house):
            answer = house.ask("dsl", "POST", "/approvals", json={**body, "until": "2026-10-01T09:00:00Z"})
        (fault,) = faults(answer)["$.what"]
        assert fault.startswith(("cannot be requested in this release", "is requested by"))

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            ({"about": {}}, "$.about.incident"),
            ({"about": {"incident": UNKNOWN, "person": UNKNOWN}}, "$.about.person"),
            ({"until": "2026-10-01T09:00:00Z"}, "$.until"),
            ({"reason": "Too short"}, "$.reason"),
            ({"reason": "data:image/png;base64,iVBORw0KGgo="}, "$.reason"),
            ({"step": {"step": "nothing"}}, "$.step.step"),
            ({"step": {"step": "add_note", "text": "Rang home."}}, "$.step"),
            ({"what": "anything"}, "$.what"),
            ({"at": "2026-09-14T10:00:00Z"}, "$.at"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, house: House, body: Json, path: str) -> None:
        incident = case(house)
        body = dict(body)
        with Unchanged(house):
            answer = ask(house, incident, body.pop("step", waiver(house)), **body)
        assert list(faults(answer)) == [path]

    def test_needs_a_step(self, house: House) -> None:
        body = {"what": "step", "about": {"incident": case(house)}, "reason": REASON}
        assert faults(house.ask("dsl", "POST", "/approvals", json=body)) == {"$.step": ["is required"]}

    def test_stores_no_text_in_plain(self, house: House) -> None:
        incident = case(house)
        approval = body_of(
            ask(house, incident, waiver(house, reason="Marzipan is waived.", note="Marzipan twice."))
        )["id"]
        house.get("dsl", "/approvals")
        body = {"approve": False, "reason": "No marzipan at all."}
        assert (
            house.ask("headteacher", "POST", f"/approvals/{approval}/decision", json=body).status_code == 200
        )
        house.get("dsl", "/approvals")
        held = everything_held(house)
        assert approval.replace("-", "") in held
        assert not [word for word in ("marzipan", "The head should", "save_evidence") if word in held]


def everything_held(house: House) -> str:
    """Every row of the log and of the view of approvals, as text."""
    with house.casework.database.engine.connect() as connection:
        rows = [
            row
            for table in ("stored_events", "view_approvals")
            for row in connection.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    parts = [
        bytes(part).decode() if isinstance(part, (bytes, memoryview)) else str(part)
        for r in rows
        for part in r
    ]
    return "\n".join(parts).replace("-", "")


class TestListing:
    def test_contains_what_the_user_requested_and_may_decide(self, house: House) -> None:
        house.clock.set(REPORTED)
        house.add_user("stranger", "dsl", house.open_school("headcorn"))
        first, second = case(house), case(house)
        mine = house.ask_to_waive(first, "save_evidence")
        house.clock.set("2026-09-14 11:00")
        theirs = house.ask_to_waive(second, "save_evidence", who="deputy_dsl", by="dsl")
        listed = {
            who: [each["id"] for each in house.get(who, "/approvals")["items"]]
            for who in ("dsl", "deputy_dsl", "headteacher", "reporter", "governor", "admin", "stranger")
        }
        assert listed == {
            "dsl": [theirs, mine],
            "deputy_dsl": [theirs],
            "headteacher": [mine],
            **{who: [] for who in ("reporter", "governor", "admin", "stranger")},
        }
        house.get("stranger", f"/approvals/{mine}", 404)

    def test_has_pages_that_contain_each_item_once(self, house: House) -> None:
        asked = []
        for minute in range(5):
            incident = case(house)
            house.clock.set(f"2026-09-14 11:0{minute // 2}")
            asked.append(house.ask_to_waive(incident, "save_evidence"))
        found = everything(house, "headteacher", "/approvals", 2)
        assert {each["id"] for each in found} == set(asked)
        assert len(found) == 5
        assert [each["asked_at"] for each in found] == sorted((e["asked_at"] for e in found), reverse=True)

    def test_is_filtered_before_pages_are_cut(self, house: House) -> None:
        house.clock.set(REPORTED)
        me = house.person("Nadia Named", "staff")
        house.add_user("named", "headteacher", house.school, person=me)
        incidents = [case(house) for _ in range(7)]
        for minute, incident in enumerate(incidents):
            house.clock.set(f"2026-09-14 11:0{minute}")
            house.ask_to_waive(incident, "save_evidence", by="named")
        for incident in incidents[1:]:
            house.take(incident, "involve_person", person=me, involvement="alleged")
        page = house.get("named", "/approvals?limit=2")
        assert [each["about"]["incident"] for each in page["items"]] == [incidents[0]]
        assert page["next"] is None
        assert not [each for each in incidents[1:] if each in str(page)]

    def test_refuses_the_cursor_of_another_user(self, house: House) -> None:
        for _ in range(2):
            house.ask_to_waive(case(house), "save_evidence")
        cursor = house.get("dsl", "/approvals?limit=1")["next"]
        assert house.get("dsl", f"/approvals?limit=1&cursor={cursor}")["next"] is None
        house.get("headteacher", f"/approvals?limit=1&cursor={cursor}", 422)
