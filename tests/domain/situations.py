"""For every rule with a condition: a case in which it applies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final, Protocol, Self, TypeVar

import msgspec

from casework.domain.incident.examples import EXAMPLES
from casework.domain.playbook import Playbook, Rule
from casework.domain.vocabulary import Content
from casework.library import Library
from tests.domain.casefile import (
    ALLEGED,
    CHILD_OF_TEN,
    FLOOR,
    PACKS,
    POSTER,
    SIXTH_FORMER,
    STRANGER,
    SWITCHES,
    TARGET,
    TEACHER,
    TWO_PUPILS,
    UNKNOWN,
    CaseFile,
    known,
)

RECIPIENT: Final = known("a pupil who received it")
INFORMED: Final = known("a colleague to whom a child spoke")
OF_THE_ITEM: Final = "2027-03-01"
"""The due date that a meeting or an action sets for itself."""
KINDS: Final = Library.own().kinds()
Opening = dict[str, Any]
Story = Callable[[CaseFile], CaseFile]


class Case(Protocol):
    """A case in which steps are taken, in memory or over HTTP."""

    def take(self, step: str, **fields: Any) -> Self:
        """Take `step`; `fields` replaces fields of its example."""

    def answer_everything(self, but: frozenset[str] = ...) -> Self:
        """Take every step that is due, until only those in `but` and optional ones are left."""


C = TypeVar("C", bound=Case)


class History(Protocol):
    """Steps to take in a case, whether in memory or over HTTP."""

    def __call__(self, case: C, /) -> C: ...


STAFF_TARGET: Final[Opening] = {"people": ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil"))}
STAFF_ALLEGED: Final[Opening] = {"people": ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"))}
CONTRACTOR_ALLEGED: Final[Opening] = {
    "people": ((TARGET, "target", "pupil"), (TEACHER, "alleged", "contractor"))
}
STAFF_TO_PUPIL: Final[Opening] = {**STAFF_ALLEGED, "direction": "staff_to_pupil"}
PARENT_TO_STAFF: Final[Opening] = {
    "people": ((TEACHER, "target", "staff"), (POSTER, "alleged", "parent")),
    "direction": "parent_to_staff",
}
STAFF_TO_PARENT: Final[Opening] = {
    "people": ((POSTER, "target", "parent"), (TEACHER, "alleged", "staff")),
    "direction": "staff_to_parent",
}
STAFF_AND_PUPIL_ALLEGED: Final[Opening] = {
    "people": (*STAFF_ALLEGED["people"], (ALLEGED, "alleged", "pupil"))
}
UNKNOWN_ALLEGED: Final[Opening] = {"people": ((TARGET, "target", "pupil"), (UNKNOWN, "alleged", "unknown"))}
CHILD_POSTED_ABOUT: Final[Opening] = {"people": ((TARGET, "target", "pupil"), (POSTER, "alleged", "parent"))}
OF_TEN: Final[Opening] = {"people": ((CHILD_OF_TEN, "target", "pupil"),)}
BYSTANDER: Final[Opening] = {
    "people": ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil"), (RECIPIENT, "bystander", "pupil"))
}
ADULT_PUPIL: Final[Opening] = {"people": ((SIXTH_FORMER, "target", "pupil", True),)}
BY_A_STRANGER: Final[Opening] = {"people": ((TARGET, "target", "pupil"), (STRANGER, "alleged", "external"))}
STRANGER_CALLED_STAFF: Final[Opening] = {**BY_A_STRANGER, "direction": "staff_to_pupil"}
BY_A_STRANGER_AND_A_PUPIL: Final[Opening] = {
    "people": (*BY_A_STRANGER["people"], (ALLEGED, "alleged", "pupil"))
}
CRITICAL: Final[Opening] = {"content": (Content.ADULT_CONTACT,)}
LEARNT_OF: Final[Opening] = {"people": (*CHILD_POSTED_ABOUT["people"], (INFORMED, "witness", "staff"))}
INDECENT: Final[Opening] = {"content": (Content.INDECENT_IMAGE,)}
EXTREMIST: Final[Opening] = {"content": (Content.EXTREMIST,)}
SEXUAL: Final[Opening] = {"content": (Content.SEXUAL,)}
HATE: Final[Opening] = {"content": (Content.RACIST,)}

OPENINGS: Final[dict[str, Opening]] = {
    "bullying-police": HATE,
    "st-thomas-bullying-police": HATE,
    "parent-post-police": HATE,
    "st-thomas-parent-post-police": HATE,
    "withholding-reviewed": CHILD_POSTED_ABOUT,
    "sexting-support-bystander": BYSTANDER,
    "sexting-under-13": OF_TEN,
    "sexting-parents-of-bystander": BYSTANDER,
    "bullying-of-staff-police": STAFF_TARGET,
    "st-thomas-bullying-of-staff-police": STAFF_TARGET,
    "adult-threshold": STAFF_ALLEGED,
    "adult-becomes-allegation": STAFF_ALLEGED,
    "adult-beside-a-pupil": STAFF_AND_PUPIL_ALLEGED,
    "content-welfare-prevent": EXTREMIST,
    "extremist-prevent": EXTREMIST,
    "underage-education-critical": CRITICAL,
    "allegation-employer-told": CONTRACTOR_ALLEGED,
    "concern-employer-told": CONTRACTOR_ALLEGED,
    "contact-becomes-concern": STAFF_TO_PUPIL,
    "st-thomas-contact-staff-to-pupil": STAFF_TO_PUPIL,
    **dict.fromkeys(
        (
            *("contact-families-classify", "tow-law-contact-families-classify"),
            *("headcorn-contact-families-classify", "hr-cooperative-contact-families-classify"),
            *("st-thomas-contact-families-classify", "hr-cooperative-contact-family-interest"),
            *("tow-law-contact-family-advise", "headcorn-contact-family-advise"),
            *("tow-law-contact-family-replied", "headcorn-contact-family-replied"),
            "todwick-contact-family-advise",
        ),
        PARENT_TO_STAFF,
    ),
    "contact-family-concern": STAFF_TO_PARENT,
    "image-regulator": {"on_school_account": True},
    "data-breach-regulator": {"on_school_account": True, "content": (Content.PERSONAL_DATA,)},
    "parent-post-parents": CHILD_POSTED_ABOUT,
    "critical-triage": CRITICAL,
    "triage-child-at-risk": CRITICAL,
    "triage-contact-by-staff": STAFF_TO_PUPIL,
    "self-harm-parents": {**CHILD_POSTED_ABOUT, "content": (Content.SELF_HARM,)},
    "self-harm-welfare": {**CHILD_POSTED_ABOUT, "content": (Content.SELF_HARM,)},
    "self-harm-welfare-adult-pupil": {**ADULT_PUPIL, "content": (Content.SELF_HARM,)},
    "self-harm-referral": {**CHILD_POSTED_ABOUT, "content": (Content.SELF_HARM,)},
    "at-risk-referral": CHILD_POSTED_ABOUT,
    **{f"sexual-content-risk{what}": SEXUAL for what in ("", "-to-police", "-to-social-care")},
    "intimate-removal-chased": SEXUAL,
    "mandatory-report-nudes": LEARNT_OF,
    "mandatory-report-nudes-each": LEARNT_OF,
    "mandatory-report-content": {**LEARNT_OF, **SEXUAL},
    "mandatory-report-content-each": {**LEARNT_OF, **SEXUAL},
    "sharing-nudes": CHILD_POSTED_ABOUT,
    "sharing-content": {**CHILD_POSTED_ABOUT, **SEXUAL},
    "sharing-critical": {**CHILD_POSTED_ABOUT, **CRITICAL},
    "headcorn-advise-personal-details": {**CHILD_POSTED_ABOUT, "content": (Content.PERSONAL_DATA,)},
    "headcorn-advise-known-contacts": UNKNOWN_ALLEGED,
    "headcorn-advise-never-alone": {**CHILD_POSTED_ABOUT, **CRITICAL},
    "people-known": {"people": ()},
    "contact-becomes-grooming": STRANGER_CALLED_STAFF,
    "grooming-takedown": INDECENT,
    "grooming-no-copy": INDECENT,
    "grooming-support-alleged": BY_A_STRANGER_AND_A_PUPIL,
    "sexting-becomes-adult-image": STAFF_TARGET,
    "adult-image-becomes-nudes": {"people": TWO_PUPILS},
    **{f"adult-pupil-{what}": ADULT_PUPIL for what in ("asked", "parents", "support")},
}
"""Fields of the report, by rule."""

KIND_OPENINGS: Final[dict[tuple[str, str], Opening]] = {
    ("child-voice", "parent_post"): CHILD_POSTED_ABOUT,
    ("child-voice", "staff_misuse"): STAFF_ALLEGED,
    **{
        (f"sexual-content-risk{what}", "adult_image"): {**SEXUAL, "people": TWO_PUPILS}
        for what in ("", "-to-police", "-to-social-care")
    },
    ("headcorn-advise-personal-details", "unsolicited_contact"): {"content": (Content.PERSONAL_DATA,)},
    ("headcorn-advise-known-contacts", "unsolicited_contact"): {
        "people": ((ALLEGED, "alleged", "pupil"), (UNKNOWN, "alleged", "unknown"))
    },
    ("headcorn-advise-never-alone", "unsolicited_contact"): CRITICAL,
}
"""Fields of the report where the usual people of the kind include nobody that the rule applies to."""


def rules_of(edition: str) -> tuple[Rule, ...]:
    """The rules of one file, a floor or a pack, including those generated from a floor's kinds."""
    library = Library.own()
    floor = library.floors.get(edition)
    return library.packs[edition].rules if floor is None else floor.every_rule()


