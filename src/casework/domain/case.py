"""An incident as it stands for one user: what they may know of it, and what its playbook requires."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import cached_property
from typing import Final, Protocol
from uuid import UUID

import msgspec

from casework.domain.access import (
    FIRST,
    NEXT,
    Actor,
    CaseFacts,
    Holder,
    Identity,
    Principal,
    Reader,
    Staff,
    Standing,
    is_about_leader,
    standing,
)
from casework.domain.approval import INVOLVED, SAME_PERSON, Approval, why_not_decide
from casework.domain.bars import Bar
from casework.domain.clocks import day_of
from casework.domain.errors import NotFound
from casework.domain.incident import Incident
from casework.domain.incident.amending import Correct
from casework.domain.incident.reporting import Acknowledge
from casework.domain.moments import Instant
from casework.domain.playbook import Duty, Playbook, Rule
from casework.domain.school import School
from casework.domain.vocabulary import ApprovalState, Role, State, Stream


class Identities(Protocol):
    """Who users are in the cases of one school."""

    def __call__(self, user_id: UUID, /) -> Identity:
        """Who the user with this id is."""

    def of(self, principal: Principal, /) -> Identity:
        """Who the user of a request is."""


PlaybookOf = Callable[[Incident], Playbook]
"""Returns the playbook of the editions that an incident pinned."""

REPORTER_SEES: Final = ("report", "acknowledge", "close", "withdraw_report")
"""The steps that users who may read only their own report may know of."""

ON_ROUTE: Final = frozenset(NEXT).union(*FIRST.values())
"""The roles to which cases of any stream come."""


class AtSchool:
    """A user at one moment with their roles at one school, and those to whom its cases come."""

    def __init__(
        self, principal: Principal, school: School, moment: datetime, identities: Identities
    ) -> None:
        self.school = school
        self.actor = Actor.at(principal, school, moment)
        self.moment = moment
        self.today = day_of(moment)
        self._principal = principal
        self._identities = identities

    def seen_by(self, principal: Principal) -> AtSchool:
        """Another user at the same moment."""
        return AtSchool(principal, self.school, self.moment, self._identities)

    @cached_property
    def identity(self) -> Identity:
        """Who the user is in cases."""
        return self._identities.of(self._principal)

    @property
    def reader(self) -> Reader:
        """The user as predicates need them."""
        return self.reader_as(self.identity)

    def reader_for(self, principal: Principal) -> Reader:
        """As `reader`, for another user."""
        return self.reader_as(self.identity_of(principal))

    def actor_of(self, identity: Identity) -> Actor:
        """Another user with their roles at the school."""
        roles = self.school.held_roles(identity.user, self.today)
        return Actor(
            user=identity.user,
            persons=identity.persons,
            roles=roles.held,
            provisional=roles.provisional,
        )

    def reader_as(self, identity: Identity) -> Reader:
        """As `reader`, for another user whose identity is known."""
        return Reader(identity=identity, today=self.today, staff=lambda: self.staff)

    def identity_of(self, principal: Principal) -> Identity:
        """Who another user is in cases."""
        return self._identities.of(principal)

    @cached_property
    def staff(self) -> Staff:
        """Everybody who held or acted in a role of the route at the school."""
        return tuple(self._holders())

    def identity_by_id(self, user: UUID) -> Identity:
        """Who the user with this id is in cases."""
        return self._identities(user)

    def acting(self, role: Role) -> list[Identity]:
        """Those who act in `role` today."""
        return [holder.identity for holder in self.staff if holder.role is role and holder.acts]

    def _holders(self) -> Iterator[Holder]:
        for role in ON_ROUTE:
            acting = self.school.acting_as(role, self.today)
            for led in self.school.ever_led(role):
                identity = self._identities(led.user)
                roles = self.school.held_roles(led.user, self.today)
                yield Holder(
                    identity=identity,
                    role=role,
                    led=led,
                    acts=identity.active and led.user in acting,
                    reads=identity.active and role in roles.held,
                    since=roles.provisional.get(role),
                )


class Case(msgspec.Struct, frozen=True):
    """An incident as it stands for one user at one moment. Nobody can act in it in the roles of `recused`.

    `bars` say to whom it is closed. `approvals` are all approvals about it, oldest first; `pending` are those
    that wait for a decision. If it was closed as a duplicate, `goes_on_in` is the incident that goes on; the
    person who reported it sees how that stands.
    """

    incident: Incident
    at: AtSchool
    playbook: Playbook
    standing: Standing
    as_of: Instant
    bars: tuple[Bar, ...]
    recused: frozenset[Role] = frozenset()
    approvals: tuple[Approval, ...] = ()
    pending: tuple[Approval, ...] = ()
    goes_on_in: Incident | None = None

    @property
    def school(self) -> School:
        return self.at.school

    def notified_by(self, rule: Rule) -> tuple[str, ...]:
        """The recipients that `rule` names; a role whose holders are all shut out is replaced by the next.

        A role that nobody holds is passed over, if anybody holds a later one.
        """
        return tuple(dict.fromkeys(map(self.in_place_of, rule.told)))

    def in_place_of(self, role: str) -> str:
        """The role to which what concerns `role` comes: itself, unless the case is closed to its holders."""
        order = self.playbook.floor.recusal
        later = order[order.index(role) + 1 :] if role in self.recused and role in order else ()
        able = [each for each in later if each not in self.recused]
        held = (each for each in able if each in ON_ROUTE and self.at.acting(Role(each)))
        return next(held, next(iter(able), role))

    def stood_for(self, roles: Collection[Role]) -> frozenset[Role]:
        """`roles`, and those in whose place one of them is next because the case is closed to the holders."""
        return frozenset({*roles, *(role for role in self.recused if self.in_place_of(role) in roles)})

    @property
    def facts(self) -> CaseFacts:
        """What decides who has access to it."""
        return CaseFacts.of(self.incident, self.bars)

    @property
    def is_closed_to_user(self) -> bool:
        """Whether the user is shut out of it."""
        return self.facts.shuts_out(self.at.identity, self.at.today)

    def outstanding(self) -> list[Duty]:
        """What is due next, soonest first."""
        return self.playbook.outstanding(self.incident, self.school.calendar)

    @property
    def visible_version(self) -> int:
        """The version that this user knows; if they only reported, that of the last step they may know of."""
        if self.standing.reads_as is not None or self.standing.handles_as is not None:
            return self.incident.version
        return reporter_version(self.incident, self.goes_on_in)

    @property
    def known_in_confidence(self) -> bool:
        """Whether the user knows it only as a report they made in confidence, also if they no longer may."""
        if self.standing.reads_as is not None or not self.incident.confidential_reporter:
            return False
        return self.incident.reported_by(self.at.actor.user)

    def seen_by(self, principal: Principal) -> Case:
        """The same case with the standing that another user has now."""
        at = self.at.seen_by(principal)
        return case_of(self.incident, at, self.playbook, at.moment, bars=self.bars, approvals=self.approvals)

    def standing_of(self, identity: Identity) -> Standing:
        """The access of another user, apart from what they reported themselves."""
        actor, reader = self.at.actor_of(identity), self.at.reader_as(identity)
        return standing(actor, self.facts, reader, reported_it=False)

    @property
    def critical(self) -> bool:
        return self.playbook.critical_since(self.incident) is not None


def reporter_version(incident: Incident, goes_on_in: Incident | None = None) -> int:
    """The version that the person who reported knows: it changes with each step of which they may know."""
    own = max(_known_to_reporter(incident))
    return own if goes_on_in is None else own + len(_known_to_reporter(goes_on_in)) - 1


def _known_to_reporter(incident: Incident) -> set[int]:
    """The numbers of the steps that the person who reported may know of, and of their corrections."""
    seen = {step.number for step in incident.timeline if step.name() in REPORTER_SEES}
    corrections = (step for step in incident.timeline if isinstance(step, Correct) and step.changes)
    return seen | {step.number for step in corrections if step.corrects in seen}


class ReportStatus(msgspec.Struct, frozen=True):
    """How a report stands for the person who made it. `closed_at` is None while it is dealt with."""

    received: bool
    closed_at: Instant | None


def report_status(incident: Incident, goes_on_in: Incident | None) -> ReportStatus:
    """How the report stands; as a duplicate, as the incident stands that `goes_on_in`."""
    stands = incident if goes_on_in is None else goes_on_in
    received = any(any(each.taken(Acknowledge)) for each in (incident, stands))
    return ReportStatus(received, stands.milestones.get(State.CLOSED))


def goes_on_in(incident: Incident, load: Callable[[UUID], Incident | None]) -> Incident | None:
    """The incident that goes on for a duplicate, also if that was closed as a duplicate itself."""
    found = None
    while incident.duplicate_of is not None and (other := load(incident.duplicate_of)) is not None:
        found = incident = other
    return found


class ApprovalInCase(msgspec.Struct, frozen=True):
    """An approval, and its case as it stands for the user who makes the request."""

    approval: Approval
    case: Case


def case_of(
    incident: Incident,
    at: AtSchool,
    playbook: Playbook,
    moment: datetime,
    *,
    bars: tuple[Bar, ...],
    approvals: tuple[Approval, ...] = (),
) -> Case:
    """`incident` as it stands at `moment` for the user `at` its school; `approvals` are all about it."""
    facts = CaseFacts.of(incident, bars)
    stands = standing(
        at.actor,
        facts,
        at.reader,
        reported_it=incident.reported_by(at.actor.user),
        # A step in their own role would tell who reported in confidence.
        receivers=frozenset() if incident.confidential_reporter else playbook.receivers(incident.kind),
    )
    return Case(
        incident,
        at,
        playbook,
        stands,
        moment,
        bars,
        recused=frozenset(_recused(facts, at)) if _concerns_staff(facts, at.school) else frozenset(),
        approvals=approvals,
        pending=tuple(each for each in approvals if each.state_at(moment) is ApprovalState.ASKED),
    )


def _concerns_staff(facts: CaseFacts, school: School) -> bool:
    """Whether a role may be recused: in most cases of children nobody on the staff is shut out.

    Who the staff are need not be looked up then. A name that could be a user's own is not looked up either.
    """
    if facts.stream is Stream.ALLEGATION:
        return True
    users = {appointment.user for appointment in school.appointments.values()}
    return any(bar.closes and bar.member in users for bar in facts.bars)


def _recused(facts: CaseFacts, at: AtSchool) -> Iterator[Role]:
    """The roles to which a case of this stream comes, of which nobody can act in this one."""
    for role in dict.fromkeys((*FIRST[facts.stream], *NEXT)):
        acting = at.acting(role)
        shut_out = bool(acting) and all(facts.shuts_out(identity, at.today) for identity in acting)
        is_allegation = facts.stream is Stream.ALLEGATION and role is Role.HEADTEACHER
        if shut_out or (is_allegation and is_about_leader(facts, at.staff, at.today)):
            yield role


def case_after(case: Case, number: int, playbook_of: PlaybookOf) -> Case:
    """The case right after step `number`, which the first response to a retried request showed."""
    then = Incident.replay(case.incident.timeline[:number])
    if then is None:
        raise NotFound
    moment = then.timeline[-1].recorded_at
    pending = tuple(each for each in case.approvals if each.pending_after(number, moment))
    was = case_of(then, case.at, playbook_of(then), moment, bars=case.bars, approvals=case.approvals)
    # No more is shown than the user may see today.
    stands = was.standing if case.standing.reads_as is not None else case.standing
    return msgspec.structs.replace(was, standing=stands, pending=pending)


def why_not_decide_in(case: Case, asker: Principal) -> str | None:
    """Why the user of `case` may not decide what `asker` asks for about it; None if they may."""
    identity = case.at.identity
    if identity.is_one_with(case.at.identity_of(asker)):
        return SAME_PERSON
    if any(map(case.incident.is_party, identity.joined())):
        return INVOLVED
    return why_not_decide(asker, case.at.actor, case.standing, case.incident)


def approval_in(case: Case, approval_id: UUID) -> ApprovalInCase:
    """One of the approvals about `case`, for a user who may read it. Raises NotFound."""
    approval = next((each for each in case.approvals if each.id == approval_id), None)
    if approval is None or case.standing.reads_as is None:
        raise NotFound
    return ApprovalInCase(approval, case)
