"""What each class of step needs from outside the incident, in one table: `OUTSIDE`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from casework.domain.access import (
    BARRED,
    PERMISSIONS,
    Actor,
    Permission,
    Principal,
    holds,
    reads_once_assigned,
)
from casework.domain.aggregate import Aggregate
from casework.domain.case import Case
from casework.domain.clocks import day_of
from casework.domain.dated import school_year
from casework.domain.errors import Invalid
from casework.domain.incident import Incident, Step
from casework.domain.incident.allegations import AppointCaseManager
from casework.domain.incident.amending import Rebase, Reclassify, Waive
from casework.domain.incident.contact import ClassifyContact
from casework.domain.incident.outcomes import CompleteAction, Debrief
from casework.domain.incident.recusal import ClearName, LetIn
from casework.domain.incident.reporting import Assign, IdentifyPerson, InvolvePerson, Policy, Report
from casework.domain.incident.technology import CheckAge, CheckConsent
from casework.domain.moments import Instant
from casework.domain.person import Person
from casework.domain.registers.declaration import Declaration
from casework.domain.school import School
from casework.domain.user import User
from casework.domain.vocabulary import Category, Role, Stream
from casework.library import Library

_MANAGES_ALLEGATIONS: Final = {
    Permission.HANDLE_ALLEGATIONS,
    Permission.MANAGE_WHERE_HEAD_IS_SUBJECT,
    Permission.MANAGE_AFTER_CHAIR,
}


_DEACTIVATED: Final = {"$.user": "is deactivated"}


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to complete a step and to check it.

    `case` is None for a report. `found` holds what the ids in the step
    refer to, and the people of the
    incident if the step needs their names.
    """

    case: Case | None
    school: School
    library: Library
    found: Mapping[UUID, Aggregate]
    moment: Instant

    @property
    def reported(self) -> Incident:
        """The incident of a step other than a report. Raises ValueError for a report."""
        return self.reported_case.incident

    @property
    def reported_case(self) -> Case:
        """The case of a step other than a report. Raises ValueError for a report."""
        if self.case is None:
            raise ValueError("a report has no incident yet")
        return self.case

    def category(self, person: UUID, occurred_at: datetime) -> Category:
        """The category of a person named in the step when the incident occurred; UNKNOWN if none is found."""
        known = self.found.get(person)
        return known.category_at(occurred_at) if isinstance(known, Person) else Category.UNKNOWN

    def names(self) -> list[str]:
        """The names of the people of the incident."""
        people = (self.found.get(party.person) for party in self.reported.people)
        return [person.name.text for person in people if isinstance(person, Person)]

    def is_closed_to(self, user: UUID) -> bool:
        """Whether `user` must neither read nor handle the incident."""
        case, found = self.reported_case, self.found.get(user)
        return isinstance(found, User) and holds(BARRED, case.facts, case.at.reader_for(Principal.of(found)))

    def may_any(self, user: UUID, permissions: set[Permission]) -> bool:
        """Whether `user` holds a role at the school today that has any of `permissions`."""
        roles = self.school.roles_of(user, day_of(self.moment))
        return any(permissions & PERMISSIONS[role] for role in roles)


class Decider(msgspec.Struct, frozen=True):
    """Who must decide on a step that needs two people.

    `user` is named in the field of the step at `path`. If it is None, any user whom `why_not_decide` allows
    may decide.
    """

    user: UUID | None = None
    path: str = "$"


Fields = dict[str, Any]
Faults = dict[str, str]


def _nothing(_: Any, __: Surroundings) -> dict[str, Any]:
    return {}


def _nobody(_: Any, __: School, ___: Instant) -> Collection[UUID]:
    return ()