def escalated_to(agency: str) -> Story:
    return lambda case: case.take("escalate", agency=agency)


def removal(outcome: str) -> Story:
    return lambda case: case.take("request_removal").take("record_removal", outcome=outcome)


def replied(case: CaseFile) -> CaseFile:
    return case.take("classify_contact", no_reply_attested=False)


def family_advisable(case: CaseFile) -> CaseFile:
    """The parent who is alleged may be advised, however critical the case is."""
    return case if case.playbook.critical_since(case.incident) is None else agreed(case)


def threshold_met(case: CaseFile) -> CaseFile:
    return case.take("decide_threshold", met=True, limbs=("harmed",))


def consulted(case: CaseFile) -> CaseFile:
    """The LADO was consulted, and agrees that the adult and the parents may be informed."""
    return case.take("consult_lado")


def judged(outcome: str) -> Story:
    return lambda case: consulted(case).take("determine_outcome", outcome=outcome)


def with_the_lados_view(case: CaseFile) -> CaseFile:
    """The case; if it is an allegation, after the LADO was consulted."""
    return consulted(case) if case.incident.kind == "staff_allegation" else case


def investigated(case: CaseFile) -> CaseFile:
    """The investigation is complete."""
    return with_the_lados_view(case).take("complete_investigation")


def investigated_without_escalating(case: CaseFile) -> CaseFile:
    """The investigation is complete, except in an allegation, which escalates before it is investigated."""
    return case if case.incident.kind == "staff_allegation" else investigated(case)


