"""To whom a case comes when those who usually have it are shut out of it, absent or gone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import pytest

from casework.domain.access import Actor, Holder
from casework.domain.bars import Bar, Why
from casework.domain.incident import Incident
from casework.domain.vocabulary import Direction
from tests.domain.casefile import ALLEGED, TARGET, TEACHER, CaseFile, known
from tests.domain.standings import TODAY, holder, standing_to

DSL_PERSON, DEPUTY_PERSON, HEAD_PERSON = known("Dana"), known("Della"), known("Hal")
CHAIR_PERSON, VICE_PERSON = known("Chas"), known("Vic")
LEADS: Final = {
    "dsl": DSL_PERSON,
    "deputy_dsl": DEPUTY_PERSON,
    "headteacher": HEAD_PERSON,
    "chair_of_governors": CHAIR_PERSON,
    "vice_chair": VICE_PERSON,
}
YESTERDAY: Final = TODAY - timedelta(days=1)


def staff(**changed: Holder | None) -> tuple[Holder, ...]:
    """A holder of each role, but for those that are `changed`; None for a role nobody holds."""
    held = {role: holder(role, person) for role, person in LEADS.items()} | changed
    return tuple(each for each in held.values() if each is not None)


def readers(incident: Incident, *bars: Bar, staff: tuple[Holder, ...]) -> set[str]:
    """The roles whose holders of today read `incident`."""
    found = set()
    for each in staff:
        user = Actor(user=each.identity.user, persons=each.identity.persons, roles=(each.role,))
        namesakes = each.identity.namesakes
        stands = standing_to(incident, user, staff=staff, bars=bars, namesakes=namesakes)
        if each.acts and stands.reads_as is not None:
            assert stands.reads_as is each.role
            assert stands.handles_as is each.role
            found.add(each.role.value)
    return found


def about(*alleged: UUID) -> Incident:
    """An allegation against staff."""
    people = ((TARGET, "target", "pupil"), *((each, "alleged", "staff") for each in alleged))
    return CaseFile("staff_allegation", people=people).incident


def child_case(*targets: UUID) -> Incident:
    people = ((ALLEGED, "alleged", "pupil"), *((each, "target", "staff") for each in targets))
    return CaseFile("cyberbullying", people=people).incident


def close_to(person: UUID) -> Bar:
    return Bar(member=person, why=Why.RELATED)


class TestAnAllegation:
    def test_comes_to_the_head(self) -> None:
        assert readers(about(TEACHER), staff=staff()) == {"headteacher"}

    def test_against_the_head_comes_to_the_chair(self) -> None:
        assert readers(about(HEAD_PERSON), staff=staff()) == {"chair_of_governors"}

    def test_comes_to_the_vice_chair_if_the_chair_is_close_to_the_head(self) -> None:
        assert readers(about(HEAD_PERSON), close_to(CHAIR_PERSON), staff=staff()) == {"vice_chair"}

    def test_comes_to_the_chair_if_the_head_is_close_to_the_subject(self) -> None:
        assert readers(about(TEACHER), close_to(HEAD_PERSON), staff=staff()) == {"chair_of_governors"}

    @pytest.mark.parametrize("head", [None, holder("headteacher", HEAD_PERSON, until=YESTERDAY)])
    def test_comes_to_the_chair_if_no_head_can_act(self, head: Holder | None) -> None:
        assert readers(about(TEACHER), staff=staff(headteacher=head)) == {"chair_of_governors"}

    def test_against_a_head_who_left_never_comes_to_the_next_head(self) -> None:
        left = holder("headteacher", HEAD_PERSON, until=YESTERDAY)
        successor = holder("headteacher", known("Nell"), user="the successor", from_=TODAY)
        now = (*staff(headteacher=left), successor)
        assert readers(about(HEAD_PERSON), staff=now) == {"chair_of_governors"}
        assert readers(about(TEACHER), staff=now) == {"headteacher"}

    def test_against_somebody_who_led_before_it_happened_comes_to_the_head(self) -> None:
        incident = about(HEAD_PERSON)
        day_before = incident.occurred_at.date() - timedelta(days=1)
        left = holder("headteacher", HEAD_PERSON, until=day_before)
        successor = holder("headteacher", known("Nell"), user="the successor", from_=date(2026, 9, 1))
        assert readers(incident, staff=(*staff(headteacher=left), successor)) == {"headteacher"}

    def test_against_somebody_who_became_head_since_comes_to_the_chair(self) -> None:
        promoted = holder("headteacher", TEACHER, from_=TODAY)
        left = holder("headteacher", HEAD_PERSON, user="the former head", until=YESTERDAY)
        now = (*staff(headteacher=left), promoted)
        assert readers(about(TEACHER), staff=now) == {"chair_of_governors"}

    def test_by_a_name_that_could_be_the_heads_comes_to_the_chair(self) -> None:
        unsure = holder("headteacher", HEAD_PERSON, namesakes=[TEACHER])
        assert readers(about(TEACHER), staff=staff(headteacher=unsure)) == {"chair_of_governors"}

    @pytest.mark.parametrize(
        ("in_confidence", "about_leader", "reader"),
        [
            (True, None, "chair_of_governors"),
            (True, True, "chair_of_governors"),
            (False, True, "chair_of_governors"),
            (True, False, "headteacher"),
            (False, None, "headteacher"),
        ],
    )
    def test_that_names_nobody_may_be_about_the_head(
        self, in_confidence: bool, about_leader: bool | None, reader: str
    ) -> None:
        incident = CaseFile(
            "unsolicited_contact",
            people=((TARGET, "target", "pupil"),),
            direction=Direction.STAFF_TO_PUPIL,
            confidential_reporter=in_confidence,
            about_leader=about_leader,
        ).incident
        assert readers(incident, staff=staff()) == {reader}

    def test_comes_to_nobody_if_all_are_shut_out(self) -> None:
        bars = map(close_to, (CHAIR_PERSON, VICE_PERSON))
        assert readers(about(HEAD_PERSON), *bars, staff=staff()) == set()


class TestAChildsCase:
    def test_comes_to_the_leads_and_the_head(self) -> None:
        assert readers(child_case(), staff=staff()) == {"dsl", "deputy_dsl", "headteacher"}

    @pytest.mark.parametrize("role", ["dsl", "deputy_dsl", "headteacher"])
    def test_stays_with_the_others_if_one_is_shut_out(self, role: str) -> None:
        usual = {"dsl", "deputy_dsl", "headteacher"}
        assert readers(child_case(LEADS[role]), staff=staff()) == usual - {role}
        assert readers(child_case(), close_to(LEADS[role]), staff=staff()) == usual - {role}

    def test_is_never_handled_by_one_alone_who_shut_the_others_out(self) -> None:
        named = child_case(DSL_PERSON, HEAD_PERSON)
        assert readers(named, staff=staff()) == {"deputy_dsl", "chair_of_governors"}
        without = staff(chair_of_governors=None)
        assert readers(named, staff=without) == {"deputy_dsl", "vice_chair"}

    def test_is_not_handled_by_one_alone_who_named_an_absent_colleague(self) -> None:
        away = msgspec.structs.replace(holder("dsl", DSL_PERSON), acts=False)
        alone = staff(dsl=away, headteacher=None)
        assert readers(child_case(), staff=alone) == {"deputy_dsl"}
        assert readers(child_case(DSL_PERSON), staff=alone) == {"deputy_dsl", "chair_of_governors"}

    def test_stays_with_one_who_named_a_colleague_whose_appointment_ended_today(self) -> None:
        gone = msgspec.structs.replace(holder("dsl", DSL_PERSON), acts=False, reads=False)
        alone = staff(dsl=gone, headteacher=None)
        assert readers(child_case(DSL_PERSON), staff=alone) == {"deputy_dsl"}

    def test_comes_to_the_chair_and_the_vice_chair_if_all_leads_are_named(self) -> None:
        named = child_case(DSL_PERSON, DEPUTY_PERSON, HEAD_PERSON)
        assert readers(named, staff=staff()) == {"chair_of_governors", "vice_chair"}

    def test_stays_with_the_only_lead_of_a_small_school(self) -> None:
        alone = (holder("dsl", DSL_PERSON), holder("chair_of_governors", CHAIR_PERSON))
        assert readers(child_case(), staff=alone) == {"dsl"}

    def test_comes_to_the_chair_if_there_is_no_lead(self) -> None:
        assert readers(child_case(), staff=staff(dsl=None, deputy_dsl=None, headteacher=None)) == {
            "chair_of_governors"
        }

    @pytest.mark.parametrize("backwards", [False, True])
    def test_accounts_that_are_one_person_through_a_third_are_one(self, backwards: bool) -> None:
        head = holder("headteacher", DSL_PERSON, HEAD_PERSON)
        chair = holder("chair_of_governors", HEAD_PERSON)
        now = staff(headteacher=head, chair_of_governors=chair)
        found = readers(child_case(DEPUTY_PERSON), staff=now[::-1] if backwards else now)
        assert found == {"dsl", "headteacher", "chair_of_governors", "vice_chair"}

    def test_two_accounts_of_one_person_are_one(self) -> None:
        again = holder("deputy_dsl", DEPUTY_PERSON, user="her other account")
        named = child_case(DSL_PERSON, HEAD_PERSON)
        assert readers(named, staff=(*staff(), again)) == {"deputy_dsl", "chair_of_governors"}


def test_a_relation_shuts_out_from_its_first_day() -> None:
    tomorrow = TODAY + timedelta(days=1)
    for first_day, reads in ((TODAY, False), (tomorrow, True)):
        bar = Bar(member=HEAD_PERSON, why=Why.RELATED, from_=first_day)
        assert ("headteacher" in readers(about(TEACHER), bar, staff=staff())) is reads


def test_a_bar_that_ended_shuts_out_all_the_same() -> None:
    ended = Bar(member=HEAD_PERSON, why=Why.RELATED, until=datetime.fromisoformat("2026-10-01T12:00+01:00"))
    assert "headteacher" not in readers(about(TEACHER), ended, staff=staff())
