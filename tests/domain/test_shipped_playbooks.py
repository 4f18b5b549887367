"""The shipped floors and packs are complete, and no pack relaxes the floor."""

from __future__ import annotations

import pytest

from casework.domain.incident import STEPS
from casework.domain.playbook import Floor, Modality, Pack, Rule
from casework.library import Library
from tests.domain.casefile import FLOOR, PACKS, at, rules_about
from tests.domain.situations import KINDS, every_rule, playbook_of, rules_of

LIBRARY = Library.own()
EDITIONS = (*LIBRARY.floors, *LIBRARY.packs)
SOURCES: list[Floor | Pack] = [*LIBRARY.floors.values(), *LIBRARY.packs.values()]
DECISIONS = [
    pytest.param(rule, id=f"{edition} {rule.id}")
    for edition in EDITIONS
    for rule in rules_of(edition)
    if rule.modality is Modality.CONSIDER
]
FIXED = [rule for rule in LIBRARY.floors[FLOOR].every_rule() if not rule.adjustable]


def test_the_floor_of_england_and_the_packs_are_shipped() -> None:
    assert LIBRARY.jurisdictions() == {"england"}
    assert FLOOR in LIBRARY.floors
    assert LIBRARY.pack_ids() == ["headcorn", "hr_cooperative", "st_thomas", "todwick", "tow_law"]
    assert KINDS == [
        "cyberbullying",
        "unsolicited_contact",
        "online_grooming",
        "parent_post",
        "underage_use",
        "image_without_consent",
        "inappropriate_content",
        "adult_image",
        "other_concern",
        "staff_misuse",
        "staff_allegation",
        "sexting",
    ]
    assert LIBRARY.floor_at("england", at("2026-11-10 09:05")).edition == FLOOR


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_rule_has_a_clause_and_a_reason(edition: str) -> None:
    for rule in rules_of(edition):
        assert rule.clause.strip(), rule.id
        assert rule.reason.strip().endswith("."), rule.id


@pytest.mark.parametrize("source", SOURCES, ids=EDITIONS)
def test_every_listed_source_is_cited(source: Floor | Pack) -> None:
    clauses = [rule.clause for rule in source.rules]
    clauses += [item.clause for item in (source.critical if isinstance(source, Floor) else ())]
    for listed in source.sources:
        assert any(listed.cited_as in clause for clause in clauses), listed.cited_as


@pytest.mark.parametrize("pack", LIBRARY.packs.values(), ids=list(LIBRARY.packs))
def test_a_pack_cites_its_own_policy_in_every_rule(pack: Pack) -> None:
    own = {source.cited_as for source in pack.sources}
    for rule in pack.rules:
        assert any(cited in rule.clause for cited in own), rule.id


@pytest.mark.parametrize("rule", FIXED, ids=lambda rule: rule.id)
def test_fixed_rules_of_the_floor_are_in_force_under_every_pack(rule: Rule) -> None:
    for playbook in map(playbook_of, PACKS):
        if rule.step is None:
            replaced = [other for other in playbook.rules if other.replaces == rule.id]
            assert replaced or rule in playbook.rules
            assert all(other.modality is rule.modality and other.kinds == rule.kinds for other in replaced)
        else:
            for kind in rule.kinds or KINDS:
                assert rule in rules_about(kind, playbook)


def test_exactly_one_default_is_replaced_by_every_pack() -> None:
    """No test of these rules is needed, because the packs' own rules in their place are tested."""
    stated = {rule.id for edition in EDITIONS for rule in rules_of(edition)}
    assert stated - {entry.rule.id for entry in every_rule()} == {"concern-context"}


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_does_not_weaken_the_default_it_replaces(pack: str) -> None:
    defaults = {rule.id: rule for rule in LIBRARY.floors[FLOOR].rules}
    for rule in LIBRARY.packs[PACKS[pack]].rules:
        if rule.replaces is not None:
            default = defaults[rule.replaces]
            assert rule.modality.rank <= default.modality.rank, rule.id
            assert set(rule.before) >= set(default.before), rule.id
            assert default.clock is None or rule.clock is not None, rule.id


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_about_the_kind_comes_before_one_about_every_kind(kind: str, pack: str) -> None:
    own = [bool(rule.kinds) for rule in rules_about(kind, playbook_of(pack))]
    assert own == sorted(own, reverse=True)
    assert own[0]


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_duties_block_only_the_debrief_and_closing(kind: str, pack: str) -> None:
    rules = rules_about(kind, playbook_of(pack))
    assert any("close" in rule.before for rule in rules)
    assert {step for rule in rules for step in rule.before} <= {"close", "debrief"} <= set(STEPS)


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_two_rules_share_an_id(kind: str, pack: str) -> None:
    ids = [rule.id for rule in rules_about(kind, playbook_of(pack))]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("rule", DECISIONS)
def test_a_decision_is_satisfied_by_deciding_or_by_the_step(rule: Rule) -> None:
    assert rule.step in {satisfier.step for satisfier in rule.answered_by}
    assert rule.before
