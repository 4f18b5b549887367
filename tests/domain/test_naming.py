"""Names are found in texts in any spelling, and words that only look like names are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.naming import holds_name, normalised

NAMES = ["Amira Will Okafor-Lee", "Jean-Luc d'Arcy", "Zoë Müller"]


@pytest.mark.parametrize(
    "text",
    [
        "Amira Will Okafor-Lee was upset",
        "amira   will\nokafor-lee was upset",
        "AMIRA WILL OKAFOR-LEE",
        "(Amira Will Okafor-Lee)",
        "Ask Amira.",
        "AMIRA was upset",
        "It was Amira's telephone",
        "the Okafor family",
        "the Okafor-Lee family",
        "Will was upset",
        "zoë müller",
        "Zoe\u0308 Mu\u0308ller",
        "ＺＯË",
        "MÜLLER",
        "Tell Arcy",
        "Jean came",
    ],
)
def test_a_name_is_found_in_any_spelling(text: str) -> None:
    assert holds_name(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We will teach it earlier",
        "amira is a word here, in small letters",
        "Amiras and Mirabel",
        "Willing pupils and Goodwill",
        "A zoetrope",
        "D was for decision",
        "Jeans are banned",
        "müllerian mimicry",
    ],
)
def test_a_similar_word_is_not_mistaken_for_a_name(text: str) -> None:
    assert not holds_name(text, NAMES)


def test_a_part_of_one_or_two_letters_counts_only_in_the_complete_name() -> None:
    assert not holds_name("Li was absent", ["Li Wei-De"])
    assert not holds_name("De minimis", ["Li Wei-De"])
    assert holds_name("li wei-de was absent", ["Li Wei-De"])


def test_no_name_is_found_if_there_are_no_names() -> None:
    assert not holds_name("Amira was upset", [])


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("  Amira\tOkafor ", "amira okafor"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ﬁona", "fiona"),
        ("Zoe\u0308", "zo\u00eb"),
        ("", ""),
    ],
)
def test_a_name_is_normalised_for_comparison(written: str, compared: str) -> None:
    assert normalised(written) == compared


@given(
    name=st.from_regex(r"[A-Z][a-z]{2,9}( [A-Z][a-z]{2,9}){0,2}", fullmatch=True),
    before=st.sampled_from(["", "Yesterday ", "(", "…and then: "]),
    after=st.sampled_from(["", ".", ", who was upset", "'s telephone", ")"]),
    change=st.sampled_from([str, str.lower, str.upper, str.title]),
)
def test_a_complete_name_is_found_in_any_case_and_sentence(
    name: str, before: str, after: str, change: Callable[[str], str]
) -> None:
    assert holds_name(before + change(name) + after, [name])
