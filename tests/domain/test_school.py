"""A school's appointments, packs and settings, by day."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.appointment import Absence, Appointment, Led
from casework.domain.clocks import Calendar
from casework.domain.playbook import Pack
from casework.domain.school import (
    Appointed,
    AppointmentChanged,
    AppointmentEnded,
    School,
    SchoolChanged,
    SchoolOpened,
)
from casework.domain.vocabulary import Role
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import DSL, HEAD, at, known

SCHOOL = known("school")
FIRST, SECOND = known("first appointment"), known("second appointment")
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


class Register:
    """A school, changed step by step."""

    def __init__(self) -> None:
        opened = SchoolOpened(
            **self._stamp(1, "2026-09-01 08:00"),
            name="A school",
            urn="100001",
            pack="headcorn@2022-03",
            jurisdiction="england",
            pupils_on_roll=210,
            calendar=TEST_CALENDAR,
        )
        self.school = School(opened)
        self.school.append(opened)

    def change(self, when: str, **fields: Any) -> Register:
        self.school.append(SchoolChanged(**self._stamp(self.school.version + 1, when), **fields))
        return self

    def appoint(
        self,
        user: UUID,
        role: Role,
        from_: date,
        until: date | None = None,
        id_: UUID = FIRST,
        standing_in_for: Role | None = None,
    ) -> Register:
        appointment = Appointment(
            id=id_, user=user, role=role, from_=from_, until=until, standing_in_for=standing_in_for
        )
        stamp = self._stamp(self.school.version + 1, "2026-09-02 09:00")
        self.school.append(Appointed(**stamp, appointment=appointment))
        return self

    def end(self, until: date, id_: UUID = FIRST) -> Register:
        stamp = self._stamp(self.school.version + 1, "2026-10-01 09:00")
        self.school.append(AppointmentEnded(**stamp, appointment=id_, until=until))
        return self

    def absent(self, id_: UUID, first: date, last: date) -> Register:
        changed = self.school.appointments[id_].absent_between(first, last)
        stamp = self._stamp(self.school.version + 1, "2026-10-01 09:00")
        self.school.append(
            AppointmentChanged(**stamp, appointment=id_, until=changed.until, absences=changed.absences)
        )
        return self

    def roles(self, user: UUID, day: date) -> set[Role]:
        return set(self.school.roles_of(user, day))

    @staticmethod
    def _stamp(number: int, when: str) -> dict[str, Any]:
        return {
            "originator_id": SCHOOL,
            "originator_version": number,
            "by": HEAD,
            "role": "admin",
            "request_id": f"request {number}",
            "happened_at": at(when),
            "recorded_at": at(when),
        }


@pytest.mark.parametrize(
    ("day", "in_force"),
    [
        (date(2026, 9, 13), False),
        (date(2026, 9, 14), True),
        (date(2026, 11, 1), True),
        (date(2026, 12, 18), True),
        (date(2026, 12, 19), False),
    ],
)
def test_an_appointment_is_in_force_from_its_first_day_to_its_last(day: date, in_force: bool) -> None:
    register = Register().appoint(DSL, Role.DSL, date(2026, 9, 14), date(2026, 12, 18))
    assert register.roles(DSL, day) == ({Role.DSL} if in_force else set())
    assert register.roles(HEAD, day) == set()


def test_an_appointment_without_an_end_lasts_until_it_is_ended() -> None:
    register = Register().appoint(DSL, Role.DSL, date(2026, 9, 14))
    assert register.roles(DSL, date(2099, 1, 1)) == {Role.DSL}

    register.end(date(2026, 10, 1))
    assert register.roles(DSL, date(2026, 10, 1)) == {Role.DSL}
    assert register.roles(DSL, date(2026, 10, 2)) == set()


def test_an_appointment_ended_before_it_began_was_never_in_force() -> None:
    register = Register().appoint(DSL, Role.DSL, date(2026, 9, 14)).end(date(2026, 9, 13))
    assert register.roles(DSL, date(2026, 9, 14)) == set()
    assert register.school.has_appointed(DSL)


def test_roles_may_overlap_and_end_separately() -> None:
    register = (
        Register()
        .appoint(DSL, Role.DSL, date(2026, 9, 1), id_=FIRST)
        .appoint(DSL, Role.GOVERNOR, date(2026, 10, 1), id_=SECOND)
    )
    assert register.roles(DSL, date(2026, 9, 30)) == {Role.DSL}
    assert register.roles(DSL, date(2026, 10, 1)) == {Role.DSL, Role.GOVERNOR}

    register.end(date(2026, 10, 15), FIRST)
    assert register.roles(DSL, date(2026, 10, 16)) == {Role.GOVERNOR}


def test_a_school_knows_everyone_who_ever_held_a_role() -> None:
    register = Register().appoint(DSL, Role.DSL, date(2026, 9, 1), date(2026, 9, 2))
    assert register.school.has_appointed(DSL)
    assert not register.school.has_appointed(HEAD)


@given(from_=DAYS, until=st.none() | DAYS, day=DAYS)
def test_an_appointment_is_in_force_only_on_its_days(from_: date, until: date | None, day: date) -> None:
    appointment = Appointment(id=FIRST, user=DSL, role=Role.DSL, from_=from_, until=until)
    assert appointment.in_force(day) is (from_ <= day <= (until or date.max))


@pytest.mark.parametrize(
    ("moment", "edition"),
    [
        ("1998-05-01 12:00", "headcorn@2022-03"),
        ("2026-09-13 23:59", "headcorn@2022-03"),
        ("2026-09-14 00:00", "st_thomas@2016-06"),
        ("2026-09-14 09:00", "st_thomas@2016-06"),
        ("2026-10-31 23:59", "st_thomas@2016-06"),
        ("2026-11-01 00:00", "headcorn@2022-03"),
    ],
)
def test_an_incident_is_judged_by_the_pack_in_force_on_its_day(moment: str, edition: str) -> None:
    register = Register()
    register.change("2026-09-14 15:00", pack="st_thomas@2016-06")
    register.change("2026-11-01 00:30", pack="headcorn@2022-03")
    assert register.school.pack_at(at(moment)) == edition


def test_the_later_of_two_packs_adopted_on_one_day_counts() -> None:
    register = Register()
    register.change("2026-09-14 09:00", pack="st_thomas@2016-06")
    register.change("2026-09-14 10:00", pack="headcorn@2022-03")
    assert register.school.pack_at(at("2026-09-14 09:30")) == "headcorn@2022-03"


def test_the_day_of_a_change_is_the_day_in_london() -> None:
    register = Register().change("2026-06-30 23:30", pack="st_thomas@2016-06")
    assert register.school.pack_at(at("2026-06-30 00:00")) == "st_thomas@2016-06"
    assert register.school.packs[-1].since == date(2026, 6, 30)


def test_a_new_school_has_a_pack_for_every_day() -> None:
    school = Register().school
    assert school.pack == "headcorn@2022-03"
    assert school.pack_at(at("1900-01-01 00:00")) == "headcorn@2022-03"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Another name"),
        ("urn", "100002"),
        ("pupils_on_roll", 0),
        ("calendar", Calendar(terms=())),
    ],
)
def test_a_change_replaces_only_the_given_fields(field: str, value: Any) -> None:
    unchanged = vars(Register().school)
    school = Register().change("2026-09-14 09:00", **{field: value}).school
    assert getattr(school, field) == value
    for name in ("name", "urn", "pupils_on_roll", "calendar", "jurisdiction", "packs", "appointments"):
        assert name == field or getattr(school, name) == unchanged[name]


def test_a_review_counts_for_the_policy_in_force_when_recorded() -> None:
    register = Register().change("2026-09-14 09:00", policy_reviewed_on=date(2026, 9, 10))
    register.change("2026-10-01 09:00", pack="st_thomas@2016-06")
    reviewed_on = register.school.reviewed_on
    assert reviewed_on("headcorn@2022-03", at("2026-09-14 09:00")) == date(2026, 9, 10)
    assert reviewed_on("headcorn@2022-03", at("2026-09-14 08:59")) is None
    assert reviewed_on("st_thomas@2016-06", at("2026-10-02 09:00")) is None


@pytest.mark.parametrize(
    ("adopted", "reviewed_on", "due"),
    [
        (None, None, None),
        (date(2022, 3, 1), None, date(2023, 3, 1)),
        (date(2022, 3, 1), date(2026, 9, 10), date(2027, 9, 10)),
        (date(2022, 3, 1), date(2021, 9, 10), date(2023, 3, 1)),
        (None, date(2024, 2, 29), date(2025, 2, 28)),
    ],
)
def test_a_review_is_due_a_fixed_time_after_the_last(
    adopted: date | None, reviewed_on: date | None, due: date | None
) -> None:
    pack = Pack(id="p", version="1", title="P", adopted=adopted, review_every_months=12, sources=(), rules=())
    assert pack.review_due(reviewed_on) == due


def test_an_empty_change_changes_only_the_version() -> None:
    register = Register()
    before = register.school.packs.copy()
    register.change("2026-09-14 09:00")
    assert (register.school.version, register.school.packs) == (2, before)


class TestStandingIn:
    """The deputy stands in for the head."""

    DEPUTY = known("deputy")

    def school(self) -> Register:
        return (
            Register()
            .appoint(HEAD, Role.HEADTEACHER, date(2026, 9, 1), id_=FIRST)
            .appoint(
                self.DEPUTY, Role.REPORTER, date(2026, 9, 1), id_=SECOND, standing_in_for=Role.HEADTEACHER
            )
        )

    def test_waits_while_a_holder_is_present(self) -> None:
        school = self.school()
        assert school.roles(self.DEPUTY, date(2026, 9, 14)) == {Role.REPORTER}
        assert school.school.acting_as(Role.HEADTEACHER, date(2026, 9, 14)) == [HEAD]

    def test_lasts_from_the_first_day_of_absence_to_the_last(self) -> None:
        school = self.school().absent(FIRST, date(2026, 10, 5), date(2026, 10, 9))
        for day, acts in ((4, HEAD), (5, self.DEPUTY), (9, self.DEPUTY), (10, HEAD)):
            assert school.school.acting_as(Role.HEADTEACHER, date(2026, 10, day)) == [acts]
        assert school.roles(self.DEPUTY, date(2026, 10, 7)) == {Role.REPORTER, Role.HEADTEACHER}

    def test_takes_nothing_from_the_absent_holder(self) -> None:
        school, day = self.school().absent(FIRST, date(2026, 10, 5), date(2026, 10, 9)), date(2026, 10, 7)
        assert school.roles(HEAD, day) == {Role.HEADTEACHER}
        assert [*school.school.appointed_to(Role.HEADTEACHER, day)] == [HEAD]
        assert school.school.acting_as(Role.HEADTEACHER, day) == [self.DEPUTY]

    def test_begins_when_nobody_holds_the_post_and_ends_with_a_new_holder(self) -> None:
        new_head = known("new head")
        school = self.school().end(date(2026, 10, 1), FIRST)
        school.appoint(new_head, Role.HEADTEACHER, date(2026, 11, 2), id_=known("third"))
        for day, acts in (
            (date(2026, 10, 1), HEAD),
            (date(2026, 10, 2), self.DEPUTY),
            (date(2026, 11, 2), new_head),
        ):
            assert school.school.acting_as(Role.HEADTEACHER, day) == [acts]

    def test_needs_every_holder_to_be_absent(self) -> None:
        school = self.school().absent(FIRST, date(2026, 10, 5), date(2026, 10, 9))
        school.appoint(known("other head"), Role.HEADTEACHER, date(2026, 9, 1), id_=known("third"))
        assert school.roles(self.DEPUTY, date(2026, 10, 7)) == {Role.REPORTER}

    def test_does_not_begin_while_absent_oneself(self) -> None:
        school = self.school().absent(FIRST, date(2026, 10, 5), date(2026, 10, 9))
        school.absent(SECOND, date(2026, 10, 5), date(2026, 10, 6))
        assert school.roles(self.DEPUTY, date(2026, 10, 6)) == {Role.REPORTER}
        assert school.roles(self.DEPUTY, date(2026, 10, 7)) == {Role.REPORTER, Role.HEADTEACHER}

    def test_is_remembered_with_its_days(self) -> None:
        school = (
            self.school().absent(FIRST, date(2026, 10, 5), date(2026, 10, 9)).end(date(2026, 12, 18), FIRST)
        )
        assert school.school.ever_led(Role.HEADTEACHER) == [
            Led(HEAD, date(2026, 9, 1), date(2026, 12, 18)),
            Led(self.DEPUTY, date(2026, 10, 5), date(2026, 10, 9)),
            Led(self.DEPUTY, date(2026, 12, 19), None),
        ]

    def test_an_earlier_absence_stays_on_record(self) -> None:
        appointment = self.school().school.appointments[FIRST]
        first = appointment.absent_between(date(2026, 10, 5), date(2026, 10, 9))
        again = first.absent_between(date(2026, 11, 9), date(2026, 11, 20))
        back = again.absent_between(date(2026, 11, 12), None)
        assert back.absences == (
            Absence(date(2026, 10, 5), date(2026, 10, 9)),
            Absence(date(2026, 11, 9), date(2026, 11, 11)),
        )


@given(
    held=st.lists(
        st.builds(
            Appointment,
            id=st.uuids(),
            user=st.sampled_from([DSL, HEAD, known("third")]),
            role=st.sampled_from([Role.HEADTEACHER, Role.REPORTER]),
            from_=DAYS,
            until=st.none() | DAYS,
            standing_in_for=st.sampled_from([None, Role.HEADTEACHER]),
            absences=st.lists(st.builds(Absence, DAYS, DAYS), max_size=2).map(tuple),
        ),
        max_size=5,
    ),
    day=DAYS,
)
def test_who_ever_led_is_known_for_every_day(held: list[Appointment], day: date) -> None:
    school = Register().school
    school.appointments |= {each.id: each for each in held}
    led = {
        each.user
        for each in school.ever_led(Role.HEADTEACHER)
        if each.first <= day and (each.last is None or day <= each.last)
    }
    assert led == {*school.appointed_to(Role.HEADTEACHER, day), *school.acting_as(Role.HEADTEACHER, day)}
    assert led == {
        user for user in {each.user for each in held} if Role.HEADTEACHER in school.roles_of(user, day)
    }
