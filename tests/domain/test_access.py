"""Who may do what, written out cell by cell, and how each user stands to each sort of case."""

from __future__ import annotations

from itertools import permutations
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.access import (
    HANDLING,
    PERMISSIONS,
    READING,
    Actor,
    Permission,
    Standing,
    is_about,
    standing,
)
from casework.domain.incident import Incident
from casework.domain.vocabulary import Role, Stream
from tests.domain.casefile import ALLEGED, DSL, HEAD, TARGET, TEACHER, CaseFile, known

P = Permission
ROLES: Final = ("dsl", "deputy_dsl", "headteacher", "reporter", "governor", "admin")
MATRIX: Final = {
    #                        dsl deputy head reporter governor admin
    P.REPORT:               "yes  yes   yes   yes     yes      yes",
    P.READ_OWN_REPORTS:     "yes  yes   yes   yes     yes      yes",
    P.NOTE_OWN_REPORTS:     "yes  yes   yes   yes     yes      yes",
    P.READ_CHILD_CASES:     "yes  yes   yes   no      no       no",
    P.HANDLE_CHILD_CASES:   "yes  yes   no    no      no       no",
    P.READ_ALLEGATIONS:     "no   no    yes   no      no       no",
    P.HANDLE_ALLEGATIONS:   "no   no    yes   no      no       no",
    P.AUTHORISE:            "yes  yes   yes   no      no       no",
    P.REGISTER_PEOPLE:      "yes  yes   yes   yes     yes      yes",
    P.READ_PEOPLE:          "yes  yes   yes   no      no       no",
    P.DECLARE:              "yes  yes   yes   no      no       no",
    P.READ_DECLARATIONS:    "yes  yes   yes   no      no       no",
    P.READ_SUMMARY:         "yes  yes   yes   no      yes      no",
    P.READ_LESSONS:         "yes  yes   yes   no      yes      no",
    P.READ_LESSON_SOURCES:  "yes  yes   yes   no      no       no",
    P.READ_SCHOOL:          "yes  yes   yes   yes     yes      yes",
    P.MANAGE_SCHOOL:        "no   no    no    no      no       yes",
    P.MANAGE_APPOINTMENTS:  "no   no    no    no      no       yes",
}  # fmt: skip
CELLS = [
    pytest.param(Role(role), permission, cell == "yes", id=f"{role}: {permission}")
    for permission, row in MATRIX.items()
    for role, cell in zip(ROLES, row.split(), strict=True)
]

SOMEBODY = known("somebody")


def actor(*roles: str, user: UUID = SOMEBODY, person: UUID | None = None) -> Actor:
    return Actor(user=user, person=person, roles=tuple(Role(role) for role in roles))


def child_case() -> Incident:
    return CaseFile("cyberbullying").incident


def allegation() -> Incident:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"))
    return CaseFile("unsolicited_contact", people=people, direction="staff_to_pupil").incident


def test_every_role_and_every_permission_has_a_row() -> None:
    assert [*MATRIX] == [*Permission]
    assert set(ROLES) == set(Role) == set(PERMISSIONS)


@pytest.mark.parametrize(("role", "permission", "granted"), CELLS)
def test_the_table(role: Role, permission: Permission, granted: bool) -> None:
    assert (permission in PERMISSIONS[role]) is granted
    assert actor(role).role_for(permission) == (role if granted else None)


@pytest.mark.parametrize("permission", Permission)
def test_whoever_holds_no_role_may_do_nothing(permission: Permission) -> None:
    assert actor().role_for(permission) is None


def test_each_stream_is_read_and_handled_under_a_permission_of_its_own() -> None:
    assert set(READING) == set(HANDLING) == set(Stream)
    assert len({*READING.values(), *HANDLING.values()}) == 4


@pytest.mark.parametrize(
    ("held", "permission", "acts_as"),
    [
        (("reporter", "dsl"), P.REPORT, "dsl"),
        (("governor", "admin", "reporter"), P.REPORT, "reporter"),
        (("headteacher", "dsl"), P.HANDLE_CHILD_CASES, "dsl"),
        (("headteacher", "dsl"), P.READ_CHILD_CASES, "dsl"),
        (("headteacher", "dsl"), P.HANDLE_ALLEGATIONS, "headteacher"),
        (("headteacher", "deputy_dsl"), P.AUTHORISE, "deputy_dsl"),
        (("admin", "governor"), P.READ_SUMMARY, "governor"),
        (("admin", "governor"), P.MANAGE_SCHOOL, "admin"),
        (("admin", "governor"), P.READ_CHILD_CASES, None),
    ],
)
def test_a_user_of_several_roles_acts_in_the_first_that_may(
    held: tuple[str, ...], permission: Permission, acts_as: str | None
) -> None:
    for order in permutations(held):
        assert actor(*order).role_for(permission) == acts_as


@pytest.mark.parametrize(
    ("role", "reads", "handles"),
    [
        ("dsl", True, True),
        ("deputy_dsl", True, True),
        ("headteacher", True, False),
        ("reporter", False, False),
        ("governor", False, False),
        ("admin", False, False),
    ],
)
def test_standing_to_a_case_about_children(role: str, reads: bool, handles: bool) -> None:
    incident = child_case()
    assert incident.stream is Stream.CHILD
    stands = standing(actor(role), incident, reported_it=False)
    assert stands == Standing(
        reads_as=Role(role) if reads else None, handles_as=Role(role) if handles else None
    )
    assert stands.knows is reads


