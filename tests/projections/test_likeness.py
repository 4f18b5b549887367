"""Records that could be of one person, compared in memory, and what the view stores for it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from casework.domain.errors import PossibleDuplicate
from casework.domain.person import Identifiers
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Role
from casework.usecases.people import ChangePerson, RegisterPerson
from casework_projections.views.catch_up import Views
from casework_projections.views.people import people
from tests.histories import SchoolHistory
from tests.projections.test_people_search import another_school
from tests.projections.watching import dump

NUMBERS = Identifiers(upn=Sealed("B801200005001"), nhs_number=Sealed("9434765919"))


def candidates(
    history: SchoolHistory, name: str, role: Role = Role.DSL, **fields: object
) -> tuple[UUID, ...]:
    """The records because of which a pupil is not registered."""
    user = history.context(history.users[role])
    category = Category.PUPIL
    command = RegisterPerson(school=history.id, category=category, name=Sealed(name), **fields)  # type: ignore[arg-type]
    with pytest.raises(PossibleDuplicate) as raised:
        history.app.people.register(user, command)
    return raised.value.candidates


def pairs(history: SchoolHistory, views: Views) -> set[frozenset[UUID]]:
    with views.read(views.people) as connection:
        found = views.likeness.pairs(connection, history.id)
    return {frozenset((one.person, other.person)) for one, other in found}


def renamed(history: SchoolHistory, name: str, **fields: object) -> UUID:
    """A pupil whom nobody has told from others of that name."""
    person = history.person(Category.PUPIL, "Xerxes", **fields)
    change = ChangePerson(name=Sealed(name), reason=Sealed("A chosen name."))
    history.app.people.change(history.context(history.dsl), person, change)
    return person


def test_a_number_is_stored_as_a_keyed_hash_in_one_column_and_differs_at_each_school(
    history: SchoolHistory, views: Views
) -> None:
    school, (there,) = another_school(history, "Otto Elsewhere")
    here = history.person(Category.PUPIL, "Otto", identifiers=NUMBERS)
    change = ChangePerson(identifiers=NUMBERS, reason=Sealed("As the register says."))
    history.app.people.change(history.context(history.admin), there, change)
    views.catch_up("people")
    tables = dump(history.app, views.people)
    columns = [column.name for column in people.columns]
    rows = {row[0]: dict(zip(columns, row, strict=True)) for row in tables["view_people"]}
    digests = {rows[each][field] for each in (here, there) for field in ("upn", "nhs_number")}
    assert len(digests) == 4
    assert all(len(digest) == 64 for digest in digests)
    assert "B801200005001" not in str(tables)
    elsewhere = {name: table for name, table in tables.items() if name != "view_people"}
    assert not [digest for digest in digests if digest in str(elsewhere)]
    assert school != history.id


def test_people_who_were_set_aside_are_compared(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    born_on = date(2016, 3, 4)
    aside = history.person(Category.PUPIL, "Aside", born_on=born_on, identifiers=NUMBERS)
    told = history.person(Category.PUPIL, "Aside", born_on=born_on)
    other = renamed(history, "Aside Quillfeather", born_on=born_on)
    twin = renamed(history, "Aside Quillfeather", born_on=date(2017, 3, 4))
    expected = {frozenset((aside, other)), frozenset((told, other))}
    assert pairs(history, Views(history.app)) == expected
    seal = history.app.sealer.to_token

    def cannot_seal(sealed: Sealed) -> str:
        if sealed.under in {aside, told}:
            raise ArithmeticError
        return seal(sealed)

    monkeypatch.setattr(history.app.sealer, "to_token", cannot_seal)
    views = Views(history.app)
    views.rebuild("people")
    assert views.counts_aside().views == {"people": 2}
    assert pairs(history, views) == expected
    assert set(candidates(history, "A. Quillfeather", born_on=born_on)) >= {aside, told, other}
    assert twin not in candidates(history, "A. Quillfeather", born_on=born_on)
    assert candidates(history, "Otto Zufall", identifiers=NUMBERS) == (aside,)


def test_erased_people_are_not_compared(history: SchoolHistory, views: Views) -> None:
    one = history.person(Category.PUPIL, "Otto", identifiers=NUMBERS)
    other = renamed(history, "Otto Quillfeather")
    assert pairs(history, views) == {frozenset((one, other))}
    assert candidates(history, "Nobody Known", identifiers=NUMBERS) == (one,)
    history.app.record.commit(destroying=[one])
    assert pairs(history, views) == pairs(history, Views(history.app)) == set()
    command = RegisterPerson(
        school=history.id, category=Category.PUPIL, name=Sealed("Nobody Known"), identifiers=NUMBERS
    )
    assert history.app.people.register(history.context(history.dsl), command).version == 1


def test_a_rebuilt_view_stores_no_number_of_an_erased_person(history: SchoolHistory, views: Views) -> None:
    person = history.person(Category.PUPIL, "Otto", identifiers=NUMBERS)
    history.app.record.commit(destroying=[person])
    views.rebuild("people")
    (row,) = (row for row in dump(history.app, views.people)["view_people"] if row[0] == person)
    stored = dict(zip([column.name for column in people.columns], row, strict=True))
    assert (stored["upn"], stored["nhs_number"]) == (None, None)
