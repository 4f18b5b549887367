"""What each class of step needs from outside the incident, in one table: `OUTSIDE`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from casework.domain.access import BARRED, Actor, Permission, Principal, holds, reads_once_assigned
from casework.domain.aggregate import Aggregate
from casework.domain.clocks import day_of
from casework.domain.dated import school_year
from casework.domain.fields import Partial
from casework.domain.incident import Incident, Step
from casework.domain.incident.allegations import AppointCaseManager, ConsultLado, DetermineOutcome
from casework.domain.incident.amending import Correct, Rebase, Reclassify, Waive
from casework.domain.incident.connecting import CloseAsDuplicate, Obstacle, WithdrawReport, missing_in
from casework.domain.incident.contact import ClassifyContact, DecideThreshold
from casework.domain.incident.corrections import corrected_paths
from casework.domain.incident.families import FamilyDecision, InformParents, InviteParent, RecordMeeting
from casework.domain.incident.outcomes import AddAction, CompleteAction, Debrief, user_named
from casework.domain.incident.recusal import ClearName, LetIn
from casework.domain.incident.reporting import (
    Assign,
    IdentifyPerson,
    InvolvePerson,
    Policy,
    Report,
    WithdrawInvolvement,
)
from casework.domain.incident.sharing import RecordMandatoryReport
from casework.domain.incident.subjects import SUBJECT_INVOLVEMENTS, children_of
from casework.domain.incident.technology import CheckAge, CheckConsent, DecideDataBreach
from casework.domain.incident.telling import Tell
from casework.domain.moments import Instant
from casework.domain.registers.declaration import Declaration
from casework.domain.school import School
from casework.domain.user import User
from casework.domain.vocabulary import Involvement, Stream
from casework.library import Library
from casework.usecases.steps.deciders import (
    anybody_else,
    authoriser,
    corrected_by_two,
    duplicate_by_two,
    no_decider,
    not_met_by_two,
)
from casework.usecases.steps.keeping import as_it_was
from casework.usecases.steps.leaders import leaders, led
from casework.usecases.steps.leading import by_head, met
from casework.usecases.steps.parents import addressed, alleged_as, children_of_alleged, parent_of_child
from casework.usecases.steps.rebasing import knows_kind, rebased
from casework.usecases.steps.recipients import holders, told
from casework.usecases.steps.surroundings import Decider, Surroundings

_MANAGES_ALLEGATIONS: Final = {
    Permission.HANDLE_ALLEGATIONS,
    Permission.MANAGE_WHERE_HEAD_IS_SUBJECT,
    Permission.MANAGE_AFTER_CHAIR,
}

_IS_DEACTIVATED: Final = "is deactivated"
_DEACTIVATED: Final = {"$.user": _IS_DEACTIVATED}

Fields = dict[str, Any]
Faults = dict[str, str]


def _nothing(_: Any, __: Surroundings) -> dict[str, Any]:
    return {}


def _nobody(_: Any, __: School, ___: Instant) -> Collection[UUID]:
    return ()


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What a class of step needs from outside the incident.

    `complete` returns the fields that casework fills in. `check` returns what is wrong with the step given
    its surroundings, as messages by JSON path. `decided_by` returns who must decide on the step, None if it
    needs no second person. `names` says that the step needs the people of the incident; `users` returns the
    users it needs besides those it names; `people`, given what these are, further people with all records
    that are one person with them.
    """

    complete: Callable[[Any, Surroundings], Fields] = _nothing
    check: Callable[[Any, Surroundings], Faults] = _nothing
    decided_by: Callable[[Any, Surroundings], Decider | None] = no_decider
    names: bool = False
    users: Callable[[Any, School, Instant], Collection[UUID]] = _nobody
    people: Callable[[Any, Mapping[UUID, Aggregate]], Collection[UUID]] | None = None


def _report(step: Report, around: Surroundings) -> Fields:
    people = (
        msgspec.structs.replace(
            party,
            **around.party(party.person, step.occurred_at),
            stands_for=children_of_alleged(party.person, [party.involvement], around),
        )
        for party in step.people
    )
    completed = {"people": tuple(people), "kind_stream": _stream(step.kind, step.policy, around.library)}
    meant = msgspec.structs.replace(step, **completed).may_be_about_leader
    return {**completed, "leaders": leaders(step, around) if meant else ()}


