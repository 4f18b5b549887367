"""A mistake in a dated table is detected when it is read, and named by file, row and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from casework.library import Library
from casework.library.checking import PlaybookError
from tests.domain.test_playbook_files import load, replaced

SHIPPED = Library.own().dated_tables
SOURCES = 'sources = [{ cited_as = "LAW", title = "The law" }]\n'
TABLES = {
    "platforms": f"""\
{SOURCES}
[[platform]]
name = "Chatter"
ages = [{{ since = 2020-01-01, minimum_age = 13, source = "LAW §9" }}]
""",
    "offences": f"""\
finding = "No finding."
remarks = [{{ kinds = ["other"], text = "Mind this.", source = "LAW §3" }}]
{SOURCES}
[[offence]]
id = "shouting"
title = "Shouting"
source = "LAW §1"
since = 2020-01-01
until = 2021-01-01
shown = [{{ kinds = ["trouble"], when = [{{ fact = "content", any = ["abusive"] }}] }}]

[[offence]]
id = "whispering"
title = "Whispering"
source = "LAW §2"
shown = []
""",
    "channels": f"""\
{SOURCES}
[[channel]]
id = "town_crier"
title = "The town crier"
about = "News."
source = "LAW §4"
recorded_by = {{ step = "escalate", preset = {{ agency = "police" }} }}
suits = [{{ when = [{{ fact = "critical", is = true }}], reason = "It is urgent." }}]
unsuited = [{{ kinds = ["other"], reason = "It is not news." }}]
otherwise = "There is no news."
""",
}


def read(folder: Path, **tables: str) -> Library:
    """A library with these tables in place of the valid ones."""
    (folder / "dated").mkdir()
    for name, text in (TABLES | tables).items():
        (folder / "dated" / f"{name}.toml").write_text(text, encoding="utf-8")
    return load(folder)


def test_the_tables_used_in_these_tests_are_valid(tmp_path: Path) -> None:
    tables = read(tmp_path).dated_tables
    assert [offence.id for offence in tables.offences] == ["shouting", "whispering"]
    assert [channel.id for channel in tables.channels] == ["town_crier"]
    assert [source.cited_as for source in tables.sources] == ["LAW"]
    assert tables.finding == "No finding."


def test_a_folder_without_tables_gives_empty_tables(tmp_path: Path) -> None:
    tables = load(tmp_path).dated_tables
    assert (tables.platforms.all, tables.offences, tables.channels) == ((), (), ())


@pytest.mark.parametrize(
    ("table", "old", "new", "row", "field", "message"),
    [
        ("platforms", '"LAW §9"', '"RUMOUR"', "Chatter", "source", "'RUMOUR' cites no source"),
        (
            "platforms",
            "minimum_age = 13",
            'minimum_age = "13"',
            "",
            "platform[0].ages[0].minimum_age",
            "a whole number",
        ),
        ("offences", 'source = "LAW §1"', 'source = "RUMOUR"', "shouting", "source", "cites no source"),
        ("offences", 'source = "LAW §3"', 'source = "RUMOUR"', "", "remarks", "cites no source"),
        ("offences", 'id = "whispering"', 'id = "shouting"', "shouting", "id", "is the id of another row"),
        ("offences", "until = 2021", "until = 2019", "shouting", "until", "is before its first day"),
        (
            "offences",
            'kinds = ["trouble"]',
            'kinds = ["mischief"]',
            "shouting",
            "kinds",
            "'mischief' is not a kind",
        ),
        ("offences", 'kinds = ["other"]', 'kinds = ["mischief"]', "", "kinds", "'mischief' is not a kind"),
        ("offences", 'fact = "content"', 'fact = "weather"', "shouting", "when", "'weather' is not a fact"),
        ("offences", '["abusive"]', '["rainy"]', "shouting", "when", "'rainy' is not a value of 'content'"),
        ("offences", 'fact = "content"', 'field = "content"', "shouting", "when", "is about a fact"),
        ("offences", "since = 2020-01-01", 'since = "soon"', "", "offence[0].since", "a day such as"),
        ("offences", 'finding = "No finding."\n', "", "", "", "`finding`"),
        ("channels", 'source = "LAW §4"', 'source = "RUMOUR"', "town_crier", "source", "cites no source"),
        (
            "channels",
            'fact = "critical"',
            'fact = "weather"',
            "town_crier",
            "when",
            "'weather' is not a fact",
        ),
        ("channels", 'kinds = ["other"]', 'kinds = ["mischief"]', "town_crier", "kinds", "is not a kind"),
        (
            "channels",
            'step = "escalate"',
            'step = "shout"',
            "town_crier",
            "recorded_by",
            "'shout' is not a step",
        ),
        (
            "channels",
            '"police"',
            '"navy"',
            "town_crier",
            "recorded_by",
            "'navy' is not a value of escalate.agency",
        ),
        ("channels", ', reason = "It is urgent."', "", "", "channel[0].suits[0]", "`reason`"),
        ("channels", 'about = "News."', "about = News", "", "", "line"),
    ],
)
def test_a_mistake_in_a_table_is_named(
    tmp_path: Path, table: str, old: str, new: str, row: str, field: str, message: str
) -> None:
    with pytest.raises(PlaybookError) as raised:
        read(tmp_path, **{table: replaced(TABLES[table], old, new)})
    mistake = raised.value
    assert (mistake.file, mistake.rule, mistake.field) == (f"{table}.toml", row, field)
    assert message in mistake.message


def test_every_source_of_the_shipped_tables_is_cited_and_unique() -> None:
    cited = [row.source for row in (*SHIPPED.offences, *SHIPPED.channels)]
    cited += [remark.source for remark in SHIPPED.remarks]
    cited += [age.source for platform in SHIPPED.platforms.all for age in platform.ages]
    for source in SHIPPED.sources:
        assert any(source.cited_as in clause for clause in cited), source.cited_as
    assert len({source.cited_as for source in SHIPPED.sources}) == len(SHIPPED.sources)


def test_no_table_contains_an_address() -> None:
    for channel in SHIPPED.channels:
        words = (channel.title, channel.about, channel.otherwise, *(each.reason for each in channel.suits))
        assert not any(mark in text for text in words for mark in ("http", "www.", ".uk", "@"))
