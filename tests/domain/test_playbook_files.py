"""A floor or a pack with a mistake is not used, and the mistake is named by file, rule and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from casework.library import Library
from casework.library.checking import PlaybookError

FLOOR_FILE = """\
jurisdiction = "nowhere"
in_force_from = 2026-09-01
sources = [{ cited_as = "LAW", title = "The law" }]
kinds = [{ id = "trouble", title = "Trouble" }, { id = "other", title = "Other trouble" }]
critical = [{ concern = "triage:critical", clause = "LAW §1" }]

[[rules]]
id = "no-reply"
modality = "must_not"
kinds = ["trouble"]
step = "advise"
when = [{ fact = "direction", is = "staff_to_pupil" }]
given = [{ field = "about", is = "other" }]
clause = "LAW §2"
reason = "Nobody is informed first."

[[rules]]
id = "closed"
modality = "must_not"
step = "*"
except_steps = ["reopen"]
given = [{ field = "embeds_file", is = true }]
clause = "LAW §3"
reason = "It is closed."

[[rules]]
id = "triage"
modality = "must"
kinds = ["trouble"]
adjustable = true
step = "triage"
clock = { of = "reported", within = 1, unit = "school_days", critical = { within = 0, unit = "days" } }
since = ["reopen"]
before = ["close"]
clause = "LAW §4; Some Act 2006 s.1"
reason = "It is triaged."

[[rules]]
id = "parents"
modality = "must"
step = "inform_parents"
satisfied_by = [{ step = "inform_parents", given = [{ field = "method", present = true }] }]
per = "child"
per_field = "child"
clause = "LAW §5"
reason = "The parents are informed."

[[rules]]
id = "police"
modality = "must"
step = "escalate"
preset = { agency = "police" }
clause = "LAW"
reason = "The police are informed."
"""
PACK_FILE = """\
id = "school"
version = "1"
title = "A school"
adopted = 2026-09-01
review_every_months = 12
sources = [{ cited_as = "OWN", title = "Its policy" }]

[[rules]]
id = "own-triage"
replaces = "triage"
modality = "must"
kinds = ["trouble"]
step = "triage"
clause = "OWN §1"
reason = "It is triaged by the head."

[[rules]]
id = "own-support"
modality = "consider"
kinds = ["trouble"]
step = "offer_support"
per = "party"
per_field = "person"
clause = "OWN §2; LAW §9"
reason = "Support is offered."
"""
TRIAGE_CLOCK = (
    'clock = { of = "reported", within = 1, unit = "school_days", critical = { within = 0, unit = "days" } }'
)


def load(folder: Path, floor: str = FLOOR_FILE, pack: str = PACK_FILE) -> Library:
    (folder / "floor.toml").write_text(floor, encoding="utf-8")
    (folder / "pack.toml").write_text(pack, encoding="utf-8")
    return Library.from_folder(folder)


def error(folder: Path, floor: str = FLOOR_FILE, pack: str = PACK_FILE) -> PlaybookError:
    with pytest.raises(PlaybookError) as raised:
        load(folder, floor, pack)
    return raised.value


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_a_duty_to_clear_names_is_valid(tmp_path: Path) -> None:
    floor = replaced(FLOOR_FILE, FIRST_RULE, NAME_TO_CLEAR + FIRST_RULE)
    (found,) = load(tmp_path, floor=floor).floors.values()
    assert found.name_to_clear is not None
    assert found.name_to_clear.as_rule().floor


def test_the_files_used_in_these_tests_are_valid(tmp_path: Path) -> None:
    library = load(tmp_path)
    assert [*library.floors] == ["nowhere@2026-09-01"]
    assert [*library.packs] == ["school@1"]
    rules = library.playbook("nowhere@2026-09-01", "school@1").rules
    assert [rule.id for rule in rules] == [
        "no-reply",
        "own-triage",
        "own-support",
        "closed",
        "parents",
        "police",
    ]


FIRST_RULE = '[[rules]]\nid = "no-reply"'
NAME_TO_CLEAR = """\
[name_to_clear]
rule = "name"
step = "clear_name"
within = 1
unit = "hours"
clause = "LAW"
reason = "The name is cleared."

