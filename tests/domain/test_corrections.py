"""A correction counts: what is voided or replaced stays to be read, and only what stands is computed from."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.domain.errors import Invalid, Refused
from casework.domain.fields import Partial
from casework.domain.incident import STEPS, Incident
from casework.domain.incident.examples import typed
from casework.domain.incident.facts import fact
from casework.domain.incident.reporting import Triage
from casework.domain.vocabulary import Category, Content, Involvement, State, Stream
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, FILE, PACKS, TARGET, TEACHER, CaseFile, known
from tests.domain.situations import KINDS, closed

OTHER_PARENT = known("another parent")
NAMESAKE = known("a pupil of the same name")
REASON = {"reason": "It was recorded by mistake."}
COMPUTED = (
    *("state", "milestones", "people", "stream", "content", "concerns", "risk", "risk_since", "kind"),
    *("told_agencies", "open_enquiries", "parents_held_by", "removal", "withheld", "open_actions", "lessons"),
    *("waived", "assignees", "appointed", "case_manager", "summary", "setting", "occurred_at", "reported_at"),
)


def void(case: CaseFile, number: int | None = None, when: str | None = None) -> CaseFile:
    return correct(case, number or case.incident.version, when, void=True)


def replace(case: CaseFile, number: int, when: str | None = None, **fields: Any) -> CaseFile:
    kind = type(case.incident.timeline[number - 1])
    return correct(case, number, when, fields=Partial(kind, typed(kind, fields)))


def correct(case: CaseFile, number: int, when: str | None = None, **fields: Any) -> CaseFile:
    return case.take("correct", when, corrects=number, correction=None, **REASON, **fields)


def faults(case: CaseFile, number: int, **fields: Any) -> dict[str, list[str]]:
    version = case.incident.version
    with pytest.raises(Invalid) as raised:
        correct(case, number, **fields)
    assert case.incident.version == version
    return dict(raised.value.errors)


def computed(incident: Incident) -> dict[str, Any]:
    return {name: getattr(incident, name) for name in COMPUTED}


def duties(case: CaseFile) -> set[tuple[str, str | None, str, bool]]:
    found = case.playbook.duties(case.incident, TEST_CALENDAR)
    return {(each.rule.id, each.rule.step, str(sorted(each.preset.items())), each.open) for each in found}


class TestVoid:
    def test_a_person_involved_by_mistake_is_in_no_duty(self) -> None:
        case = CaseFile("cyberbullying").take(
            "involve_person", person=NAMESAKE, category="pupil", involvement="alleged"
        )
        assert case.requires("inform_parents", child=NAMESAKE)
        void(case)
        assert not case.requires("inform_parents", child=NAMESAKE)
        assert NAMESAKE not in {party.person for party in case.incident.people}

    def test_a_colleague_involved_by_mistake_does_not_make_it_an_allegation(self) -> None:
        case = CaseFile("cyberbullying").take(
            "involve_person", person=TEACHER, category="staff", involvement="alleged"
        )
        assert case.incident.stream is Stream.ALLEGATION
        assert void(case).incident.stream is Stream.CHILD

    def test_they_stay_somebody_the_case_was_about(self) -> None:
        case = void(
            CaseFile("cyberbullying").take(
                "involve_person", person=TEACHER, category="staff", involvement="alleged"
            )
        )
        about = case.incident.about[TEACHER]
        assert about.until == case.now

    def test_a_slip_does_not_stay_critical(self) -> None:
        case = CaseFile("cyberbullying").take("triage", critical=True)
        void(case).take("triage")
        assert case.playbook.critical_since(case.incident) is None

    def test_a_milestone_that_was_not_reached_does_not_count(self) -> None:
        case = CaseFile("cyberbullying").take("save_evidence").take("invite_parent")
        assert void(case).incident.state is State.EVIDENCE_SAVED

    def test_a_voided_waiver_no_longer_waives(self) -> None:
        case = CaseFile("cyberbullying", "headcorn").take("waive", waived="save_evidence")
        assert not case.requires("save_evidence")
        assert void(case).requires("save_evidence")

    def test_a_voided_debrief_has_no_lessons_and_no_actions(self) -> None:
        case = CaseFile("cyberbullying").take("acknowledge").answer_everything().take("debrief")
        debrief = case.incident.version
        action = next(iter(case.incident.open_actions))
        case.take("complete_action", action=action)
        void(case, debrief)
        assert (case.incident.lessons, case.incident.open_actions) == (frozenset(), {})

    def test_its_file_is_still_held(self) -> None:
        case = void(CaseFile("cyberbullying").take("save_evidence", file=FILE))
        assert case.refusal("reclassify", kind="sexting").rule == "sexting-files-held"

    def test_the_voided_step_stays_on_the_timeline_beside_its_correction(self) -> None:
        case = CaseFile("cyberbullying").take("triage", critical=True)
        triage = case.incident.timeline[1]
        void(case)
        assert case.incident.timeline[1] is triage
        assert case.incident.corrected_by == {2: 3}


class TestReplacing:
    def test_another_value_counts_from_the_step_it_replaces(self) -> None:
        case = CaseFile("cyberbullying").take("triage", "2026-09-14 11:00", critical=True).take("acknowledge")
        replace(case, 2, critical=False)
        assert case.playbook.critical_since(case.incident) is None
        assert not case.requires("triage")

    def test_when_it_was_done_can_be_put_right(self) -> None:
        case = CaseFile("cyberbullying").take("save_evidence", "2026-09-15 09:00")
        done = case.now.replace(hour=8)
        replace(case, 2, happened_at=done)
        assert case.incident.milestones[State.EVIDENCE_SAVED] == done

    def test_a_report_is_replaced(self) -> None:
        case = CaseFile("cyberbullying", platform="Snapchat")
        replace(case, 1, platform="WhatsApp", content=["racist"])
        assert case.incident.platform == "WhatsApp"
        assert case.incident.content == {Content.RACIST}
        assert case.requires("consider_police")
        assert case.incident.submitted.platform == "Snapchat"

    def test_a_wrong_identity_is_put_right(self) -> None:
        unknown = known("somebody")
        case = CaseFile(
            "cyberbullying", people=((TARGET, "target", "pupil"), (unknown, "alleged", "unknown"))
        )
        case.take("identify_person", person=unknown, as_=NAMESAKE, category=Category.PUPIL)
        correct(case, 2, fields=Partial(STEPS["identify_person"], {"as_": ALLEGED}))
        assert [party.person for party in case.incident.involved(Involvement.ALLEGED)] == [ALLEGED]
        assert case.incident.about[NAMESAKE].until == case.now

    def test_the_new_values_are_held_to_the_rules_of_the_step(self) -> None:
        case = CaseFile("sexting").take("save_evidence")
        with pytest.raises(Refused) as refused:
            replace(case, 2, form="screenshot")
        assert refused.value.refusal.rule == "sexting-evidence-form"
        assert case.incident.version == 2

    def test_also_those_that_came_to_apply_later(self) -> None:
        case = CaseFile("cyberbullying").take("save_evidence").take("reclassify", kind="sexting")
        with pytest.raises(Refused) as refused:
            replace(case, 2, form="screenshot")
        assert refused.value.refusal.rule == "sexting-evidence-form"

    def test_an_invalid_value_is_named(self) -> None:
        case = CaseFile("cyberbullying").take("withhold_from_parents", review_on="2026-09-21")
        found = faults(
            case,
            2,
            fields=Partial(
                STEPS["withhold_from_parents"],
                typed(STEPS["withhold_from_parents"], {"review_on": "2026-09-01"}),
            ),
        )
        assert found == {"$.fields.review_on": ["is before the decision"]}

    def test_a_file_in_the_new_text_is_refused(self) -> None:
        case = CaseFile("cyberbullying").take("add_note")
        with pytest.raises(Refused) as refused:
            replace(case, 2, text="Look: data:image/png;base64,iVBORw0KGgo=")
        assert refused.value.refusal.rule == "no-file-in-text"

    def test_a_closed_case_is_corrected_where_nothing_opens(self) -> None:
        case = closed(CaseFile("cyberbullying"))
        triage = next(s.number for s in case.incident.timeline if s.name() == "triage")
        replace(case, triage, rationale="It was in the lunch break, off the premises.")
        assert case.incident.closed


class TestCorrectionsOfCorrections:
    def test_a_voided_void_lets_the_step_stand_again(self) -> None:
        case = void(CaseFile("cyberbullying").take("triage", critical=True))
        void(case, 3)
        assert case.playbook.critical_since(case.incident) is not None

    def test_of_two_replacements_the_later_counts_field_by_field(self) -> None:
        case = CaseFile("cyberbullying").take("triage", critical=True)
        replace(case, 2, critical=False, jurisdiction=["reputation"])
        replace(case, 2, jurisdiction=["orderly_running"])
        (triage,) = case.incident.taken(Triage)
        assert (triage.critical, triage.jurisdiction) == (False, ("orderly_running",))
        void(case, 3)
        (triage,) = case.incident.taken(Triage)
        assert (triage.critical, triage.jurisdiction) == (True, ("orderly_running",))

    def test_what_was_replaced_may_be_replaced_again(self) -> None:
        case = replace(CaseFile("cyberbullying").take("triage"), 2, critical=True)
        replace(case, 2, critical=False)
        assert case.playbook.critical_since(case.incident) is None


class TestDuties:
    """Thursday 17 September 2026 is the day the mistake is found; parents are due in one school day."""

    def informed(self, **fields: Any) -> CaseFile:
        case = CaseFile("cyberbullying", reported="2026-09-14 10:20").take("triage")
        return case.take("inform_parents", "2026-09-15 09:00", child=TARGET, **fields)

    def test_one_that_a_voided_step_answered_is_due_again_from_the_correction(self) -> None:
        case = self.informed()
        assert not case.requires("inform_parents", child=TARGET)
        void(case, when="2026-09-17 10:00")
        assert case.due("inform_parents", child=TARGET) == "2026-09-18"

    def test_it_is_late_by_when_it_was_first_due(self) -> None:
        case = void(self.informed(), when="2026-09-17 10:00")
        case.take("inform_parents", "2026-09-18 09:00", child=TARGET)
        assert self.duty(case).late_at(case.now)

    def test_but_not_where_the_voided_step_named_the_wrong_person(self) -> None:
        case = void(self.informed(parent=OTHER_PARENT), when="2026-09-17 10:00")
        case.take("inform_parents", "2026-09-18 09:00", child=TARGET)
        assert not self.duty(case).late_at(case.now)

    def test_one_that_another_step_answered_as_well_stays_answered(self) -> None:
        case = self.informed().take("inform_parents", "2026-09-15 10:00", child=TARGET)
        void(case, 3, when="2026-09-17 10:00")
        assert not case.requires("inform_parents", child=TARGET)

    def test_one_that_the_new_values_still_answer_stays_answered(self) -> None:
        case = self.informed()
        replace(case, 3, when="2026-09-17 10:00", method="letter")
        assert not case.requires("inform_parents", child=TARGET)

    def test_one_answered_for_another_child_is_due_for_the_right_one(self) -> None:
        case = self.informed()
        replace(case, 3, when="2026-09-17 10:00", child=ALLEGED)
        assert case.due("inform_parents", child=TARGET) == "2026-09-18"
        assert not case.requires("inform_parents", child=ALLEGED)

    def duty(self, case: CaseFile) -> Any:
        return next(
            duty
            for duty in case.playbook.duties(case.incident, TEST_CALENDAR)
            if duty.rule.step == "inform_parents" and duty.preset.get("child") == TARGET
        )


class TestWithdrawal:
    def wrong_child(self) -> CaseFile:
        people = ((TARGET, "target", "pupil"), (NAMESAKE, "alleged", "pupil"))
        case = CaseFile("cyberbullying", reported="2026-09-14 10:20", people=people)
        case.take("triage").take("inform_parents", "2026-09-15 09:00", child=NAMESAKE)
        return case.take("withdraw_involvement", "2026-09-17 10:00", person=NAMESAKE)

    def test_duties_about_them_end(self) -> None:
        case = self.wrong_child()
        assert not case.requires("offer_support", person=NAMESAKE)
        assert not case.requires("invite_parent", child=NAMESAKE)

    def test_the_right_childs_parents_are_due_from_when_the_mistake_was_found(self) -> None:
        case = self.wrong_child()
        case.take(
            "involve_person", "2026-09-17 10:05", person=ALLEGED, involvement="alleged", category="pupil"
        )
        assert case.due("inform_parents", child=ALLEGED) == "2026-09-18"

    def test_so_they_are_when_the_right_child_is_put_in_her_place(self) -> None:
        case = CaseFile("cyberbullying", reported="2026-09-14 10:20")
        case.take("involve_person", person=NAMESAKE, involvement="alleged", category="pupil")
        kind = STEPS["involve_person"]
        fields = Partial(kind, {"person": known("right")})
        correct(case, 2, "2026-09-17 10:00", fields=fields)
        assert case.due("inform_parents", child=known("right")) == "2026-09-18"

    def test_a_child_who_is_involved_late_without_a_mistake_is_due_from_the_report(self) -> None:
        case = CaseFile("cyberbullying", reported="2026-09-14 10:20")
        case.take(
            "involve_person", "2026-09-17 10:05", person=NAMESAKE, involvement="alleged", category="pupil"
        )
        assert case.due("inform_parents", child=NAMESAKE) == "2026-09-15"

    def test_one_involvement_of_two_is_withdrawn(self) -> None:
        case = CaseFile("cyberbullying").take("involve_person", person=ALLEGED, involvement="witness")
        case.take("withdraw_involvement", person=ALLEGED, involvement="witness")
        assert [party.involvement for party in case.incident.people if party.person == ALLEGED] == ["alleged"]

    def test_a_withdrawal_can_be_voided(self) -> None:
        case = void(self.wrong_child())
        assert NAMESAKE in case.incident.children()

    def test_nobody_is_withdrawn_who_is_not_involved_so(self) -> None:
        case = CaseFile("cyberbullying")
        with pytest.raises(Invalid) as raised:
            case.take("withdraw_involvement", person=ALLEGED, involvement="witness")
        assert raised.value.errors == {"$.involvement": ["is not how this person is involved"]}

    def test_the_last_child_of_nudes_leaves_no_case_about_nobody(self) -> None:
        case = CaseFile("sexting", people=((TARGET, "target", "pupil"), (TEACHER, "witness", "staff")))
        step = case.completed(case.build("withdraw_involvement", person=TARGET))
        refusal = case.playbook.refusal(case.incident, step)
        assert refusal is not None
        assert refusal.rule == "sexting-last-child-withdrawn"

    def test_nor_does_one_that_was_of_nudes_for_a_while(self) -> None:
        case = CaseFile("sexting", people=((TARGET, "target", "pupil"), (TEACHER, "witness", "staff")))
        case.take("reclassify", kind="inappropriate_content")
        step = case.completed(case.build("withdraw_involvement", person=TARGET))
        refusal = case.playbook.refusal(case.incident, step)
        assert refusal is not None
        assert refusal.rule == "sexting-last-child-withdrawn"

    def test_what_was_decided_about_them_is_not_reviewed(self) -> None:
        people = ((TARGET, "target", "pupil"), (NAMESAKE, "alleged", "pupil"))
        case = CaseFile("cyberbullying", people=people).take("withhold_from_parents", child=NAMESAKE)
        assert case.requires("inform_parents", child=NAMESAKE)
        assert not case.take("withdraw_involvement", person=NAMESAKE).requires(
            "inform_parents", child=NAMESAKE
        )

    def test_their_age_does_not_count(self) -> None:
        people = ((TARGET, "target", "pupil"), (NAMESAKE, "target", "pupil"))
        case = CaseFile("underage_use", people=people)
        case.take("check_age", person=TARGET, age=15).take("check_age", person=NAMESAKE, age=9)
        assert fact(case.incident, "underage") == {True}
        assert fact(case.take("withdraw_involvement", person=NAMESAKE).incident, "underage") == {False}

    def test_once_another_child_is_involved_it_is_withdrawn(self) -> None:
        case = CaseFile("sexting", people=((TARGET, "target", "pupil"),))
        case.take("involve_person", person=NAMESAKE, involvement="target", category="pupil")
        step = case.completed(case.build("withdraw_involvement", person=TARGET))
        assert case.playbook.refusal(case.incident, step) is None


class TestBadInput:
    def test_a_step_that_is_not_there(self) -> None:
        assert faults(CaseFile(), 2, void=True) == {
            "$.corrects": ["is not the number of a step of this incident"]
        }

    def test_one_that_is_voided_already(self) -> None:
        case = void(CaseFile().take("triage"))
        assert faults(case, 2, void=True) == {"$.corrects": ["is voided already"]}

    def test_the_value_it_has(self) -> None:
        case = CaseFile().take("triage")
        assert faults(case, 2, fields=Partial(STEPS["triage"], {"critical": False})) == {
            "$.fields.critical": ["has this value already"]
        }

    def test_no_field(self) -> None:
        case = CaseFile().take("triage")
        assert faults(case, 2, fields=Partial(STEPS["triage"], {})) == {
            "$.fields": ["must name at least one field"]
        }

    def test_both_void_and_fields(self) -> None:
        case = CaseFile().take("triage")
        found = faults(case, 2, void=True, fields=Partial(STEPS["triage"], {"critical": True}))
        assert found == {"$.fields": ["must not be given with void"]}

    def test_neither_void_nor_fields_nor_words(self) -> None:
        assert faults(CaseFile().take("triage"), 2) == {
            "$.void": ["give void, fields, or the correction in words"]
        }

    @pytest.mark.parametrize("step", ["report", "close", "reopen", "rebase", "reclassify", "let_in"])
    def test_some_steps_are_undone_otherwise(self, step: str) -> None:
        reason = STEPS[step].CORRECTABLE.not_voided
        assert reason is not None
        case = CaseFile()
        if step != "report":
            case.incident.append(case.build(step))
        assert faults(case, case.incident.version, void=True) == {
            "$.corrects": [f"cannot be voided: {reason}"]
        }

    def test_who_is_in_a_report_is_not_a_value_of_it(self) -> None:
        assert faults(CaseFile(), 1, fields=Partial(STEPS["report"], {"people": ()})) == {
            "$.fields.people": ["cannot be corrected"]
        }

    def test_a_correction_is_voided_and_not_replaced(self) -> None:
        case = void(CaseFile().take("triage"))
        found = faults(case, 3, fields=Partial(STEPS["correct"], {"void": False}))
        assert found == {"$.fields": ["cannot be given for the step correct"]}


def test_a_must_that_would_open_in_a_closed_case_reopens_it_first() -> None:
    case = closed(CaseFile("cyberbullying"))
    informed = next(s.number for s in case.incident.timeline if s.name() == "inform_parents")
    step = case.completed(case.build("correct", corrects=informed, correction=None, void=True, **REASON))
    refusal = case.playbook.refusal(case.incident, step)
    assert refusal is not None
    assert refusal.rule == "reopen-first"


MOVES = st.lists(
    st.sampled_from(
        [
            ("triage", {"critical": True}),
            ("triage", {}),
            ("involve_person", {"person": NAMESAKE, "involvement": "alleged", "category": "pupil"}),
            ("involve_person", {"person": TEACHER, "involvement": "alleged", "category": "staff"}),
            ("withdraw_involvement", {"person": NAMESAKE}),
            ("inform_parents", {}),
            ("withhold_from_parents", {}),
            ("save_evidence", {}),
            ("escalate", {}),
            ("record_agency_response", {"enquiry": "open", "hold_parents": True}),
            ("assess_risk", {"coercion": "yes"}),
            ("assess_risk", {}),
            ("waive", {"waived": "save_evidence"}),
            ("debrief", {}),
            ("complete_action", {}),
            ("close", {}),
            ("reopen", {}),
            ("reclassify", {"kind": "underage_use"}),
            ("void", {}),
        ]
    ),
    max_size=20,
)


def attempt(case: CaseFile, step: str, data: st.DataObject, **fields: Any) -> None:
    try:
        if step == "void":
            void(case, data.draw(st.integers(1, case.incident.version)))
        else:
            case.take(step, **fields)
    except (Invalid, Refused, KeyError):
        pass


@settings(deadline=None, max_examples=60)
@given(kind=st.sampled_from(KINDS), pack=st.sampled_from(sorted(PACKS)), moves=MOVES, data=st.data())
def test_a_voided_step_changes_nothing_that_is_computed(
    kind: str, pack: str, moves: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    case = CaseFile(kind, pack)
    for step, fields in moves:
        attempt(case, step, data, **fields)
    replayed = Incident.replay(case.incident.timeline)
    assert replayed is not None
    assert vars(replayed).keys() == vars(case.incident).keys()
    assert computed(replayed) == computed(case.incident)
    assert (replayed.about, replayed.parents) == (case.incident.about, case.incident.parents)

    # Where the last step can be voided, the case is as if it had never been taken.
    before = case.copy()
    *_, (step, fields) = [("add_note", {}), *moves]
    attempt(case, step, data, **fields)
    if step == "void" or case.incident.version == before.incident.version:
        return
    try:
        void(case)
    except (Invalid, Refused):
        return
    assert computed(case.incident) == computed(before.incident)
    # The void of a telling that never was asks for `tell` too: the record cannot know that nobody was told.
    left, left_before = ({duty for duty in duties(each) if duty[1] != "tell"} for each in (case, before))
    assert left == left_before


ENDS_DUTIES = frozenset(
    {"withdraw_involvement", "correct", "waive", "reclassify", "assess_risk", "record_agency_response"}
)
"""The steps after which a duty may no longer exist: the facts that it came from are others."""


@settings(deadline=None, max_examples=60)
@given(kind=st.sampled_from(KINDS), pack=st.sampled_from(sorted(PACKS)), moves=MOVES, data=st.data())
def test_the_history_up_to_any_step_gives_what_it_gave_then_and_no_duty_vanishes(
    kind: str, pack: str, moves: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    case = CaseFile(kind, pack)
    then = [(case.incident.version, computed(case.copy().incident), duties(case))]
    for step, fields in moves:
        attempt(case, step, data, **fields)
        then.append((case.incident.version, computed(case.copy().incident), duties(case)))

    timeline = [*case.incident.timeline]
    now = case.copy()
    for version, known_then, duties_then in then:
        earlier = Incident.replay(timeline[:version])
        assert earlier is not None
        now.incident = earlier
        assert (computed(earlier), duties(now)) == (known_then, duties_then)

    for (before, _, had), (after, _, has) in pairwise(then):
        taken = timeline[after - 1].name()
        if after == before or taken in ENDS_DUTIES:
            continue
        # A parent who is told again, and rightly, need not hear that it was a mistake.
        ended = {taken, "tell"}
        opened = {(step, preset) for _, step, preset, is_open in had if is_open and step not in ended}
        assert opened <= {(step, preset) for _, step, preset, _ in has}, timeline[after - 1]
