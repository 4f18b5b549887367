"""A name is found by any part of it, in any order and spelling; another name is not."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from casework.domain.name_folding import folded
from casework.domain.name_matching import LEAST_LETTERS, FoldedNames, Match, NameSearch, folded_name


def match(searched: str, name: str) -> Match | None:
    return NameSearch.of(searched).match(folded_name(name))


FOUND = [
    # What is searched for, a name, how well it matches.
    ("Sian Madeup", "Siân Madeup", Match.WHOLE),
    ("Siân Madeup", "Sian Madeup", Match.WHOLE),
    ("Sian", "Sia\u0302n Madeup", Match.PARTS),
    ("Zolc", "Żółć Wymyślona", Match.PARTS),
    ("Żółć", "Zolc Wymyslona", Match.PARTS),
    ("Lukasz Wojcik", "Łukasz Wójcik", Match.WHOLE),
    ("Nguyen", "Nguyễn Văn Đức", Match.PARTS),
    ("van duc nguyen", "Nguyễn Văn Đức", Match.WHOLE),
    ("Nguyễn", "NGUYEN Van Duc", Match.PARTS),
    ("ipek", "İpek Uydurma", Match.PARTS),
    ("İPEK", "ipek uydurma", Match.PARTS),
    ("isil", "Işıl Uydurma", Match.PARTS),
    ("IŞIL", "işıl uydurma", Match.PARTS),
    ("OBrien", "Pat O’Brien", Match.PARTS),
    ("OBrien", "Pat O'Brien", Match.PARTS),
    ("O'Brien", "Pat O’Brien", Match.PARTS),
    ("O’Brien", "Pat O`Brien", Match.PARTS),
    ("O Brien", "Pat O'Brien", Match.PARTS),
    ("O'Brien", "Pat O Brien", Match.PARTS),
    ("Anne Marie", "Anne-Marie", Match.WHOLE),
    ("annemarie", "Anne-Marie", Match.WHOLE),
    ("Anne-Marie", "Anne Marie", Match.WHOLE),
    ("Anne\u2010Marie", "Annemarie", Match.WHOLE),
    ("Anne\u2011Marie", "Anne\u2013Marie Madeup", Match.PARTS),
    ("Anne-Marie", "Annemarie Madeup", Match.PARTS),
    ("Annemarie", "Anne Marie Madeup", Match.PARTS),
    ("annemar", "Anne-Marie Madeup", Match.INSIDE),
    ("Smith, Jo", "Jo Smith", Match.WHOLE),
    ("smith jo", "Jo Smith", Match.WHOLE),
    ("  JO \t SMITH ", "Jo Smith", Match.WHOLE),
    ("Jo Smith", "J\u200bo Smith", Match.WHOLE),
    ("Jo\u200e Smith", "Jo Smith", Match.WHOLE),
    ("Jo Smith", "Jo\u2060 \ufeffSmi\u00adth\u200f", Match.WHOLE),
    ("Jo Smith", "Jo\u00a0Smith", Match.WHOLE),
    ("Ali", "Alice Madeup", Match.BEGINNINGS),
    ("Ali Mad", "Alice Madeup", Match.BEGINNINGS),
    ("lice", "Alice Madeup", Match.INSIDE),
    ("J Smith", "Jo Smith", Match.BEGINNINGS),
    ("Jo S", "Jo Smith", Match.BEGINNINGS),
    ("J. S.", "Jo Smith", Match.BEGINNINGS),
    ("S.J.", "Jo Smith", Match.BEGINNINGS),
    ("J.R.R. Madeup", "J R R Madeup", Match.WHOLE),
    ("Cher", "Cher", Match.WHOLE),
    ("madeup", "Jo Madeup-Smith", Match.PARTS),
    ("jo", "Jo Jo Madeup", Match.PARTS),
    ("jo jo", "Jo Jo Madeup", Match.PARTS),
    ("Siwan Wyn", "Siŵan Ŵyn", Match.WHOLE),
    ("Grufydd Ynyr", "Grufŷdd Ŷnyr", Match.WHOLE),
    ("Sola Adeboye", "Ṣọlá Adéboyè", Match.WHOLE),
    ("olufemi", "Olúfẹ́mi Àṣà", Match.PARTS),
    ("Soren Aeroe", "Søren Ærøe", Match.WHOLE),
    ("strasser", "Straßer", Match.WHOLE),
    ("thora gudmunds", "Þóra Guðmunds", Match.WHOLE),
    ("fiona", "ﬁona", Match.WHOLE),
    ("ＪＯ", "Jo", Match.WHOLE),
    ("محمد", "مُحَمَّد", Match.WHOLE),
    ("احمد", "أحمد", Match.WHOLE),
    ("إبراهيم", "ابراهيم", Match.WHOLE),
    ("محمد", "محـــمد", Match.WHOLE),
    ("فاطمه", "فاطمة", Match.WHOLE),
    ("王小明", "王小明", Match.WHOLE),
    ("王", "王小明", Match.BEGINNINGS),
    ("明", "王小明", Match.INSIDE),
    ("小明", "王小明", Match.INSIDE),
    ("小明 王", "王小明", Match.INSIDE),
    ("김", "김철수", Match.BEGINNINGS),
    ("Ольга", "ОЛЬГА Выдуманная", Match.PARTS),
    ("Μαρία", "ΜΑΡΙΑ", Match.WHOLE),
    ("pupil 7", "Pupil 7", Match.WHOLE),
]

NOT_FOUND = [
    ("Alice", "Ali Madeup"),
    ("Jo Smith", "Jo Smyth"),
    ("Jo Smith", "Jo"),
    ("Jo Smith", "Smith"),
    ("J J", "Jo Smith"),
    ("Jo Jo", "Jo Smith"),
    ("S X", "Jo Smith"),
    ("M. H.", "Jo Smith"),
    ("osm", "Jo Smith"),
    ("Pupil Petra Other", "Petra Pupil"),
    ("Petra Pupils", "Petra Pupil"),
    ("Zolz", "Żółć"),
    ("ipak", "İpek"),
    ("Ann Anna", "Anna"),
    ("王小红", "王小明"),
    ("明小", "王小明"),
    ("汪", "王小明"),
    ("कुमार", "कमार"),
    ("محمود", "محمد"),
    ("Petra%Pupils", "Petra Pupil"),
]


@pytest.mark.parametrize(("searched", "name", "how"), FOUND)
def test_a_name_is_found(searched: str, name: str, how: Match) -> None:
    assert match(searched, name) is how


@pytest.mark.parametrize(("searched", "name"), NOT_FOUND)
def test_another_name_is_not_found(searched: str, name: str) -> None:
    assert match(searched, name) is None


@pytest.mark.parametrize("searched", ["", " ", "J", "é", "-", "..'", "\u200b", "a\u0301\u0302", "%", "☃"])
def test_a_search_has_at_least_two_letters(searched: str) -> None:
    with pytest.raises(ValueError, match="too few letters"):
        NameSearch.of(searched)


@pytest.mark.parametrize("searched", ["王", "Jo", "ß", "J S", "3a", "김"])
def test_two_letters_or_one_that_is_a_word_are_enough(searched: str) -> None:
    assert NameSearch.of(searched).parts


def test_names_are_found_among_others_with_how_well_they_match() -> None:
    names = [folded_name(name) for name in ("Alice Madeup", "Ali", "Natalie", "Jo Smith", "", "☃")]
    found = {name.spaced.strip(): how for how, name in NameSearch.of("Ali").among(FoldedNames(names))}
    assert found == {"alice madeup": Match.BEGINNINGS, "ali": Match.WHOLE, "natalie": Match.INSIDE}
    assert [*NameSearch.of("Ali").among(FoldedNames())] == []


@given(st.lists(st.text("abc ", max_size=6), max_size=20), st.text("abc", min_size=2, max_size=3))
def test_a_search_among_many_names_finds_what_a_search_of_each_finds(names: list[str], searched: str) -> None:
    search, known = NameSearch.of(searched), [folded_name(name) for name in names]
    each = [(search.match(name), name) for name in known]
    assert [*search.among(FoldedNames(known))] == [(how, name) for how, name in each if how is not None]


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert once == " ".join(once.split())


def test_every_character_folds_to_what_stays_folded() -> None:
    every = [chr(code) for code in range(0x110000)]
    assert [each for each in every if folded(folded(each)) != folded(each)] == []


NAME_LETTERS = st.characters(categories=["L", "Mn", "Mc", "Nd", "Pd", "Zs", "Cf"]) | st.sampled_from("'’.-, ")
NAMES = st.text(NAME_LETTERS, min_size=1, max_size=40)


@given(NAMES, st.randoms(use_true_random=False))
def test_a_name_is_found_by_itself_with_its_parts_in_any_order(name: str, chance: Random) -> None:
    parts = folded(name).split()
    assume(len("".join(parts)) >= LEAST_LETTERS)
    assert match(name, name) is Match.WHOLE
    chance.shuffle(parts)
    assert match(" ".join(parts), name) is Match.WHOLE


@given(st.text(st.sampled_from("aáäâăạåảãéèêëẽẻẹíïıİóôöõơøúüưñçčşșžźżłđĐßæŒ bC"), min_size=2, max_size=30))
def test_a_name_is_found_without_its_accents(name: str) -> None:
    plain = "".join(each for each in unicodedata.normalize("NFD", name) if not unicodedata.combining(each))
    assume(len(folded(name).replace(" ", "")) >= LEAST_LETTERS)
    for searched in (plain, unicodedata.normalize("NFD", name), unicodedata.normalize("NFC", name)):
        assert match(searched, name) is Match.WHOLE


@given(st.text(), st.text())
def test_no_text_is_too_odd_to_search_for(searched: str, name: str) -> None:
    known = folded_name(name)
    assert "\0" not in known.spaced
    try:
        how = NameSearch.of(searched).match(known)
    except ValueError:
        return
    assert how is None or isinstance(how, Match)
