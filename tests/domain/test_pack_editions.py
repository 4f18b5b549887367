"""A later version of a pack, written as its differences from an earlier one: built, checked, adopted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from casework.library import Library
from casework.library.checking import PlaybookError
from casework.library.library import every_fault
from tests.domain.test_playbook_files import load, replaced

LIBRARY: Final = Library.own()
FIRST: Final = """\
id = "oakfield"
version = "1"
title = "Oakfield"
adopted = 2026-09-01
review_every_months = 12
sources = [{ cited_as = "OAK", title = "Policy" }, { cited_as = "OLD", title = "Annex" }]
silent_on = ["bans"]

[[rules]]
id = "oak-advice"
modality = "must"
step = "seek_advice"
before = ["close"]
clause = "OAK §1"
reason = "Advice is asked for."

[[rules]]
id = "oak-contain"
modality = "must"
step = "contain"
clause = "OLD §1"
reason = "It is contained."
"""
SECOND: Final = """\
id = "oakfield"
version = "2"
adopted = 2026-11-01
differs_from = "oakfield@1"
sources = [{ cited_as = "OAK", title = "Policy, second edition" }]
without_sources = ["OLD"]
added_sources = [{ cited_as = "NEW", title = "A new annex" }]
without = ["oak-contain"]

[[rules]]
id = "oak-advice"
modality = "consider"
step = "seek_advice"
clause = "OAK §2"
reason = "Whether advice is needed is considered."

[[added_rules]]
id = "oak-safe"
modality = "must"
step = "make_safe"
clause = "NEW §1"
reason = "The child is seen."
"""
THIRD: Final = """\
id = "oakfield"
version = "3"
adopted = 2027-01-01
differs_from = "oakfield@2"
title = "Oakfield Academy"
review_every_months = 24
silent_on = []
without = ["oak-safe"]
"""


def written(folder: Path, **files: str) -> Path:
    """`folder` with these files, by name without `.toml`."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_version_is_built_from_another_and_its_differences(tmp_path: Path) -> None:
    library = LIBRARY.with_packs(written(tmp_path, b=FIRST, a=SECOND, c=THIRD))
    one, two, three = (library.packs[f"oakfield@{version}"] for version in "123")
    assert [rule.id for rule in one.rules] == ["oak-advice", "oak-contain"]
    assert [(rule.id, rule.modality) for rule in two.rules] == [
        ("oak-advice", "consider"),
        ("oak-safe", "must"),
    ]
    assert [rule.id for rule in three.rules] == ["oak-advice"]
    assert [source.title for source in two.sources] == ["Policy, second edition", "A new annex"]
    assert (two.title, two.review_every_months, two.silent_on) == ("Oakfield", 12, ("bans",))
    assert (three.title, three.review_every_months, three.silent_on) == ("Oakfield Academy", 24, ())
    assert library.latest_pack("oakfield") == three


def test_a_shipped_pack_may_be_the_other_version(tmp_path: Path) -> None:
    later = """\
id = "headcorn"
version = "2027-01"
adopted = 2027-01-01
differs_from = "headcorn@2022-03"
without = ["headcorn-advice"]
"""
    written(tmp_path, later=later)
    assert every_fault(tmp_path / "later.toml", LIBRARY) == []
    packs = LIBRARY.with_packs(tmp_path).packs
    dropped = {rule.id for rule in packs["headcorn@2022-03"].rules} - {
        rule.id for rule in packs["headcorn@2027-01"].rules
    }
    assert dropped == {"headcorn-advice"}


def test_a_shipped_version_may_be_stated_as_differences(tmp_path: Path) -> None:
    load(tmp_path)
    later = """\
id = "school"
version = "2"
adopted = 2027-01-01
differs_from = "school@1"
without = ["own-support"]
"""
    written(tmp_path, later=later)
    packs = Library.from_folder(tmp_path).packs
    assert [rule.id for rule in packs["school@2"].rules] == ["own-triage"]


MISTAKES: Final = [
    (
        'without = ["oak-contain"]',
        'without = ["oak-x"]',
        "",
        "without",
        "'oak-x' is not a rule of oakfield@1",
    ),
    ('without_sources = ["OLD"]', 'without_sources = ["X"]', "", "without_sources", "'X' is not a source"),
    ('without_sources = ["OLD"]', 'without_sources = ["OLD", "OAK"]', "", "sources", "without_sources"),
    ('cited_as = "OAK"', 'cited_as = "AOK"', "", "sources", "a new one belongs in added_sources"),
    ('cited_as = "NEW"', 'cited_as = "OAK"', "", "added_sources", "is a source of oakfield@1 already"),
    ('id = "oak-advice"', 'id = "oak-advise"', "oak-advise", "id", "a new one belongs in added_rules"),
    ('id = "oak-safe"', 'id = "oak-advice"', "oak-advice", "id", "it belongs in rules"),
    ('without = ["oak-contain"]', 'without = ["oak-advice"]', "oak-advice", "id", "is also named in without"),
    ("adopted = 2026-11-01", "adopted = 2026-09-01", "", "adopted", "must be after 2026-09-01"),
    ('id = "oakfield"\nversion', 'id = "elm"\nversion', "", "differs_from", "is a version of another pack"),
    ('step = "make_safe"', 'step = "make_save"', "oak-safe", "step", "'make_save' is not a step"),
    ('clause = "NEW §1"', 'clause = "OLD §1"', "oak-safe", "clause", "cites no source of this file"),
    ('version = "2"', 'version = "1"', "", "version", "oakfield@1 exists already"),
]


@pytest.mark.parametrize(("old", "new", "rule", "field", "message"), MISTAKES)
def test_a_mistake_in_the_differences_is_named(
    tmp_path: Path, old: str, new: str, rule: str, field: str, message: str
) -> None:
    written(tmp_path, first=FIRST, second=replaced(SECOND, old, new))
    with pytest.raises(PlaybookError) as raised:
        LIBRARY.with_packs(tmp_path)
    assert (raised.value.file, raised.value.rule, raised.value.field) == ("second.toml", rule, field)
    assert message in raised.value.message
    if field != "version":  # Which of two files of one edition is meant, only a whole folder shows.
        assert str(raised.value) in every_fault(tmp_path / "second.toml", LIBRARY)


@pytest.mark.parametrize("other", ["oakfield@7", "oakfield@2"], ids=["missing", "itself"])
def test_a_version_that_differs_from_none_is_refused(tmp_path: Path, other: str) -> None:
    text = replaced(SECOND, '"oakfield@1"', f'"{other}"')
    written(tmp_path, first=FIRST, second=text)
    with pytest.raises(PlaybookError) as raised:
        LIBRARY.with_packs(tmp_path)
    assert raised.value.field == "differs_from"
    assert every_fault(tmp_path / "second.toml", LIBRARY) == [str(raised.value)]


def test_a_field_of_the_differences_that_does_not_exist_is_named(tmp_path: Path) -> None:
    written(tmp_path, first=FIRST, second=SECOND.replace("adopted =", 'pupils = "all"\nadopted ='))
    with pytest.raises(PlaybookError, match="pupils"):
        LIBRARY.with_packs(tmp_path)


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    text = replaced(SECOND, 'without = ["oak-contain"]', 'without = ["oak-x"]')
    written(tmp_path, first=FIRST, second=replaced(text, 'step = "make_safe"', 'step = "make_save"'))
    faults = every_fault(tmp_path / "second.toml", LIBRARY)
    assert any("oak-x" in fault for fault in faults)
    assert any("make_save" in fault for fault in faults)