def _reclassify(step: Reclassify, around: Surroundings) -> Fields:
    return {"kind_stream": _stream(step.kind, around.reported.policy, around.library)}


def _stream(kind: str, policy: Policy, library: Library) -> Stream:
    known = library.playbook_under(policy).kinds.get(kind)
    # The playbook refuses an unknown kind.
    return Stream.CHILD if known is None else known.stream


def _involve(step: InvolvePerson, around: Surroundings) -> Fields:
    return {
        **around.party(step.person, around.reported.occurred_at),
        "stands_for": children_of_alleged(step.person, [step.involvement], around),
    }


def _not_under_another_record(step: InvolvePerson | IdentifyPerson, around: Surroundings) -> Faults:
    """A fault if the person is already involved in this way, under another record of theirs."""
    incident, one_person = around.reported, around.first_record
    if isinstance(step, InvolvePerson):
        path, person, ways = "$.person", step.person, {step.involvement}
    else:
        path, person = "$.as", step.as_
        ways = {party.involvement for party in incident.people if party.person == step.person}
    others = (party.person for party in incident.people if party.involvement in ways)
    if any(one_person(other) == one_person(person) for other in others if other != person):
        return {path: "is already involved in this way"}
    return {}


def _itself(step: InvolvePerson | IdentifyPerson, _: Mapping[UUID, Aggregate]) -> Collection[UUID]:
    return (step.person if isinstance(step, InvolvePerson) else step.as_,)


def _identify(step: IdentifyPerson, around: Surroundings) -> Fields:
    incident = around.reported
    ways = [party.involvement for party in incident.people if party.person == step.person]
    return {
        **around.party(step.as_, incident.occurred_at),
        "stands_for": children_of_alleged(step.as_, ways, around),
    }


def _left(_: ConsultLado | DetermineOutcome, around: Surroundings) -> Fields:
    alleged = dict.fromkeys(party.person for party in around.reported.involved(Involvement.ALLEGED))
    return {"left": tuple(person for person in alleged if around.has_left(person))}


def _classify(step: ClassifyContact, around: Surroundings) -> Fields:
    if step.declared_relationship is None:
        return {"declared_before": None}
    declaration = around.found.get(step.declared_relationship)
    incident = around.reported
    parties = {around.first_record(party.person) for party in incident.people}
    if not isinstance(declaration, Declaration):
        return {"declared_before": False}
    declared = (declaration.made.staff, declaration.made.other)
    people = frozenset(record for record in declared if around.first_record(record) in parties)
    return {"declared_before": declaration.covers(people, incident.occurred_at)}


def _declared_people(step: ClassifyContact, found: Mapping[UUID, Aggregate]) -> Collection[UUID]:
    declaration = None if step.declared_relationship is None else found.get(step.declared_relationship)
    return [declaration.made.staff, declaration.made.other] if isinstance(declaration, Declaration) else ()


def _appoint(step: Assign | AppointCaseManager, around: Surroundings) -> Fields:
    return {
        "user_is_subject": around.is_closed_to(step.user),
        "user_is_witness": around.is_witness(step.user),
    }


def _check_age(step: CheckAge, around: Surroundings) -> Fields:
    day = day_of(around.reported.occurred_at)
    return {"minimum_age": around.library.platforms.minimum_age(step.platform, day)}


def _check_consent(step: CheckConsent, around: Surroundings) -> Fields:
    if step.consent_date is None:
        return {"given_in_school_year": None}
    posted = day_of(around.reported.occurred_at)
    return {"given_in_school_year": school_year(step.consent_date) == school_year(posted)}


def _debrief(step: Debrief, _: Surroundings) -> Fields:
    numbered = step.numbered()
    return {"lessons": numbered.lessons, "actions": numbered.actions}


def _add_action(step: AddAction, _: Surroundings) -> Fields:
    numbered = step.numbered()
    return {"id": numbered.id, "owner_user": numbered.owner_user}


def _owners(step: Debrief | AddAction, _: School, __: Instant) -> Collection[UUID]:
    return [user for owner in step.owners.values() if (user := user_named(owner)) is not None]


