"""Names that could be a user's own, however a colleague wrote them down, and names that could not."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from casework.domain.name_words import FULL_NAMES, name_words
from casework.domain.own_names import could_be_own, written
from casework.domain.vocabulary import Role

HEAD = "Harriet Heddle"


@pytest.mark.parametrize(
    "name",
    [
        # Spelt otherwise, also where the surname or the given name stands alone.
        *("Mrs Hedle", "Mrs Heddel", "Ms Hedddle", "Hedl", "Harriett", "Harriet Hedle", "H Hedle"),
        # Short forms of the given name.
        *("Hattie Heddle", "Harry Heddle", "Miss Hettie"),
        # Initials.
        *(
            "H. H.",
            "HH",
            "H.H.",
            "h h",
            "hh",
            "Mrs H",
            "Mrs HH",
            "Miss H (Year 6)",
            "HMH",
            "H Heddle",
            "Harriet H.",
        ),
        # Titles, and what somebody is at the school.
        *("Madam Heddle", "Dr. Heddle", "Rev Heddle", "Dame Harriet Heddle", "Prof Heddle", "Sir Heddle"),
        *("Mrs Heddle, Head", "Headteacher Mrs Heddle", "Heddle \u2013 Head Teacher", "Miss Heddle (Year 6)"),
        *("Year 6 teacher Mrs Heddle", "Heddle Harriet, Deputy DSL", "Principal Heddle"),
        # In brackets it may be the name.
        *("The Head (Harriet Heddle)", "Unknown [Mrs Heddle]"),
        # Double-barrelled, in whatever order, with a given name that could be hers.
        *("Heddle-Jones", "Mrs Jones-Heddle", "Harriet Heddle-Jones", "H Heddle-Jones", "Mrs Heddle/Jones"),
        *("HARRIET HEDDLE", "Heddle, Harriet", "Mrs Harriet Mary Heddle", "Harriet"),
    ],
)
def test_could_be_the_heads_own(name: str) -> None:
    assert could_be_own(HEAD, name)


@pytest.mark.parametrize(
    "name",
    [
        # Another given name or another surname.
        *("Harriet Hill", "Helen Heddle", "Tom Heddle", "Harold Heddle", "Henry Heddle", "T Heddle"),
        # An initial beside a surname that is not hers; initials that are not hers; one without a title.
        *("H Hill", "H Jones", "J H", "HT", "Mrs T", "H", "A"),
        *("Mr Hudson", "Mr Harris", "Harrison", "Mr Hale", "Hannah Heald", "Heather Hedges"),
        *("Tom Heddle-Jones", "Harriet Jones-Smith", "Anne-Marie"),
        *("Head of Year", "Unknown adult", "Mrs", "(Year 6)", ""),
    ],
)
def test_could_not_be_the_heads_own(name: str) -> None:
    assert not could_be_own(HEAD, name)


@pytest.mark.parametrize(
    ("own", "name"),
    [
        *(("Jo Smith", "Ann Smith"), ("Jo Smith", "Tess Target"), ("Ann Hill", "Mr Hall")),
        *(("Sam Parker", "Mrs Barker"), ("Tom Walker", "Mr Waller"), ("Sam Martin", "Mr Marvin")),
        *(("Jane Brown", "Mrs Browning"), ("Ann Reed", "Mrs Reid"), ("Lee Young", "Mr Long")),
        *(("Ian Ross", "Mr Rose"), ("Jane Oakley", "Jo"), ("Anne Smith", "Anne-Marie")),
        *(("Harold Lund", "Harriet Lund"), ("Robert Bell", "William Bell")),
    ],
)
def test_ordinary_names_of_two_people_do_not_collide(own: str, name: str) -> None:
    assert not could_be_own(own, name)


@pytest.mark.parametrize(
    ("own", "name"),
    [
        *(("Jo Smith", "Mrs J Smith"), ("Stephen Clark", "Mr Clarke"), ("Jane Moore", "Miss Moor")),
        *(("Robert Bell", "Bob Bell"), ("Bob Bell", "Robert Bell"), ("Bob Bell", "Rob Bell")),
        *(("Harriet Head", "Mrs Head"), ("Will Dean", "Mr Dean"), ("Harriet Heddle-Jones", "Mrs Heddle")),
        *(("Harriet Heddle, Headteacher", "Mrs Hedle"), ("Harriet (Hattie) Heddle", "Hattie Heddle")),
        *(("Nguyễn Thị Lan", "Lan Nguyen"), ("Siân Evans", "Sian Evans"), ("王芳", "王芳")),
    ],
)
def test_could_be_the_users_own(own: str, name: str) -> None:
    assert could_be_own(own, name)


@pytest.mark.parametrize(
    ("name", "post"),
    [
        *((name, Role.HEADTEACHER) for name in ("The Head", "Headteacher", "head teacher", "HEADMISTRESS")),
        *(
            (name, Role.HEADTEACHER)
            for name in ("The Acting Head", "Our headteacher", "The Head (Mrs Heddle)")
        ),
        *(("DSL", Role.DSL), ("the chair of governors", Role.CHAIR_OF_GOVERNORS)),
        *((name, None) for name in ("Head of Year 6", "Deputy head", "Mrs Heddle", "Head Heddle", "")),
    ],
)
def test_a_name_that_is_nothing_but_a_post(name: str, post: Role | None) -> None:
    assert written(name).post is post


def test_a_short_form_may_stand_for_several_names() -> None:
    assert {"harriet", "harold", "henry"} <= {*FULL_NAMES["harry"]}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"mr"', '"Mr"', "titles: 'Mr' is not a word"),
        ('"mr"', '"mr", "mr"', "titles: 'mr' is repeated"),
        ('"mr"', '""', "titles: '' is not a word"),
        ('["abe", "bram"]', '["abraham"]', "short_forms.abraham: 'abraham' is repeated"),
        ('"ddsl", "deputy', '"acting ddsl", "deputy', "posts: 'acting ddsl' has 'acting'"),
        ("headteacher = [", "headmaster = [", "headmaster"),
        ("[posts]", "more = 1\n[posts]", "more"),
    ],
)
def test_a_mistake_in_the_words_is_named(old: str, new: str, said: str) -> None:
    text = resources.files("casework.domain").joinpath("name_words.toml").read_text(encoding="utf-8")
    assert old in text
    assert tomllib.loads(text)
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        name_words(text.replace(old, new, 1))
