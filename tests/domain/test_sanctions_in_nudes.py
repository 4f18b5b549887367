"""Whom a school may sanction in a case of nudes, and what nobody in it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from casework.domain.fields import Partial
from casework.domain.incident import STEPS
from casework.domain.naming import holds_word
from casework.domain.sealed import Sealed
from tests.domain.casefile import ALLEGED, PACKS, TARGET, TEACHER, UNKNOWN, CaseFile
from tests.domain.situations import closed
from tests.domain.test_playbook_files import FLOOR_FILE, error, replaced

BERTIE, ALICE = TARGET, ALLEGED
BOTH_SHOWN: Final = ((BERTIE, "target", "pupil"), (ALICE, "target", "pupil"))
WHY: Final = Sealed("He sent her image to two friends after she had asked him not to.")


def case_of(pack: str, people: tuple[tuple[Any, str, str], ...] = BOTH_SHOWN) -> CaseFile:
    return CaseFile("sexting", pack, people=people)


@pytest.mark.parametrize("pack", PACKS)
def test_a_pupil_in_an_image_is_not_sanctioned(pack: str) -> None:
    case = case_of(pack)
    assert case.refusal("apply_sanction", person=BERTIE, reason=WHY).rule == "sexting-no-labels"
    case.take("establish_involvement", person=BERTIE, held=True, passed_on=False)
    refusal = case.refusal("apply_sanction", person=BERTIE, reason=WHY)
    assert (refusal.rule, refusal.clause) == ("sexting-no-labels", "UKCIS; WTSC")


@pytest.mark.parametrize("pack", PACKS)
def test_a_pupil_who_passed_on_the_image_of_another_is_sanctioned_with_a_reason(pack: str) -> None:
    case = case_of(pack).take("establish_involvement", person=BERTIE, held=True, passed_on=True)
    refusal = case.refusal("apply_sanction", person=BERTIE)
    assert (refusal.rule, refusal.clause) == ("sexting-sanction-of-target-reasoned", "UKCIS; WTSC")
    case.take("apply_sanction", person=BERTIE, reason=WHY)
    assert case.refusal("apply_sanction", person=ALICE, reason=WHY).rule == "sexting-no-labels"


@pytest.mark.parametrize("pack", PACKS)
def test_a_pupil_who_passed_on_only_their_own_image_is_not_sanctioned(pack: str) -> None:
    alone = ((BERTIE, "target", "pupil"), (BERTIE, "alleged", "pupil"))
    case = case_of(pack, alone).take("establish_involvement", person=BERTIE, held=True, passed_on=True)
    assert case.refusal("apply_sanction", person=BERTIE, reason=WHY).rule == "sexting-no-labels"


def test_the_other_person_shown_may_be_unknown() -> None:
    shown = ((BERTIE, "target", "pupil"), (UNKNOWN, "target", "unknown"))
    case = case_of("headcorn", shown).take("establish_involvement", person=BERTIE, held=True, passed_on=True)
    case.take("apply_sanction", person=BERTIE, reason=WHY)


def test_what_was_established_last_counts() -> None:
    case = case_of("headcorn").take("establish_involvement", person=BERTIE, held=True, passed_on=True)
    case.take("establish_involvement", person=BERTIE, held=True, passed_on=False)
    assert case.refusal("apply_sanction", person=BERTIE, reason=WHY).rule == "sexting-no-labels"


def test_a_voided_finding_allows_no_sanction() -> None:
    case = case_of("headcorn").take("establish_involvement", person=BERTIE, held=True, passed_on=True)
    case.take("correct", corrects=case.incident.version, void=True, correction=None)
    assert case.refusal("apply_sanction", person=BERTIE, reason=WHY).rule == "sexting-no-labels"


@pytest.mark.parametrize("pack", PACKS)
def test_a_pupil_who_is_in_no_image_is_sanctioned_without_a_reason(pack: str) -> None:
    CaseFile("sexting", pack).take("apply_sanction", person=ALLEGED)


@pytest.mark.parametrize("kind", ["cyberbullying", "inappropriate_content"])
def test_other_kinds_ask_for_no_reason(kind: str) -> None:
    CaseFile(kind, "headcorn").take("apply_sanction", person=TARGET)


LABELS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("apply_sanction", {"person": ALLEGED, "what": Sealed("The offender stays in at break.")}),
    ("apply_sanction", {"person": ALLEGED, "reason": Sealed("As every sex-offender should.")}),
    ("apply_sanction", {"person": ALLEGED, "note": Sealed("He is no Perpetrator, he says.")}),
    ("ban_from_computing", {"reason": Sealed("Predators need no computer.")}),
    ("offer_support", {"what": Sealed("A course for young offenders.")}),
    ("advise", {"text": Sealed("Whoever passes it on is an OFFENDER.")}),
    ("decide", {"decision": Sealed("The culprit is kept apart.")}),
    ("decide", {"rationale": Sealed("Because the off\u200bender lives next door.")}),
    ("complete_investigation", {"findings": Sealed("The perp was found.")}),
    ("add_action", {"text": Sealed("Watch the abuser at break.")}),
    ("determine_outcome", {"rationale": Sealed("The pervert admitted it.")}),
]


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize(("step", "fields"), LABELS)
def test_no_child_is_called_an_offender(step: str, fields: dict[str, Any], pack: str) -> None:
    refusal = CaseFile("sexting", pack).refusal(step, **fields)
    assert (refusal.rule, refusal.clause) == ("sexting-no-child-an-offender", "UKCIS; WTSC")
    assert "the pupil who passed the image on" in refusal.reason
    for text in fields.values():
        assert not isinstance(text, Sealed) or text.text not in refusal.reason


def test_no_outcome_calls_a_child_an_offender() -> None:
    case = closed(CaseFile("sexting", "todwick")).take("reopen")
    case.answer_everything()
    refusal = case.refusal("close", outcome=Sealed("The offender apologised."))
    assert refusal.rule == "sexting-no-child-an-offender"
    case.take("close", outcome=Sealed("The pupil who passed it on apologised."))


def test_a_correction_does_not_bring_the_word_in() -> None:
    case = CaseFile("sexting", "headcorn").take("decide")
    refusal = case.refusal(
        "correct",
        corrects=case.incident.version,
        correction=None,
        fields=Partial(STEPS["decide"], {"decision": Sealed("The offender is kept apart.")}),
    )
    assert refusal.rule == "sexting-no-child-an-offender"


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("triage", {"rationale": Sealed("An adult known as a sex offender wrote to her.")}),
        ("escalate", {"reason": Sealed("The perpetrator is an adult and not known.")}),
        ("record_child_voice", {"voice": Sealed("They call me a pervert."), "why_not": None}),
        ("add_note", {"text": Sealed("His father said: my son is no offender.")}),
        ("establish_involvement", {"note": Sealed("She says that the culprit showed it to her.")}),
        (
            "decide",
            {"decision": Sealed("It may be an offence, but nobody is offended; no offending is known.")},
        ),
        ("apply_sanction", {"person": ALLEGED, "what": Sealed("What happened was discussed: no blame.")}),
    ],
)
def test_what_protects_and_what_others_say_is_recorded_in_any_words(
    step: str, fields: dict[str, Any]
) -> None:
    CaseFile("sexting", "headcorn").take(step, **fields)


def test_other_kinds_may_use_the_word() -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"))
    case = CaseFile("staff_allegation", "headcorn", people=people)
    case.take("decide", decision=Sealed("The police say that he is a known offender."))


def test_words_are_whole_and_of_any_case() -> None:
    assert holds_word("The OFFENDER.", ["offender"])
    assert holds_word("a known  sex\noffender", ["sex offender"])
    assert not holds_word("perplexed by perpetual offence", ["perp", "offender"])


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ('field = "embeds_file", is = true', 'field = "every_text", is = true', "given", "go together"),
        ('field = "embeds_file", is = true', 'field = "note", says = ["x"]', "given", "go together"),
        ('field = "embeds_file", is = true', 'field = "every_text", says = []', "given", "says is empty"),
        ('field = "embeds_file", is = true', 'field = "every_text", says = [" "]', "given", "word of `says`"),
        ('except_steps = ["reopen"]', 'only_steps = ["open"]', "only_steps", "'open' is not a step"),
        (
            'except_steps = ["reopen"]',
            'only_steps = ["close"]\nexcept_steps = ["reopen"]',
            "only_steps",
            "without except_steps",
        ),
    ],
)
def test_a_mistake_in_a_rule_about_words_is_named(
    tmp_path: Path, old: str, new: str, field: str, message: str
) -> None:
    mistake = error(tmp_path, floor=replaced(FLOOR_FILE, old, new))
    assert (mistake.rule, mistake.field) == ("closed", field)
    assert message in mistake.message