def _assigned_reads(step: Assign, around: Surroundings) -> Faults:
    """A fault unless the user could read the case then. The playbook refuses subjects and witnesses."""
    user = around.found.get(step.user)
    if not isinstance(user, User) or step.user_is_subject:
        return {}
    if not user.active:
        return _DEACTIVATED
    case, principal = around.reported_case, Principal.of(user)
    actor = Actor.at(principal, around.school, around.moment)
    if reads_once_assigned(actor, case.facts, case.at.reader_for(principal)):
        return {}
    return {"$.user": "holds no role that could read this case"}


def _manages_allegations(step: AppointCaseManager, around: Surroundings) -> Faults:
    """A fault unless the user is the head or a chair of governors, who manage allegations (KCSIE part 4)."""
    user = around.found.get(step.user)
    if isinstance(user, User) and not user.active:
        return _DEACTIVATED
    if around.may_any(step.user, _MANAGES_ALLEGATIONS):
        return {}
    return {"$.user": "holds no role that may manage an allegation"}


def _find_names(step: Debrief | AddAction | CompleteAction, around: Surroundings) -> Faults:
    return step.naming(around.names())


def _check_actions(step: Debrief | AddAction, around: Surroundings) -> Faults:
    """The texts that name somebody, and the owners who are no user of the school or may not know the case."""
    faults = _find_names(step, around)
    for path, owner in step.owners.items():
        user = user_named(owner)
        found = None if user is None else around.found.get(user)
        if user is None:
            continue
        if not isinstance(found, User) or not [*around.school.roles_of(user, day_of(around.moment))]:
            faults[path] = "is no user of this school"
        elif not found.active:
            faults[path] = _IS_DEACTIVATED
        elif around.is_closed_to(user):
            faults[path] = "is a user to whom this case is closed"
    return faults


def _persons(step: LetIn, around: Surroundings) -> Fields:
    user = around.found.get(step.user)
    return {"persons": tuple(sorted(user.persons)) if isinstance(user, User) else ()}


def _may_be_let_in(step: LetIn, around: Surroundings) -> Faults:
    """A fault unless all that shuts the user out has ended."""
    case, user = around.reported_case, around.found.get(step.user)
    if not isinstance(user, User):
        return {}
    reader = case.at.reader_for(Principal.of(user))
    if not holds(BARRED, case.facts, reader):
        return {"$.user": "is not shut out of this case"}
    again = case.facts.without_ended_bars(reader.identity, around.moment)
    return {"$.user": "is shut out by something that still holds"} if holds(BARRED, again, reader) else {}


def _may_be_cleared(step: ClearName, around: Surroundings) -> Faults:
    """A fault unless the name could be the user's, and that of no account of the user who clears it.

    Their own records are never cleared: that these are not them is said by parting them.
    """
    at, user = around.reported_case.at, around.found.get(step.user)
    if not isinstance(user, User):
        return {}
    identity = at.identity_of(Principal.of(user))
    if at.identity.is_one_with(identity):
        return {"$.user": "is you; another user says whether the person is you"}
    if step.person in identity.namesakes and step.person not in identity.joined():
        return {}
    return {"$.person": "has no name that could be this user's, or it is cleared already"}


def _withdraw(step: WithdrawInvolvement, around: Surroundings) -> Fields:
    incident = around.reported
    left = step.people_after(incident.people)
    return {"last_child": bool(incident.children()) and not children_of(left, SUBJECT_INVOLVEMENTS)}


def _correct(step: Correct, around: Surroundings) -> Fields:
    """What casework fills in of the new form of the corrected step, and what the correction leads to."""
    incident = around.reported
    if step.faults(incident):
        # It is refused, and nothing more can be known of it.
        return {}
    form = step.judged_as(incident)
    complete = OUTSIDE.get(type(form), NOTHING).complete
    if form is not step and step.fields is not None and complete is not _nothing:
        filled = as_it_was(incident.form_of(step.corrects), form, complete(form, around.before(form)))
        changed = {name: value for name, value in filled.items() if value != getattr(form, name)}
        step = msgspec.structs.replace(step, fields=Partial(type(form), step.fields.values | changed))
    return {"fields": step.fields, **_consequences(step, around)}


