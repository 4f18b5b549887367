"""Which clause of the school's own policy was breached: recorded by a decision, and told from the others."""

from __future__ import annotations

import pytest

from casework.domain.errors import Invalid
from casework.domain.playbook import Pack
from casework.library import Library
from casework.library.coverage import policies
from tests.domain.casefile import PACKS, CaseFile

LIBRARY = Library.own()


def clauses(pack: str) -> list[str]:
    return [breach.clause for breach in LIBRARY.packs[PACKS[pack]].breaches]


def concern(pack: str) -> CaseFile:
    return CaseFile("staff_misuse", pack, reported="2026-10-22 09:00")


@pytest.mark.parametrize("pack", PACKS)
def test_a_breach_of_each_clause_is_recorded_and_told_from_the_others(pack: str) -> None:
    taken = []
    for clause in clauses(pack):
        case = concern(pack).take("decide", breach=(clause,), sanction="advice", handled_under="behaviour")
        taken += [case.incident.timeline[-1].breach]  # type: ignore[attr-defined]
        assert not case.requires("decide")
    assert len(taken) == len(set(taken)) > 0


@pytest.mark.parametrize("pack", PACKS)
def test_every_clause_that_can_be_breached_is_one_of_the_policy(pack: str) -> None:
    (policy,) = (each for each in policies().values() if each.pack == pack)
    became = {item.id for clause in policy.clauses for item in clause.became if item.kind == "breach"}
    assert became == set(clauses(pack)) <= {clause.clause for clause in policy.clauses}


@pytest.mark.parametrize(
    ("pack", "kind", "clause"),
    [
        ("headcorn", "inappropriate_content", "002 §6 ¶1"),
        ("st_thomas", "inappropriate_content", "004 §6.1"),
        ("st_thomas", "unsolicited_contact", "004 §6.3"),
        ("st_thomas", "cyberbullying", "004 §6.5"),
        ("st_thomas", "parent_post", "004 §6.6"),
    ],
)
def test_a_clause_for_pupils_or_families_is_recorded_as_breached_in_their_own_kinds(
    pack: str, kind: str, clause: str
) -> None:
    case = CaseFile(kind, pack).take("decide", breach=(clause,), handled_under="behaviour")
    assert case.incident.timeline[-1].breach == (clause,)  # type: ignore[attr-defined]


def test_no_rule_of_003_stands_for_the_clauses_that_staff_can_breach() -> None:
    section = [clause for clause in policies()["003"].clauses if clause.clause.startswith("003 §3")]
    assert len([clause for clause in section if clause.bears]) > 20
    for clause in section:
        assert not clause.bears or any(item.kind == "breach" for item in clause.became), clause.clause
        assert all(item.id != "hr-cooperative-concern-context" for item in clause.became)


@pytest.mark.parametrize("pack", PACKS)
def test_a_clause_of_another_policy_is_refused_with_those_that_there_are(pack: str) -> None:
    case = concern(pack)
    own, (other, *_) = clauses(pack), clauses("todwick" if pack != "todwick" else "headcorn")
    with pytest.raises(Invalid) as refused:
        case.take("decide", breach=(own[0], other))
    assert refused.value.errors.keys() == {"$.breach[1]"}
    (message,) = refused.value.errors["$.breach[1]"]
    assert other not in message
    assert all(clause in message for clause in own)


def test_a_policy_without_a_list_has_no_clause_to_breach() -> None:
    case = concern("todwick")
    pack: Pack = LIBRARY.packs[PACKS["todwick"]]
    bare = Pack(**{name: getattr(pack, name) for name in pack.__struct_fields__} | {"breaches": ()})
    case.playbook = type(case.playbook)(case.playbook.floor, bare)
    with pytest.raises(Invalid) as refused:
        case.take("decide", breach=("001 A.5",))
    assert refused.value.errors["$.breach[0]"] == ["the policy of this case lists no clauses"]


@pytest.mark.parametrize("pack", PACKS)
def test_a_low_level_concern_is_closed_once_it_is_said_which_clause_was_breached_or_none(pack: str) -> None:
    case = concern(pack).take("decide", breach=None)
    assert case.due("decide") == "2026-10-29"
    assert any(rule.endswith("concern-breach") for rule in case.refusal("close").outstanding)
    assert not case.take("decide", breach=()).requires("decide")
