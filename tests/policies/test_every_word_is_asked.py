"""Every fact and every group is asked by a shipped rule, or here by a rule of a school's own pack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from casework.domain.incident.facts import FACTS, GROUPS
from casework.domain.playbook import Playbook, Rule
from casework.domain.playbook.conditions import Test as RuleTest
from casework.library import Library
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, FLOOR, TARGET, TEACHER, UNKNOWN, CaseFile

Story = Callable[[CaseFile], CaseFile]
OWN: Final = Library.own()
PACK: Final = """\
id = "own"
version = "1"
title = "A school"
review_every_months = 12
sources = [{ cited_as = "OWN", title = "Its policy" }]

[[rules]]
id = "own"
clause = "OWN §1"
reason = "The school says so."
"""
BYSTANDER: Final = ((TARGET, "target", "pupil"), (UNKNOWN, "bystander", "unknown"))
TEACHER_AND_PUPIL: Final = ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil"))


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of a school's own pack that asks a word, and a case in which it applies.

    Reported with `opening`, it does not apply until `given` has happened; then it has as many open duties as
    `duties`, or refuses `refuses`; after `then` it has one less, or allows that step.
    """

    rule: str
    opening: dict[str, Any] = {}
    unlike: dict[str, Any] = {}
    given: Story = lambda case: case
    then: Story
    duties: int = 1
    refuses: str | None = None


WORDS: Final = {
    # A post at home is talked over with the helpline.
    "setting": Asked(
        rule='modality = "must"\nstep = "seek_advice"\nbefore = ["close"]\n'
        'when = [{ fact = "setting", is = "online_at_home" }]',
        opening={"setting": "online_at_home"},
        unlike={"setting": "on_site"},
        then=lambda case: case.take("seek_advice"),
    ),
    # Nobody is banned before a ground of the behaviour policy is named.
    "jurisdiction": Asked(
        rule='modality = "must_not"\nstep = "ban_from_computing"\n'
        'when = [{ fact = "timing", is = "out_of_school" }, { fact = "jurisdiction", present = false }]',
        given=lambda case: case.take("triage", timing="out_of_school"),
        refuses="ban_from_computing",
        then=lambda case: case.take("triage", timing="out_of_school", jurisdiction=("reputation",)),
    ),
    # A parent who did not come is asked again.
    "last_meeting": Asked(
        rule='modality = "must"\nstep = "add_action"\nbefore = ["close"]\n'
        'when = [{ fact = "last_meeting", is = "no_show" }]',
        given=lambda case: case.take("invite_parent").take("record_meeting", outcome="no_show"),
        then=lambda case: case.take("record_meeting", "2026-09-25 10:00", outcome="attended"),
    ),
    # Each agency is asked how far it has come.
    "open_enquiry": Asked(
        rule='modality = "must"\nstep = "record_agency_response"\nbefore = ["close"]\n'
        'per = "open_enquiry"\nper_field = "agency"',
        given=lambda case: case.take("escalate").take("escalate", agency="health"),
        duties=2,
        then=lambda case: case.take("record_agency_response", agency="health", enquiry="open"),
    ),
    # Adult or child, both sides are offered support.
    "party": Asked(
        rule='modality = "must"\nstep = "offer_support"\nbefore = ["close"]\n'
        'per = "party"\nper_field = "person"',
        opening={"people": TEACHER_AND_PUPIL},
        unlike={"people": BYSTANDER[1:]},
        duties=2,
        then=lambda case: case.take("offer_support", person=TEACHER),
    ),
    # Whoever stood by unknown is found out.
    "unknown_person": Asked(
        rule='modality = "must"\nstep = "identify_person"\nbefore = ["close"]\n'
        'per = "unknown_person"\nper_field = "person"',
        opening={"people": BYSTANDER},
        unlike={"people": TEACHER_AND_PUPIL},
        then=lambda case: case.take("identify_person", person=UNKNOWN),
    ),
}


def words_of(rules: Iterable[Rule]) -> Iterator[str]:
    """The facts and the groups that `rules` ask."""
    for rule in rules:
        tests = (*rule.when, *rule.given, *(test for each in rule.satisfied_by for test in each.given))
        yield from words_of_tests(tests)
        if rule.per is not None:
            yield rule.per


def words_of_tests(tests: Iterable[RuleTest]) -> Iterator[str]:
    for test in tests:
        yield from (word for word in (test.fact, test.in_) if word is not None)


def asked_by_shipped_files() -> set[str]:
    """What is asked by a rule of a shipped floor or pack, by what a floor states, or by a dated table."""
    floors, tables = OWN.floors.values(), OWN.dated_tables
    rules = [rule for floor in floors for rule in floor.every_rule()]
    rules += [rule for pack in OWN.packs.values() for rule in pack.rules]
    found = set(words_of(rules))
    for floor in floors:
        for fact in floor.facts:
            found |= {word for tests in (fact.when, *fact.unless) for word in words_of_tests(tests)}
        for void in floor.answers_nothing:
            found |= set(words_of_tests((*void.when, *void.given)))
        for resting in floor.resting:
            found |= set(words_of_tests(resting.when))
    circumstances = [each for row in tables.offences for each in row.shown]
    circumstances += [each for row in tables.channels for each in (*row.suits, *row.unsuited)]
    return found | {word for each in circumstances for word in words_of_tests(each.when)}


def unasked(known: Iterable[str], tested: Iterable[str]) -> set[str]:
    """The facts and groups of `known` that nothing shipped asks and that are not among `tested`."""
    return set(known) - asked_by_shipped_files() - set(tested)


def playbook_with(rule: str, folder: Path) -> Playbook:
    (folder / "own.toml").write_text(PACK + rule, encoding="utf-8")
    return OWN.with_packs(folder).playbook(FLOOR, "own@1")


def open_in(case: CaseFile, playbook: Playbook) -> int:
    """How many duties of the school's own rule are open."""
    duties = playbook.duties(case.incident, TEST_CALENDAR)
    return sum(duty.rule.id == "own" and duty.open for duty in duties)


def by_own(case: CaseFile, playbook: Playbook, step: str) -> bool:
    """Whether the school's own rule is why `step` is refused, or among what is to be done before."""
    refusal = playbook.refusal(case.incident, case.build(step))
    return refusal is not None and "own" in (refusal.rule, *refusal.outstanding)


def test_every_fact_and_every_group_is_asked_by_a_shipped_file_or_has_a_test_here() -> None:
    assert unasked([*FACTS, *GROUPS], WORDS) == set()


def test_a_word_that_nothing_asks_is_found() -> None:
    assert unasked([*FACTS, *GROUPS, "shoe_size"], WORDS) == {"shoe_size"}


@pytest.mark.parametrize("word", WORDS)
def test_given_a_rule_of_a_schools_own_that_asks_it_then_it_is_asked_of_the_case_it_is_about(
    word: str, tmp_path: Path
) -> None:
    row = WORDS[word]
    playbook = playbook_with(row.rule, tmp_path)
    assert word in set(words_of(rule for rule in playbook.rules if rule.id == "own"))
    before = CaseFile(**row.unlike)
    refused = row.refuses or "close"
    assert (open_in(before, playbook), by_own(before, playbook, refused)) == (0, False)

    case = row.given(CaseFile(**row.opening))
    assert open_in(case, playbook) == (0 if row.refuses else row.duties)
    assert by_own(case, playbook, refused)

    row.then(case)
    left = 0 if row.refuses else row.duties - 1
    assert open_in(case, playbook) == left
    assert by_own(case, playbook, refused) is bool(left)
