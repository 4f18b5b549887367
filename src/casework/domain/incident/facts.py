"""The facts about an incident that a rule may test. A rule that names another fact cannot be loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from casework.domain.clocks import day_of
from casework.domain.incident.age import Age
from casework.domain.incident.agencies import ConsiderPolice, RecordAgencyResponse
from casework.domain.incident.allegations import ConsultLado, DetermineOutcome, RecordAccount
from casework.domain.incident.contact import ClassifyContact, DecideThreshold
from casework.domain.incident.departures import gone_since, works_here
from casework.domain.incident.families import RecordChildVoice, RecordMeeting
from casework.domain.incident.imagery import RISK_QUESTIONS, EstablishInvolvement
from casework.domain.incident.outcomes import Decide
from casework.domain.incident.reporting import Triage, adult_at_school_alleged
from casework.domain.incident.steps import STEPS
from casework.domain.incident.subjects import SUBJECT_INVOLVEMENTS, adult_pupils_of
from casework.domain.incident.technology import CheckAge, CheckConsent, Contain
from casework.domain.incident.telling import wrongly_told
from casework.domain.incident.welfare import UNASSESSED, at_risk_now
from casework.domain.moments import LocalDate
from casework.domain.values import Scalar, ValueSet, as_values
from casework.domain.vocabulary import (
    Agency,
    AllegationOutcome,
    Answer,
    Category,
    Content,
    DecisionTopic,
    Direction,
    Ground,
    Involvement,
    MeetingOutcome,
    RemovalOutcome,
    Respondent,
    Setting,
    State,
    Stream,
    Timing,
)

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


_SPEAKING_TO_A_CHILD: Final = frozenset(
    {
        *("advise", "offer_support", "apply_sanction", "welfare_check", "ban_from_computing"),
        *("record_search", "record_deletion", "establish_involvement", "assess_welfare"),
    }
)
"""The steps that are taken with a child who is told why."""


_MAY_AGREE: Final = (Respondent.POLICE, Respondent.CHILDRENS_SOCIAL_CARE)
"""The agencies, beside the LADO, whose agreement lets a parent who is alleged be told (WTSC)."""


def _side(incident: Incident, involvement: Involvement) -> frozenset[str]:
    """The categories of the people involved in this way; everyone who works at the school is `staff`."""
    return frozenset(
        Category.STAFF.value if party.category.works_at_school else party.category.value
        for party in incident.involved(involvement)
    )


def _last(incident: Incident, step: Any, field: str) -> Any:
    taken = list(incident.taken(step))
    return getattr(taken[-1], field) if taken else None


def _jurisdiction(incident: Incident) -> tuple[Ground, ...]:
    """The grounds of the last triage that named any: one that only looks at the risk takes none back."""
    named = [step.jurisdiction for step in incident.taken(Triage) if step.jurisdiction]
    return named[-1] if named else ()


def _target_ages(incident: Incident) -> frozenset[str]:
    """Whether the targets were children on the day of the incident; `unknown` if no target is named."""
    ages = frozenset(party.age.value for party in incident.involved(Involvement.TARGET))
    return ages or frozenset({Age.UNKNOWN.value})


def _target_under_13(incident: Incident) -> bool:
    return any(party.under_13 for party in incident.involved(Involvement.TARGET))


def _underage(incident: Incident) -> bool | None:
    """Whether any child was younger than a platform allows; None if that is not known for every child."""
    checks = (step for step in incident.taken(CheckAge) if incident.is_party(step.person))
    last = {(step.person, step.platform): step for step in checks}
    found = [None if step.minimum_age is None else step.age < step.minimum_age for step in last.values()]
    unchecked = set(incident.children()) - {person for person, _ in last}
    if True in found:
        return True
    return None if unchecked or None in found or not found else False


def _consent_in_force(incident: Incident) -> bool | None:
    """Whether consent was in force for every child shown; None if it was not checked for one of them."""
    last = {step.person: step.in_force for step in incident.taken(CheckConsent)}
    shown = [last.get(child) for child in incident.children(Involvement.TARGET)]
    if False in shown:
        return False
    return None if None in shown or not shown else True


def _posted_by_own_parent(incident: Incident) -> bool:
    """Whether everyone alleged is recorded as parent, guardian or carer of every child who is a target."""
    children = set(incident.children(Involvement.TARGET))
    alleged = [*incident.involved(Involvement.ALLEGED)]
    return bool(children and alleged) and all(children.issubset(party.stands_for) for party in alleged)


def _child_spoken_to(incident: Incident) -> bool:
    """Whether a child spoke of it to the person who reported it, or anybody at the school to a child."""
    asked = incident.child_voice is not None or any(
        step.voice is not None for step in incident.taken(RecordChildVoice)
    )
    pupils = {party.person for party in incident.people if party.category.is_or_was_pupil}
    asked = asked or any(step.person in pupils for step in incident.taken(RecordAccount))
    return asked or any(step.name() in _SPEAKING_TO_A_CHILD for step in incident.standing)


def _parents_agreed(incident: Incident) -> bool:
    """Whether the police, social care or the LADO agreed that parents are told, and nobody asks to wait."""
    lado = _last(incident, ConsultLado, "may_tell_parents")
    asked = {
        step.agency: step.hold_parents
        for step in incident.taken(RecordAgencyResponse)
        if step.hold_parents is not None
    }
    if incident.parents_held_by or lado is False:
        return False
    return bool(lado) or any(asked.get(agency) is False for agency in _MAY_AGREE)


def _risk(incident: Incident, *answers: str) -> frozenset[str]:
    return frozenset(question for question, answer in incident.risk.items() if answer in answers)


class Fact(msgspec.Struct, frozen=True):
    """How the fact is read from an incident, and the values it may have (None: the kinds of its floor)."""

    read: Callable[[Incident], Any]
    values: frozenset[Scalar] | None


_BOOLEAN: Final = frozenset[Scalar]({True, False})
STATED: Final = Fact(lambda _: None, _BOOLEAN)
"""Stands for a fact that the playbook determines."""


def _words(words: Iterable[str]) -> frozenset[Scalar]:
    return frozenset(str(word) for word in words)


FACTS: Final[Mapping[str, Fact]] = {
    "kind": Fact(lambda i: i.kind, None),
    "state": Fact(lambda i: i.state, _words(State)),
    "stream": Fact(lambda i: i.stream, _words(Stream)),
    "setting": Fact(lambda i: i.setting, _words(Setting)),
    "direction": Fact(lambda i: i.direction, _words(Direction)),
    "content": Fact(lambda i: i.content, _words(Content)),
    "targets": Fact(lambda i: _side(i, Involvement.TARGET), _words(Category)),
    "alleged": Fact(lambda i: _side(i, Involvement.ALLEGED), _words(Category)),
    "alleged_category": Fact(
        lambda i: frozenset(party.category for party in i.involved(Involvement.ALLEGED)), _words(Category)
    ),
    "alleged_works_here": Fact(works_here, _BOOLEAN),
    "alleged_gone": Fact(lambda i: gone_since(i) is not None, _BOOLEAN),
    "target_under_13": Fact(_target_under_13, _BOOLEAN),
    "target_ages": Fact(_target_ages, _words(Age)),
    "adult_alleged": Fact(lambda i: adult_at_school_alleged(i.people, i.direction), _BOOLEAN),
    "people_known": Fact(lambda i: bool(i.people), _BOOLEAN),
    "kinds_been": Fact(lambda i: i.kinds_been, None),
    "steps": Fact(lambda i: frozenset(s.name() for s in i.standing if not s.in_vain), _words(STEPS)),
    "timing": Fact(lambda i: _last(i, Triage, "timing"), _words(Timing)),
    "jurisdiction": Fact(_jurisdiction, _words(Ground)),
    "triaged_critical": Fact(lambda i: _last(i, Triage, "critical"), _BOOLEAN),
    "risk_yes": Fact(lambda i: _risk(i, Answer.YES), _words(RISK_QUESTIONS)),
    "risk_open": Fact(lambda i: _risk(i, Answer.YES, Answer.UNKNOWN), _words(RISK_QUESTIONS)),
    "risk_assessed": Fact(lambda i: bool(i.risk), _BOOLEAN),
    "at_risk_now": Fact(at_risk_now, _words([*Answer, UNASSESSED])),
    "agencies_told": Fact(lambda i: i.told_agencies, _words(Agency)),
    "open_enquiries": Fact(lambda i: i.open_enquiries, _words(Respondent)),
    "parents_held": Fact(lambda i: bool(i.parents_held_by), _BOOLEAN),
    "parent_alleged": Fact(lambda i: bool(_alleged_parents(i)), _BOOLEAN),
    "parents_agreed": Fact(_parents_agreed, _BOOLEAN),
    "refer_to_police": Fact(lambda i: _last(i, ConsiderPolice, "refer"), _BOOLEAN),
    "escalated": Fact(lambda i: State.ESCALATED in i.milestones, _BOOLEAN),
    "removal": Fact(lambda i: i.removal, _words(RemovalOutcome)),
    "last_meeting": Fact(lambda i: _last(i, RecordMeeting, "outcome"), _words(MeetingOutcome)),
    "decided": Fact(lambda i: frozenset(step.topic for step in i.taken(Decide)), _words(DecisionTopic)),
    "immediate_family": Fact(lambda i: _last(i, ClassifyContact, "immediate_family"), _BOOLEAN),
    "no_reply_attested": Fact(lambda i: _last(i, ClassifyContact, "no_reply_attested"), _BOOLEAN),
    "declared_before": Fact(lambda i: bool(_last(i, ClassifyContact, "declared_before")), _BOOLEAN),
    "threshold_met": Fact(lambda i: _last(i, DecideThreshold, "met"), _BOOLEAN),
    "lado_consulted": Fact(lambda i: any(i.taken(ConsultLado)), _BOOLEAN),
    "may_tell_subject": Fact(lambda i: bool(_last(i, ConsultLado, "may_tell_subject")), _BOOLEAN),
    "may_tell_parents": Fact(lambda i: bool(_last(i, ConsultLado, "may_tell_parents")), _BOOLEAN),
    "outcome": Fact(lambda i: _last(i, DetermineOutcome, "outcome"), _words(AllegationOutcome)),
    "consent_in_force": Fact(_consent_in_force, _BOOLEAN),
    "underage": Fact(_underage, _BOOLEAN),
    "circumvented": Fact(lambda i: any(step.circumvented for step in i.taken(Contain)), _BOOLEAN),
    "on_school_account": Fact(lambda i: i.on_school_account, _BOOLEAN),
    "posted_by_own_parent": Fact(_posted_by_own_parent, _BOOLEAN),
    "involves": Fact(lambda i: frozenset(p.category for p in i.people), _words(Category)),
    "child_spoken_to": Fact(_child_spoken_to, _BOOLEAN),
    "has_duplicate": Fact(lambda i: bool(i.duplicates), _BOOLEAN),
    "holds_files": Fact(lambda i: bool(i.files), _BOOLEAN),
}


class Item(msgspec.Struct, frozen=True):
    """One member of a group that a rule applies to, and the day on which it is due, if it has one."""

    value: UUID | str
    due_on: LocalDate | None = None


def _people(*involvements: Involvement) -> Callable[[Incident], list[Item]]:
    def group(incident: Incident) -> list[Item]:
        people = dict.fromkeys(
            party.person
            for party in incident.involved(*involvements)
            if party.category is not Category.UNKNOWN
        )
        return [Item(person) for person in people]

    return group


def _alleged_adults(incident: Incident) -> list[Item]:
    adults = (p.person for p in incident.involved(Involvement.ALLEGED) if p.category.works_at_school)
    return [Item(person) for person in dict.fromkeys(adults)]


def _alleged_parents(incident: Incident) -> list[Item]:
    """Those alleged who are recorded as parents, or as parent, guardian or carer of somebody in the case."""
    people = {party.person for party in incident.people}
    parents = (
        party.person
        for party in incident.involved(Involvement.ALLEGED)
        if party.category is Category.PARENT or not people.isdisjoint(party.stands_for)
    )
    return [Item(person) for person in dict.fromkeys(parents)]


def _alleged_pupils(incident: Incident) -> list[Item]:
    """The pupils who are alleged, and the past pupils."""
    pupils = (p.person for p in incident.involved(Involvement.ALLEGED) if p.category.is_or_was_pupil)
    return [Item(person) for person in dict.fromkeys(pupils)]


def _informed_adults(incident: Incident) -> list[Item]:
    """Those who work at the school and are recorded as reporter or witness, unless they are alleged."""
    alleged = {party.person for party in incident.involved(Involvement.ALLEGED)}
    informed = incident.involved(Involvement.REPORTER, Involvement.WITNESS)
    adults = (party.person for party in informed if party.category.works_at_school)
    return [Item(person) for person in dict.fromkeys(adults) if person not in alleged]


def _children(*involvements: Involvement) -> Callable[[Incident], list[Item]]:
    return lambda incident: [Item(child) for child in incident.children(*involvements)]


def _alleged_outsiders(incident: Incident) -> list[Item]:
    """Those who are alleged, and are neither of the school nor parents, known by name or not."""
    outside = (Category.EXTERNAL, Category.UNKNOWN, Category.FORMER_PUPIL)
    people = (p.person for p in incident.involved(Involvement.ALLEGED) if p.category in outside)
    return [Item(person) for person in dict.fromkeys(people)]


def _adult_pupils(incident: Incident) -> list[Item]:
    return [Item(person) for person in adult_pupils_of(incident.people, SUBJECT_INVOLVEMENTS)]


def _wish_about_parents(incident: Incident) -> Mapping[UUID | str, bool]:
    """What each person in the case last wished: whether their parents are informed."""
    said = incident.taken(RecordChildVoice)
    return {step.person: step.inform_parents for step in said if step.inform_parents is not None}


def _adult_pupils_who(wish: bool) -> Callable[[Incident], list[Item]]:
    """The adult pupils who wish it; or those who do not, or were not asked."""

    def group(incident: Incident) -> list[Item]:
        wishes = _wish_about_parents(incident)
        return [each for each in _adult_pupils(incident) if wishes.get(each.value, False) is wish]

    return group


def _targets_only(incident: Incident) -> list[Item]:
    """The pupils who are targets, without those who are known to have passed on another target's image.

    Nobody records whose image it was. It can have been another's only if somebody else is a target too.
    """
    last = {step.person: step.passed_on for step in incident.taken(EstablishInvolvement)}
    targets = {party.person for party in incident.involved(Involvement.TARGET)}
    return [
        Item(child)
        for child in incident.children(Involvement.TARGET)
        if not last.get(child) or targets == {child}
    ]


def _children_to_hear(incident: Incident) -> list[Item]:
    """The target and the alleged children; none if there is one and the report has their voice."""
    children = incident.children()
    if incident.child_voice is not None and len(children) == 1:
        return []
    return [Item(child) for child in children]


GROUPS: Final[Mapping[str, Callable[[Incident], list[Item]]]] = {
    "child": _children(),
    "target": _people(Involvement.TARGET),
    "alleged": _people(Involvement.ALLEGED),
    "party": _people(Involvement.TARGET, Involvement.ALLEGED),
    "target_child": _children(Involvement.TARGET),
    "target_only": _targets_only,
    "alleged_adult": _alleged_adults,
    "alleged_parent": _alleged_parents,
    "informed_adult": _informed_adults,
    "alleged_child": _children(Involvement.ALLEGED),
    "alleged_pupil": _children(Involvement.ALLEGED),
    "alleged_outsider": _alleged_outsiders,
    "adult_pupil": _adult_pupils,
    "adult_pupil_wishing": _adult_pupils_who(True),
    "adult_pupil_not_wishing": _adult_pupils_who(False),
    "pupil": lambda i: [
        Item(person) for person in dict.fromkeys(p.person for p in i.people if p.category.is_or_was_pupil)
    ],
    "bystander_child": _children(Involvement.BYSTANDER),
    "child_to_hear": _children_to_hear,
    "withheld_child": lambda i: [Item(child, on) for child, on in i.withheld_children().items()],
    "open_action": lambda i: [Item(action, on) for action, on in i.open_actions.items()],
    "open_enquiry": lambda i: [Item(agency) for agency in sorted(i.open_enquiries)],
    "unknown_alleged": lambda i: [
        Item(p.person) for p in i.involved(Involvement.ALLEGED) if p.category is Category.UNKNOWN
    ],
    "unknown_person": lambda i: [
        Item(person) for person in dict.fromkeys(p.person for p in i.people if p.category is Category.UNKNOWN)
    ],
    "wrongly_told": lambda i: [Item(person, day_of(found)) for person, found in wrongly_told(i).items()],
}


GROUPS_WITH_PAST_PUPILS: Final[Mapping[str, Callable[[Incident], list[Item]]]] = {
    "alleged_pupil": _alleged_pupils,
}
"""The groups that have other members where a pack says that a past pupil is a pupil."""


def known_facts() -> Mapping[str, Fact]:
    """Every fact that a rule may test, and those that the playbook determines."""
    return {**FACTS, "critical": STATED, "past_pupils_are_pupils": STATED}


def fact(incident: Incident, name: str) -> ValueSet:
    """The values of the fact `name` of `incident`."""
    return as_values(FACTS[name].read(incident))
