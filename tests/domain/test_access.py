"""The permissions of each role, written out in a table, and each user's standing to each type of case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Final
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.access import (
    HANDLE,
    PERMISSIONS,
    READ,
    Actor,
    All,
    AnyOf,
    CaseFacts,
    Holder,
    InStream,
    IsAboutLeader,
    IsWitness,
    Not,
    Permission,
    Principal,
    Standing,
)
from casework.domain.access.waiting import readers_by_route
from casework.domain.approval import why_not_decide
from casework.domain.incident import STEPS, Incident
from casework.domain.vocabulary import Role, Stream
from tests.domain.casefile import ALLEGED, DSL, HEAD, PARENT, TARGET, TEACHER, CaseFile, known
from tests.domain.standings import A_CHAIR, A_DSL, A_HEAD, TODAY, holder, reads_if_assigned, standing_to

P = Permission
COLUMNS: Final = tuple(Permission)
CELLS: Final = {
    # One row per role, one y or n per permission in the order of `Permission`: report; child cases: read,
    # handle; allegations: read, handle; cases assigned: read, handle; where the head is subject, where the
    # chair cannot; authorise; people: register, find on the roll, read, change, keep the roll; declarations:
    # record, read; summary; lessons, their sources; compare; school: read, change, appoint; appointments;
    # users.
    "dsl":                 "y y y n n n n n n y y y y y y y y y y y y y n n y y",
    "deputy_dsl":          "y y y n n n n n n y y y y y y y y y y y y y n n y y",
    "headteacher":         "y y y y y n n n n y y y y y y y y y y y y y n n y y",
    "slt":                 "y n n n n y y n n n y y n n n n n n n n n y n n n n",
    "chair_of_governors":  "y n n n n n n y n n y y n n n n n n n n n y n n n y",
    "vice_chair":          "y n n n n n n n y n y y n n n n n n n n n y n n n y",
    "reporter":            "y n n n n n n n n n y y n n n n n n n n n y n n n n",
    "governor":            "y n n n n n n n n n y y n n n n n n n n n y n n n n",
    "admin":               "y n n n n n n n n n y y n n y n n n n n n y y y y y",
}  # fmt: skip
ROLES: Final = tuple(CELLS)
GRANTED: Final = [
    pytest.param(Role(role), permission, cell == "y", id=f"{role}: {permission}")
    for role, row in CELLS.items()
    for permission, cell in zip(COLUMNS, row.split(), strict=True)
]

FOR_ASSIGNEES: Final = {
    "add_action", "add_note", "complete_action", "debrief", "inform_parents", "invite_parent",
    "record_meeting",
}  # fmt: skip

ANY_USER = known("a user")


def actor(*roles: str, user: UUID = ANY_USER, persons: tuple[UUID, ...] = ()) -> Actor:
    return Actor(user=user, persons=frozenset(persons), roles=tuple(Role(role) for role in roles))


def standing_of(actor: Actor, incident: Incident, *staff: Holder) -> Standing:
    """The standing to `incident` of a user who did not report it, at a school with a DSL and a head."""
    return standing_to(incident, actor, staff=staff or (A_DSL, A_HEAD))


def child_case() -> Incident:
    return CaseFile("cyberbullying").incident


def allegation() -> Incident:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"))
    return CaseFile("unsolicited_contact", people=people, direction="staff_to_pupil").incident


def test_every_role_and_every_permission_has_a_row() -> None:
    assert {len(row.split()) for row in CELLS.values()} == {len(Permission)}
    assert set(ROLES) == set(Role) == set(PERMISSIONS)


def test_a_role_needs_a_person_if_it_may_read_any_case() -> None:
    reading = {grant.permission for grant in READ}
    assert {role for role in Role if role.reads_cases} == {
        role for role, permissions in PERMISSIONS.items() if reading & permissions
    }


@pytest.mark.parametrize(("role", "permission", "granted"), GRANTED)
def test_each_role_has_exactly_the_permissions_of_its_row(
    role: Role, permission: Permission, granted: bool
) -> None:
    assert (permission in PERMISSIONS[role]) is granted
    assert actor(role).role_for(permission) == (role if granted else None)


def test_roles_that_read_cases_are_those_with_a_permission_to_read_any() -> None:
    reading = {grant.permission for grant in READ}
    assert {role for role in Role if role.reads_cases} == {
        role for role, held in PERMISSIONS.items() if held & reading
    }


@pytest.mark.parametrize("permission", Permission)
def test_a_user_without_a_role_may_do_nothing(permission: Permission) -> None:
    assert actor().role_for(permission) is None


def test_each_stream_has_its_own_permissions_to_read_and_to_handle() -> None:
    conditions = (
        InStream(Stream.CHILD),
        All((InStream(Stream.ALLEGATION), Not(IsAboutLeader()))),
    )
    manages = AnyOf((InStream(Stream.CHILD), Not(IsWitness())))
    assert tuple(grant.when for grant in READ[:2]) == conditions
    assert tuple(grant.when for grant in HANDLE[:2]) == tuple(All((manages, each)) for each in conditions)
    assert len({grant.permission for grants in (READ, HANDLE) for grant in grants[:2]}) == 4


@pytest.mark.parametrize(
    ("held", "permission", "acts_as"),
    [
        (("reporter", "dsl"), P.REPORT, "dsl"),
        (("governor", "admin", "reporter"), P.REPORT, "reporter"),
        (("headteacher", "dsl"), P.HANDLE_CHILD_CASES, "dsl"),
        (("headteacher", "dsl"), P.READ_CHILD_CASES, "dsl"),
        (("headteacher", "dsl"), P.HANDLE_ALLEGATIONS, "headteacher"),
        (("headteacher", "deputy_dsl"), P.AUTHORISE, "deputy_dsl"),
        (("admin", "governor"), P.READ_SUMMARY, None),
        (("admin", "governor"), P.MANAGE_SCHOOL, "admin"),
        (("admin", "governor"), P.READ_CHILD_CASES, None),
        (("governor", "chair_of_governors"), P.MANAGE_WHERE_HEAD_IS_SUBJECT, "chair_of_governors"),
        (("chair_of_governors", "reporter"), P.READ_CHILD_CASES, None),
    ],
)
def test_a_user_with_several_roles_acts_in_the_first_that_may(
    held: tuple[str, ...], permission: Permission, acts_as: str | None
) -> None:
    for order in permutations(held):
        assert actor(*order).role_for(permission) == acts_as


@pytest.mark.parametrize(
    ("role", "reads", "handles"),
    [
        ("dsl", True, True),
        ("deputy_dsl", True, True),
        ("headteacher", True, True),
        ("slt", False, False),
        ("chair_of_governors", False, False),
        ("vice_chair", False, False),
        ("reporter", False, False),
        ("governor", False, False),
        ("admin", False, False),
    ],
)
def test_each_role_may_read_and_handle_child_cases_as_listed(role: str, reads: bool, handles: bool) -> None:
    incident = child_case()
    assert incident.stream is Stream.CHILD
    found = standing_of(actor(role), incident)
    assert found == Standing(
        reads_as=Role(role) if reads else None, handles_as=Role(role) if handles else None
    )
    assert found.knows is reads


@pytest.mark.parametrize("role", ROLES)
def test_only_the_head_has_standing_to_an_allegation_by_role(role: str) -> None:
    incident = allegation()
    assert incident.stream is Stream.ALLEGATION
    found = standing_of(actor(role), incident)
    head = Role.HEADTEACHER if role == "headteacher" else None
    assert found == Standing(reads_as=head, handles_as=head)


@pytest.mark.parametrize(
    ("role", "appointed"),
    [
        ("dsl", True),
        ("deputy_dsl", True),
        ("chair_of_governors", True),
        ("slt", False),
        ("vice_chair", True),
        ("reporter", False),
        ("governor", False),
        ("admin", False),
    ],
)
def test_only_an_appointed_lead_or_chair_handles_an_allegation(role: str, appointed: bool) -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"))
    for step in ("assign", "appoint_case_manager"):
        case = CaseFile("unsolicited_contact", people=people, direction="staff_to_pupil").take(step, user=DSL)
        expected = Role(role) if appointed else None
        found = standing_of(actor(role, user=DSL), case.incident)
        assert found == Standing(reads_as=expected, handles_as=expected)
        assert not standing_of(actor(role), case.incident).knows


def test_each_user_assigned_to_a_case_stays_assigned() -> None:
    case = CaseFile().take("assign", user=DSL).take("assign", user=HEAD).take("assign", user=DSL)
    assert case.incident.assignees == (DSL, HEAD)


@pytest.mark.parametrize("role", ROLES)
def test_only_the_chair_stands_in_if_the_head_is_alleged(role: str) -> None:
    expected = Role(role) if role == "chair_of_governors" else None
    found = standing_of(actor(role), allegation(), holder("headteacher", TEACHER), A_CHAIR)
    assert found == Standing(reads_as=expected, handles_as=expected)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(A_HEAD, id="the head is linked to nobody"),
        pytest.param(holder("headteacher", known("the head")), id="the head is nobody in the case"),
    ],
)
def test_the_chair_has_no_standing_to_other_allegations(head: Holder) -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"), (PARENT, "witness", "staff"))
    incident = CaseFile("staff_allegation", people=people).incident
    assert not standing_of(actor("chair_of_governors"), incident, head).knows


def test_a_head_who_is_a_witness_reads_an_allegation_and_the_chair_manages_it() -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"), (PARENT, "witness", "staff"))
    incident = CaseFile("staff_allegation", people=people).incident
    head = holder("headteacher", PARENT)
    found = standing_of(actor("headteacher", persons=(PARENT,)), incident, head)
    assert found == Standing(reads_as=Role.HEADTEACHER)
    chair = Role.CHAIR_OF_GOVERNORS
    assert standing_of(actor(chair), incident, head) == Standing(reads_as=chair, handles_as=chair)


def test_an_appointed_manager_who_is_a_witness_manages_it_no_more() -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"))
    case = CaseFile("staff_allegation", people=people).take("appoint_case_manager", user=DSL)
    case.take("involve_person", person=PARENT, involvement="witness", category="staff")
    appointed = actor("dsl", user=DSL, persons=(PARENT,))
    assert standing_of(appointed, case.incident) == Standing(reads_as=Role.DSL)
    case.take("withdraw_involvement", person=PARENT, involvement="witness")
    assert standing_of(appointed, case.incident).handles_as is Role.DSL


def test_a_child_case_about_the_head_does_not_come_to_the_chair_while_others_have_it() -> None:
    people = ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil"))
    incident = CaseFile("cyberbullying", people=people).incident
    assert incident.stream is Stream.CHILD
    staff = (A_DSL, holder("deputy_dsl"), holder("headteacher", TEACHER))
    assert not standing_of(actor("chair_of_governors"), incident, *staff).knows


def test_the_chair_does_not_stand_in_for_their_own_case() -> None:
    chair = actor("chair_of_governors", user=DSL, persons=(ALLEGED,))
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"), (ALLEGED, "alleged", "governor"))
    case = CaseFile("staff_allegation", people=people).take("appoint_case_manager", user=DSL)
    assert not standing_of(chair, case.incident, holder("headteacher", TEACHER)).knows


@pytest.mark.parametrize("role", ROLES)
def test_an_assignment_to_a_child_case_lets_only_senior_leaders_in(role: str) -> None:
    incident = CaseFile("cyberbullying").take("assign", user=HEAD).incident
    before, after = standing_of(actor(role), incident), standing_of(actor(role, user=HEAD), incident)
    assert before.assists_as is None
    assert after == (Standing(reads_as=Role.SLT, assists_as=Role.SLT) if role == "slt" else before)


def test_a_senior_leader_takes_only_steps_for_assignees() -> None:
    incident = CaseFile("cyberbullying").take("assign", user=HEAD).incident
    found = standing_of(actor("slt", user=HEAD), incident)
    taken = {step.name() for step in STEPS.values() if found.takes_as(step) is Role.SLT}
    assert taken == FOR_ASSIGNEES
    lead = standing_of(actor("slt", "dsl", user=HEAD), incident)
    assert {lead.takes_as(step) for step in STEPS.values()} == {Role.DSL}


def test_a_senior_leader_loses_an_assigned_case_that_becomes_an_allegation() -> None:
    case = CaseFile("cyberbullying").take("assign", user=HEAD)
    case.take("involve_person", person=TEACHER, involvement="alleged", category="staff")
    assert not standing_of(actor("slt", user=HEAD), case.incident).knows


def test_a_case_could_be_assigned_to_those_who_could_then_read_it() -> None:
    by_case = [
        {role for role in ROLES if reads_if_assigned(role, each)} for each in (child_case(), allegation())
    ]
    assert by_case == [
        {"dsl", "deputy_dsl", "headteacher", "slt"},
        {"dsl", "deputy_dsl", "headteacher", "chair_of_governors", "vice_chair"},
    ]


def test_a_case_becomes_an_allegation_when_a_staff_member_is_alleged() -> None:
    case = CaseFile("cyberbullying")
    assert standing_of(actor("dsl"), case.incident).handles_as is Role.DSL
    case.take("involve_person", person=TEACHER, involvement="alleged", category="volunteer")
    assert not standing_of(actor("dsl"), case.incident).knows
    assert standing_of(actor("headteacher"), case.incident).handles_as is Role.HEADTEACHER


@pytest.mark.parametrize("involvement", ["target", "alleged"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("assigned", [False, True])
def test_a_subject_has_no_standing_to_their_own_case(involvement: str, role: str, assigned: bool) -> None:
    people = ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil"), (TEACHER, involvement, "staff"))
    case = CaseFile("cyberbullying", people=people)
    if assigned:
        case.take("assign", user=DSL)
    subject = actor(role, user=DSL, persons=(PARENT, TEACHER))
    assert TEACHER in case.incident.subjects()
    assert not standing_of(subject, case.incident).knows


@pytest.mark.parametrize("involvement", ["witness", "reporter", "bystander"])
def test_a_lead_who_is_involved_but_not_a_subject_keeps_the_case(involvement: str) -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, involvement, "staff"))
    incident = CaseFile("cyberbullying", people=people).incident
    assert TEACHER not in incident.subjects()
    assert standing_of(actor("dsl", persons=(TEACHER,)), incident).handles_as is Role.DSL


def test_a_lead_who_is_in_a_case_as_a_parent_does_not_know_of_it() -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "parent", "staff"))
    incident = CaseFile("cyberbullying", people=people).incident
    assert TEACHER not in incident.subjects()
    assert not standing_of(actor("dsl", persons=(TEACHER,)), incident).knows


def test_a_user_without_a_person_is_the_subject_of_no_case() -> None:
    for incident in (child_case(), CaseFile("cyberbullying", people=()).incident):
        assert standing_of(actor("dsl", persons=()), incident).handles_as is Role.DSL
    assert CaseFile("cyberbullying", people=()).incident.subjects() == frozenset()


def test_a_person_becomes_a_subject_when_they_are_identified() -> None:
    unknown = known("unknown")
    people = ((TARGET, "target", "pupil"), (unknown, "alleged", "unknown"))
    case = CaseFile("cyberbullying", people=people)
    lead = actor("headteacher", persons=(TEACHER,))
    assert standing_of(lead, case.incident).knows
    case.take("identify_person", person=unknown, as_=TEACHER, category="staff")
    assert not standing_of(lead, case.incident).knows


@pytest.mark.parametrize("incident", [child_case(), allegation()], ids=["child", "allegation"])
@pytest.mark.parametrize("role", ["reporter", "governor", "admin"])
def test_a_reporter_has_standing_but_may_not_handle_the_case(incident: Incident, role: str) -> None:
    found = standing_to(incident, actor(role), reported_it=True)
    assert found == Standing(reported_it=True)
    assert found.knows


def test_a_reporter_without_a_role_today_knows_nothing() -> None:
    assert standing_to(child_case(), actor(), reported_it=True) == Standing()


def test_a_lead_who_reported_an_allegation_has_only_their_report() -> None:
    found = standing_to(allegation(), actor("dsl"), reported_it=True)
    assert (found.knows, found.reads_as, found.handles_as) == (True, None, None)


def test_a_subject_who_reported_the_case_has_only_their_report() -> None:
    target = actor("dsl", persons=(TEACHER,))
    people = ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil"))
    found = standing_to(CaseFile("cyberbullying", people=people).incident, target, reported_it=True)
    assert found == Standing(reported_it=True)


@given(
    roles=st.sets(st.sampled_from(Role)),
    role=st.sampled_from(Role),
    permission=st.sampled_from(Permission),
)
def test_an_additional_role_removes_no_permission(
    roles: set[Role], role: Role, permission: Permission
) -> None:
    before, after = actor(*roles), actor(*roles, role)
    assert before.role_for(permission) is None or after.role_for(permission) is not None


class TestAProvisionalRole:
    """It extends only to cases recorded since a moment, and to nothing that is made of every case."""

    def head(self, since: datetime, *others: str) -> Actor:
        held = actor("headteacher", *others)
        return msgspec.structs.replace(held, provisional={Role.HEADTEACHER: since})

    @pytest.mark.parametrize("late_by", [timedelta(0), timedelta(microseconds=1)])
    @pytest.mark.parametrize("case", [child_case, allegation])
    def test_reads_and_handles_cases_since_then(
        self, case: Callable[[], Incident], late_by: timedelta
    ) -> None:
        incident = case()
        stands = standing_of(self.head(incident.recorded_at + late_by), incident)
        expected = None if late_by else Role.HEADTEACHER
        assert (stands.reads_as, stands.handles_as) == (expected, expected)

    def test_takes_nothing_from_another_role(self) -> None:
        incident = child_case()
        later = incident.recorded_at + timedelta(days=1)
        assert standing_of(self.head(later, "deputy_dsl"), incident).reads_as is Role.DEPUTY_DSL

    def test_authorises_nothing_in_an_earlier_case(self) -> None:
        incident = child_case()
        asker = Principal(id=known("a colleague"))
        reads = Standing(reads_as=Role.SLT)
        for late_by, fault in ((0, None), (1, "holds no role that may authorise this")):
            decider = self.head(incident.recorded_at + timedelta(days=late_by))
            assert why_not_decide(asker, decider, reads, incident) == fault

    def test_lacks_what_is_made_of_every_case(self) -> None:
        held = self.head(child_case().recorded_at)
        lacking = {each for each in Permission if held.role_for(each) is None}
        assert lacking - {each for each in Permission if actor("headteacher").role_for(each) is None} == {
            P.READ_SUMMARY, P.READ_LESSONS, P.READ_LESSON_SOURCES, P.COMPARE_PLAYBOOKS,
        }  # fmt: skip

    def test_leaves_the_case_to_the_next_in_the_route(self) -> None:
        incident = child_case()
        chair = actor("chair_of_governors", user=A_CHAIR.identity.user)
        for since, reads_as in ((None, None), (incident.recorded_at, Role.CHAIR_OF_GOVERNORS)):
            head = msgspec.structs.replace(A_HEAD, since=since)
            assert standing_of(chair, incident, head, A_CHAIR).reads_as is reads_as

    @pytest.mark.parametrize(("late_by", "readers"), [(0, 1), (1, 0)])
    def test_reads_by_the_route_only_cases_since_then(self, late_by: int, readers: int) -> None:
        incident = child_case()
        since = incident.recorded_at + timedelta(days=late_by)
        head = msgspec.structs.replace(A_HEAD, since=since)
        facts = CaseFacts.of(incident, ())
        assert len([*readers_by_route(facts, (head,), TODAY)]) == readers
