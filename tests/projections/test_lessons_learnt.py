"""Lessons learnt: every lesson with its actions, and its incident for users who may read that."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from typing import Any, Final

import pytest

from casework.domain.errors import Invalid
from casework.domain.incident.outcomes import Action, Lesson
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Change, Involvement, Role, State
from casework.usecases.steps.named import Named
from casework_projections.documents.canonical import encode
from casework_projections.documents.lessons import as_csv
from casework_projections.reading.lessons import LessonBody, ReadLessons
from casework_projections.reading.paging import Page, Part
from casework_projections.views.catch_up import Views
from tests.histories import LESSON, SchoolHistory, london

Json = Any
WHOLE: Final = Part()


def asked(
    views: Views,
    history: SchoolHistory,
    *,
    reader: User | None = None,
    term: str | None = "2026-autumn",
    now: datetime | None = None,
    part: Part = WHOLE,
) -> Page[LessonBody]:
    return history.answer(ReadLessons(history.id, term, part), reader, views=views, now=now)


def lessons(views: Views, history: SchoolHistory, **more: Any) -> list[Json]:
    """The lessons of one page, as a client reads them."""
    items: list[Json] = json.loads(encode(asked(views, history, **more)))["items"]
    return items


def test_a_lesson_is_listed_with_its_actions(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-09-14 10:20")
    history.drive(incident, State.DEBRIEFED)
    assert asked(views, history).next is None
    (item,) = lessons(views, history)
    assert item.keys() == {"lesson", "incident", "kind", "term", "text", "changes", "clause", "actions"}
    assert (item["incident"], item["kind"], item["term"]) == (str(incident), "cyberbullying", "2026-autumn")
    assert (item["text"], item["changes"], item["clause"]) == (LESSON, "filtering", "004 §8")
    # The second action named no lesson, so it belongs to the first of its debrief.
    assert [action["owner"] for action in item["actions"]] == ["Head of marzipan", "Governor for marzipan"]
    assert [action["state"] for action in item["actions"]] == ["open", "open"]
    assert [action["effect"] for action in item["actions"]] == [None, None]


def test_lessons_show_the_state_of_their_actions(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-09-14 10:20")
    case = history.drive(incident, State.DEBRIEFED)
    due = case.incident.open_actions
    second, first = sorted(due, key=due.__getitem__)
    (item,) = lessons(views, history, now=london("2026-12-01 09:00"))
    assert [action["state"] for action in item["actions"]] == ["overdue", "overdue"]

    history.take(incident, "complete_action", action=first, effect=Sealed("Fewer than before."))
    history.take(incident, "cancel_action", action=second)
    (item,) = lessons(views, history, now=london("2026-12-01 09:00"))
    assert [action["state"] for action in item["actions"]] == ["done", "cancelled"]
    assert [action["effect"] for action in item["actions"]] == ["Fewer than before.", None]


def test_actions_without_a_lesson_are_listed(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-09-14 10:20")
    history.drive(incident, State.EVIDENCE_SAVED)
    action = Action(text=Sealed("Buy a filter."), owner=Sealed("the office"), due_on=date(2026, 10, 1))
    history.take(incident, "complete_investigation")
    history.take(incident, "debrief", lessons=(), actions=(action,))
    (item,) = lessons(views, history)
    assert (item["lesson"], item["text"], item["changes"]) == (None, None, None)
    assert [each["text"] for each in item["actions"]] == ["Buy a filter."]


def test_a_lesson_names_its_incident_only_to_users_who_may_read_it(
    history: SchoolHistory, views: Views
) -> None:
    about_a_colleague = (
        Named(person=history.target, involvement=Involvement.TARGET),
        Named(person=history.teacher, involvement=Involvement.ALLEGED),
    )
    incident = history.report("unsolicited_contact", direction="staff_to_pupil", people=about_a_colleague)
    for step in ("triage", "decide_threshold", "acknowledge"):
        history.take(incident, step, by=history.head)
    history.take(incident, "reclassify", by=history.head, kind="staff_misuse")
    for step in ("complete_investigation", "debrief"):
        history.take(incident, step, by=history.head)
    for reader, named in ((history.head, True), (history.dsl, False)):
        (item,) = lessons(views, history, reader=reader)
        assert ("incident" in item) is named
    history.take(incident, "assign", by=history.head, user=history.dsl.id)
    subject = history.appointed(Role.HEADTEACHER, person=history.teacher)
    assert lessons(views, history, reader=subject) == []
    for reader, named in ((history.dsl, True), (history.users[Role.DEPUTY_DSL], False)):
        (item,) = lessons(views, history, reader=reader)
        assert ("incident" in item) is named


def test_a_lesson_of_a_case_about_the_reader_is_not_shown(history: SchoolHistory, views: Views) -> None:
    subject = history.appointed(Role.HEADTEACHER, person=history.teacher)
    people = (
        Named(person=history.teacher, involvement=Involvement.TARGET),
        Named(person=history.alleged, involvement=Involvement.ALLEGED),
    )
    history.drive(history.report(people=people), State.DEBRIEFED)
    assert len(lessons(views, history, reader=history.head)) == 1
    assert lessons(views, history, reader=subject) == []


def test_lessons_can_be_paged_and_filtered_by_term(history: SchoolHistory, views: Views) -> None:
    for day in ("2026-09-14", "2026-10-14", "2027-01-14"):
        incident = history.report(at=f"{day} 10:20")
        history.drive(incident, State.EVIDENCE_SAVED)
        history.take(incident, "complete_investigation")
        two = tuple(Lesson(text=Sealed(f"{day} {place}"), changes=Change.OTHER) for place in range(2))
        history.take(incident, "debrief", lessons=two, actions=())
    texts, part = [], Part(3)
    while True:
        page = asked(views, history, part=part, term=None)
        texts += [item.text or "" for item in page.items]
        if page.next is None:
            break
        part = Part(3, page.next)
    assert len(texts) == len(set(texts)) == 6
    assert [text[:10] for text in texts] == sorted(text[:10] for text in texts)
    autumn = lessons(views, history)
    assert {item["text"][:10] for item in autumn} == {"2026-09-14", "2026-10-14"}
    assert asked(views, history, term="2027-summer") == Page((), None)
    with pytest.raises(Invalid) as refused:
        lessons(views, history, term="2031-summer")
    assert refused.value.errors == {"term": ["is not a term of this school"]}


def test_csv_has_a_line_for_each_action(history: SchoolHistory, views: Views) -> None:
    history.drive(history.report(at="2026-09-14 10:20"), State.DEBRIEFED)
    found = as_csv(asked(views, history).items)
    headings, first, second = csv.reader(io.StringIO(found))
    assert ",".join(headings) == "term,kind,lesson,changes,clause,action,owner,due_on,state,effect"
    assert first[:5] == second[:5] == ["2026-autumn", "cyberbullying", LESSON, "filtering", "004 §8"]
    assert [line[6] for line in (first, second)] == ["Head of marzipan", "Governor for marzipan"]
