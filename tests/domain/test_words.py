"""A word that is in none of the closed lists prevents a start, wherever a floor or a pack uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from casework.library import Library
from casework.library.checking import PlaybookError
from casework.library.library import OWN_FILES, every_fault
from tests.domain.test_playbook_files import FLOOR_FILE, PACK_FILE, error, replaced

LIBRARY = Library.own()
RECLASSIFYING = """\
step = "advise"
when = [{ fact = "direction", is = "staff_to_pupil" }]
given = [{ field = "about", is = "other" }]
"""
ESCALATING = 'step = "escalate"\npreset = { agency = "police" }'


def typo(of: str, *mistake: str) -> object:
    """The text, its replacement, and the rule, the field and the message of the error."""
    return pytest.param(*mistake, id=of)


IN_THE_FLOOR = [
    typo("told", 'step = "escalate"', 'step = "escalate"\ntold = ["dls"]', "police", "told", "'dls'"),
    typo(
        "recusal",
        "in_force_from = ",
        'recusal = ["headteacher", "chair"]\nin_force_from = ',
        "",
        "recusal",
        "'chair' is not a recipient",
    ),
    typo(
        "low_level_concern",
        "in_force_from = ",
        'low_level_concern = "gossip"\nin_force_from = ',
        "",
        "low_level_concern",
        "'gossip' is not a kind",
    ),
    typo("critical", '"triage:critical"', '"triage:crittical"', "", "critical", "'triage:crittical'"),
    typo("critical: content", '"triage:critical"', '"content:rascist"', "", "critical", "'content:rascist'"),
    typo(
        "stream",
        "Trouble",
        'Trouble", stream = "staff',
        "",
        "kinds[0].stream",
        "'staff' is not a word of this field; there are allegation, child",
    ),
    typo("requires", "Trouble", 'Trouble", requires = ["color"], stream = "child', "", "kinds", "'color'"),
    typo("kinds", '["trouble"]\nadjustable', '["mischief"]\nadjustable', "triage", "kinds", "'mischief'"),
    typo("step", 'step = "escalate"', 'step = "shout"', "police", "step", "'shout' is not a step"),
    typo("step of a prohibition", '"advise"', '"shout"', "no-reply", "step", "'shout' is not a step"),
    typo("except_steps", '["reopen"]\ngiven', '["open"]\ngiven', "closed", "except_steps", "'open'"),
    typo("before", 'before = ["close"]', 'before = ["end"]', "triage", "before", "'end' is not a step"),
    typo("since", 'since = ["reopen"]', 'since = ["open"]', "triage", "since", "'open' is not a step"),
    typo("satisfied_by", '[{ step = "inform_', '[{ step = "inforn_', "parents", "satisfied_by", "'inforn_"),
    typo("a field of it", 'field = "method"', 'field = "metod"', "parents", "satisfied_by", "'metod'"),
    typo("per", 'per = "child"', 'per = "crowd"', "parents", "per", "'crowd' is not a group"),
    typo("per_field", 'per_field = "child"', 'per_field = "kid"', "parents", "per_field", "no field 'kid'"),
    typo(
        "per_field, of the step that is due",
        'step = "inform_parents"\nsatisfied_by',
        'step = "add_note"\nsatisfied_by',
        "parents",
        "per_field",
        "'add_note' has no field 'child'",
    ),
    typo(
        "per_field, computed", '"child"\nclause', '"embeds_file"\nclause', "parents", "per_field", "no field"
    ),
    typo("clock of", 'of = "reported"', 'of = "noon"', "triage", "clock", "'noon' is neither a step"),
    typo("clock field", '"reported"', '"invite_parent", field = "at"', "triage", "clock", "no field 'at'"),
    typo("preset", 'agency = "police"', 'agency = "navy"', "police", "preset", "'navy' is not a value"),
    typo("preset field", "{ agency", "{ agent", "police", "preset", "has no field 'agent'"),
    typo("preset, computed", 'agency = "police"', "embeds_file = true", "police", "preset", "has no field"),
    typo(
        "preset: a kind",
        ESCALATING,
        'step = "reclassify"\npreset = { kind = "mischief" }',
        "police",
        "preset",
        "'mischief' is not a value of reclassify.kind",
    ),
    typo(
        "preset: a step",
        ESCALATING,
        'step = "waive"\npreset = { waived = "triag" }',
        "police",
        "preset",
        "'triag' is not a value of waive.waived",
    ),
    typo("a fact", 'fact = "direction"', 'fact = "weather"', "no-reply", "when", "'weather' is not a fact"),
    typo("a fact's value", '"staff_to_pupil"', '"sideways"', "no-reply", "when", "'sideways' is not a value"),
    typo(
        "a kind it has been",
        'fact = "direction", is = "staff_to_pupil"',
        'fact = "kinds_been", any = ["mischief"]',
        "no-reply",
        "when",
        "'mischief' is not a value of 'kinds_been'",
    ),
    typo("a field", 'field = "about"', 'field = "abuot"', "no-reply", "given", "has no field 'abuot'"),
    typo("a field's value", 'is = "other"', 'is = "othr"', "no-reply", "given", "'othr' is not a value"),
    typo(
        "a field's value that is a kind",
        RECLASSIFYING,
        'step = "reclassify"\ngiven = [{ field = "kind", is = "mischief" }]\n',
        "no-reply",
        "given",
        "'mischief' is not a value of reclassify.kind",
    ),
    typo(
        "the role", '"about", is = "other"', '"role", is = "dls"', "no-reply", "given", "'dls' is not a value"
    ),
    typo("a computed field's value", "is = true", 'is = "yes"', "closed", "given", "'yes' is not a value"),
    typo("a field's group", 'is = "other"', 'in = "crowd"', "no-reply", "given", "'crowd' is not a group"),
    typo("unit", 'unit = "days"', 'unit = "fortnights"', "triage", "clock.critical.unit", "'fortnights'"),
]
OWN_RULE = (
    PACK_FILE[: PACK_FILE.index("[[rules]]")]
    + """
