"""The index of people holds names sealed; the directory holds users and their roles."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest

from casework.domain.name_matching import NameSearch
from casework.domain.person import Person, PersonRegistered
from casework.domain.sealed import ERASED, Sealed
from casework.domain.vocabulary import Category, Role
from casework.storage.observation import count_statements
from casework.usecases.people import ChangePerson
from casework_projections.views.catch_up import Views
from casework_projections.views.people import people
from casework_projections.views.people_search import Wanted
from casework_projections.views.view import Batch, Recorded
from tests.histories import SchoolHistory, london
from tests.projections.watching import dump, rewrite


def test_any_number_of_names_costs_two_statements(history: SchoolHistory) -> None:
    pupils = [history.person(Category.PUPIL, f"Pupil{number}") for number in range(30)]
    views = Views(history.app)
    views.catch_up("people")
    history.app.keys.forget([*pupils, history.target])
    with views.read(views.people) as connection, count_statements() as tally:
        names = views.people.names(connection, [*pupils, history.target])
        shown = {person: name.text for person, name in names.items()}
    assert len(tally.statements) == 2
    assert shown[pupils[7]] == "Pupil7 Quillfeather"


def test_an_erased_name_reads_as_erased(history: SchoolHistory, views: Views) -> None:
    views.catch_up("people")
    history.app.record.commit(destroying=[history.target])
    with views.read(views.people) as connection:
        assert views.people.names(connection, [history.target])[history.target].text == ERASED


def test_the_index_stores_nothing_that_is_computed_from_a_name(history: SchoolHistory, views: Views) -> None:
    fields = {"known_as": Sealed("Twinny"), "born_on": date(2016, 1, 2)}
    twins = [history.person(Category.PUPIL, "Twin", **fields) for _ in range(2)]
    views.catch_up("people")
    first, second = ([*row[1:]] for row in dump(history.app, views.people)["view_people"] if row[0] in twins)
    assert len(first) == len(people.columns) - 1
    names = [column.name for column in people.columns if not column.primary_key]
    same = [name for name, one, other in zip(names, first, second, strict=True) if one == other]
    assert same == ["version", "school", "category", "year_group", "on_roll", "upn", "nhs_number"]
    stored = [row[-1] for row in dump(history.app, views.people)["view_person_names"] if row[0] in twins]
    assert len(stored) == len(set(stored)) == len(twins) * 2


def test_a_changed_person_is_listed_as_they_are_now(history: SchoolHistory, views: Views) -> None:
    views.catch_up("people")
    rename(history, "Adah", category=Category.EXTERNAL)
    with views.read(views.people) as connection:
        wanted = Wanted(name=NameSearch.of("Adah"))
        (found,) = views.people_search.find(connection, [history.id], wanted)
        names = views.people.names(connection, [history.target])
    assert (found.person, found.category) == (history.target, Category.EXTERNAL)
    assert names == {history.target: Sealed("Adah Quillfeather")}


def test_an_earlier_event_that_is_applied_late_changes_nothing(history: SchoolHistory, views: Views) -> None:
    rename(history, "Adah")
    log = history.app.log
    stored = log.event_recorder.select_notifications(None, 10_000)
    records = [Recorded(each, log.event_mapper) for each in stored if each.originator_id == history.target]
    with history.app.database.applier.connect() as connection:
        for recorded in reversed(records):
            views.people.apply(connection, Batch(0, 0, [recorded]))
        names = views.people.names(connection, [history.target])
    assert names == {history.target: Sealed("Adah Quillfeather")}


def rename(history: SchoolHistory, first: str, **fields: Any) -> None:
    """Give the target another first name."""
    change = ChangePerson(name=history.name(first), reason=Sealed("A chosen name."), **fields)
    history.app.people.change(history.context(history.dsl), history.target, change)


def test_the_directory_returns_the_names_and_roles_of_users(history: SchoolHistory, views: Views) -> None:
    app, user = history.app, history.appointed(Role.DSL, Role.GOVERNOR, person=history.teacher)
    with views.read(views.directory) as connection:
        held = views.directory.appointments_of(connection, user.id)
        names = views.directory.user_names(connection, [user.id, UUID(int=3)])
    assert {each.role for each in held} == {Role.DSL, Role.GOVERNOR}
    assert {each.school for each in held} == {history.id}
    assert names == {user.id: Sealed("User Quillfeather")}

    history.at = london("2026-11-02 09:00")
    app.appointments.end(history.context(history.admin), history.id, held[0].id)
    with views.read(views.directory) as connection:
        by_id = {each.id: each for each in views.directory.appointments_of(connection, user.id)}
    assert by_id[held[0].id].until == date(2026, 11, 1)
    assert not by_id[held[0].id].in_force(date(2026, 11, 2))
    assert by_id[held[1].id].until is None


def test_an_invalid_year_group_of_the_first_release_reads_as_unknown(
    history: SchoolHistory, views: Views
) -> None:
    """As the first release stored it: any number, in the first version of the event."""
    number = history.app.log.event_recorder.max_notification_id() or 0
    (stored,) = history.app.log.event_recorder.select_notifications(number, 1)
    state = msgspec.json.decode(stored.state)
    assert (stored.topic, state.pop("v")) == (PersonRegistered.TOPIC, PersonRegistered.VERSION)
    rewrite(history.app, number, msgspec.json.encode(state | {"year_group": 202627}))

    with views.read(views.people) as connection:
        wanted = Wanted(name=NameSearch.of("Dorian"))
        (found,) = views.people_search.find(connection, [history.id], wanted)
    assert found.person == history.teacher
    assert found.year_group is None
    person = history.app.record.load(Person, history.teacher)
    assert person is not None
    assert person.details.year_group is None


def test_the_pupils_in_years_are_those_on_the_roll_also_if_they_were_set_aside(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, aside = (history.person(Category.PUPIL, "Eve", year_group=4) for _ in range(2))
    history.person(Category.PUPIL, "Eve", year_group=4, on_roll=False)
    history.person(Category.STAFF, "Eve", year_group=4)
    erased = history.person(Category.PUPIL, "Eve", year_group=4)
    history.app.record.commit(destroying=[erased])
    seal = history.app.sealer.to_token
    monkeypatch.setattr(history.app.sealer, "to_token", lambda name: 1 / (name.under != aside) and seal(name))
    views = Views(history.app)
    views.rebuild("people")
    assert views.counts_aside().views == {"people": 1}
    with views.read(views.people) as connection:
        found = views.people.pupils_in_years(connection, history.id)
    assert {stored, aside} <= found
    assert erased not in found
    with count_statements() as tally:
        history.app.keys.prefetch(found)
    assert tally.statements == []