def all_but_debriefed(case: C) -> C:
    """Every required step is taken, up to the end of the investigation."""
    return case.answer_everything().take("complete_investigation").answer_everything()


def debriefed(case: C) -> C:
    """Every required step is taken, up to the debrief and the actions it decided on."""
    return all_but_debriefed(case).take("debrief")


def debriefed_with_an_action_due(day: str) -> Story:
    """As `debriefed`, with one action, due on `day`."""
    (action,) = EXAMPLES["debrief"]["actions"]
    return lambda case: all_but_debriefed(case).take("debrief", actions=[{**action, "due_on": day}])


def closed(case: C) -> C:
    return debriefed(case).answer_everything().take("close")


def risk_unknown(case: CaseFile) -> CaseFile:
    return case.take("assess_risk", coercion="unknown")


def once_nudes(case: CaseFile) -> CaseFile:
    """The case, of the kind it has, after it was one of nudes."""
    kind, direction = case.incident.kind, case.incident.direction
    if kind == "sexting":
        return case
    # Without asking the playbook: an allegation would not let itself be filed away first.
    for each in ({"kind": "sexting"}, {"kind": kind, "direction": direction}):
        case.incident.append(case.build("reclassify", **each))
    return case


def parent_of_a_namesake_told(case: CaseFile) -> CaseFile:
    """A parent was told about a pupil who was involved by mistake."""
    namesake = known("a pupil of the same name")
    with_the_lados_view(case).take("involve_person", person=namesake, involvement="target")
    case.take("inform_parents", child=namesake)
    return case.take("withdraw_involvement", person=namesake)