[[rules]]
id = "own"
modality = "must"
kinds = ["cyberbullying"]
step = "inform_parents"
satisfied_by = [{ step = "inform_parents" }]
when = [{ fact = "kinds_been", any = ["sexting"] }]
per = "child"
per_field = "child"
since = ["reopen"]
before = ["close"]
clock = { of = "record_meeting", within = 1, unit = "days" }
told = ["parents"]
clause = "OWN §1"
reason = "The parents are informed."
"""
)
IN_AN_OWN_PACK = [
    typo("kinds", '["cyberbullying"]', '["cyberbulying"]', "kinds"),
    typo("step", 'step = "inform_parents"\n', 'step = "inform_parent"\n', "step"),
    typo("satisfied_by", '{ step = "inform_parents" }', '{ step = "inform_parent" }', "satisfied_by"),
    typo("when", '"kinds_been"', '"kind_been"', "when"),
    typo("a kind it has been", '["sexting"]', '["sextin"]', "when"),
    typo("per", 'per = "child"', 'per = "chid"', "per"),
    typo("per_field", 'per_field = "child"', 'per_field = "chid"', "per_field"),
    typo("since", '["reopen"]', '["repoen"]', "since"),
    typo("before", '["close"]', '["clsoe"]', "before"),
    typo("clock", '"record_meeting"', '"record_meting"', "clock"),
    typo("told", 'told = ["parents"]', 'told = ["parnets"]', "told"),
    typo("replaces", 'modality = "must"', 'modality = "must"\nreplaces = "bulying-parents"', "replaces"),
]


@pytest.mark.parametrize(("old", "new", "rule", "field", "message"), IN_THE_FLOOR)
def test_an_unknown_word_in_a_floor_is_named(
    tmp_path: Path, old: str, new: str, rule: str, field: str, message: str
) -> None:
    mistake = error(tmp_path, floor=replaced(FLOOR_FILE, old, new))
    assert (mistake.file, mistake.rule, mistake.field) == ("floor.toml", rule, field)
    assert message in mistake.message


@pytest.mark.parametrize(("old", "new", "field"), IN_AN_OWN_PACK)
def test_a_schools_own_pack_has_the_same_checks(tmp_path: Path, old: str, new: str, field: str) -> None:
    pack = tmp_path / "own.toml"
    pack.write_text(replaced(OWN_RULE, old, new), encoding="utf-8")
    with pytest.raises(PlaybookError) as raised:
        LIBRARY.with_packs(tmp_path)
    assert (raised.value.file, raised.value.rule, raised.value.field) == ("own.toml", "own", field)
    # `casework playbook check` names each mistake once, however many floors there are.
    assert every_fault(pack, LIBRARY) == [str(raised.value)]


def test_a_valid_pack_is_added_to_the_shipped_ones(tmp_path: Path) -> None:
    pack = tmp_path / "own.toml"
    pack.write_text(OWN_RULE, encoding="utf-8")
    assert every_fault(pack, LIBRARY) == []
    assert LIBRARY.with_packs(tmp_path).pack_ids() == sorted([*LIBRARY.pack_ids(), "school"])


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        pytest.param(FLOOR_FILE, "jurisdiction", "is a floor; a school can add only packs", id="a floor"),
        pytest.param(
            OWN_RULE.replace('"school"', '"headcorn"').replace('version = "1"', 'version = "2022-03"'),
            "version",
            "headcorn@2022-03 exists already",
            id="an edition that is shipped",
        ),
    ],
)
def test_a_floor_or_a_shipped_edition_is_refused(tmp_path: Path, text: str, field: str, message: str) -> None:
    pack = tmp_path / "own.toml"
    pack.write_text(text, encoding="utf-8")
    with pytest.raises(PlaybookError) as raised:
        LIBRARY.with_packs(tmp_path)
    assert (raised.value.field, raised.value.message) == (field, message)
    assert every_fault(pack, LIBRARY) == [str(raised.value)]


def test_a_shipped_pack_can_be_checked() -> None:
    assert every_fault(OWN_FILES / "headcorn-2022-03.toml", LIBRARY) == []
