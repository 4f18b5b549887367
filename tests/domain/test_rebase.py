"""A rebase: other rules apply to an open case from then on, and nothing that was due is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import msgspec
import pytest

from casework.domain.fields import Partial
from casework.domain.incident import STEPS, Incident
from casework.domain.incident.reporting import Policy
from casework.domain.playbook import Rule
from casework.library import Library
from tests.domain.casefile import FLOOR, PACKS, CaseFile

LIBRARY: Final = Library.own()


class Rebased(CaseFile):
    """A case file whose library may hold editions of its own."""

    library: Library = LIBRARY

    def rebase(self, pack: str, floor: str = FLOOR) -> Self:
        """Rebase the case, as casework completes the step."""
        keeps = self.library.playbook_of(self.incident).in_force(self.incident)
        self.take("rebase", pack=pack, policy=Policy(floor=floor, pack=pack), keeps=keeps)
        return self.judged()

    def judged(self) -> Self:
        self.playbook = self.library.playbook_of(self.incident)
        return self

    def open_musts(self) -> set[tuple[str, str]]:
        """What must be done or considered, with the values it must have."""
        binding = [duty for duty in self.outstanding() if duty.rule.modality.binding]
        return {(duty.rule.step or "", repr(sorted(duty.preset.items()))) for duty in binding}


def own_rule(name: str, step: str, modality: str = "must", **fields: Any) -> Rule:
    stated = {"id": name, "modality": modality, "step": step, "clause": "004 §1", "reason": "It says so."}
    return msgspec.convert({**stated, **fields}, Rule)


def editions(versions: Mapping[str, Sequence[Rule]]) -> Library:
    """A library with editions of `st_thomas` that have these rules besides those of the shipped edition."""
    shipped = LIBRARY.latest_pack("st_thomas")
    added = [
        msgspec.structs.replace(shipped, version=version, rules=(*shipped.rules, *rules))
        for version, rules in versions.items()
    ]
    return Library(LIBRARY.floors.values(), [*LIBRARY.packs.values(), *added], LIBRARY.dated_tables)


def under(library: Library, pack: str, kind: str = "cyberbullying", **fields: Any) -> Rebased:
    """A case under the edition `pack` of `library`."""
    case = Rebased(kind, **fields)
    report = msgspec.structs.replace(case.incident.timeline[0], policy=Policy(floor=FLOOR, pack=pack))
    case.library = library
    incident = Incident.replay([report])
    assert incident is not None
    case.incident = incident
    return case.judged()


def test_police_due_under_st_thomas_stay_due_under_headcorn() -> None:
    case = Rebased("sexting", "st_thomas").take("acknowledge")
    due = case.due("escalate", agency="police")
    case.rebase(PACKS["headcorn"])
    assert case.incident.policy.pack == PACKS["headcorn"]
    assert case.due("escalate", agency="police") == due
    refusal = case.refusal("close")
    assert "st-thomas-sexting-police" in refusal.outstanding
    case.take("escalate", agency="police")
    assert not case.requires("escalate", agency="police")


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("other", PACKS)
@pytest.mark.parametrize(
    "kind", ["cyberbullying", "sexting", "unsolicited_contact", "parent_post", "staff_misuse", "underage_use"]
)
def test_no_rebase_sheds_an_open_duty(pack: str, other: str, kind: str) -> None:
    case = Rebased(kind, pack)
    before = case.open_musts()
    case.rebase(PACKS[other])
    assert before <= case.open_musts()
    case.rebase(PACKS[pack])
    assert before <= case.open_musts()


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("other", PACKS)
@pytest.mark.parametrize("kind", ["cyberbullying", "sexting", "unsolicited_contact", "parent_post"])
def test_a_rebased_case_can_be_closed_once_all_is_done(pack: str, other: str, kind: str) -> None:
    case = Rebased(kind, pack).take("acknowledge").rebase(PACKS[other]).answer_everything()
    case.take("close")
    assert case.incident.closed


def test_a_duty_first_met_after_the_rebase_is_that_of_the_new_edition() -> None:
    """Content found after the rebase asks for what the new edition says, not for what the old one said."""
    rule = own_rule("advice-on-racism", "seek_advice", when=[{"fact": "content", "any": ["racist"]}])
    library = editions({"1": [rule], "2": []})
    case = under(library, "st_thomas@1").rebase("st_thomas@2").take("record_content", content=("racist",))
    assert not case.judged().requires("seek_advice")
    early = under(library, "st_thomas@1").take("record_content", content=("racist",)).rebase("st_thomas@2")
    assert early.requires("seek_advice")


def test_a_kept_duty_is_not_met_by_what_meets_a_newer_rule_of_the_same_name() -> None:
    library = editions({"1": [own_rule("more", "seek_advice")], "2": [own_rule("more", "add_note")]})
    case = under(library, "st_thomas@1").rebase("st_thomas@2").take("add_note")
    assert not case.requires("add_note")
    assert case.requires("seek_advice")


def test_what_was_met_before_the_rebase_is_due_again_if_the_step_is_voided() -> None:
    rule = own_rule("advice-first", "seek_advice", before=["close"])
    case = under(editions({"1": [rule], "2": []}), "st_thomas@1").take("seek_advice")
    advice = case.incident.version
    case.rebase("st_thomas@2")
    assert not case.requires("seek_advice")
    case.take("correct", corrects=advice, reason="It was another case.", void=True)
    assert case.requires("seek_advice")
    assert "advice-first" in case.refusal("close").outstanding


def test_two_rebases_keep_what_each_edition_asked() -> None:
    versions = {"1": [own_rule("one", "seek_advice")], "2": [own_rule("two", "check_pattern")], "3": []}
    case = under(editions(versions), "st_thomas@1").rebase("st_thomas@2").rebase("st_thomas@3")
    assert case.requires("seek_advice")
    assert case.requires("check_pattern")


def test_of_two_clocks_for_one_duty_the_earlier_counts() -> None:
    first = own_rule("advice", "seek_advice", clock={"of": "reported", "within": 4, "unit": "hours"})
    later = own_rule("advice", "seek_advice", clock={"of": "reported", "within": 9, "unit": "days"})
    library = editions({"1": [first], "2": [later]})
    case = under(library, "st_thomas@1")
    due = case.due("seek_advice")
    assert case.rebase("st_thomas@2").due("seek_advice") == due
    assert len([duty for duty in case.outstanding() if duty.rule.step == "seek_advice"]) == 1
    slower = under(library, "st_thomas@2").rebase("st_thomas@1")
    assert slower.due("seek_advice") == due


def test_a_rule_that_only_words_differently_is_asked_once() -> None:
    first = own_rule("advice", "seek_advice")
    worded = msgspec.structs.replace(first, id="advice-2", clause="004 §2", reason="Other words.")
    case = under(editions({"1": [first], "2": [worded]}), "st_thomas@1").rebase("st_thomas@2")
    asked = [
        rule.id for rule in case.playbook.rules if rule.step == "seek_advice" and rule.modality == "must"
    ]
    assert asked == ["advice-2"]


def test_a_new_edition_cannot_forbid_what_is_due() -> None:
    due = own_rule("advice", "seek_advice", before=["close"])
    ban = own_rule("no-advice", "seek_advice", "must_not")
    library = editions({"1": [due], "2": [ban]})
    case = under(library, "st_thomas@1").rebase("st_thomas@2").take("seek_advice")
    assert not case.requires("seek_advice")
    assert under(library, "st_thomas@2").refusal("seek_advice").rule == "no-advice"


def test_editions_with_opposite_orders_leave_the_case_able_to_go_on() -> None:
    first = own_rule("advice-first", "seek_advice", before=["contain", "close"])
    second = [own_rule("advice", "seek_advice"), own_rule("contain-first", "contain", before=["seek_advice"])]
    case = under(editions({"1": [first], "2": second}), "st_thomas@1").rebase("st_thomas@2")
    assert case.refusal("seek_advice").rule == "contain-first"
    assert "advice-first" in case.refusal("close").outstanding
    case.take("contain").take("seek_advice")
    assert not case.requires("seek_advice")


def test_a_later_floor_keeps_what_the_earlier_one_asked_and_called_critical() -> None:
    floor = LIBRARY.floors[FLOOR]
    later = msgspec.structs.replace(
        floor,
        in_force_from=floor.in_force_from.replace(year=2027),
        critical=tuple(each for each in floor.critical if each.concern != "content:self_harm"),
        facts=(),
        rules=tuple(
            rule
            for rule in floor.rules
            if rule.id not in ("bullying-evidence", "sexting-police")
            and not any(test.fact in {fact.id for fact in floor.facts} for test in (*rule.when, *rule.given))
        ),
        answers_nothing=(),
        resting=(),
    )
    library = Library([*LIBRARY.floors.values(), later], LIBRARY.packs.values(), LIBRARY.dated_tables)
    case = under(library, PACKS["headcorn"], content=("self_harm",))
    evidence = case.due("save_evidence")
    case.rebase(PACKS["headcorn"], later.edition)
    assert case.incident.policy.floor == later.edition
    assert case.due("save_evidence") == evidence
    assert case.playbook.critical_since(case.incident) is not None
    fresh = library.playbook(later.edition, PACKS["headcorn"])
    assert fresh.critical_since(case.incident) is None


def test_the_rules_of_a_removed_file_are_kept_only_as_far_as_they_can_be_read() -> None:
    case = under(editions({"1": [own_rule("advice", "seek_advice")]}), "st_thomas@1").rebase(
        PACKS["headcorn"]
    )
    assert case.requires("seek_advice")
    case.library = LIBRARY
    assert not case.judged().requires("seek_advice")
    assert case.requires("save_evidence")


def test_a_correction_of_the_reason_keeps_the_editions_and_what_is_kept() -> None:
    case = Rebased("sexting", "st_thomas").rebase(PACKS["headcorn"])
    kept, policy = case.incident.kept, case.incident.policy
    fields = Partial(STEPS["rebase"], {"reason": "Quite another reason."})
    correction = case.completed(case.build("correct", corrects=2, reason="Wrong words.", fields=fields))
    case.incident.take(correction, case.playbook)
    assert (case.incident.kept, case.incident.policy) == (kept, policy)
    assert case.judged().requires("escalate", agency="police")


def test_a_rebase_recorded_by_an_earlier_release_keeps_nothing() -> None:
    case = Rebased("sexting", "st_thomas")
    case.take("rebase", pack="headcorn", policy=Policy(floor=FLOOR, pack=PACKS["headcorn"]))
    assert case.incident.kept == ()
    assert case.incident.policy.pack == PACKS["headcorn"]
