"""Which changes to accounts take two people, and who may be the second.

An administrator reads no case, and must not be able to read one as another user. So what decides who reads
cases at a school takes two people from the moment on at which the school is led by a user who has enrolled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Final
from uuid import UUID

from casework.domain.access import Actor, Principal
from casework.domain.appointment import Appointment, acting_as, days_of_change
from casework.domain.approval import Approval
from casework.domain.clocks import day_of
from casework.domain.school import School
from casework.domain.user import User
from casework.domain.vocabulary import Role
from casework.record.identity import one_person
from casework.record.port import Record

_LEADS_SCHOOL: Final = frozenset({Role.DSL, Role.HEADTEACHER})
_DECIDE: Final = tuple(role for role in Role if role.leads)
_DECIDE_WITHOUT_LEADS: Final = (Role.CHAIR_OF_GOVERNORS, Role.VICE_CHAIR)


def leads(appointments: Iterable[Appointment], user: UUID, day: date) -> bool:
    """Whether the user leads the school, or stands in for a lead, on `day` or later."""
    theirs = (each for each in appointments if each.user == user)
    held = (each for each in theirs if any(role.leads for role in each.roles))
    return any(each.until is None or each.until >= max(day, each.from_) for each in held)


def loses_leads(record: Record, school: School, after: Collection[Appointment], today: date) -> bool:
    """Whether the school loses its last lead, on `today` or any later day, if `after` are its appointments.

    The last one who is head or safeguarding lead, or the last one who acts as head, safeguarding lead or
    deputy: when nobody acts, cases go on to the governors.
    """
    before = school.appointments.values()
    held = [each for each in (*before, *after) if any(role.leads for role in each.roles)]
    able = {user.id for user in _enrolled(record, {each.user for each in held}) if user.active}

    def lost(day: date) -> bool:
        leads_before, leads_after = _leading(before, day) & able, _leading(after, day) & able
        act_before, act_after = _acting(school, before, day) & able, _acting(school, after, day) & able
        return bool((leads_before and not leads_after) or (act_before and not act_after))

    days = {today, *days_of_change(held), school.links_required_from or today}
    return any(lost(day) for day in days if day >= today)


def _acting(school: School, appointments: Iterable[Appointment], day: date) -> set[UUID]:
    """The users who act as head, safeguarding lead or deputy on `day`, not counting provisional roles."""
    confirmed = [each for each in school.awake_among(appointments, day) if each.provisional_since is None]
    return {user for role in _DECIDE for user in acting_as(confirmed, role, day)}


def _leading(appointments: Iterable[Appointment], day: date) -> set[UUID]:
    """The users who are head or safeguarding lead on `day`, without those who are so provisionally."""
    confirmed = (each for each in appointments if each.provisional_since is None and each.in_force(day))
    return {each.user for each in confirmed if each.role in _LEADS_SCHOOL}


def leads_on(record: Record, appointments: Iterable[Appointment], day: date) -> bool:
    """Whether a user who has enrolled and may sign in is head or safeguarding lead on `day`.

    Those who are so provisionally do not count.
    """
    return any(user.active for user in _enrolled(record, _leading(appointments, day)))


def was_led(record: Record, school: School, day: date) -> bool:
    """Whether a user who has enrolled is or was ever head or safeguarding lead, by `day`."""
    held = (each for each in school.appointments.values() if each.role in _LEADS_SCHOOL)
    began = {each.user for each in held if each.from_ <= day and (each.until or day) >= each.from_}
    return any(user.ever_enrolled for user in _users(record, began))


def reads_at(user: UUID, school: School, day: date, *, provisionally: bool = True) -> bool:
    """Whether the user holds a role at the school that reads cases, on `day` or later.

    Roles held `provisionally` count or do not.
    """
    held = (each for each in school.appointments.values() if each.user == user and each.reads_cases)
    counted = (each for each in held if provisionally or each.provisional_since is None)
    return any(each.until is None or each.until >= max(day, each.from_) for each in counted)


def reads_for_good(schools: Iterable[School], user: UUID, day: date) -> bool:
    """Whether the user holds a role that reads cases at any of `schools`, on `day` or later.

    Without provisional roles.
    """
    return any(reads_at(user, school, day, provisionally=False) for school in schools)


def reads_where_led(
    record: Record, schools: Iterable[School], user: UUID, day: date, *, provisionally: bool = True
) -> bool:
    """Whether `reads_at` holds at any of `schools` that a user who has enrolled leads or has led."""
    return any(
        reads_at(user, school, day, provisionally=provisionally) and was_led(record, school, day)
        for school in schools
    )


def has_no_second(
    record: Record, administrators: Collection[UUID], asker: User, school: School, day: date
) -> bool:
    """Whether nobody but the administrator `asker` could decide who leads the school on `day`.

    Nobody who has enrolled and may sign in is head, safeguarding lead or deputy, and no other person is an
    administrator, the chair or the vice-chair. `administrators` are those who are not deactivated. Whoever
    leads provisionally does not count: `asker` may have invited them alone.
    """
    if any(not are_one(record, asker, other) for other in _users(record, administrators)):
        return False
    appointed = {each.user for each in school.appointments.values() if each.in_force(day)}
    for user in _enrolled(record, appointed):
        roles = school.held_roles(user.id, day).in_case(None) if user.active else ()
        if any(role.leads for role in roles):
            return False
        if not {*roles}.isdisjoint(_DECIDE_WITHOUT_LEADS) and not are_one(record, asker, user):
            return False
    return True


def deciding_role(
    record: Record,
    decider: Principal,
    approval: Approval,
    schools_of_user: Collection[UUID],
    moment: datetime,
) -> Role | None:
    """The role in which `decider` may decide on a change to accounts; None if they may not know of it.

    Administrators may, if another administrator asks: one alone can appoint a user who asks with the role
    `admin` of a school. So may the leads of the school where an appointment is made. What changes a user
    everywhere is for users who are leads at every school where that user was ever appointed
    (`schools_of_user`): an administrator alone can make a user the first lead of a new school, and end an
    appointment. Only another administrator decides about one, except that the leads of a school may approve
    who an administrator is as a person there. Where a school has no lead who has enrolled, other than the
    user whom it is about, the chair and the vice-chair of its governors decide too.
    """
    asker, about = record.load(User, approval.asked.by), approval.asked.about
    subject = None if about.user is None else record.load(User, about.user)
    if decider.administers and asker is not None and asker.administrator:
        return Role.ADMIN
    only = about.school
    if only is None and (subject is None or subject.administrator):
        return None
    schools = _schools(record, schools_of_user if only is None else [only])
    roles = [_deciding_role_at(record, decider, school, about.user, moment) for school in schools]
    return roles[0] if roles and all(role is not None for role in roles) else None


def _deciding_role_at(
    record: Record, decider: Principal, school: School, about: UUID | None, moment: datetime
) -> Role | None:
    roles = Actor.at(decider, school, moment).in_case(None).roles
    lead = next((role for role in _DECIDE if role in roles), None)
    others = (each for each in school.appointments.values() if each.user != about)
    if lead is not None or leads_on(record, others, day_of(moment)):
        return lead
    return next((role for role in _DECIDE_WITHOUT_LEADS if role in roles), None)


def _schools(record: Record, ids: Collection[UUID]) -> list[School]:
    found = record.load_many(ids) if ids else {}
    return [school for school in found.values() if isinstance(school, School)]


def why_not_second(record: Record, decider: Principal, asker: User, subject: User) -> str | None:
    """Why `decider` cannot be the second person for what `asker` asks about `subject`; None if they can.

    Two accounts are one person if records of their people are joined.
    """
    if are_one(record, decider, asker):
        return "is the person who asks; another person must decide"
    if are_one(record, decider, subject):
        return "is the person concerned; another person must decide"
    return None


def are_one(record: Record, one: Principal | User, other: User) -> bool:
    """Whether both are accounts of one person."""
    if one.id == other.id:
        return True
    if not one.persons or not other.persons:
        return False
    return not one_person(record, one.persons).keys().isdisjoint(other.persons)


def _enrolled(record: Record, ids: Collection[UUID]) -> list[User]:
    return [user for user in _users(record, ids) if user.enrolled]


def _users(record: Record, ids: Collection[UUID]) -> list[User]:
    found = record.load_many(ids) if ids else {}
    return [user for user in found.values() if isinstance(user, User)]
