"""The readers of the policies separate paragraphs, bullets and sections in the layout of each document."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.policies.seeds import clauses_of, people_named_in

TEXTS = {
    "000": (
        """
        A title

        Overview

        One sentence on

        two pages.

        Another.

        Aims and Objectives

        1. First
        2. Second

        Policy to be approved some day

        Signed:

        Somebody
        """,
        ["Overview ¶1", "Overview ¶2", "Aims ¶1", "Aims ¶2", "Approval ¶1"],
    ),
    "001": (
        """
        An opening.
        A. A table of contents
        Everybody
        A. Staff
        A sentence.
        · A bullet
        · Another.
        D. Bullying
        · A third.
        The end.
        """,
        ["Introduction ¶1", "A ¶1", "A.1", "A.2", "D.1", "D ¶1"],
    ),
    "002": (
        """
        3. General things

        - One

        - Two
         - below two
         - again
        - Three

        3.1 A part of it

        - One
        """,
        ["§3 ¶1", "§3 ¶2", "§3 ¶2.1", "§3 ¶2.2", "§3 ¶3", "§3.1 ¶1"],
    ),
    "003": (
        """
        2. Scope

        One sentence.

        1. An item of a list that is far too long to be taken for the heading of a section

        Another.

        Other

        - A bullet
        """,
        ["§2 ¶1", "§2 ¶2", "§2 ¶3", "Other ¶1"],
    ),
    "004": (
        """
        Statement of intent

        One.

        Signed by: Somebody

        8. Part

        - 8.1. One:
        - an example
        - 8.2. Two

        8.3. Three
        - 9.1 Four
        """,
        ["Statement ¶1", "§8.1", "§8.2", "§8.3", "§9.1"],
    ),
}


@pytest.mark.parametrize("number", TEXTS)
def test_the_clauses_of_a_text_are_separated(number: str) -> None:
    text, clauses = TEXTS[number]
    assert clauses_of(number, dedent(text)) == [f"{number} {clause}" for clause in clauses]


@pytest.mark.parametrize(
    "text",
    [
        "Signed by: Ada Quillfeather Date: June",
        "Signed by: Mr Ada Quillfeather Date: June",
        "Signed:\n\nAda Quillfeather\nHeadteacher",
        "Chair of Governors\tAda Quillfeather\n",
        "the team consists of: Ada Quillfeather (Head teacher) and others",
        "the lead, Ms Ada Quillfeather (Deputy), is known",
    ],
)
def test_a_named_person_is_found_by_complete_name_and_by_surname(text: str) -> None:
    assert people_named_in(text) >= {"Ada Quillfeather", "Quillfeather"}


def test_a_text_without_names_yields_none() -> None:
    assert people_named_in("The Headteacher and the Chair of Governors decide.") == set()
