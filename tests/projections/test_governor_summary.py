"""The governor summary: exact numbers, small ones hidden, from the record as of a moment."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from casework.domain.clocks import Closure, Term
from casework.domain.errors import Invalid
from casework.domain.incident import Incident
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Setting, State
from casework.storage.observation import count_statements
from casework.usecases.joins import OtherPerson, SamePerson
from casework.usecases.schools import ChangeSchool
from casework_projections.documents.governor_summary import as_csv
from casework_projections.reading.governor_summary import OverduePolicy, ReadSummary, SummaryBody
from casework_projections.views.catch_up import Views
from tests.calendars import TEST_CALENDAR
from tests.histories import HOUR, LESSON, SchoolHistory, london

LATE = "It was found in the marzipan book."


def summary(
    views: Views, history: SchoolHistory, term: str = "2026-autumn", as_of: datetime | None = None
) -> Any:
    """The summary, as a client reads it."""
    return msgspec.to_builtins(asked(views, history, term, as_of), builtin_types=(datetime, date))


def asked(
    views: Views, history: SchoolHistory, term: str = "2026-autumn", as_of: datetime | None = None
) -> SummaryBody:
    return history.answer(ReadSummary(school=history.id, term=term, as_of=as_of), views=views)


def read(history: SchoolHistory, incident: UUID) -> Incident:
    found = history.app.record.load(Incident, incident)
    assert found is not None
    return found


def test_a_term_without_incidents_is_counted_as_zeros(history: SchoolHistory, views: Views) -> None:
    found = summary(views, history)
    assert list(found) == [
        *("school", "term", "as_of", "edition", "incidents", "median_hours", "clocks", "parents"),
        *("referrals", "allegations", "low_level_concerns", "lessons", "compared_with"),
        *("per_100_pupils", "policies_overdue"),
    ]
    assert found["edition"] is None
    assert {found["incidents"][name] for name in ("new", "open", "closed", "reopened")} == {0}
    assert set(found["incidents"]["by_kind"].values()) == {0}
    assert found["median_hours"] == {"to_triage": None, "to_evidence": None, "to_debrief": None}
    assert found["compared_with"] == {"previous_term": None, "same_term_last_year": None}
    assert found["per_100_pupils"] == 0.0


def test_three_of_a_kind_hide_the_next_kind_too(history: SchoolHistory, views: Views) -> None:
    for _ in range(9):
        history.report("cyberbullying", at="2026-10-05 10:00")
    for _ in range(3):
        history.report("sexting", at="2026-11-10 09:05", setting=Setting.OFF_SITE)
    found = summary(views, history)["incidents"]
    assert found["new"] == 12
    counted = {kind: count for kind, count in found["by_kind"].items() if count != 0}
    assert counted == {"cyberbullying": None, "sexting": "<5"}
    assert found["by_setting"] == {"on_site": None, "off_site": "<5", "online_at_home": 0, "unknown": 0}
    assert found["by_platform"] == {"WhatsApp": 12}
    assert (found["open"], found["closed"]) == (12, 0)


def test_clocks_and_medians_are_computed_from_the_steps(history: SchoolHistory, views: Views) -> None:
    incidents = [history.report(at=f"2026-09-{day} 10:00") for day in range(14, 19)]
    for hours, incident in enumerate(incidents, start=1):
        day = 13 + hours
        history.take(incident, "triage", at=f"2026-09-{day} {10 + hours}:00")
    found = summary(views, history, as_of=london("2026-09-30 09:00"))
    assert found["median_hours"] == {"to_triage": 3.0, "to_evidence": None, "to_debrief": None}
    assert found["clocks"]["met"] == 5
    # Acknowledgement, evidence and both children's parents, of five incidents.
    assert found["clocks"]["missed"] == 20
    assert found["per_100_pupils"] == round(500 / 210, 1)


def test_steps_recorded_late_meet_no_clock_and_shorten_no_median(
    history: SchoolHistory, views: Views
) -> None:
    incidents = [history.report(at=f"2026-09-{day} 10:00") for day in range(14, 19)]
    for day, incident in enumerate(incidents, start=14):
        history.take(incident, "triage", at=f"2026-09-{day + 11} 10:00", done=f"2026-09-{day} 11:00")
    found = summary(views, history, as_of=london("2026-09-30 09:00"))
    assert found["median_hours"]["to_triage"] == 11 * 24
    assert found["clocks"]["met"] == 0
    assert found["clocks"]["missed"] == 25


def test_the_time_to_a_debrief_is_counted(history: SchoolHistory, views: Views) -> None:
    for day in range(14, 19):
        reported_at = london(f"2026-09-{day} 10:00")
        history.drive(history.report(at=f"2026-09-{day} 10:00"), State.DEBRIEFED)
    found = summary(views, history)
    assert found["median_hours"]["to_debrief"] == (history.at - reported_at) / HOUR


def test_clocks_are_judged_at_the_requested_moment(history: SchoolHistory, views: Views) -> None:
    for _ in range(5):
        history.report(at="2026-09-14 10:00")
    assert summary(views, history)["clocks"] == {"met": 0, "missed": 0}
    assert summary(views, history, as_of=london("2026-09-15 00:00"))["clocks"] == {"met": 0, "missed": 5}


def test_a_new_calendar_changes_the_clocks_of_past_incidents(history: SchoolHistory, views: Views) -> None:
    for _ in range(5):
        incident = history.report(at="2026-09-14 10:00")
        history.take(incident, "save_evidence", at="2026-09-16 10:00")
    views.catch_up("governor_summary")
    assert summary(views, history)["clocks"]["met"] == 0
    calendar = msgspec.structs.replace(
        TEST_CALENDAR, closures=(Closure(date(2026, 9, 15), date(2026, 9, 15), "Snow"),)
    )
    history.app.schools.change(history.context(history.admin), history.id, ChangeSchool(calendar=calendar))
    assert summary(views, history)["clocks"]["met"] == 5


def test_parents_referrals_and_reopened_cases_are_counted(history: SchoolHistory, views: Views) -> None:
    for _ in range(5):
        incident = history.report(at="2026-09-14 10:00")
        history.take(incident, "escalate")
        history.take(incident, "inform_parents", child=history.target)
        history.take(incident, "inform_parents", child=history.target)
        history.take(incident, "withhold_from_parents", child=history.alleged)
    history.take(incident, "invite_parent")
    found = summary(views, history)
    assert found["parents"] == {"informed": 5, "invited": "<5", "withheld": 5}
    assert found["referrals"]["police"] == 5
    assert found["referrals"]["ceop"] == 0
    closed = history.report(at="2026-09-15 10:00")
    history.drive(closed)
    history.take(closed, "reopen")
    assert summary(views, history)["incidents"]["reopened"] == "<5"


def test_rare_unknown_platforms_are_not_named(history: SchoolHistory, views: Views) -> None:
    platforms = ["whatsapp", "WhatsApp", "WhatsApp", "The Smiths' tablet", None, *["House chat"] * 6, "Wizz "]
    for platform in platforms:
        history.report(at="2026-09-14 10:00", platform=platform)
    by_platform = summary(views, history)["incidents"]["by_platform"]
    assert by_platform == {"House chat": 6, "WhatsApp": "<5", "Wizz": "<5", "not_named": "<5", "other": "<5"}


def test_lessons_count_their_actions(history: SchoolHistory, views: Views) -> None:
    case = history.drive(history.report(at="2026-09-14 10:20"), State.DEBRIEFED)
    found = summary(views, history)["lessons"]
    assert found == (
        {"text": LESSON, "changes": "filtering", "actions": {"done": 0, "open": 2, "overdue": 0}},
    )
    soonest = min(case.incident.open_actions, key=case.incident.open_actions.__getitem__)
    history.take(case.incident.id, "complete_action", action=soonest, effect=Sealed("Fewer than before."))
    (found,) = summary(views, history, as_of=london("2026-12-01 09:00"))["lessons"]
    assert found["actions"] == {"done": 1, "open": 0, "overdue": 1}


def test_terms_are_compared(history: SchoolHistory, views: Views) -> None:
    terms = (Term("2025-autumn", date(2025, 9, 3), date(2025, 12, 19)), *TEST_CALENDAR.terms)
    calendar = msgspec.structs.replace(TEST_CALENDAR, terms=terms)
    history.app.schools.change(history.context(history.admin), history.id, ChangeSchool(calendar=calendar))
    for year, count in ((2025, 6), (2026, 5)):
        for _ in range(count):
            moment = london(f"{year}-11-10 09:00")
            history.report(
                at="2026-11-10 10:00", occurred_at=moment, reported_at=moment, late_reason=Sealed(LATE)
            )
    found = summary(views, history)
    assert found["incidents"]["new"] == 5
    assert found["compared_with"]["previous_term"]["new"] == 6
    assert found["compared_with"]["same_term_last_year"] == found["compared_with"]["previous_term"]
    later = summary(views, history, "2027-spring")
    assert later["incidents"]["new"] == 0
    assert later["compared_with"]["previous_term"] == found["incidents"]
    assert later["compared_with"]["same_term_last_year"] is None


@pytest.mark.parametrize(
    ("pack", "as_of", "overdue"),
    [
        ("st_thomas", "2026-10-01 09:00", True),
        ("st_thomas", "2017-06-01 23:00", False),
        ("st_thomas", "2017-06-02 00:00", True),
    ],
)
def test_a_policy_is_overdue_from_the_day_after_its_review_is_due(
    history: SchoolHistory, views: Views, pack: str, as_of: str, overdue: bool
) -> None:
    assert history.school.pack.startswith(pack)
    policy = OverduePolicy("st_thomas@2016-06", date(2017, 6, 1))
    found = asked(views, history, as_of=london(as_of)).policies_overdue
    assert found == ((policy,) if overdue else ())


def test_a_reviewed_policy_stops_being_overdue_when_the_review_is_recorded(
    history: SchoolHistory, views: Views
) -> None:
    history.at = london("2026-10-05 09:00")
    change = ChangeSchool(policy_reviewed_on=date(2026, 10, 1))
    history.app.schools.change(history.context(history.admin), history.id, change)
    for as_of, overdue in (
        ("2026-10-05 08:59", True),
        ("2026-10-05 09:00", False),
        ("2027-10-02 00:00", True),
    ):
        assert bool(summary(views, history, as_of=london(as_of))["policies_overdue"]) is overdue


def test_later_records_do_not_change_an_earlier_summary(history: SchoolHistory, views: Views) -> None:
    incidents = [history.report(at="2026-09-14 10:00") for _ in range(6)]
    history.drive(incidents[0], State.DEBRIEFED)
    for incident in incidents[1:]:
        history.take(incident, "triage")
    then, moment = summary(views, history), history.at

    history.at += timedelta(days=1)
    history.drive(incidents[0])
    for incident in incidents[1:]:
        history.take(incident, "escalate")
        history.take(incident, "invite_parent")
    history.report(at="2027-01-04 09:00", reported_at=moment, occurred_at=moment, late_reason=Sealed(LATE))

    assert summary(views, history)["incidents"]["new"] == 7
    with count_statements() as tally:
        assert summary(views, history, as_of=moment) == then
    # The school, who the reader may be, the look-up, both views, the incidents with later events, their keys.
    assert len(tally.statements) <= 7


def test_a_lesson_of_an_earlier_term_is_as_of_the_given_moment(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-11-10 10:20")
    history.drive(incident, State.EVIDENCE_SAVED)
    history.take(incident, "complete_investigation", at="2027-04-20 09:00")
    before_the_debrief = history.at
    history.take(incident, "debrief")
    debriefed, open_actions = history.at, read(history, incident).open_actions
    for action in open_actions:
        history.take(incident, "complete_action", action=action, effect=Sealed("Fewer than before."))

    def actions(as_of: datetime) -> list[dict[str, int]]:
        return [lesson["actions"] for lesson in summary(views, history, "2027-summer", as_of)["lessons"]]

    assert actions(before_the_debrief) == []
    assert actions(debriefed) == [{"done": 0, "open": 2, "overdue": 0}]
    assert actions(history.at) == [{"done": 2, "open": 0, "overdue": 0}]


def test_a_lesson_is_not_shown_before_its_debrief(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-09-14 10:20")
    history.drive(incident, State.EVIDENCE_SAVED)
    then = history.at
    history.drive(incident, State.DEBRIEFED)
    assert asked(views, history, as_of=then).lessons == ()
    assert len(summary(views, history)["lessons"]) == 1


def test_the_policy_is_the_one_in_force_at_the_requested_moment(history: SchoolHistory, views: Views) -> None:
    history.at = london("2026-10-05 09:00")
    history.app.schools.change(history.context(history.admin), history.id, ChangeSchool(pack="tow_law"))
    for as_of, pack in (("2026-10-04 23:59", "st_thomas@2016-06"), ("2026-10-05 00:00", "tow_law@2023-09")):
        (overdue,) = summary(views, history, as_of=london(as_of))["policies_overdue"]
        assert overdue["pack"] == pack


def test_a_step_taken_at_the_deadline_is_in_time(history: SchoolHistory, views: Views) -> None:
    incidents = [history.report(at="2026-09-14 10:00") for _ in range(5)]
    for incident in incidents:
        history.take(incident, "triage", at="2026-09-15 23:59:59")
    # The acknowledgements were due the day before; the rest is due at this very moment.
    assert summary(views, history)["clocks"] == {"met": 5, "missed": 5}


def test_an_unknown_term_is_refused(history: SchoolHistory, views: Views) -> None:
    with pytest.raises(Invalid) as refused:
        summary(views, history, "2031-spring")
    assert refused.value.errors == {"term": ["is not a term of this school"]}


def test_csv_has_a_line_for_each_figure(history: SchoolHistory, views: Views) -> None:
    for _ in range(9):
        history.report(at="2026-10-05 10:00")
    history.drive(history.report(at="2026-10-06 10:20"), State.DEBRIEFED)
    found = as_csv(asked(views, history))
    lines = [tuple(line) for line in csv.reader(io.StringIO(found))]
    assert lines[0] == ("section", "figure", "value")
    assert ("incidents", "new", "10") in lines
    assert ("incidents", "by_kind cyberbullying", "10") in lines
    assert ("incidents", "by_state debriefed", "<5") in lines
    assert ("incidents", "by_state reported", "") in lines
    assert ("lessons 1", "text", LESSON) in lines
    assert ("lessons 1", "actions open", "2") in lines


def test_a_child_who_was_withdrawn_is_not_counted(history: SchoolHistory, views: Views) -> None:
    incidents = [history.report(at="2026-09-14 10:00") for _ in range(5)]
    for incident in incidents:
        history.take(incident, "inform_parents", child=history.target)
        history.take(incident, "invite_parent", child=history.target)
        history.take(incident, "inform_parents", child=history.target, outcome="no_answer")
        history.take(incident, "withhold_from_parents", child=history.alleged)
    assert summary(views, history)["parents"] == {"informed": 5, "invited": 5, "withheld": 5}
    for incident in incidents:
        for child in (history.target, history.alleged):
            history.take(incident, "withdraw_involvement", person=child)
    assert summary(views, history)["parents"] == {"informed": 0, "invited": 0, "withheld": 0}


def test_two_records_of_one_person_are_counted_once(history: SchoolHistory, views: Views) -> None:
    for _ in range(5):
        incident = history.report(at="2026-09-14 10:00")
        for child in (history.target, history.alleged):
            history.take(incident, "inform_parents", child=child)
    lead, reason = history.context(history.dsl), Sealed("Both are the same child.")
    assert summary(views, history)["parents"]["informed"] == 10
    history.app.joins.join(lead, history.target, SamePerson(person=history.alleged, reason=reason))
    for each in (views, Views(history.app)):
        assert summary(each, history)["parents"]["informed"] == 5
    history.at += HOUR
    parted = OtherPerson(reason=reason)
    history.app.joins.part(history.context(history.dsl), history.target, history.alleged, parted)
    assert summary(views, history)["parents"]["informed"] == 10