def _consequences(step: Correct, around: Surroundings) -> Fields:
    """Whether a duty opens in a closed case, and whether the case is no longer about a child."""
    incident = around.reported
    changes_people = bool(incident.children()) and incident.timeline[step.corrects - 1].CHANGES_PEOPLE
    if not (incident.closed or changes_people):
        return {"opens_duty": False, "last_child": False}
    after = incident.after(step)
    return {
        "opens_duty": incident.closed and around.reported_case.playbook.opens_duty(incident, after),
        "last_child": changes_people and not after.children(),
    }


def _check_new_form(step: Correct, around: Surroundings) -> Faults:
    form = step.judged_as(around.reported)
    check = OUTSIDE.get(type(form), NOTHING).check
    if form is step or check is _nothing:
        return {}
    return corrected_paths(check(form, around.before(form)))


def _who_reported(step: RecordMandatoryReport, around: Surroundings) -> Fields:
    """The person of the case who a user is, because the duty is that of the person."""
    user = around.found.get(step.person)
    if not isinstance(user, User):
        return {}
    theirs = [party.person for party in around.reported.people if party.person in user.persons]
    return {"person": theirs[0]} if theirs else {}


def _duplicate(step: CloseAsDuplicate, around: Surroundings) -> Fields:
    """What stands in the way of closing the case as a duplicate of the other, and what that does not say."""
    incident, other = around.reported, around.found.get(step.of)
    if not isinstance(other, Incident) or incident.id in {other.id, *other.duplicates}:
        # What was found when it was closed stays, if other words of the step are corrected.
        return {}
    missing = tuple(missing_in(other, incident, around.first_record))
    obstacles = {
        Obstacle.CLOSED: other.closed,
        Obstacle.OTHER_STREAM: other.stream is not incident.stream,
        Obstacle.INCOMPLETE: bool(missing),
    }
    return {"obstacles": tuple(each for each, found in obstacles.items() if found), "missing": missing}


def _people_of_other(step: CloseAsDuplicate, found: Mapping[UUID, Aggregate]) -> Collection[UUID]:
    other = found.get(step.of)
    return [party.person for party in other.people] if isinstance(other, Incident) else ()


OUTSIDE: Final[Mapping[type[Step], Outside]] = {
    Report: Outside(complete=_report, users=led),
    Reclassify: Outside(complete=_reclassify),
    InvolvePerson: Outside(complete=_involve, check=_not_under_another_record, people=_itself),
    IdentifyPerson: Outside(complete=_identify, check=_not_under_another_record, people=_itself),
    ClassifyContact: Outside(complete=_classify, people=_declared_people),
    Debrief: Outside(complete=_debrief, check=_check_actions, names=True, users=_owners),
    AddAction: Outside(complete=_add_action, check=_check_actions, names=True, users=_owners),
    CompleteAction: Outside(check=_find_names, names=True),
    Assign: Outside(complete=_appoint, check=_assigned_reads),
    AppointCaseManager: Outside(complete=_appoint, check=_manages_allegations),
    ConsultLado: Outside(complete=_left, names=True),
    DetermineOutcome: Outside(complete=_left, names=True),
    CheckAge: Outside(complete=_check_age),
    CheckConsent: Outside(complete=_check_consent),
    Rebase: Outside(complete=rebased, check=knows_kind, decided_by=anybody_else),
    DecideDataBreach: Outside(complete=by_head),
    RecordMandatoryReport: Outside(complete=_who_reported),
    WithdrawInvolvement: Outside(complete=_withdraw),
    CloseAsDuplicate: Outside(complete=_duplicate, decided_by=duplicate_by_two, people=_people_of_other),
    InformParents: Outside(complete=alleged_as, check=parent_of_child, people=addressed),
    InviteParent: Outside(complete=alleged_as, check=parent_of_child, people=addressed),
    RecordMeeting: Outside(complete=met, people=addressed),
    FamilyDecision: Outside(complete=alleged_as, people=addressed),
    DecideThreshold: Outside(decided_by=not_met_by_two),
    WithdrawReport: Outside(decided_by=anybody_else),
    Correct: Outside(complete=_correct, check=_check_new_form, decided_by=corrected_by_two),
    Waive: Outside(decided_by=authoriser),
    Tell: Outside(complete=told, users=holders),
    ClearName: Outside(check=_may_be_cleared),
    LetIn: Outside(complete=_persons, check=_may_be_let_in, decided_by=anybody_else),
}
"""The classes of step that need something from outside the incident; the others need nothing."""

NOTHING: Final = Outside()