def _no_decider(_: Any, __: Surroundings) -> Decider | None:
    return None


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What a class of step needs from outside the incident.

    `complete` returns the fields that casework fills in. `check` returns what is wrong with the step given
    its surroundings, as messages by JSON path. `decided_by` returns who must decide on the step, None if it
    needs no second person. `names` says that the step needs the names of the people of the incident; `users`
    returns the users it needs besides those it names.
    """

    complete: Callable[[Any, Surroundings], Fields] = _nothing
    check: Callable[[Any, Surroundings], Faults] = _nothing
    decided_by: Callable[[Any, Surroundings], Decider | None] = _no_decider
    names: bool = False
    users: Callable[[Any, School, Instant], Collection[UUID]] = _nobody


def _report(step: Report, around: Surroundings) -> Fields:
    people = (
        msgspec.structs.replace(party, category=around.category(party.person, step.occurred_at))
        for party in step.people
    )
    completed = {"people": tuple(people), "kind_stream": _stream(step.kind, step.policy, around.library)}
    meant = msgspec.structs.replace(step, **completed).may_be_about_leader
    return {**completed, "leaders": _leaders(step, around) if meant else ()}


def _leaders(step: Report, around: Surroundings) -> tuple[UUID, ...]:
    """The users who led the school on any day from when it occurred until now, and all people they were."""
    led = _led(step, around.school, around.moment)
    users = (around.found.get(user) for user in led)
    persons = (person for user in users if isinstance(user, User) for person in user.persons)
    return tuple(sorted(led.union(persons)))


def _led(step: Report, school: School, moment: Instant) -> frozenset[UUID]:
    """The users who led the school since it occurred, unless the report cannot be about them."""
    if step.about_leader is False or not (step.about_leader or step.confidential_reporter):
        return frozenset()
    days = day_of(step.occurred_at), day_of(moment)
    return frozenset(each.user for each in school.ever_led(Role.HEADTEACHER) if each.between(*days))


def _reclassify(step: Reclassify, around: Surroundings) -> Fields:
    return {"kind_stream": _stream(step.kind, around.reported.policy, around.library)}


def _stream(kind: str, policy: Policy, library: Library) -> Stream:
    known = library.playbook_under(policy).kinds.get(kind)
    # The playbook refuses an unknown kind.
    return Stream.CHILD if known is None else known.stream


def _involve(step: InvolvePerson, around: Surroundings) -> Fields:
    return {"category": around.category(step.person, around.reported.occurred_at)}


def _identify(step: IdentifyPerson, around: Surroundings) -> Fields:
    return {"category": around.category(step.as_, around.reported.occurred_at)}


def _classify(step: ClassifyContact, around: Surroundings) -> Fields:
    if step.declared_relationship is None:
        return {"declared_before": None}
    declaration = around.found.get(step.declared_relationship)
    incident = around.reported
    people = frozenset(party.person for party in incident.people)
    covers = isinstance(declaration, Declaration) and declaration.covers(people, incident.occurred_at)
    return {"declared_before": covers}


def _appoint(step: Assign | AppointCaseManager, around: Surroundings) -> Fields:
    return {"user_is_subject": around.is_closed_to(step.user)}


def _check_age(step: CheckAge, around: Surroundings) -> Fields:
    day = day_of(around.reported.occurred_at)
    return {"minimum_age": around.library.platforms.minimum_age(step.platform, day)}


def _check_consent(step: CheckConsent, around: Surroundings) -> Fields:
    if step.consent_date is None:
        return {"given_in_school_year": None}
    posted = day_of(around.reported.occurred_at)
    return {"given_in_school_year": school_year(step.consent_date) == school_year(posted)}


def _rebase(step: Rebase, around: Surroundings) -> Fields:
    packs = around.library.pack_ids()
    if step.pack not in packs:
        raise Invalid.at("$.pack", f"must be one of {', '.join(packs)}")
    edition = around.library.latest_pack(step.pack).edition
    return {"policy": Policy(floor=around.reported.policy.floor, pack=edition)}


def _debrief(step: Debrief, _: Surroundings) -> Fields:
    numbered = step.numbered()
    return {"lessons": numbered.lessons, "actions": numbered.actions}


def _assigned_reads(step: Assign, around: Surroundings) -> Faults:
    """A fault unless the user could read the case then. The playbook refuses a subject, with the clause."""
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


def _find_names(step: Debrief | CompleteAction, around: Surroundings) -> Faults:
    return step.naming(around.names())


def _authoriser(step: Waive, _: Surroundings) -> Decider:
    return Decider(step.authorised_by, "$.authorised_by")


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


def _is_another(step: ClearName, around: Surroundings) -> Faults:
    """A fault if the user clears themself, also for another case: another user says that it is not them."""
    at, user = around.reported_case.at, around.found.get(step.user)
    if isinstance(user, User) and at.identity.is_one_with(at.identity_of(Principal.of(user))):
        return {"$.user": "is you; another user says whether the person is you"}
    return {}


def _anybody_else(_: LetIn, __: Surroundings) -> Decider:
    return Decider()


OUTSIDE: Final[Mapping[type[Step], Outside]] = {
    Report: Outside(complete=_report, users=_led),
    Reclassify: Outside(complete=_reclassify),
    InvolvePerson: Outside(complete=_involve),
    IdentifyPerson: Outside(complete=_identify),
    ClassifyContact: Outside(complete=_classify),
    Debrief: Outside(complete=_debrief, check=_find_names, names=True),
    CompleteAction: Outside(check=_find_names, names=True),
    Assign: Outside(complete=_appoint, check=_assigned_reads),
    AppointCaseManager: Outside(complete=_appoint, check=_manages_allegations),
    CheckAge: Outside(complete=_check_age),
    CheckConsent: Outside(complete=_check_consent),
    Rebase: Outside(complete=_rebase),
    Waive: Outside(decided_by=_authoriser),
    ClearName: Outside(check=_is_another),
    LetIn: Outside(complete=_persons, check=_may_be_let_in, decided_by=_anybody_else),
}
"""The classes of step that need something from outside the incident; the others need nothing."""

NOTHING: Final = Outside()