"""


def stated(old: str, new: str) -> str:
    """The duty to clear a name with a mistake."""
    return replaced(NAME_TO_CLEAR, old, new)


IN_THE_FLOOR = [
    # the text, its replacement, the rule, the field, the message
    ('id = "no-reply"', 'id = "no-reply"\ncolour = "red"', "no-reply", "", "unknown field `colour`"),
    (
        'jurisdiction = "nowhere"',
        'jurisdiction = "nowhere"\ncolour = "red"',
        "",
        "",
        "unknown field `colour`",
    ),
    (
        'step = "escalate"',
        'step = "escalate"\nadjustable = "yes"',
        "police",
        "adjustable",
        "true or false, not a text",
    ),
    ('modality = "must_not"\nkinds', 'modality = "never"\nkinds', "no-reply", "modality", "'never'"),
    ('id = "police"\n', "", "number 5", "", "`id`"),
    ('clause = "LAW"\n', "", "police", "", "`clause`"),
    ('reason = "The police are informed."', 'reason = " "', "police", "reason", "is empty"),
    ("in_force_from = 2026-09-01", 'in_force_from = "soon"', "", "in_force_from", "a day such as"),
    ('title = "The law"', "title = 1", "", "sources[0].title", "a text in quotes"),
    ('id = "parents"', 'id = "triage"', "triage", "id", "is the id of another rule"),
    ('kinds = ["trouble"]\nadjustable', 'kinds = ["mischief"]\nadjustable', "triage", "kinds", "'mischief'"),
    ('step = "escalate"', 'step = "shout"', "police", "step", "'shout' is not a step"),
    ('step = "escalate"\n', "", "police", "step", "is missing"),
    pytest.param(
        'step = "advise"',
        'step = "shout"',
        "no-reply",
        "step",
        "'shout' is not a step",
    ),
    (
        'except_steps = ["reopen"]',
        'except_steps = ["open"]',
        "closed",
        "except_steps",
        "'open' is not a step",
    ),
    ('before = ["close"]', 'before = ["end"]', "triage", "before", "'end' is not a step"),
    ('since = ["reopen"]', 'since = ["open"]', "triage", "since", "'open' is not a step"),
    ('fact = "direction"', 'fact = "weather"', "no-reply", "when", "'weather' is not a fact"),
    (
        'is = "staff_to_pupil"',
        'is = "sideways"',
        "no-reply",
        "when",
        "'sideways' is not a value of 'direction'",
    ),
    ('is = "staff_to_pupil"', 'any = ["sideways"]', "no-reply", "when", "'sideways' is not a value"),
    ('is = "staff_to_pupil"', 'none = ["sideways"]', "no-reply", "when", "'sideways' is not a value"),
    (', is = "staff_to_pupil"', "", "no-reply", "when", "exactly one of is, any"),
    ('is = "staff_to_pupil"', 'is = "staff_to_pupil", present = true', "no-reply", "when", "exactly one of"),
    ('fact = "direction", is = "staff_to_pupil"', "is = true", "no-reply", "when", "one of fact and field"),
    (
        'fact = "direction"',
        'fact = "direction", field = "about"',
        "no-reply",
        "when",
        "one of fact and field",
    ),
    ('fact = "direction"', 'field = "about"', "no-reply", "when", "`when` is about a fact"),
    (
        'field = "about", is = "other"',
        'field = "colour", is = "other"',
        "no-reply",
        "given",
        "no field 'colour'",
    ),
    (
        'field = "about", is = "other"',
        'field = "about", is = "red"',
        "no-reply",
        "given",
        "not a value of advise",
    ),
    ('field = "about", is = "other"', 'field = "person", in = "crowd"', "no-reply", "given", "not a group"),
    ('field = "embeds_file"', 'field = "about"', "closed", "given", "not a field of every step"),
    ('clause = "LAW §2"', 'clause = "RUMOUR §2"', "no-reply", "clause", "cites no source"),
    ('clause = "LAW §2"', 'clause = "LAW §2; RUMOUR"', "no-reply", "clause", "cites no source"),
    ('clause = "LAW §2"', 'clause = "LAWYER §2"', "no-reply", "clause", "cites no source"),
    ('clause = "LAW §2"', 'clause = ""', "no-reply", "clause", "cites no source"),
    ('clause = "LAW §1"', 'clause = "RUMOUR"', "", "critical", "'RUMOUR' cites no source"),
    ('id = "police"', 'id = "police"\nreplaces = "triage"', "police", "replaces", "replaces nothing"),
    ('per = "child"', 'per = "crowd"', "parents", "per", "'crowd' is not a group"),
    ('per_field = "child"', 'per_field = "colour"', "parents", "per_field", "no field 'colour'"),
    ('per_field = "child"\n', "", "parents", "per", "go together"),
    ('per = "child"\n', "", "parents", "per", "go together"),
    ('field = "method"', 'field = "colour"', "parents", "satisfied_by", "no field 'colour'"),
    (
        '[{ step = "inform_parents", ',
        '[{ step = "shout", ',
        "parents",
        "satisfied_by",
        "'shout' is not a step",
    ),
    ('agency = "police"', 'agency = "navy"', "police", "preset", "'navy' is not a value of escalate.agency"),
    ('agency = "police"', 'colour = "red"', "police", "preset", "no field 'colour'"),
    (
        'step = "escalate"',
        'step = "escalate"\nexcept_steps = ["close"]',
        "police",
        "except_steps",
        "prohibitions only",
    ),
    ('of = "reported"', 'of = "noon"', "triage", "clock", "'noon' is neither a step"),
    ('of = "reported"', 'of = "reported", field = "at"', "triage", "clock", "'reported' has no field 'at'"),
    ('of = "reported"', 'of = "close", field = "at"', "triage", "clock", "'close' has no field 'at'"),
    ('of = "reported"', 'of = "content"', "triage", "clock", "needs a test of the fact content"),
    ('of = "reported"', 'of = "welfare"', "triage", "clock", "needs a test of the fact at_risk_now"),
    (
        'of = "reported"',
        'of = "content", field = "at"',
        "triage",
        "clock",
        "'content' has no field 'at'",
    ),
    ("within = 1", "within = -1", "triage", "clock", "less than 0"),
    ("within = 0", "within = -1", "triage", "clock", "less than 0"),
    ("within = 1", "within = 1951", "triage", "clock", "more than ten years"),
    ("within = 0", "within = 3651", "triage", "clock", "more than ten years"),
    ("within = 1", 'within = "one"', "triage", "clock.within", "a whole number, not a text"),
    ('unit = "days"', 'unit = "fortnights"', "triage", "clock.critical.unit", "'fortnights'"),
    (', critical = { within = 0, unit = "days" }', "", "triage", "clock", "never waits for school days"),
    ('unit = "days"', 'unit = "school_days"', "triage", "clock", "never waits for school days"),
    (
        'step = "advise"',
        f'step = "advise"\n{TRIAGE_CLOCK}',
        "no-reply",
        "clock",
        "not belong to a prohibition",
    ),
    ('step = "advise"', 'step = "advise"\nper = "child"', "no-reply", "per", "not belong to a prohibition"),
    ('step = "advise"', 'step = "advise"\nper_field = "x"', "no-reply", "per_field", "not belong"),
    ('step = "advise"', 'step = "advise"\npreset = { about = "other" }', "no-reply", "preset", "not belong"),
    ('step = "advise"', 'step = "advise"\nbefore = ["close"]', "no-reply", "before", "not belong"),
    ('step = "advise"', 'step = "advise"\nsince = ["close"]', "no-reply", "since", "not belong"),
    ('step = "advise"', 'step = "advise"\ntold = ["dsl"]', "no-reply", "told", "not belong"),
    (
        'step = "advise"',
        'step = "advise"\nsatisfied_by = [{ step = "close" }]',
        "no-reply",
        "satisfied_by",
        "not belong",
    ),
    *(
        (FIRST_RULE, stated(old, new) + FIRST_RULE, rule, field, message)
        for old, new, rule, field, message in (
            ('"clear_name"', '"close"', "name", "step", "not a step about a person and a user"),
            ('"clear_name"', '"dance"', "name", "step", "not a step about a person and a user"),
            ('rule = "name"', 'rule = "police"', "police", "rule", "is the id of another rule"),
            ('"LAW"', '"NO SUCH LAW"', "name", "clause", "cites no source"),
            ('"hours"', '"school_days"', "name", "unit", "never waits for school days"),
            ("within = 1", "within = -1", "name", "within", "less than 0"),
            ("within = 1", "within = 87601", "name", "within", "more than ten years"),
            ("within = 1", "within = 1\ncolour = 2", "", "name_to_clear", "unknown field `colour`"),
        )
    ),
    ('[[rules]]\nid = "police"', '[[rules]\nid = "police"', "", "", "line 48"),
    ('jurisdiction = "nowhere"', 'jurisdiction = "nowhere', "", "", "line 1"),
    ('id = "police"', 'id = "police"\nid = "again"', "", "", "line 50"),
]


@pytest.mark.parametrize(("old", "new", "rule", "field", "message"), IN_THE_FLOOR)
def test_a_mistake_in_a_floor_is_named(
    tmp_path: Path, old: str, new: str, rule: str, field: str, message: str
) -> None:
    mistake = error(tmp_path, floor=replaced(FLOOR_FILE, old, new))
    assert (mistake.file, mistake.rule, mistake.field) == ("floor.toml", rule, field)
    assert message in mistake.message
    for part in (mistake.file, rule, field, message):
        assert part in str(mistake)


IN_THE_PACK = [
    ('id = "own-support"', 'id = "own-support"\ncolour = "red"', "own-support", "", "unknown field `colour`"),
    ('id = "school"', 'id = "school"\ncolour = "red"', "", "", "unknown field `colour`"),
    ("review_every_months = 12", "review_every_months = 1.5", "", "review_every_months", "a whole number"),
    ("review_every_months = 12", "review_every_months = 0", "", "review_every_months", "from 1 to 120"),
    ("review_every_months = 12", "review_every_months = 121", "", "review_every_months", "from 1 to 120"),
    ("adopted = 2026-09-01", "adopted = 9999-01-01", "", "adopted", "from 1900 to 2199"),
    (
        '\n[[rules]]\nid = "own-triage"',
        '\n[declarations]\ntogether = false\nclause = "LAW"\n\n[[rules]]\nid = "own-triage"',
        "",
        "declarations",
        "cites no source",
    ),
    *(
        (
            '\n[[rules]]\nid = "own-triage"',
            (
                f'\n[low_level_concerns]\nreceived_by = {who}\nclause = "{clause}"\n'
                '\n[[rules]]\nid = "own-triage"'
            ),
            "",
            "low_level_concerns",
            message,
        )
        for who, clause, message in (
            ('["dsl"]', "LAW", "cites no source"),
            ('["caretaker"]', "OWN 1", "'caretaker' is none of the roles that receive one"),
            ('["governor"]', "OWN 1", "'governor' is none of the roles that receive one"),
            ("[]", "OWN 1", "received_by is empty"),
        )
    ),
    *(
        (
            '\n[[rules]]\nid = "own-triage"',
            f'\n{listed}\n[[rules]]\nid = "own-triage"',
            "",
            "breaches",
            message,
        )
        for listed, message in (
            ('[[breaches]]\nclause = "LAW"\ntitle = "Phones"\n', "cites no source"),
            ('[[breaches]]\nclause = "OWN §1"\ntitle = " "\n', "the title of clause 'OWN §1' is empty"),
            ('[[breaches]]\nclause = "OWN §1"\ntitle = "Phones"\n' * 2, "'OWN §1' is stated twice"),
        )
    ),
    ('version = "1"\n', "", "", "", "`version`"),
    (
        'replaces = "triage"',
        'replaces = "nothing"',
        "own-triage",
        "replaces",
        "the floor has no rule 'nothing'",
    ),
    ('replaces = "triage"', 'replaces = "police"', "own-triage", "replaces", "cannot be relaxed"),
    ('replaces = "triage"', 'replaces = "closed"', "own-triage", "replaces", "cannot be relaxed"),
    (
        'step = "triage"',
        f'step = "triage"\nprotects = true\n{TRIAGE_CLOCK}',
        "own-triage",
        "protects",
        "never waits for school days",
    ),
    (
        'kinds = ["trouble"]\nstep = "triage"',
        'kinds = ["other"]\nstep = "triage"',
        "own-triage",
        "kinds",
        "must be those of the rule it replaces: ['trouble']",
    ),
    ('kinds = ["trouble"]\nstep = "triage"', 'step = "triage"', "own-triage", "kinds", "must be those of"),
    ('id = "own-support"', 'id = "own-triage"', "own-triage", "id", "is the id of another rule"),
    ('id = "own-support"', 'id = "police"', "police", "id", "is the id of another rule"),
    (
        'id = "own-support"',
        'id = "own-support"\nadjustable = true',
        "own-support",
        "adjustable",
        "only a floor",
    ),
    ('step = "offer_support"', 'step = "shout"', "own-support", "step", "'shout' is not a step"),
    ('per = "party"', 'per = "crowd"', "own-support", "per", "'crowd' is not a group"),
    ('clause = "OWN §2; LAW §9"', 'clause = "RUMOUR"', "own-support", "clause", "cites no source"),
    ('clause = "OWN §1"', 'clause = "OWN §1; RUMOUR"', "own-triage", "clause", "cites no source"),
    ('title = "A school"', 'title = "A school', "", "", "line 3"),
]


@pytest.mark.parametrize(("old", "new", "rule", "field", "message"), IN_THE_PACK)
def test_a_mistake_in_a_pack_is_named(
    tmp_path: Path, old: str, new: str, rule: str, field: str, message: str
) -> None:
    mistake = error(tmp_path, pack=replaced(PACK_FILE, old, new))
    assert (mistake.file, mistake.rule, mistake.field) == ("pack.toml", rule, field)
    assert message in mistake.message
    for part in (mistake.file, rule, field, message):
        assert part in str(mistake)


def invalid(reason: str, *mistake: str) -> object:
    return pytest.param(*mistake, id=reason)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        invalid("a concern that nothing raises", '"triage:critical"', '"triage:crittical"', ""),
        invalid(
            "a concern of an unknown kind",
            "in_force_from = ",
            'low_level_concern = "gossip"\nin_force_from = ',
            "",
        ),
        invalid("an unknown field", 'title = "Trouble"', 'title = "Trouble", requires = ["colour"]', ""),
        invalid("two kinds with the same name", 'id = "other", title', 'id = "trouble", title', ""),
        invalid(
            "a clock on a field that is not a time",
            'of = "reported"',
            'of = "close", field = "outcome"',
            "triage",
        ),
        invalid("a clock of items without a group", 'of = "reported"', 'of = "item"', "triage"),
        invalid(
            "a clock of content without such a test",
            TRIAGE_CLOCK,
            TRIAGE_CLOCK.replace("reported", "content")
            + '\nwhen = [{ fact = "content", none = ["racist"] }]',
            "triage",
        ),
        invalid(
            "a group as the value of a fact",
            'fact = "direction", is = "staff_to_pupil"',
            'fact = "direction", in = "child"',
            "no-reply",
        ),
        invalid(
            "critical compared with a word",
            'fact = "direction", is = "staff_to_pupil"',
            'fact = "critical", is = "yes"',
            "no-reply",
        ),
        invalid("any of nothing, which never holds", 'is = "staff_to_pupil"', "any = []", "no-reply"),
    ],
)
def test_a_mistake_that_would_disable_a_rule_is_named(tmp_path: Path, old: str, new: str, rule: str) -> None:
    assert error(tmp_path, floor=replaced(FLOOR_FILE, old, new)).rule == rule


def test_a_pack_cannot_take_the_protection_from_a_rule(tmp_path: Path) -> None:
    clock = 'clock = { of = "reported", within = 1, unit = "working_days" }'
    floor = replaced(FLOOR_FILE, TRIAGE_CLOCK, f"{clock}\nprotects = true")
    for own in ("", clock, f"{TRIAGE_CLOCK}\nprotects = true", "protects = true"):
        pack = replaced(PACK_FILE, 'step = "triage"', f'step = "triage"\n{own}')
        assert error(tmp_path, floor=floor, pack=pack).field == "protects"
    load(
        tmp_path, floor, replaced(PACK_FILE, 'step = "triage"', f'step = "triage"\n{clock}\nprotects = true')
    )


def test_a_default_can_be_replaced_only_once(tmp_path: Path) -> None:
    twice = replaced(PACK_FILE, 'id = "own-support"', 'id = "own-support"\nreplaces = "triage"')
    assert error(tmp_path, pack=twice).field == "replaces"


@pytest.mark.parametrize("text", [FLOOR_FILE, PACK_FILE], ids=["floor", "pack"])
def test_an_edition_may_be_defined_only_once(tmp_path: Path, text: str) -> None:
    (tmp_path / "again.toml").write_text(text, encoding="utf-8")
    assert error(tmp_path).file in ("again.toml", "floor.toml", "pack.toml")