@pytest.mark.parametrize("role", ROLES)
def test_standing_to_an_allegation(role: str) -> None:
    incident = allegation()
    assert incident.stream is Stream.ALLEGATION
    stands = standing(actor(role), incident, reported_it=False)
    head = Role.HEADTEACHER if role == "headteacher" else None
    assert stands == Standing(reads_as=head, handles_as=head)


@pytest.mark.parametrize(
    ("role", "appointed"),
    [("dsl", True), ("deputy_dsl", True), ("reporter", False), ("governor", False), ("admin", False)],
)
def test_a_lead_appointed_by_name_handles_an_allegation_and_nobody_else_does(
    role: str, appointed: bool
) -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"))
    case = CaseFile("unsolicited_contact", people=people, direction="staff_to_pupil").take("assign", user=DSL)
    expected = Role(role) if appointed else None
    stands = standing(actor(role, user=DSL), case.incident, reported_it=False)
    assert stands == Standing(reads_as=expected, handles_as=expected)
    assert not standing(actor(role), case.incident, reported_it=False).knows


def test_being_assigned_a_case_about_children_adds_nothing_to_a_role() -> None:
    case = CaseFile("cyberbullying").take("assign", user=HEAD)
    assert standing(actor("headteacher", user=HEAD), case.incident, False).handles_as is None
    assert not standing(actor("reporter", user=HEAD), case.incident, False).knows


def test_a_case_becomes_an_allegation_when_somebody_on_the_staff_is_alleged() -> None:
    case = CaseFile("cyberbullying")
    assert standing(actor("dsl"), case.incident, False).handles_as is Role.DSL
    case.take("involve_person", person=TEACHER, involvement="alleged", category="volunteer")
    assert not standing(actor("dsl"), case.incident, False).knows
    assert standing(actor("headteacher"), case.incident, False).handles_as is Role.HEADTEACHER


@pytest.mark.parametrize("involvement", ["target", "alleged"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("assigned", [False, True])
def test_a_case_about_you_does_not_exist_for_you(involvement: str, role: str, assigned: bool) -> None:
    people = ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil"), (TEACHER, involvement, "staff"))
    case = CaseFile("cyberbullying", people=people)
    if assigned:
        case.take("assign", user=DSL)
    subject = actor(role, user=DSL, person=TEACHER)
    assert is_about(case.incident, TEACHER)
    assert not standing(subject, case.incident, reported_it=False).knows


@pytest.mark.parametrize("involvement", ["witness", "reporter", "parent", "bystander"])
def test_a_lead_who_is_in_a_case_but_not_its_subject_goes_on_with_it(involvement: str) -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, involvement, "staff"))
    incident = CaseFile("cyberbullying", people=people).incident
    assert not is_about(incident, TEACHER)
    assert standing(actor("dsl", person=TEACHER), incident, False).handles_as is Role.DSL


def test_a_user_who_is_nobody_in_incidents_is_the_subject_of_none() -> None:
    assert not is_about(child_case(), None)
    assert not is_about(CaseFile("cyberbullying", people=()).incident, TARGET)


def test_a_case_is_about_somebody_from_the_moment_they_are_identified() -> None:
    unknown = known("unknown")
    people = ((TARGET, "target", "pupil"), (unknown, "alleged", "unknown"))
    case = CaseFile("cyberbullying", people=people)
    lead = actor("headteacher", person=TEACHER)
    assert standing(lead, case.incident, False).knows
    case.take("identify_person", person=unknown, as_=TEACHER, category="staff")
    assert not standing(lead, case.incident, False).knows


@pytest.mark.parametrize("incident", [child_case(), allegation()], ids=["child", "allegation"])
@pytest.mark.parametrize("role", ["reporter", "governor", "admin"])
def test_whoever_reported_knows_of_it_and_handles_nothing(incident: Incident, role: str) -> None:
    stands = standing(actor(role), incident, reported_it=True)
    assert stands == Standing(reported_it=True)
    assert stands.knows


def test_a_lead_who_reported_an_allegation_knows_of_their_report_only() -> None:
    stands = standing(actor("dsl"), allegation(), reported_it=True)
    assert (stands.knows, stands.reads_as, stands.handles_as) == (True, None, None)


def test_a_subject_who_reported_it_themselves_keeps_their_own_report_only() -> None:
    target = actor("dsl", person=TEACHER)
    people = ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil"))
    stands = standing(target, CaseFile("cyberbullying", people=people).incident, reported_it=True)
    assert stands == Standing(reported_it=True)


@given(
    roles=st.sets(st.sampled_from(Role)),
    role=st.sampled_from(Role),
    permission=st.sampled_from(Permission),
)
def test_a_further_role_takes_no_permission_away(
    roles: set[Role], role: Role, permission: Permission
) -> None:
    before, after = actor(*roles), actor(*roles, role)
    assert before.role_for(permission) is None or after.role_for(permission) is not None
