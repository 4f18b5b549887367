"""Who was a child on the day of the incident, and what an adult pupil decides."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec
import pytest

from casework.domain.incident.age import Age, age_of
from casework.domain.incident.facts import fact
from casework.domain.incident.reporting import Party
from casework.domain.person import Person, PersonRegistered
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Content, Involvement
from tests.domain.casefile import ALLEGED, PACKS, SIXTH_FORMER, TARGET, CaseFile, at, known
from tests.domain.situations import ADULT_PUPIL

WISHES: Final[dict[str, Any]] = {"person": SIXTH_FORMER, "voice": Sealed("My parents know already.")}


def born(day: str | None) -> Person:
    registered = PersonRegistered(
        originator_id=known("a person"),
        originator_version=1,
        by=known("dsl"),
        role="dsl",
        request_id="r",
        happened_at=at("2026-09-01 09:00"),
        recorded_at=at("2026-09-01 09:00"),
        school=known("school"),
        category=Category.PUPIL,
        name=Sealed("Petra Pupil"),
        born_on=None if day is None else Sealed(day),
    )
    person = Person.replay([registered])
    assert person is not None
    return person


@pytest.mark.parametrize(
    ("birth", "adult"),
    [("2008-09-14", True), ("2008-09-15", False), ("2004-02-29", True), (None, None)],
)
def test_a_person_is_an_adult_from_the_eighteenth_birthday_on(birth: str | None, adult: bool | None) -> None:
    assert born(birth).adult_on(date(2026, 9, 14)) is adult


@pytest.mark.parametrize(
    ("category", "without_birth_date"),
    [
        (Category.PUPIL, Age.CHILD),
        (Category.FORMER_PUPIL, Age.UNKNOWN),
        (Category.EXTERNAL, Age.UNKNOWN),
        (Category.UNKNOWN, Age.UNKNOWN),
        (Category.PARENT, Age.ADULT),
        (Category.STAFF, Age.ADULT),
        (Category.VISITOR, Age.ADULT),
    ],
)
def test_the_birth_date_decides_and_without_one_the_category(
    category: Category, without_birth_date: Age
) -> None:
    assert age_of(category, None) is without_birth_date
    assert age_of(category, True) is Age.ADULT
    assert age_of(category, False) is Age.CHILD


def test_a_party_of_an_earlier_release_is_a_child_by_the_category() -> None:
    stored = {"person": str(TARGET), "involvement": "target", "category": "pupil"}
    party = msgspec.convert(stored, Party)
    assert (party.adult, party.age) == (None, Age.CHILD)
    assert party.involvement is Involvement.TARGET


def test_a_former_pupil_of_15_is_a_child_who_may_be_shown() -> None:
    case = CaseFile("cyberbullying", people=((TARGET, "target", "former_pupil", False),))
    assert fact(case.incident, "target_ages") == {"child"}
    assert case.refusal("reclassify", kind="adult_image").rule == "adult-image-of-no-child"


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", ["cyberbullying", "sexting", "online_grooming", "other_concern"])
def test_the_parents_of_an_adult_pupil_are_not_informed_as_of_right(kind: str, pack: str) -> None:
    case = CaseFile(kind, pack, **ADULT_PUPIL)
    assert not case.requires("inform_parents", child=SIXTH_FORMER)
    assert case.requires("record_child_voice", person=SIXTH_FORMER)
    assert "adult-pupil-asked" in case.refusal("close").outstanding
    refused = case.refusal("inform_parents", child=SIXTH_FORMER)
    assert refused.rule == "adult-pupil-decides-about-parents"


def test_what_an_adult_pupil_says_answers_nothing_about_parents() -> None:
    case = CaseFile("cyberbullying", **ADULT_PUPIL).take("record_child_voice", **WISHES)
    assert "adult-pupil-asked" in case.refusal("close").outstanding
    case.take("record_child_voice", **WISHES, inform_parents=False)
    assert "adult-pupil-asked" not in case.refusal("close").outstanding
    assert not case.requires("inform_parents")


def test_an_adult_pupil_who_could_not_be_asked_is_recorded_as_such() -> None:
    case = CaseFile("cyberbullying", **ADULT_PUPIL)
    case.take("record_child_voice", person=SIXTH_FORMER, voice=None, why_not=Sealed("She is in hospital."))
    assert "adult-pupil-asked" not in case.refusal("close").outstanding


def test_the_parents_are_informed_as_the_adult_pupil_wishes_and_the_last_wish_counts() -> None:
    case = CaseFile("cyberbullying", **ADULT_PUPIL)
    case.take("record_child_voice", **WISHES, inform_parents=True)
    assert case.requires("inform_parents", child=SIXTH_FORMER)
    case.copy().take("inform_parents", child=SIXTH_FORMER)
    case.take("record_child_voice", **WISHES, inform_parents=False)
    assert not case.requires("inform_parents", child=SIXTH_FORMER)
    assert case.refusal("inform_parents", child=SIXTH_FORMER).rule == "adult-pupil-decides-about-parents"


def test_a_life_at_risk_is_a_reason_to_inform_them_all_the_same() -> None:
    case = CaseFile("cyberbullying", content=(Content.SELF_HARM,), **ADULT_PUPIL)
    case.take("record_child_voice", **WISHES, inform_parents=False)
    case.take("inform_parents", child=SIXTH_FORMER, despite_wish=Sealed("She may take her own life tonight."))


def test_the_parent_of_an_adult_pupil_was_not_told_by_mistake() -> None:
    case = CaseFile("cyberbullying", **ADULT_PUPIL).take("record_child_voice", **WISHES, inform_parents=True)
    case.take("inform_parents", child=SIXTH_FORMER)
    case.take("correct", corrects=case.incident.version, void=True)
    case.take("inform_parents", child=SIXTH_FORMER)
    assert not case.requires("tell")


def test_a_child_beside_an_adult_pupil_is_a_child_still() -> None:
    case = CaseFile("sexting", people=(*ADULT_PUPIL["people"], (ALLEGED, "alleged", "pupil")))
    assert case.incident.children() == [ALLEGED]
    assert case.requires("inform_parents", child=ALLEGED)
    assert case.requires("offer_support", person=SIXTH_FORMER)
