"""A step needs two people because of one row in a table; tested over a record in memory."""

from __future__ import annotations

from typing import Final

import pytest

from casework.domain.access import Principal
from casework.domain.approval import Approval
from casework.domain.errors import Declined, Forbidden, NotFound, Refused
from casework.domain.event import unstamped
from casework.domain.incident import Incident, Step
from casework.domain.incident.reporting import AddNote, InvolvePerson
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import ApprovalState, Category, Involvement, Role
from casework.usecases.account_approvals import DecideApproval
from casework.usecases.context import Context
from casework.usecases.steps.taking import TakeStep
from tests.record.test_use_cases_in_memory import NOW, InMemory
from tests.two_people import takes_two

APPROVE: Final = DecideApproval(approve=True, reason=Sealed("It is as it should be."))


class School(InMemory):
    """A school over a record in memory, with a case of bullying."""

    def __init__(self) -> None:
        super().__init__()
        self.incident = self.report().incident.id
        self.dsl, self.deputy = self.users[Role.DSL], self.users[Role.DEPUTY_DSL]

    def request(self, user: User) -> Context:
        return Context(principal=Principal.of(user), now=NOW)

    def take(self, step: Step, by: User | None = None) -> Approval | None:
        asked = TakeStep(incident=self.incident, step=step)
        return self.incidents.take(self.request(by or self.dsl), asked).approval

    def ask(self, step: Step, by: User | None = None) -> Approval:
        """Take a step that needs two people; return the approval that this requests."""
        approval = self.take(step, by)
        assert approval is not None
        return approval

    def decide(self, approval: Approval, by: User, decision: DecideApproval = APPROVE) -> ApprovalState:
        decided = self.approvals.decide(self.request(by), approval.id, decision)
        return decided.approval.state_at(NOW)

    @property
    def timeline(self) -> list[Step]:
        incident = self.record.load(Incident, self.incident)
        assert incident is not None
        return incident.timeline


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> School:
    """A school where a note needs two people and names no decider."""
    takes_two(monkeypatch, AddNote)
    return School()


def note(text: str = "Rang home.") -> AddNote:
    return unstamped(AddNote, text=Sealed(text))


def test_one_row_makes_a_step_need_two_people(school: School) -> None:
    approval = school.ask(note())
    assert [step.name() for step in school.timeline] == ["report"]
    assert school.decide(approval, school.deputy) is ApprovalState.APPROVED
    taken = school.timeline[-1]
    assert (taken.name(), taken.by, taken.approved_by) == ("add_note", school.dsl.id, school.deputy.id)


def test_two_accounts_of_one_person_cannot_ask_and_decide(school: School) -> None:
    me = school.person(Category.STAFF)
    one, other = school.user(Role.DSL, me), school.user(Role.HEADTEACHER, me)
    approval = school.ask(note(), by=one)
    for same in (one, other):
        with pytest.raises(Forbidden, match="is the person who asks"):
            school.decide(approval, same)
    assert school.decide(approval, school.deputy) is ApprovalState.APPROVED


def test_a_step_that_is_no_longer_valid_is_refused_with_the_reason(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = school.person(Category.STAFF)
    involved = unstamped(InvolvePerson, person=witness, involvement=Involvement.WITNESS)
    takes_two(monkeypatch, InvolvePerson)
    approval = school.ask(involved)
    takes_two(monkeypatch, InvolvePerson, None)
    school.take(involved)
    with pytest.raises(Refused) as refused:
        school.decide(approval, school.deputy)
    assert refused.value.refusal.rule == "approval-outdated"
    assert "$.person is already involved in this way" in refused.value.refusal.reason
    assert len(school.timeline) == 2


def test_an_erased_step_cannot_be_approved(school: School) -> None:
    approval = school.ask(note())
    school.record.commit(destroying=[school.incident])
    with pytest.raises(Refused) as refused:
        school.decide(approval, school.deputy)
    assert refused.value.refusal.rule == "erased"
    assert len(school.timeline) == 1


def test_an_approval_is_found_only_by_its_own_id(school: School) -> None:
    approval = school.ask(note())
    command = DecideApproval(approve=True, reason=Sealed("A reason of more than ten characters."))
    for other in (school.incident, school.pupil, Approval.id_of(school.incident, 2)):
        with pytest.raises(NotFound):
            school.approvals.decide(school.request(school.deputy), other, command)
    pending = school.approvals.decide(school.request(school.deputy), approval.id, command)
    assert pending.approval.id == approval.id


def test_a_refused_decision_leaves_nothing_behind(school: School) -> None:
    approval = school.ask(note())
    with pytest.raises(Declined):
        school.decide(approval, school.dsl)
    found = school.record.load(Approval, approval.id)
    assert found is not None
    assert (found.version, len(school.timeline)) == (1, 1)
