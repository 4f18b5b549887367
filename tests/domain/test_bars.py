"""Who is shut out of a case, from the records that are one person and the people who are close."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.bars import Bond, Bonds, Subject, Why, bars_of
from casework.domain.moments import Instant
from tests.domain.casefile import ALLEGED, TARGET, TEACHER, CaseFile, known

REPORTED: Final = datetime(2026, 9, 14, 9, 20, tzinfo=UTC)
DAY: Final = timedelta(days=1)
BEFORE, AFTER = REPORTED - DAY, REPORTED + DAY


def same(one: str, other: str, until: Instant | None = None) -> Bond:
    return Bond(one=known(one), other=known(other), same=True, until=until)


def close(one: str, other: str, until: Instant | None = None, from_: date | None = None) -> Bond:
    return Bond(one=known(one), other=known(other), same=False, until=until, from_=from_)


def closed_to(*bonds: Bond, subject: str = "subject", until: Instant | None = None) -> dict[str, str]:
    """To whom a case about one subject is closed, by name, and why."""
    about = Subject(member=known(subject), since=REPORTED, until=until)
    names = {known(name): name for name in ("subject", "second", "third", "spouse", "also the spouse")}
    return {names[bar.member]: bar.why.value for bar in bars_of([about], Bonds(bonds))}


def test_a_case_is_closed_to_its_subject() -> None:
    assert closed_to() == {"subject": "subject"}


def test_and_to_every_record_that_is_the_same_person() -> None:
    bonds = (same("subject", "second"), same("third", "second"))
    assert closed_to(*bonds) == dict.fromkeys(("subject", "second", "third"), "subject")


def test_and_to_people_who_are_close_to_any_of_these_records() -> None:
    bonds = (same("subject", "second"), close("spouse", "second"), same("spouse", "also the spouse"))
    assert closed_to(*bonds) == {
        **dict.fromkeys(("subject", "second"), "subject"),
        **dict.fromkeys(("spouse", "also the spouse"), "related"),
    }


def test_but_not_to_people_who_are_close_to_these() -> None:
    assert closed_to(close("subject", "spouse"), close("spouse", "third")) == {
        "subject": "subject",
        "spouse": "related",
    }


@pytest.mark.parametrize("bond", [same, close])
def test_a_bond_counts_if_it_held_at_any_time_since_the_report(bond: Callable[..., Bond]) -> None:
    assert "second" in closed_to(bond("subject", "second", AFTER))
    assert "second" not in closed_to(bond("subject", "second", BEFORE))


def test_a_withdrawn_subject_stays_shut_out() -> None:
    assert closed_to(close("subject", "spouse"), until=AFTER) == {"subject": "subject", "spouse": "related"}


@pytest.mark.parametrize(
    ("bonds", "withdrawn", "until"),
    [
        ([], None, None),
        ([], AFTER, AFTER),
        ([same("subject", "second", AFTER)], None, AFTER),
        ([same("subject", "second", AFTER)], AFTER + DAY, AFTER),
        ([same("subject", "second", AFTER), same("subject", "third"), same("third", "second")], None, None),
    ],
)
def test_a_bar_ends_with_the_first_fact_of_the_last_reason(
    bonds: list[Bond], withdrawn: Instant | None, until: Instant | None
) -> None:
    about = Subject(member=known("subject"), since=REPORTED, until=withdrawn)
    member = known("second") if bonds else known("subject")
    (bar,) = (bar for bar in bars_of([about], Bonds(bonds)) if bar.member == member)
    assert bar.until == until


def test_a_relation_counts_from_its_first_day() -> None:
    wedding = date(2026, 12, 19)
    about = [Subject(member=known("subject"), since=REPORTED)]
    bonds = [close("subject", "spouse", from_=wedding)]
    (bar,) = (bar for bar in bars_of(about, Bonds(bonds)) if bar.why is Why.RELATED)
    assert bar.from_ == wedding
    (bar,) = (
        bar for bar in bars_of(about, Bonds([*bonds, close("spouse", "subject")])) if bar.why is Why.RELATED
    )
    assert bar.from_ is None


members = st.sampled_from([known(name) for name in ("subject", "second", "third", "spouse")])
moments = st.none() | st.sampled_from([BEFORE, AFTER, AFTER + DAY])
bonds_made = st.lists(
    st.builds(Bond, one=members, other=members, same=st.booleans(), until=moments), max_size=6
)


@given(bonds=bonds_made, more=bonds_made)
def test_another_bond_lets_nobody_in(bonds: list[Bond], more: list[Bond]) -> None:
    about = [Subject(member=known("subject"), since=REPORTED)]
    before = {(bar.member, bar.why) for bar in bars_of(about, Bonds(bonds))}
    after = {(bar.member, bar.why) for bar in bars_of(about, Bonds([*bonds, *more]))}
    assert before <= after


@given(bonds=bonds_made, data=st.data())
def test_the_end_of_a_bond_lets_nobody_in(bonds: list[Bond], data: st.DataObject) -> None:
    about = [Subject(member=known("subject"), since=REPORTED)]
    ended = [Bond(one=b.one, other=b.other, same=b.same, until=b.until or AFTER) for b in bonds]
    order = data.draw(st.permutations(ended))
    before = {(bar.member, bar.why) for bar in bars_of(about, Bonds(bonds))}
    assert {(bar.member, bar.why) for bar in bars_of(about, Bonds(order))} == before


class TestWhomACaseIsAbout:
    """Kept by the incident: since when, and until when."""

    def test_everybody_in_the_report_since_it_was_recorded(self) -> None:
        case = CaseFile("cyberbullying")
        recorded = case.incident.recorded_at
        assert case.incident.about == {
            person: Subject(member=person, since=recorded) for person in (TARGET, ALLEGED)
        }

    def test_another_since_they_were_involved(self) -> None:
        case = CaseFile("cyberbullying").take("involve_person", person=TEACHER, involvement="target")
        assert case.incident.about[TEACHER] == Subject(member=TEACHER, since=case.now)
        case.take("involve_person", person=known("a witness"), involvement="witness")
        assert known("a witness") not in case.incident.about

    def test_who_is_identified_was_it_all_along(self) -> None:
        unknown = known("unknown")
        people = ((TARGET, "target", "pupil"), (unknown, "alleged", "unknown"))
        case = CaseFile("cyberbullying", people=people)
        since = case.incident.recorded_at
        case.take("identify_person", person=unknown, as_=TEACHER, category="staff")
        assert case.incident.about[TEACHER] == Subject(member=TEACHER, since=since)
        assert case.incident.about[unknown] == Subject(member=unknown, since=since, until=case.now)