def agreed(case: CaseFile) -> CaseFile:
    """The police agree that a parent who is alleged is told."""
    case.take("escalate", case.now.strftime("%Y-%m-%d %H:%M"), agency="police")
    at = case.now.strftime("%Y-%m-%d %H:%M")
    return case.take("record_agency_response", at, agency="police", hold_parents=False)


STORIES: Final[dict[str, Story]] = {
    "parent-post-invite": agreed,
    "headcorn-parent-post-invite": agreed,
    "st-thomas-parent-post-invite": agreed,
    "todwick-parent-post-invite": agreed,
    "sexting-risk": once_nudes,
    "risk-to-police": lambda case: risk_unknown(once_nudes(case)),
    "risk-to-social-care": lambda case: risk_unknown(once_nudes(case)),
    "sexual-content-risk-to-police": risk_unknown,
    "sexual-content-risk-to-social-care": risk_unknown,
    "risk-found-police": lambda case: case.take("assess_risk", adult_involved="yes"),
    "at-risk-referral": lambda case: case.take("assess_welfare", at_risk_now="unknown"),
    "adult-pupil-parents": lambda case: case.take(
        "record_child_voice", person=SIXTH_FORMER, inform_parents=True
    ),
    "st-thomas-out-of-school-parents": lambda case: case.take("triage", timing="out_of_school"),
    "st-thomas-out-of-school-family": lambda case: case.take("triage", timing="out_of_school").take(
        "inform_parents"
    ),
    "contact-replied": replied,
    "tow-law-contact-family-replied": replied,
    "headcorn-contact-family-replied": replied,
    "tow-law-contact-family-advise": family_advisable,
    "headcorn-contact-family-advise": family_advisable,
    "contact-family-concern": lambda case: case.take("decide_threshold"),
    "adult-becomes-allegation": threshold_met,
    "adult-beside-a-pupil": threshold_met,
    "contact-becomes-concern": lambda case: case.take("decide_threshold"),
    "concern-meets-threshold": threshold_met,
    "allegation-suspension": consulted,
    "allegation-subject-told": consulted,
    "allegation-account": consulted,
    "allegation-parents": consulted,
    "allegation-support-adult": consulted,
    "allegation-outcome": consulted,
    "allegation-regulators": judged("substantiated"),
    "allegation-regulators-gone": lambda case: case.take("record_departure", person=TEACHER),
    "allegation-employer-told": consulted,
    "allegation-outcome-copy": judged("unfounded"),
    "allegation-debrief": investigated,
    "parent-post-removal-asked": lambda case: case.take("invite_parent").take("record_meeting"),
    "st-thomas-parent-post-removal-asked": lambda case: case.take("invite_parent").take("record_meeting"),
    "parent-post-removal-answered": lambda case: case.take("request_removal"),
    "parent-post-rechecked": removal("removed"),
    "parent-post-refused": removal("refused"),
    "st-thomas-parent-post-refused": removal("no_answer"),
    "st-thomas-parent-post-provider": removal("refused"),
    "todwick-parent-post-legal": removal("refused"),
    "underage-education-critical": lambda case: case.take("check_age", age=14),
    "st-thomas-content-ban": lambda case: case.take("contain", circumvented=True),
    "content-block-confirmed": lambda case: case.take("request_block"),
    "referral-decided": lambda case: case.take("consider_police", refer=True),
    "withholding-reviewed": lambda case: case.take("withhold_from_parents", review_on=date(2026, 11, 4)),
    "tell-wrongly-told": parent_of_a_namesake_told,
    "meeting-recorded": lambda case: with_the_lados_view(case).take(
        "invite_parent", meeting_at=f"{OF_THE_ITEM}T16:00:00Z"
    ),
    "removal-chased": lambda case: case.take("request_removal"),
    "intimate-removal-chased": lambda case: case.take("request_removal"),
    "mandatory-report-nudes": once_nudes,
    "mandatory-report-nudes-each": once_nudes,
    "sharing-nudes": once_nudes,
    "enquiry-closed-police": escalated_to("police"),
    "enquiry-closed-childrens-social-care": escalated_to("childrens_social_care"),
    "enquiry-closed-lado": lambda case: case.take("consult_lado"),
    "actions-done": debriefed_with_an_action_due(OF_THE_ITEM),
    "debrief": investigated_without_escalating,
    "headcorn-debrief": investigated_without_escalating,
    "debrief-after-escalation": lambda case: investigated(case.take("escalate")),
}
"""The steps taken after the report, by rule."""


