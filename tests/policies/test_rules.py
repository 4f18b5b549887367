"""The row of every rule, of the floor and of every pack, fails if the rule is deleted or weakened."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import msgspec
import pytest

from casework.domain.playbook import Pack, Playbook, Rule
from casework.library import Library
from tests.domain.casefile import FLOOR, PACKS, SWITCHES, CaseFile
from tests.policies.rows import FLOOR_ALONE, Requires, Row
from tests.policies.rows_contact import CONTACT_ROWS
from tests.policies.rows_floor import FLOOR_ROWS
from tests.policies.rows_floor_common import COMMON_ROWS
from tests.policies.rows_kinds import KIND_ROWS
from tests.policies.rows_packs import PACK_ROWS
from tests.policies.rows_parents import PARENT_ROWS

LIBRARY: Final = Library.own()
ROWS: Final[dict[str, Row]] = {
    **FLOOR_ROWS,
    **KIND_ROWS,
    **PARENT_ROWS,
    **CONTACT_ROWS,
    **COMMON_ROWS,
    **PACK_ROWS,
}
PLAYBOOKS: Final[dict[str, Playbook]] = {
    **{rule.id: FLOOR_ALONE for rule in FLOOR_ALONE.floor.every_rule()},
    **{
        rule.id: LIBRARY.playbook(FLOOR, edition, SWITCHES)
        for edition in PACKS.values()
        for rule in LIBRARY.packs[edition].rules
    },
}
"""The playbook in which a rule is tested, by the rule's id."""


def _every_rule() -> dict[str, Rule]:
    floors = (rule for floor in LIBRARY.floors.values() for rule in floor.every_rule())
    packs = (rule for pack in LIBRARY.packs.values() for rule in pack.rules)
    return {rule.id: rule for rule in (*floors, *packs)}


RULES: Final = _every_rule()
TIMED: Final = [name for name, row in ROWS.items() if isinstance(row, Requires) and row.due is not None]
WITH_RECIPIENTS: Final = [name for name, row in ROWS.items() if isinstance(row, Requires) and row.told]
MAY_BE_WAIVED: Final = {
    *("bullying-evidence", "st-thomas-bullying-evidence"),
    *("parent-post-evidence", "st-thomas-parent-post-evidence"),
    *("parent-post-invite", "headcorn-parent-post-invite"),
    *("st-thomas-parent-post-invite", "todwick-parent-post-invite"),
    *("parent-post-removal-asked", "st-thomas-parent-post-removal-asked"),
    *("contact-advise", "headcorn-contact-advise", "hr-cooperative-contact-advise"),
    *("st-thomas-contact-advise", "tow-law-contact-advise"),
    *("tow-law-contact-family-advise", "tow-law-contact-family-replied"),
    "todwick-contact-family-advise",
    *("headcorn-contact-family-advise", "headcorn-contact-family-replied"),
    *("underage-age", "st-thomas-underage-age", "todwick-underage-age"),
    *("st-thomas-content-ban", "st-thomas-out-of-school-family"),
    *("debrief", "headcorn-debrief"),
}
"""The defaults, and the schools' own rules, that two people may set aside in one incident."""
BARRING: Final = [name for name, row in ROWS.items() if isinstance(row, Requires) and row.bars]


def changed(playbook: Playbook, name: str, change: Callable[[Rule], Rule | None]) -> Playbook:
    """`playbook` with one rule of its floor or its pack changed, or deleted if `change` returns None.

    A rule that is generated from a kind is deleted together with the setting of the kind.
    """

    def edited(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        now = (change(rule) if rule.id == name else rule for rule in rules)
        return tuple(rule for rule in now if rule is not None)

    floor, pack = playbook.floor, playbook.pack
    kinds = (
        msgspec.structs.replace(kind, no_files=None)
        if name in {rule.id for rule in kind.prohibitions()}
        else kind
        for kind in floor.kinds
    )
    return Playbook(
        msgspec.structs.replace(floor, rules=edited(floor.rules), kinds=tuple(kinds)),
        msgspec.structs.replace(pack, rules=edited(pack.rules)),
        SWITCHES,
    )


@cache
def case_of(name: str) -> CaseFile:
    """The case in the situation of a rule's row. Callers must not change it."""
    return ROWS[name].case(PLAYBOOKS[name])


def row_holds(name: str, playbook: Playbook) -> bool:
    return ROWS[name].holds(name, case_of(name), playbook)


def test_every_rule_has_a_row_and_every_row_a_rule() -> None:
    assert set(ROWS) == set(RULES)


@pytest.mark.parametrize("rule", ROWS)
def test_the_row_of_every_rule_holds(rule: str) -> None:
    assert row_holds(rule, PLAYBOOKS[rule])


@pytest.mark.parametrize("rule", RULES)
def test_the_row_of_a_rule_fails_if_the_rule_is_deleted(rule: str) -> None:
    assert not row_holds(rule, changed(PLAYBOOKS[rule], rule, lambda _: None))


@pytest.mark.parametrize("rule", TIMED)
def test_the_row_of_a_rule_fails_without_its_clock(rule: str) -> None:
    timeless = changed(PLAYBOOKS[rule], rule, lambda found: msgspec.structs.replace(found, clock=None))
    assert not row_holds(rule, timeless)


@pytest.mark.parametrize("rule", WITH_RECIPIENTS)
def test_the_row_of_a_rule_fails_without_its_recipients(rule: str) -> None:
    silent = changed(PLAYBOOKS[rule], rule, lambda found: msgspec.structs.replace(found, told=()))
    assert not row_holds(rule, silent)


@pytest.mark.parametrize("rule", BARRING)
def test_the_row_of_a_rule_fails_without_its_before(rule: str) -> None:
    loose = changed(PLAYBOOKS[rule], rule, lambda found: msgspec.structs.replace(found, before=()))
    assert not row_holds(rule, loose)


def test_exactly_these_rules_may_be_waived() -> None:
    assert {name for name, rule in RULES.items() if rule.waivable} == MAY_BE_WAIVED


@pytest.mark.parametrize("rule", sorted(MAY_BE_WAIVED))
def test_a_rule_may_not_be_waived_without_the_mark(rule: str) -> None:
    case, step = case_of(rule), RULES[rule].step
    waiver = case.build("waive", waived=step)
    assert PLAYBOOKS[rule].refusal(case.incident, waiver) is None
    unmarked = changed(PLAYBOOKS[rule], rule, lambda found: msgspec.structs.replace(found, waivable=False))
    if RULES[rule].modality.binding:
        refusal = unmarked.refusal(case.incident, waiver)
        assert refusal is not None
        assert refusal.rule == rule


@pytest.mark.parametrize("edition", PACKS.values())
def test_every_row_of_a_pack_fails_if_the_pack_is_empty(edition: str) -> None:
    pack = LIBRARY.packs[edition]
    emptied = Playbook(LIBRARY.floors[FLOOR], msgspec.structs.replace(pack, rules=()))
    assert [rule.id for rule in pack.rules if row_holds(rule.id, emptied)] == []


def test_a_rule_without_a_row_is_detected() -> None:
    added = msgspec.structs.replace(RULES["acknowledge"], id="added")
    pack: Pack = msgspec.structs.replace(FLOOR_ALONE.pack, rules=(added,))
    rules = Playbook(FLOOR_ALONE.floor, pack).rules
    # The duties that somebody is told have their rows in tests/policies/test_told_done.py.
    telling = {rule.telling.id for rule in rules if rule.telling is not None}
    assert {rule.id for rule in rules} - set(ROWS) - telling == {"added"}
