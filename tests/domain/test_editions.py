"""An edition of a floor written as its differences: it is built, checked, and pinned by date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from casework.domain.playbook import Floor
from casework.library import Library
from casework.library.checking import PlaybookError
from tests.domain.casefile import FLOOR, PACKS, CaseFile, at, rules_about
from tests.domain.test_playbook_files import FLOOR_FILE, load, replaced

LIBRARY = Library.own()
EARLIER = "england@2021-09-01"
DIFFERENCES = """\
jurisdiction = "nowhere"
in_force_from = 2021-09-01
differs_from = "nowhere@2026-09-01"
sources = [{ cited_as = "LAW", title = "The law as it was" }]
without = ["parents"]

[[rules]]
id = "police"
modality = "may"
step = "escalate"
preset = { agency = "police" }
clause = "LAW §7"
reason = "The police may be informed."
"""
ADDED = """
[[added_rules]]
id = "visit"
modality = "must"
step = "make_safe"
clause = "DECREE §1"
reason = "The child is seen."
"""
WITH_A_RULE = (
    DIFFERENCES.replace("without", 'added_sources = [{ cited_as = "DECREE", title = "The decree" }]\nwithout')
    + ADDED
)


def loaded(folder: Path, differences: str = DIFFERENCES) -> Library:
    (folder / "earlier.toml").write_text(differences, encoding="utf-8")
    return load(folder)


def test_an_edition_is_built_from_another_and_its_differences(tmp_path: Path) -> None:
    library = loaded(tmp_path)
    assert [*library.floors] == ["nowhere@2021-09-01", "nowhere@2026-09-01"]
    earlier, later = library.floors.values()
    assert [rule.id for rule in later.rules] == ["no-reply", "closed", "triage", "parents", "police"]
    assert [rule.id for rule in earlier.rules] == ["no-reply", "closed", "triage", "police"]
    assert earlier.rules[:3] == later.rules[:3]
    assert (earlier.rules[3].modality, later.rules[4].modality) == ("may", "must")
    assert [source.title for source in earlier.sources] == ["The law as it was"]
    assert (earlier.kinds, earlier.critical) == (later.kinds, later.critical)
    assert all(rule.floor for rule in earlier.rules)


def test_an_edition_may_state_its_own_kinds_and_concerns(tmp_path: Path) -> None:
    own = 'kinds = [{ id = "trouble", title = "Trouble then" }]\ncritical = []\n'
    earlier = loaded(tmp_path, DIFFERENCES.replace("without", f"{own}without")).floors["nowhere@2021-09-01"]
    assert [kind.title for kind in earlier.kinds] == ["Trouble then"]
    assert earlier.critical == ()


def test_an_edition_may_differ_from_one_that_is_itself_differences(tmp_path: Path) -> None:
    before = (
        DIFFERENCES.split("sources", maxsplit=1)[0]
        .replace("nowhere@2026", "nowhere@2021")
        .replace("in_force_from = 2021", "in_force_from = 2011")
    )
    (tmp_path / "a-before.toml").write_text(before, encoding="utf-8")
    oldest, earlier, _ = loaded(tmp_path).floors.values()
    assert oldest == msgspec.structs.replace(earlier, in_force_from=date(2011, 9, 1))


def test_an_edition_may_add_a_rule_and_a_source(tmp_path: Path) -> None:
    earlier, later = loaded(tmp_path, WITH_A_RULE).floors.values()
    assert [rule.id for rule in earlier.rules] == ["no-reply", "closed", "triage", "police", "visit"]
    assert earlier.rules[-1].floor
    assert [source.cited_as for source in earlier.sources] == ["LAW", "DECREE"]
    assert "visit" not in {rule.id for rule in later.rules}


def test_an_edition_may_remove_a_rule_that_the_other_added(tmp_path: Path) -> None:
    before = (
        DIFFERENCES.split("sources", maxsplit=1)[0]
        .replace("nowhere@2026", "nowhere@2021")
        .replace("in_force_from = 2021", "in_force_from = 2011")
    )
    (tmp_path / "a-before.toml").write_text(before + 'without = ["visit"]\n', encoding="utf-8")
    oldest, earlier, _ = loaded(tmp_path, WITH_A_RULE).floors.values()
    assert oldest.rules == earlier.rules[:-1]


@pytest.mark.parametrize(
    ("old", "new", "rule", "field", "message"),
    [
        ('id = "visit"', 'id = "triage"', "triage", "id", "is a rule of nowhere@2026-09-01 already"),
        ('cited_as = "DECREE"', 'cited_as = "LAW"', "", "added_sources", "'LAW' is a source of nowhere"),
        ('clause = "DECREE §1"', 'clause = "RUMOUR"', "visit", "clause", "cites no source"),
        ('step = "make_safe"', 'step = "make_saef"', "visit", "step", "'make_saef' is not a step"),
        ('"The child is seen."', "1", "visit", "reason", "a text in quotes"),
        ('id = "visit"\n', "", "number 1", "", "`id`"),
        ("[[added_rules]]", "[[addd_rules]]", "", "", "unknown field"),
    ],
)
def test_a_mistake_in_an_added_rule_or_source_is_named(
    tmp_path: Path, old: str, new: str, rule: str, field: str, message: str
) -> None:
    with pytest.raises(PlaybookError) as raised:
        loaded(tmp_path, replaced(WITH_A_RULE, old, new))
    assert (raised.value.rule, raised.value.field) == (rule, field)
    assert message in raised.value.message


def test_a_rule_that_is_added_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="rule 'visit', field 'id': is the id of another rule"):
        loaded(tmp_path, WITH_A_RULE + ADDED)


@pytest.mark.parametrize(
    ("old", "new", "rule", "field", "message"),
    [
        (
            '"nowhere@2026-09-01"',
            '"nowhere@1999-09-01"',
            "",
            "differs_from",
            "is neither an edition stated in full",
        ),
        (
            '"nowhere@2026-09-01"',
            '"nowhere@2021-09-01"',
            "",
            "differs_from",
            "neither an edition stated in full nor based on one",
        ),
        ('jurisdiction = "nowhere"', 'jurisdiction = "there"', "", "differs_from", "of another jurisdiction"),
        (
            'without = ["parents"]',
            'without = ["uncles"]',
            "",
            "without",
            "'uncles' is not a rule of nowhere",
        ),
        ('without = ["parents"]', 'without = ["police"]', "police", "id", "is also named in without"),
        ('id = "police"', 'id = "army"', "army", "id", "a new one belongs in added_rules"),
        ('cited_as = "LAW"', 'cited_as = "RUMOUR"', "", "sources", "a new one belongs in added_sources"),
        ('clause = "LAW §7"', 'clause = "RUMOUR"', "police", "clause", "cites no source"),
        ('step = "escalate"', 'step = "shout"', "police", "step", "'shout' is not a step"),
        ('modality = "may"', 'modality = "never"', "police", "modality", "'never'"),
        ('without = ["parents"]', 'colour = "red"', "", "", "unknown field `colour`"),
        ('without = ["parents"]', "kinds = []", "no-reply", "kinds", "'trouble' is not a kind"),
        ("in_force_from = 2021", "in_force_from = 2026", "", "", "nowhere@2026-09-01 is stated in another"),
    ],
)
def test_a_mistake_in_the_differences_is_named(
    tmp_path: Path, old: str, new: str, rule: str, field: str, message: str
) -> None:
    with pytest.raises(PlaybookError) as raised:
        loaded(tmp_path, replaced(DIFFERENCES, old, new))
    assert (raised.value.rule, raised.value.field) == (rule, field)
    assert message in raised.value.message


def test_a_rule_that_is_changed_twice_is_refused(tmp_path: Path) -> None:
    again = DIFFERENCES + DIFFERENCES[DIFFERENCES.index("[[rules]]") :]
    with pytest.raises(PlaybookError, match="rule 'police', field 'id': is the id of another rule"):
        loaded(tmp_path, again)


def test_a_pack_must_be_valid_on_every_edition(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match=r"pack\.toml, rule 'own-triage', field 'replaces'"):
        loaded(tmp_path, replaced(DIFFERENCES, '["parents"]', '["triage"]'))


def test_editions_that_differ_only_from_each_other_are_refused(tmp_path: Path) -> None:
    for this, other in ((1, 2), (2, 1)):
        text = f'jurisdiction = "n"\nin_force_from = 200{this}-09-01\ndiffers_from = "n@200{other}-09-01"\n'
        (tmp_path / f"{this}.toml").write_text(text, encoding="utf-8")
    (tmp_path / "floor.toml").write_text(FLOOR_FILE, encoding="utf-8")
    with pytest.raises(PlaybookError, match="neither an edition stated in full nor based on one"):
        Library.from_folder(tmp_path)


def differing(one: Floor, other: Floor) -> set[str]:
    """The ids of the rules that differ between the two."""
    theirs = {rule.id: rule for rule in other.rules}
    return {rule.id for rule in one.rules if theirs.get(rule.id) != rule} | (
        set(theirs) - {rule.id for rule in one.rules}
    )


def test_the_editions_of_england_differ_in_two_rules() -> None:
    earlier, later = LIBRARY.floors[EARLIER], LIBRARY.floors[FLOOR]
    assert differing(earlier, later) == {"content-block-asked", "content-block-confirmed"}
    for rule in earlier.rules:
        if rule.id in differing(earlier, later):
            (as_later,) = (other for other in later.rules if other.id == rule.id)
            assert (rule.clause, rule.adjustable) == ("casework default", True)
            assert "KCSIE" in as_later.clause
            assert msgspec.structs.replace(rule, clause=as_later.clause) == as_later
    assert any(rule.clause == "KCSIE part 4, section two" for rule in earlier.rules)


@pytest.mark.parametrize(
    ("moment", "edition"),
    [
        pytest.param("2019-05-01 10:00", EARLIER, id="before the first edition was in force"),
        pytest.param("2021-09-01 00:00", EARLIER, id="its first minute"),
        pytest.param("2026-08-31 23:59", EARLIER, id="its last minute"),
        pytest.param("2026-09-01 00:00", FLOOR, id="the first minute of the next"),
    ],
)
def test_an_edition_is_in_force_until_the_next_one_begins(moment: str, edition: str) -> None:
    assert LIBRARY.floor_at("england", at(moment)).edition == edition


@pytest.mark.parametrize("pack", PACKS)
def test_the_earlier_edition_has_the_same_rules_except_two(pack: str) -> None:
    case = CaseFile("inappropriate_content", pack)
    earlier = LIBRARY.playbook(EARLIER, PACKS[pack], case.incident.policy.switches)
    ours = {rule.id: rule for rule in rules_about("inappropriate_content", case.playbook)}
    theirs = {rule.id: rule for rule in rules_about("inappropriate_content", earlier)}
    assert ours.keys() == theirs.keys()
    changed = {name for name, rule in ours.items() if theirs[name] != rule}
    assert changed <= {"content-block-asked", "content-block-confirmed"}