TELLING: Final[Mapping[str, str]] = {
    rule.telling.id: rule.id
    for rules in (
        *(floor.rules for floor in Library.own().floors.values()),
        *(pack.rules for pack in Library.own().packs.values()),
    )
    for rule in rules
    if rule.telling is not None
}
"""The duties that somebody is told, and the rule beside which each of them is."""


def opening_of(rule: str, kind: str) -> Opening:
    """Fields of the report of a case of `kind` in which the rule applies."""
    rule = _main(rule)
    return KIND_OPENINGS.get((rule, kind)) or OPENINGS.get(rule, {})


def _main(rule: str) -> str:
    """The rule beside which it is a duty that somebody is told; any other rule is that itself."""
    return TELLING.get(rule, rule)


def case_for(rule: str, kind: str, pack: str, reported: str = "2026-10-22 09:00", **fields: Any) -> CaseFile:
    """A case of `kind` under `pack` in which the rule has an open duty."""
    if rule in TELLING:
        # The lead would know of it by reporting it.
        fields["reported_as"] = "reporter"
    if BY_RULE[rule].switch is not None:
        fields = {"switches": SWITCHES, **fields}
    case = CaseFile(kind, pack, reported=reported, **{**opening_of(rule, kind), **fields})
    story = STORIES.get(_main(rule))
    return case if story is None else story(case)


def playbook_of(pack: str) -> Playbook:
    """The playbook of a pack with all switches of the floor on."""
    return Library.own().playbook(FLOOR, PACKS[pack], SWITCHES)


class InForce(msgspec.Struct, frozen=True):
    """A rule, a pack that leaves it unchanged, and the kinds it applies to there."""

    rule: Rule
    pack: str
    kinds: tuple[str, ...]

    def cases(self, **fields: Any) -> Iterator[CaseFile]:
        """For each kind, a case in which the rule has an open duty."""
        return (case_for(self.rule.id, kind, self.pack, **fields) for kind in self.kinds)


def every_rule() -> list[InForce]:
    """Each rule once: a pack's under that pack, the floor's under the first pack that does not change it."""
    found: dict[str, InForce] = {}
    for pack in PACKS:
        for rule in playbook_of(pack).rules:
            kinds = tuple(kind for kind in KINDS if rule.applies_to(kind))
            found.setdefault(rule.id, InForce(rule, pack, kinds))
    return list(found.values())


EVERY_RULE: Final = every_rule()
BY_RULE: Final = {entry.rule.id: entry.rule for entry in EVERY_RULE}
DUTIES: Final = [entry for entry in EVERY_RULE if entry.rule.is_duty]


def by_rule(entry: object) -> str:
    """The test id for a rule."""
    return entry.rule.id if isinstance(entry, InForce) else str(entry)
