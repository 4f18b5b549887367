"""Approvals: who may decide, for how long, and what is stored before the decision."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from freezegun import freeze_time

from casework.domain.access import Actor, Principal, Standing
from casework.domain.approval import (
    About,
    Approval,
    ApprovalAsked,
    ApprovalDecided,
    why_not_decide,
)
from casework.domain.asked_step import AskedStep, opened_step, sealed_step
from casework.domain.errors import Invalid, Refused
from casework.domain.event import unstamped
from casework.domain.incident import STEPS, Incident, Step
from casework.domain.incident.amending import Waive
from casework.domain.incident.examples import EXAMPLES
from casework.domain.incident.families import WithholdFromParents
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import ApprovalState, Matter, Role
from tests.domain.casefile import ALLEGED, DSL, HEAD, CaseFile, at, known
from tests.domain.standings import standing_to

ASKED = "2026-09-14 11:00"
REASON = Sealed("It is settled among them.")
WITNESS = known("witness")


def waiver(
    waived: str = "save_evidence", authoriser: UUID = HEAD, reason: str = "It is done already."
) -> Waive:
    return unstamped(Waive, waived=waived, reason=Sealed(reason), authorised_by=authoriser)


def asked(moment: str = ASKED, incident_version: int = 3, step: Sealed | None = None) -> Approval:
    """A waiver that was asked for at `moment`."""
    first = ApprovalAsked(
        **stamp(1, at(moment)),
        school=known("school"),
        what=Matter.STEP,
        about=About(incident=known("incident")),
        step=step or sealed_step(AskedStep(waiver()), known("incident")),
        decider=HEAD,
        incident_version=incident_version,
    )
    approval = Approval.replay([first])
    assert approval is not None
    return approval


def decided(approval: Approval, approved: bool, incident_version: int, moment: str = ASKED) -> Approval:
    approval.append(
        ApprovalDecided(
            **stamp(2, at(moment)), approved=approved, reason=REASON, incident_version=incident_version
        )
    )
    return approval


def stamp(number: int, moment: datetime) -> dict[str, Any]:
    return {
        "originator_id": known("approval"),
        "originator_version": number,
        "by": DSL,
        "role": "dsl",
        "request_id": f"request {number}",
        "happened_at": moment,
        "recorded_at": moment,
    }


class TestAPendingApproval:
    def test_expires_after_seven_days_to_the_second(self) -> None:
        approval, week = asked(), timedelta(days=7)
        assert approval.state_at(at(ASKED)) is ApprovalState.ASKED
        assert approval.state_at(at(ASKED) + week - timedelta(seconds=1)) is ApprovalState.ASKED
        assert approval.state_at(at(ASKED) + week) is ApprovalState.EXPIRED

    def test_has_seven_times_24_hours_when_the_clocks_change(self) -> None:
        approval = asked("2026-10-22 09:00")
        assert approval.asked.expires_at == at("2026-10-29 08:00")
        assert approval.asked.expires_at.timestamp() - at("2026-10-22 09:00").timestamp() == 7 * 24 * 3600

    @pytest.mark.parametrize(("approved", "state"), [(True, "approved"), (False, "refused")])
    def test_is_approved_or_refused_by_the_decision(self, approved: bool, state: str) -> None:
        approval = decided(asked(), approved, incident_version=4)
        assert approval.state_at(at("2030-01-01 09:00")) == state

    @pytest.mark.parametrize(
        ("approval", "rule"),
        [
            (decided(asked(), True, 4), "approval-decided"),
            (decided(asked(), False, 3), "approval-decided"),
            (asked("2026-09-01 09:00"), "approval-expired"),
        ],
        ids=["approved", "refused", "expired"],
    )
    def test_cannot_be_decided_once_it_is_over(self, approval: Approval, rule: str) -> None:
        with pytest.raises(Refused) as refused:
            approval.require_pending(at(ASKED))
        assert refused.value.refusal.rule == rule
        asked().require_pending(at(ASKED))


class TestRightAfterAStep:
    """A retry returns the approvals that were pending after the first request."""

    def test_was_pending_if_it_was_asked_for_before_the_step(self) -> None:
        approval = asked(incident_version=3)
        assert [number for number in range(1, 7) if approval.pending_after(number, at(ASKED))] == [4, 5, 6]

    def test_was_pending_until_its_own_step(self) -> None:
        approval = decided(asked(incident_version=3), True, incident_version=5)
        assert [number for number in range(1, 7) if approval.pending_after(number, at(ASKED))] == [4]

    def test_was_pending_after_each_step_before_the_refusal(self) -> None:
        approval = decided(asked(incident_version=3), False, incident_version=5)
        assert [number for number in range(1, 7) if approval.pending_after(number, at(ASKED))] == [4, 5]

    def test_was_not_pending_after_seven_days(self) -> None:
        assert not asked().pending_after(4, at("2026-09-21 11:00"))


class TestTheDecider:
    """Another person who may authorise, may read the case and is not involved."""

    ASKER = Principal(id=DSL, persons=frozenset({known("the lead"), known("the lead elsewhere")}))

    def why_not(
        self, *roles: str, user: UUID = HEAD, persons: tuple[UUID, ...] = (), incident: Incident | None = None
    ) -> str | None:
        case = incident or self.child_case()
        decider = Actor(user=user, persons=frozenset(persons), roles=tuple(Role(role) for role in roles))
        return why_not_decide(self.ASKER, decider, standing_to(case, decider), case)

    @staticmethod
    def child_case() -> Incident:
        case = CaseFile("cyberbullying")
        return case.take("involve_person", person=WITNESS, involvement="witness").incident

    @pytest.mark.parametrize("role", ["headteacher", "dsl", "deputy_dsl"])
    def test_may_be_a_lead(self, role: str) -> None:
        assert self.why_not(role) is None
        assert self.why_not(role, persons=(known("another person"),)) is None

    @pytest.mark.parametrize("role", ["reporter", "governor", "chair_of_governors", "admin"])
    def test_may_not_hold_only_another_role(self, role: str) -> None:
        assert self.why_not(role) == "holds no role that may authorise this"
        assert self.why_not() == "holds no role that may authorise this"

    def test_must_not_be_the_user_who_asks(self) -> None:
        assert self.why_not("dsl", user=DSL) == "is the person who asks; another person must decide"

    def test_must_not_be_the_same_person_with_another_account(self) -> None:
        for shared in self.ASKER.persons:
            same = self.why_not("headteacher", persons=(known("another person"), shared))
            assert same == "is the person who asks; another person must decide"

    @pytest.mark.parametrize("party", [WITNESS, ALLEGED])
    def test_must_not_be_involved(self, party: UUID) -> None:
        assert (
            self.why_not("headteacher", persons=(known("another person"), party))
            == "is involved in the incident"
        )

    def test_must_be_allowed_to_read_the_case(self) -> None:
        allegation = CaseFile("staff_allegation").incident
        assert self.why_not("deputy_dsl", incident=allegation) == "may not read this case"
        assert self.why_not("headteacher", incident=allegation) is None
        assert why_not_decide(
            self.ASKER, Actor(user=HEAD, persons=frozenset(), roles=(Role.DSL,)), Standing(), allegation
        )


class TestAnAskedStep:
    @pytest.mark.parametrize("name", [name for name in EXAMPLES if not STEPS[name].INTERNAL])
    def test_is_read_back_unchanged(self, name: str) -> None:
        built = CaseFile("cyberbullying").build(name)
        fields = {
            field: getattr(built, field)
            for field in type(built).__struct_fields__
            if field not in Step.__struct_fields__
        }
        step = AskedStep(unstamped(type(built), note=Sealed("Added."), **fields), at(ASKED))
        assert opened_step(sealed_step(step, known("incident"))) == step

    def test_is_sealed_under_the_key_of_the_incident(self) -> None:
        sealed = sealed_step(AskedStep(waiver(reason="Quillfeather is ill.")), known("incident"))
        assert sealed.under == known("incident")
        assert "Quillfeather is ill." in sealed.text

    def test_is_stored_while_time_is_frozen(self) -> None:
        with freeze_time("2026-09-14 09:20:00"):
            step = unstamped(WithholdFromParents, child=ALLEGED, reason=REASON, review_on=date.today())  # noqa: DTZ011
            sealed = sealed_step(AskedStep(step, datetime.now(at(ASKED).tzinfo)), uuid4())
        assert opened_step(sealed) == AskedStep(step, at("2026-09-14 10:20"))

    def test_is_read_in_the_current_shape_of_its_class(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sealed = sealed_step(AskedStep(waiver()), known("incident"))

        def upcast(state: dict[str, Any], version: int) -> dict[str, Any]:
            assert version == 1
            return state | {"waived": "close"}

        monkeypatch.setattr(Waive, "VERSION", 2)
        monkeypatch.setattr(Waive, "upcast", upcast)
        assert opened_step(sealed).step == waiver("close")

    def test_cannot_be_read_once_erased(self) -> None:
        erased = asked(step=Sealed.closed(known("incident"), lambda: None))
        assert (erased.step, erased.step_name) == (None, "[erased]")
        assert asked().step_name == "waive"

    def test_is_the_same_with_other_texts(self) -> None:
        step = AskedStep(waiver())
        assert step.same_but_for_texts(AskedStep(waiver(reason="In other words."), at(ASKED)))
        assert not step.same_but_for_texts(AskedStep(waiver("close")))
        assert not step.same_but_for_texts(AskedStep(waiver(authoriser=DSL)))
        assert not step.same_but_for_texts(AskedStep(unstamped(STEPS["acknowledge"])))


class TestJudging:
    def test_does_not_change_the_incident(self) -> None:
        case = CaseFile("cyberbullying", "headcorn")
        case.incident.judge(case.build("waive"), case.playbook)
        assert (case.incident.version, case.incident.waived) == (1, frozenset())
        assert list(case.incident.collect_events()) == case.incident.timeline

    def test_refuses_what_taking_would_refuse(self) -> None:
        case = CaseFile("cyberbullying")
        with pytest.raises(Refused):
            case.incident.judge(case.build("close"), case.playbook)
        with pytest.raises(Invalid):
            case.incident.judge(case.build("waive", authorised_by=DSL), case.playbook)


def test_a_step_of_an_earlier_release_has_no_second_user() -> None:
    case = CaseFile("cyberbullying", "headcorn").take("waive")
    taken = case.incident.timeline[-1]
    assert taken.approved_by is None
    assert msgspec.structs.replace(taken, approved_by=HEAD).approved_by == HEAD
