"""The approvals that concern a user: what is listed, to whom, and what the view stores."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import UNSET

from casework.domain.incident.reporting import AddNote
from casework.domain.user import User
from casework.domain.vocabulary import ApprovalState, Category, Involvement, Role
from casework_projections.reading.approvals import ApprovalBody, ListApprovals
from casework_projections.reading.case import IncidentBody
from casework_projections.reading.paging import Part
from casework_projections.views.catch_up import Views
from tests.histories import NARRATIVE, SECRET_WORDS, SchoolHistory
from tests.projections.watching import dump, spoil
from tests.two_people import takes_two


@pytest.fixture
def notes_take_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """A note needs two people and names no decider."""
    takes_two(monkeypatch, AddNote)


def listed(history: SchoolHistory, views: Views, user: User) -> list[ApprovalBody]:
    found = history.answer(ListApprovals(Part(limit=100)), user, views=views)
    assert (found.next, found.stale) == (None, UNSET)
    return [*found.items]


def case_of(shown: ApprovalBody) -> UUID:
    """The case that an approval is about, as its readers see it."""
    assert shown.about is not UNSET
    return shown.about["incident"]


def waiting(history: SchoolHistory, incident: UUID) -> list[UUID]:
    case = history.app.cases.admit_reader(history.context(history.dsl), incident)
    return [approval.id for approval in case.pending]


def test_asker_and_decider_get_the_approval_with_its_texts(history: SchoolHistory, views: Views) -> None:
    incident = history.report()
    history.take(incident, "waive")
    for user in (history.dsl, history.head):
        (shown,) = listed(history, views, user)
        assert (case_of(shown), shown.state) == (incident, ApprovalState.ASKED)
        assert shown.step is not UNSET
        assert (shown.step["waived"], shown.reason) == ("debrief", NARRATIVE)
    assert listed(history, views, history.users[Role.DEPUTY_DSL]) == []


@pytest.mark.usefixtures("notes_take_two")
def test_users_who_may_decide_get_an_approval_without_a_decider(history: SchoolHistory, views: Views) -> None:
    incident = history.report()
    history.take(incident, "add_note")
    me = history.person(Category.STAFF)
    witness = history.appointed(Role.HEADTEACHER, person=me)
    may = {role: bool(listed(history, views, user)) for role, user in history.users.items()}
    assert {role for role, there in may.items() if there} == {Role.DSL, Role.DEPUTY_DSL, Role.HEADTEACHER}
    assert listed(history, views, witness)
    history.take(incident, "involve_person", person=me, involvement=Involvement.WITNESS)
    assert listed(history, views, witness) == []


@pytest.mark.usefixtures("notes_take_two")
def test_the_askers_second_account_does_not_get_the_approval(history: SchoolHistory, views: Views) -> None:
    me = history.person(Category.STAFF)
    asker, second = (history.appointed(role, person=me) for role in (Role.DSL, Role.HEADTEACHER))
    history.take(history.report(), "add_note", by=asker)
    assert len(listed(history, views, asker)) == len(listed(history, views, history.head)) == 1
    assert listed(history, views, second) == []


@pytest.mark.usefixtures("notes_take_two")
@pytest.mark.parametrize("end", ["decided", "expired"])
def test_only_asker_and_decider_get_an_approval_that_is_over(
    history: SchoolHistory, views: Views, end: str
) -> None:
    incident = history.report()
    history.take(incident, "add_note")
    if end == "decided":
        history.decide(incident)
    else:
        history.at += timedelta(days=7)
    assert listed(history, views, history.users[Role.DEPUTY_DSL]) == []
    assert len(listed(history, views, history.dsl)) == 1
    assert len(listed(history, views, history.head)) == (1 if end == "decided" else 0)


def test_the_asker_gets_the_decision_and_the_result(history: SchoolHistory, views: Views) -> None:
    approved, refused = history.report(), history.report()
    for incident, approve in ((approved, True), (refused, False)):
        history.take(incident, "waive")
        history.decide(incident, approve=approve)
    states = {case_of(shown): shown for shown in listed(history, views, history.dsl)}
    assert states[approved].state is ApprovalState.APPROVED
    assert states[refused].state is ApprovalState.REFUSED
    result = states[approved].result
    assert isinstance(result, IncidentBody)
    assert result.version == 2
    assert states[refused].result is UNSET
    assert states[refused].decided_by == history.head.id


def test_an_unreadable_case_hides_only_its_own_approvals(history: SchoolHistory, views: Views) -> None:
    readable, broken = history.report(), history.report()
    for incident in (readable, broken):
        history.take(incident, "waive")
    spoil(history.app, broken, lambda state: state.pop("setting"))
    (shown,) = listed(history, views, history.dsl)
    assert case_of(shown) == readable


def test_the_view_stores_ids_and_moments_but_no_text(history: SchoolHistory, views: Views) -> None:
    incident = history.report()
    history.take(incident, "waive")
    (approval,) = waiting(history, incident)
    history.decide(incident)
    views.catch_up(views.approvals)
    ((row),) = dump(history.app, views.approvals)["view_approvals"]
    assert {approval, incident, history.id, history.dsl.id, history.head.id, "step", "approved"} <= {*row}
    held = repr(row).casefold()
    assert not [word for word in (*SECRET_WORDS, "waive", "debrief") if word.casefold() in held]
