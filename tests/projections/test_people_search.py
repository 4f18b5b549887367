"""People are found by any part of their name, in memory that follows the log and forgets who is erased."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from casework.application import Casework
from casework.domain.name_matching import NameSearch
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category
from casework.storage.observation import count_statements
from casework.usecases.people import ChangePerson, RegisterPerson
from casework.usecases.schools import OpenSchool
from casework_api.commands.opening import opened
from casework_projections.views.catch_up import Views
from casework_projections.views.people import people
from casework_projections.views.people_search import KnownPerson, PeopleSearch, Wanted
from tests.calendars import TEST_CALENDAR
from tests.histories import SECRET_WORDS, SchoolHistory

FAMILY = SECRET_WORDS[0]


def search(views: Views, *schools: UUID, name: str | None = None, **filters: object) -> list[KnownPerson]:
    """The people at `schools`, found by name and filters in views that have caught up."""
    wanted = Wanted(name=None if name is None else NameSearch.of(name), **filters)  # type: ignore[arg-type]
    with views.read(views.people) as connection:
        return views.people_search.find(connection, schools, wanted)


def found(views: Views, *schools: UUID, **wanted: object) -> list[UUID]:
    return [person.person for person in search(views, *schools, **wanted)]  # type: ignore[arg-type]


def another_school(history: SchoolHistory, *names: str) -> tuple[UUID, list[UUID]]:
    """A school with people of these names."""
    app, admin = history.app, history.admin
    command = OpenSchool(
        name="Another School",
        pack="st_thomas",
        jurisdiction="england",
        calendar=TEST_CALENDAR,
        pupils_on_roll=10,
    )
    school = app.schools.open(history.context(admin), command).id
    registered = [
        RegisterPerson(school=school, category=Category.PUPIL, name=Sealed(name), distinct=True)
        for name in names
    ]
    return school, [app.people.register(history.context(admin), each).id for each in registered]


@contextmanager
def unsealed(app: Casework) -> Iterator[list[UUID]]:
    """Collects the people whose names are unsealed for a search in the block."""
    sealer, subjects = app.sealer, list[UUID]()
    original: Callable[[str, UUID, bytes], str] = sealer.token_text

    def spy(token: str, under: UUID, wrapped: bytes) -> str:
        subjects.append(under)
        return original(token, under, wrapped)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealer, "token_text", spy)
        yield subjects


@pytest.mark.parametrize(
    "name", ["Ada Quillfeather", "  ada   QUILLFEATHER ", "Quill Ad", "ada", "A. Q.", "Quillfeather, Ada"]
)
def test_a_person_is_found_by_any_part_of_their_name(history: SchoolHistory, views: Views, name: str) -> None:
    (person,) = search(views, history.id, name=name)
    assert (person.person, person.school) == (history.target, history.id)
    assert (person.category, person.year_group) == (Category.PUPIL, None)
    assert person.name == Sealed("Ada Quillfeather")


@pytest.mark.parametrize("name", ["Adam", "Ada Quillfeathers", "Ada Dorian"])
def test_a_person_is_not_found_by_another_name(history: SchoolHistory, views: Views, name: str) -> None:
    assert found(views, history.id, name=name) == []


def test_the_best_matches_come_first_and_then_the_order_of_names(
    history: SchoolHistory, views: Views
) -> None:
    names = ("Rowan", "Anya", "Anne", "An", "An")
    inside, later, beginning, *parts = (history.person(Category.PUPIL, name) for name in names)
    assert found(views, history.id, name="an") == [
        *sorted(parts, key=lambda each: each.int),
        beginning,
        later,
        history.teacher,
        inside,
    ]


def test_filters_combine(history: SchoolHistory, views: Views) -> None:
    young, old = (history.person(Category.PUPIL, "Eve", year_group=year) for year in (2, 6))
    parent = history.person(Category.PARENT, "Eve")
    assert set(found(views, history.id, name="Eve")) == {young, old, parent}
    assert found(views, history.id, name="Eve", category=Category.PARENT) == [parent]
    assert found(views, history.id, name="Eve", year_group=6) == [old]
    assert found(views, history.id, year_group=2) == [young]
    assert found(views, history.id, name="Eve", category=Category.PARENT, year_group=2) == []
    assert set(found(views, history.id, category=Category.PARENT)) == {parent, history.parent}


def test_a_name_is_unsealed_once(history: SchoolHistory, views: Views) -> None:
    with unsealed(history.app) as first:
        assert found(views, history.id, name="Ada") == [history.target]
    assert history.target in first
    assert len(first) == len(set(first))
    with unsealed(history.app) as second:
        assert found(views, history.id, name="Ber") == [history.alleged]
    assert second == []
    new = history.person(Category.PUPIL, "Nadia")
    history.report()
    with unsealed(history.app) as third:
        assert found(views, history.id, name="Nadia") == [new]
    assert third == [new]


def test_a_person_who_changed_is_found_as_they_are_now(history: SchoolHistory, views: Views) -> None:
    assert found(views, history.id, name="Ada", category=Category.PUPIL) == [history.target]
    change = ChangePerson(name=history.name("Renée"), year_group=4, reason=Sealed("A chosen name."))
    history.app.people.change(history.context(history.dsl), history.target, change)
    for each in (views, Views(history.app)):
        assert found(each, history.id, name="Ada") == []
        (person,) = search(each, history.id, name="renee")
        assert (person.person, person.year_group) == (history.target, 4)
        assert person.name == history.name("Renée")


def test_a_search_reads_the_database_only_for_what_was_recorded_since_the_last(
    history: SchoolHistory, views: Views
) -> None:
    for schools in ([history.id], [history.id, another_school(history, "Ada Elsewhere")[0]]):
        assert history.target in found(views, *schools, name="Ada")
        for news in (0, 1):
            if news:
                history.report()
                views.catch_up("people")
            with count_statements() as tally:
                found(views, *schools, name="Ada")
            assert len(tally.statements) == 1 + news


def test_only_the_people_of_the_schools_asked_for_are_found_and_kept(
    history: SchoolHistory, views: Views
) -> None:
    school, (there,) = another_school(history, "Ada Elsewhere")
    with unsealed(history.app) as subjects:
        assert found(views, school, name="Ada") == [there]
    assert subjects == [there]
    assert found(views, history.id, name="Ada") == [history.target]
    assert set(found(views, history.id, school, name="Ada")) == {history.target, there}
    assert found(views, uuid4(), name="Ada") == []
    assert found(views, name="Ada") == []


def test_schools_that_are_searched_at_different_times_stay_current(
    history: SchoolHistory, views: Views
) -> None:
    school, there = another_school(history, "Ada Elsewhere")
    assert found(views, school, name="Ada") == there
    new = history.person(Category.PUPIL, "Ada")
    assert len(found(views, history.id, school, name="Ada")) == 3
    _, more = another_school(history, "Ada Third")
    newest = history.person(Category.PUPIL, "Ada")
    assert found(views, school, name="Ada") == there
    assert set(found(views, history.id, school, name="Ada")) == {history.target, new, newest, *there}
    assert more[0] not in found(views, history.id, school, name="Ada")


def test_the_schools_not_searched_for_the_longest_time_are_dropped(history: SchoolHistory) -> None:
    schools = [another_school(history, *(f"Ada {place}{each}" for each in "xyz"))[0] for place in "abcd"]
    views = Views(history.app)
    views.people_search = PeopleSearch(history.app, views.people, most_people=7)
    for school in (*schools[:2], schools[0], schools[2]):
        assert len(found(views, school, name="Ada")) == 3
    for school, names_read in ((schools[0], 0), (schools[2], 0), (schools[1], 3)):
        with unsealed(history.app) as subjects:
            assert len(found(views, school, name="Ada")) == 3
        assert len(subjects) == names_read
    assert len(found(views, *schools, name="Ada")) == 12


def test_an_erased_person_is_not_found(history: SchoolHistory, views: Views) -> None:
    assert found(views, history.id, name="Ada") == [history.target]
    history.app.record.commit(destroying=[history.target])
    assert found(views, history.id, name="Ada") == []
    assert history.target not in found(views, history.id, category=Category.PUPIL)
    assert found(Views(history.app), history.id, name="Ada") == []
    views.rebuild("people")
    assert found(views, history.id, name="Ada") == []
    assert found(views, history.id, name="erased") == []
    assert found(views, history.id, name="Bertie") == [history.alleged]


def test_a_person_erased_by_another_process_is_found_for_a_minute_at_most(history: SchoolHistory) -> None:
    with opened(history.app.settings) as other:
        now = 1000.0
        other.keys.clock = lambda: now
        views = Views(other)
        assert found(views, history.id, name="Ada") == [history.target]
        now += 30
        history.app.record.commit(destroying=[history.target])
        new = history.person(Category.PUPIL, "Ada")
        now += 29
        assert new in found(views, history.id, name="Ada")
        now += 1
        assert found(views, history.id, name="Ada") == [new]


def test_a_key_that_was_cached_does_not_make_an_erased_person_found(history: SchoolHistory) -> None:
    """The people of a school are read again with their keys as they are stored."""
    with opened(history.app.settings) as other:
        views = Views(other)
        other.keys.prefetch([history.target])
        history.app.record.commit(destroying=[history.target])
        assert found(views, history.id, name="Ada") == []


def test_a_name_that_was_changed_in_the_database_hides_only_its_person(
    history: SchoolHistory, views: Views
) -> None:
    views.catch_up("people")
    other = history.app.sealer.seal("Ada Forged", history.alleged)
    forged = [history.target.hex + other["c"], other["k"] + other["c"], history.target.hex + "*"]
    for token in forged:
        with history.app.database.writer.begin() as connection:
            where = people.c.person == history.target
            connection.execute(update(people).where(where).values(name=token))
        assert found(Views(history.app), history.id, name="Ada") == []
        assert found(Views(history.app), history.id, name="Bertie") == [history.alleged]


def test_a_birth_date_is_kept_until_its_person_is_erased(history: SchoolHistory, views: Views) -> None:
    day = date(2017, 12, 5)
    born = history.person(Category.PUPIL, "Bea", born_on=day)
    history.person(Category.PUPIL, "Bob", born_on=date(2017, 12, 6))
    assert found(views, history.id, born_on=day) == [born]
    with unsealed(history.app) as again:
        assert found(views, history.id, name="Bea", born_on=day) == [born]
    assert again == []
    history.app.record.commit(destroying=[born])
    assert found(views, history.id, born_on=day) == []


def test_a_birth_date_that_was_changed_in_the_database_is_as_none(
    history: SchoolHistory, views: Views
) -> None:
    day = date(2017, 12, 5)
    born = [history.person(Category.PUPIL, name, born_on=day) for name in ("Bea", "Bob")]
    views.catch_up("people")
    with history.app.database.writer.begin() as connection:
        where = people.c.person == born[0]
        connection.execute(update(people).where(where).values(born_on=born[0].hex + "*"))
    assert found(views, history.id, born_on=day) == born[1:]
    assert found(views, history.id, name="Bea") == born[:1]


def test_people_who_were_set_aside_are_found_and_named(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, views = history.app, Views(history.app)
    views.catch_up("people")
    known = history.person(Category.PUPIL, "Known")
    aside = history.person(Category.PUPIL, "Aside", year_group=3)
    seal = app.sealer.to_token

    def cannot_seal(sealed: Sealed) -> str:
        if sealed.under == aside:
            raise ArithmeticError
        return seal(sealed)

    with monkeypatch.context() as patch:
        patch.setattr(app.sealer, "to_token", cannot_seal)
        assert found(views, history.id, name="Aside") == [aside]
    assert views.counts_aside().views == {"people": 1}
    assert set(found(views, history.id, name=FAMILY, category=Category.PUPIL)) >= {aside, known}
    assert found(views, history.id, year_group=3) == [aside]
    assert found(views, another_school(history)[0], name="Aside") == []
    with views.read(views.people) as connection:
        assert views.people.names(connection, [aside, known]) == {
            aside: Sealed(f"Aside {FAMILY}"),
            known: Sealed(f"Known {FAMILY}"),
        }

    upgraded = Views(app)
    upgraded.catch_up("people")
    assert views.counts_aside().views == {}
    for each in (views, upgraded):
        assert found(each, history.id, name="Aside") == [aside]
    app.record.commit(destroying=[aside])
    assert found(views, history.id, name="Aside") == []


def test_an_erased_person_who_was_set_aside_is_not_found(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = history.app
    aside = history.person(Category.PUPIL, "Aside")
    monkeypatch.setattr(app.sealer, "to_token", lambda _: 1 / 0)
    views = Views(app)
    views.rebuild("people")
    assert found(views, history.id, name="Aside") == [aside]
    app.record.commit(destroying=[aside])
    assert found(views, history.id, name="Aside") == []


def test_threads_search_while_people_are_registered_and_erased(history: SchoolHistory, views: Views) -> None:
    before = [history.person(Category.PUPIL, "Thready") for _ in range(5)]
    assert set(found(views, history.id, name="Thready")) == set(before)

    def change(number: int) -> UUID:
        history.app.record.commit(destroying=[before[number]])
        assert before[number] not in found(views, history.id, name="Thready")
        new = history.person(Category.PUPIL, "Thready")
        assert new in found(views, history.id, name="Thready")
        return new

    with ThreadPoolExecutor(4) as pool:
        new = [*pool.map(change, range(5))]
    assert set(found(views, history.id, name="Thready")) == set(new)


def test_nothing_that_is_known_of_a_person_shows_a_name(history: SchoolHistory, views: Views) -> None:
    assert FAMILY.casefold() not in repr(search(views, history.id, name="Ada")).casefold()


class TestOtherNames:
    """What a person is known as, and the names they had."""

    def test_are_found_for_those_who_may_know_them(self, history: SchoolHistory, views: Views) -> None:
        self.renamed(history)
        assert self.seen(history, views) == self.EXPECTED

    def test_are_read_as_the_log_moves_on(self, history: SchoolHistory, views: Views) -> None:
        assert found(views, history.id, name="Ada") == [history.target]
        self.renamed(history)
        assert self.seen(history, views) == self.seen(history, Views(history.app)) == self.EXPECTED

    def test_that_stayed_are_unsealed_once(self, history: SchoolHistory) -> None:
        self.renamed(history)
        with unsealed(history.app) as subjects:
            assert found(Views(history.app), history.id, name="Zuleika") == [history.target]
        assert subjects.count(history.target) == len(("Ada", "Zuleika", "Addie", "Zu"))

    def test_are_found_of_people_who_were_set_aside(
        self, history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.renamed(history)
        monkeypatch.setattr(history.app.sealer, "to_token", lambda _: 1 / 0)
        views = Views(history.app)
        views.rebuild("people")
        assert self.seen(history, views) == self.EXPECTED

    def test_of_an_erased_person_are_not_found(self, history: SchoolHistory, views: Views) -> None:
        self.renamed(history)
        assert self.seen(history, views) == self.EXPECTED
        history.app.record.commit(destroying=[history.target])
        for each in (views, Views(history.app)):
            assert self.seen(history, each) == dict.fromkeys(self.EXPECTED, (False, False))

    EXPECTED: ClassVar = {
        "Ada": (True, False),
        "Addie": (True, False),
        "Zuleika": (True, True),
        "Zu": (True, True),
    }
    """By name, whether it finds the person where former names count, and where they do not."""

    @staticmethod
    def renamed(history: SchoolHistory) -> None:
        """The target was Ada, known as Addie, and is Zuleika, known as Zu."""
        for fields in (
            {"known_as": Sealed("Addie")},
            {"name": history.name("Zuleika")},
            {"known_as": Sealed("Zu")},
            {"year_group": 3},
        ):
            change = ChangePerson(reason=Sealed("A chosen name."), **fields)
            history.app.people.change(history.context(history.dsl), history.target, change)

    @staticmethod
    def seen(history: SchoolHistory, views: Views) -> dict[str, tuple[bool, ...]]:
        def finds(name: str, former_at: list[UUID]) -> bool:
            with views.read(views.people) as connection:
                wanted = Wanted(name=NameSearch.of(name))
                people = views.people_search.find(connection, [history.id], wanted, former_at)
            return history.target in [each.person for each in people]

        return {
            name: (finds(name, [history.id]), finds(name, [])) for name in ("Ada", "Addie", "Zuleika", "Zu")
        }
