"""Where a clause says that somebody is told, the case is not closed before they know of it."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from casework.domain.playbook import Duty, Playbook, Rule
from casework.domain.playbook.rules import ToldDone
from casework.domain.vocabulary import Role
from casework.library import Library
from casework.library.pack_checks import pack_faults
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import FLOOR, PACKS, CaseFile
from tests.domain.situations import TELLING, case_for

LIBRARY: Final = Library.own()
HEAD: Final = ("headteacher",)
LEADS: Final = ("dsl", "deputy_dsl")
ROWS: Final[dict[str, tuple[str, str, tuple[str, ...], str]]] = {
    "hr-cooperative-contact-classify": (
        "hr_cooperative",
        "unsolicited_contact",
        ("headteacher", "slt"),
        "003 §3",
    ),
    "st-thomas-contact-classify": ("st_thomas", "unsolicited_contact", HEAD, "004 §5.4, §6.3"),
    "st-thomas-contact-staff-to-pupil": ("st_thomas", "unsolicited_contact", HEAD, "004 §6.4"),
    "tow-law-contact-classify": ("tow_law", "unsolicited_contact", LEADS, "000 Staff personal use"),
    "headcorn-contact-classify": ("headcorn", "unsolicited_contact", LEADS, "002 §4.2"),
    "contact-classify": ("todwick", "unsolicited_contact", LEADS, "casework default"),
    "contact-replied": ("headcorn", "unsolicited_contact", HEAD, "KCSIE part 4"),
    "sexting-triage": ("todwick", "sexting", LEADS, "UKCIS; KCSIE part 5"),
    "hr-cooperative-concern-context": ("hr_cooperative", "staff_misuse", HEAD, "003 §5"),
    "headcorn-concern-context": ("headcorn", "staff_misuse", HEAD, "002 §4"),
    "st-thomas-concern-context": ("st_thomas", "staff_misuse", HEAD, "004 §5.10, §5.11"),
    "todwick-concern-context": ("todwick", "staff_misuse", HEAD, "001 A"),
    "tow-law-concern-context": ("tow_law", "staff_misuse", HEAD, "000 General use"),
}
"""For each rule with `told_done`: a pack and a kind where it applies, who is told, and by which clause."""
ALONE: Final = {"concern-context"}
"""A default that every pack replaces."""


def telling_of(case: CaseFile, rule: str) -> Duty:
    duties = case.playbook.duties(case.incident, TEST_CALENDAR)
    (duty,) = [duty for duty in duties if duty.rule.id == f"{rule}-told"]
    return duty


def open_case(rule: str) -> CaseFile:
    """A case reported by somebody else, in which the rule applies."""
    pack, kind, *_ = ROWS[rule]
    return case_for(f"{rule}-told", kind, pack)


def taken_as(
    case: CaseFile, role: str, step: str, counts_for: tuple[str, ...] = (), **fields: Any
) -> CaseFile:
    """`step`, taken by a user in `role`."""
    built = msgspec.structs.replace(
        case.build(step, **fields), role=role, counts_for=tuple(map(Role, counts_for))
    )
    case.incident.take(built, case.playbook)
    return case


def test_every_rule_with_told_done_has_a_row() -> None:
    assert {*TELLING.values()} == {*ROWS} | ALONE


@pytest.mark.parametrize("rule", ROWS)
def test_a_case_is_not_closed_until_they_are_told(rule: str) -> None:
    *_, roles, clause = ROWS[rule]
    case = open_case(rule)
    duty = telling_of(case, rule)
    assert (duty.rule.step, duty.rule.modality, duty.rule.clause) == ("tell", "must", clause)
    assert (duty.preset, duty.rule.told, duty.open) == ({"role": roles[0]}, roles, True)
    beside = next(each for each in case.playbook.rules if each.id == rule)
    assert (duty.rule.clock, duty.rule.before) == (beside.clock, beside.before)
    assert f"{rule}-told" in case.refusal("close").outstanding
    case.take("tell", told_role=roles[0], person=None)
    assert not telling_of(case, rule).open
    refusal = case.playbook.refusal(case.incident, case.build("close"))
    assert refusal is None or f"{rule}-told" not in refusal.outstanding


@pytest.mark.parametrize("rule", ROWS)
def test_without_the_word_nobody_needs_to_be_told(rule: str) -> None:
    """The row of the duty fails if `told_done` is deleted."""
    case = open_case(rule)
    floor, pack = case.playbook.floor, case.playbook.pack

    def edited(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(
            msgspec.structs.replace(each, told_done=None) if each.id == rule else each for each in rules
        )

    case.playbook = Playbook(
        msgspec.structs.replace(floor, rules=edited(floor.rules)),
        msgspec.structs.replace(pack, rules=edited(pack.rules)),
    )
    assert f"{rule}-told" not in {each.id for each in case.playbook.rules}
    assert f"{rule}-told" not in case.refusal("close").outstanding


@pytest.mark.parametrize("rule", ROWS)
def test_somebody_else_who_takes_the_step_tells_nobody(rule: str) -> None:
    *_, roles, _ = ROWS[rule]
    other = "slt" if "slt" not in roles else "deputy_dsl"
    case = taken_as(open_case(rule), other, "acknowledge")
    beside = next(each for each in case.playbook.rules if each.id == rule)
    taken_as(case, other, beside.step or "")
    taken_as(case, other, "add_note")
    assert telling_of(case, rule).open


@pytest.mark.parametrize("rule", ROWS)
def test_each_named_role_is_enough(rule: str) -> None:
    *_, roles, _ = ROWS[rule]
    for role in roles:
        told = taken_as(open_case(rule), "slt", "tell", (role,))
        assert not telling_of(told, rule).open


@pytest.mark.parametrize("rule", ROWS)
def test_whoever_holds_the_role_and_acknowledges_or_takes_the_step_knows(rule: str) -> None:
    *_, (role, *_), _ = ROWS[rule]
    case = open_case(rule)
    beside = next(each for each in case.playbook.rules if each.id == rule)
    for step in ("acknowledge", beside.step or ""):
        assert not telling_of(taken_as(open_case(rule), role, step), rule).open


@pytest.mark.parametrize("rule", ROWS)
def test_a_user_with_two_roles_and_an_approver_count_for_theirs(rule: str) -> None:
    *_, (role, *_), _ = ROWS[rule]
    beside = next(each for each in open_case(rule).playbook.rules if each.id == rule)
    case = taken_as(open_case(rule), "vice_chair", beside.step or "", (role,))
    assert not telling_of(case, rule).open


def test_a_telling_that_is_voided_is_due_again() -> None:
    case = open_case("st-thomas-contact-classify").take("tell", told_role=Role.HEADTEACHER, person=None)
    case.take("correct", corrects=case.incident.version, reason="It was another head.", void=True)
    assert telling_of(case, "st-thomas-contact-classify").open


def replaced(**fields: Any) -> list[tuple[str, str, str]]:
    """The mistakes in a pack whose replacement of `contact-classify` has these fields."""
    pack = LIBRARY.packs[PACKS["hr_cooperative"]]
    rules = tuple(
        msgspec.structs.replace(rule, **fields) if rule.id == "hr-cooperative-contact-classify" else rule
        for rule in pack.rules
    )
    return [*pack_faults(msgspec.structs.replace(pack, rules=rules), LIBRARY.floors[FLOOR])]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"told_done": None}, "the rule it replaces requires that somebody is told"),
        ({"told_done": ToldDone(any=("police",), reason="So.")}, "'police' is none of the roles"),
        ({"told_done": ToldDone(any=(), reason="So.")}, "the first role of any is one of told"),
        ({"told_done": ToldDone(any=("dsl",), reason="So.")}, "the first role of any is one of told"),
        ({"told_done": ToldDone(any=("slt",), reason=" ")}, "reason is empty"),
        ({"waivable": True}, "a rule with told_done cannot be waived"),
    ],
)
def test_a_mistake_in_told_done_is_named(fields: dict[str, Any], message: str) -> None:
    found = [each for _, field, each in replaced(**fields) if field == "told_done"]
    assert any(message in each for each in found)


def test_a_prohibition_tells_nobody() -> None:
    pack = LIBRARY.packs[PACKS["st_thomas"]]
    ban = next(rule for rule in pack.rules if rule.modality == "must_not")
    told = msgspec.structs.replace(ban, told_done=ToldDone(any=HEAD, reason="So."))
    rules = tuple(told if rule is ban else rule for rule in pack.rules)
    found = [*pack_faults(msgspec.structs.replace(pack, rules=rules), LIBRARY.floors[FLOOR])]
    assert (ban.id, "told_done", "does not belong to a prohibition") in found
