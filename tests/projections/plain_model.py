"""Who may read which case, written from the rules of the domain alone: slow, and meant to be obvious.

It keeps every fact with its time, and answers each question by looping over all of them. Of the product it
uses only `own_names`. Users, people, schools and cases are named by short words.

The rules do not say everything. Where they are silent, this model does what casework does:

- A fact that has ended counts for a case that it touched: if it ended at or after the moment since which the
  case is about the subject. It then counts together with every other such fact, also with a later one.
- A person who replaces an unknown one is a subject since the unknown one was.
- What a report says of the head (`about_leader`) is about all who led from the day it occurred to the report,
  and about the people they were linked to by then. A report that names a user is about that user, and about
  the person they are at the school.
  An allegation in confidence that names nobody as alleged is treated as if it said so.
- An absent user keeps the roles they hold, but the case comes to the next in the route as if they were not
  there. So do cases of users who are deactivated; those who stand in for them do not act.
- An allegation may be appointed to a head too, who then reads it even if it is about another head.
- A user let in reads again whatever ended before; for what ends later, they must be let in again. It counts
  for the people they are linked to at that moment.
- An earlier name of a person who was put on the roll as a pupil still counts. A name that the record of a
  user gets while it says that they are a pupil on the roll does not, not even as the user's own.
- The stream follows the category that a person had when the incident occurred, or the first one that was
  recorded; but staff of today count as staff.
- A record whose name could be a user's own shuts out those who are or were close to that user too.
- A report stays known to the person who made it while they hold any role at the school.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final

from casework.domain.own_names import could_be_own

CLOSE: Final = {
    *("parent_of", "guardian_of", "carer_of", "sibling_of"),
    *("spouse_of", "partner_of", "relative_of", "close_friend_of"),
}
STAFF: Final = {"staff", "governor", "contractor", "volunteer", "visitor"}
LEADS: Final = ("dsl", "deputy_dsl", "headteacher")
NEXT: Final = ("chair_of_governors", "vice_chair")
SUBJECTS: Final = ("target", "alleged")


@dataclass
class User:
    """All names the user ever had, and all people they were ever linked to."""

    names: list[str]
    persons: list[str] = field(default_factory=list)
    active: bool = True


@dataclass
class Person:
    """A record at a school. `names` are all names by which it may be taken for a user, the latest last."""

    school: str
    category: str
    name: str
    on_roll: bool
    registered: datetime
    names: list[str] = field(default_factory=list)
    categories: list[tuple[datetime, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.note_name()
        self.categories.append((self.registered, self.category))

    def category_at(self, moment: datetime) -> str:
        """What they were when something happened."""
        recorded = [category for since, category in self.categories if since <= moment]
        then = recorded[-1] if recorded else self.categories[0][1]
        return self.category if self.category in STAFF and then not in STAFF else then

    def note_name(self) -> None:
        """A pupil on the roll is never taken for a user by name alone."""
        if not (self.category == "pupil" and self.on_roll):
            self.names.append(self.name)


@dataclass
class Bond:
    """Two records are `same`, or two people are close from a day on."""

    one: str
    other: str
    same: bool
    first: date | None = None
    ended: datetime | None = None


@dataclass
class Post:
    """A user holds a role from the first to the last day; on the days `absent` they are not there.

    `ended` is the day in the course of which it was ended, if they held it until then.
    """

    user: str
    school: str
    role: str
    first: date
    last: date | None = None
    stands_in_for: str | None = None
    absent: set[date] = field(default_factory=set)
    ended: date | None = None

    def held(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)

    def present(self, day: date) -> bool:
        return self.held(day) and day not in self.absent


@dataclass
class Subject:
    """A case is about a person or a user since a moment, until they were replaced."""

    member: str
    since: datetime
    ended: datetime | None = None


@dataclass
class Case:
    """What was said of a case. `subjects` are the targets and the alleged; `parents` are recorded in it.

    `involved` are all people in it; `unknown` are those who may still be identified, and what they are in it.
    """

    school: str
    of_staff: bool
    occurred_at: datetime
    occurred_on: date
    reporter: str
    may_be_about_leader: bool = False
    subjects: list[Subject] = field(default_factory=list)
    parents: list[Subject] = field(default_factory=list)
    witnesses: list[Subject] = field(default_factory=list)
    unknown: list[tuple[str, str]] = field(default_factory=list)
    involved: list[str] = field(default_factory=list)
    declared: dict[str, datetime] = field(default_factory=dict)
    let_in: dict[str, datetime] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)
    appointed: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Reason:
    """A case is shut to a person or a user from a day on, because it is about them or about someone close.

    `ended` is when the first of the facts behind it ended.
    """

    member: str
    subject: bool
    first: date | None
    ended: datetime | None


@dataclass
class Model:
    """All facts so far."""

    users: dict[str, User] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    bonds: list[Bond] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)
    cleared: set[tuple[str, str]] = field(default_factory=set)

    # Who reads

    def reads(self, user: str, case: str, today: date) -> bool:
        """Whether a user may read a case, and not only their own report."""
        about, roles = self.cases[case], self.roles(user, self.cases[case].school, today)
        if self.is_shut_out(user, case, today):
            return False
        if about.of_staff:
            by_role = "headteacher" in roles and not self.is_about_leader(case, today)
            by_name = user in about.appointed and bool(roles & {*LEADS, *NEXT})
        else:
            by_role = bool(roles & {*LEADS})
            by_name = user in about.assigned and "slt" in roles
        return by_role or by_name or bool(roles & self.comes_to(case, today))

    def knows_own_report(self, user: str, case: str, today: date) -> bool:
        """Whether a user sees the case as something they submitted."""
        about = self.cases[case]
        return about.reporter == user and bool(self.roles(user, about.school, today))

    def comes_to(self, case: str, today: date) -> set[str]:
        """The governors to whom the case comes, because those before them cannot have it."""
        about, found = self.cases[case], set[str]()
        first = LEADS if not about.of_staff else () if self.is_about_leader(case, today) else ("headteacher",)
        before = [user for role in first for user in self.acting(role, about.school, today)]
        able = [user for user in before if not self.is_kept_from(user, case, today)]
        # Nobody works alone on a child's case that others were shut out of, also others who are absent.
        held = {user for role in first for user in self.holding(role, about.school, today)}
        others = {*before, *(user for user in held if self.users[user].active)}
        alone = not about.of_staff and any(self.is_shut_out(user, case, today) for user in others)
        for role in NEXT:
            if len(self.different(able)) >= (2 if alone else 1):
                break
            found.add(role)
            acting = self.acting(role, about.school, today)
            able += [user for user in acting if not self.is_kept_from(user, case, today)]
        return found

    def different(self, users: list[str]) -> list[set[str]]:
        """The people that some users are: accounts of one person, or of joined records, count once."""
        found: list[set[str]] = []
        for user in users:
            records = {user, *self.records(user)}
            for same in [other for other in found if records & other]:
                found.remove(same)
                records |= same
            found.append(records)
        return found

    def records(self, user: str) -> set[str]:
        """The people a user was ever linked to, and all records joined to these today."""
        return self._joined({*self.users[user].persons})

    def is_about_leader(self, case: str, today: date) -> bool:
        """Whether it is, or may be, about a user who led the school on any day since it happened."""
        about = self.cases[case]
        led = self.led(about.school, about.occurred_on, today)
        return about.may_be_about_leader or any(self.is_about(user, case) for user in led)

    # Who is shut out

    def is_shut_out(self, user: str, case: str, today: date) -> bool:
        own = {user, *self.users[user].persons}
        related = any(
            each.member in own and (each.first is None or each.first <= today) for each in self.reasons(case)
        )
        return related or self.is_about(user, case)

    def is_kept_from(self, user: str, case: str, today: date) -> bool:
        """Whether a user must not handle a case: a witness in an allegation still reads it."""
        about = self.cases[case]
        own = {user, *self.users[user].persons}
        seen = {
            record
            for witness in about.witnesses
            if witness.ended is None
            for record, ended in self.one_person(witness.member, witness.since, None)
            if ended is None or record not in about.let_in or about.let_in[record] < ended
        }
        return self.is_shut_out(user, case, today) or (about.of_staff and bool(own & seen))

    def is_about(self, user: str, case: str) -> bool:
        """Whether the case is about a user, or about a person whose name could be theirs."""
        possible = {user, *self.users[user].persons, *self.namesakes(user, self.cases[case].school)}
        return any(each.subject and each.member in possible for each in self.reasons(case))

    def reasons(self, case: str) -> Iterator[Reason]:
        """Why anybody is shut out of a case, without the reasons that ended before the user was let in."""
        let_in = self.cases[case].let_in
        for each in self._all_reasons(self.cases[case]):
            if each.ended is None or each.member not in let_in or let_in[each.member] < each.ended:
                yield each
        for declared, since in self.cases[case].declared.items():
            for record, _ in self.one_person(declared, since, None):
                if record not in let_in or let_in[record] <= since:
                    yield Reason(record, False, None, None)

    def _all_reasons(self, case: Case) -> Iterator[Reason]:
        for subject in case.subjects:
            for record, ended in self.one_person(subject.member, subject.since, subject.ended):
                yield Reason(record, True, None, ended)
                for bond in self.bonds:
                    if not bond.same and record in (bond.one, bond.other) and _touches(bond, subject.since):
                        other = bond.other if bond.one == record else bond.one
                        until = _first(ended, bond.ended)
                        for each, last in self.one_person(other, subject.since, until):
                            yield Reason(each, False, bond.first, last)
        for parent in case.parents:
            for record, ended in self.one_person(parent.member, parent.since, parent.ended):
                yield Reason(record, False, None, ended)

    def one_person(
        self, record: str, since: datetime, ended: datetime | None, before: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, datetime | None]]:
        """Each way in which a record is or was another at or after a moment, and when that ended."""
        yield record, ended
        for bond in self.bonds:
            if bond.same and record in (bond.one, bond.other) and _touches(bond, since):
                other = bond.other if bond.one == record else bond.one
                if other not in before:
                    yield from self.one_person(other, since, _first(ended, bond.ended), (*before, record))

    def namesakes(self, user: str, school: str) -> set[str]:
        """The records at a school whose name could be the user's own and was not cleared."""
        found = self._like(user, school, self.users[user].names)
        for other in self.users:
            if other != user and self.were_close(user, other):
                found |= self._like(other, school, [])
        return found

    def were_close(self, user: str, other: str) -> bool:
        """Whether any people that two users were linked to were ever close."""
        one, two = ({*self.users[each].persons} for each in (user, other))
        return any(
            not bond.same
            and ((bond.one in one and bond.other in two) or (bond.one in two and bond.other in one))
            for bond in self.bonds
        )

    def _like(self, user: str, school: str, names: list[str]) -> set[str]:
        own = [*names]
        for person in self.users[user].persons:
            own += self.people[person].names
        return {
            key
            for key, person in self.people.items()
            if person.school == school
            and key not in self.users[user].persons
            and (key, user) not in self.cleared
            and any(alike(mine, theirs) for mine in own for theirs in person.names)
        }

    def shut_out_now(self, user: str, case: str, now: datetime) -> Iterator[str]:
        """What shuts a user out of a case at this moment, from the facts that hold now and no others.

        The user themself, or the record whose present name could be theirs.
        """
        about, today = self.cases[case], now.date()
        subjects = {each.member for each in about.subjects if each.ended is None}
        subjects = self._joined(subjects)
        close = {each.member for each in about.parents if each.ended is None}
        for bond in self.bonds:
            begun = bond.first is None or bond.first <= today
            if not bond.same and begun and (bond.ended is None or bond.ended > now):
                for one, other in ((bond.one, bond.other), (bond.other, bond.one)):
                    close |= {other} if one in subjects else set()
        own = {user, *self.users[user].persons}
        if own & (subjects | self._joined(close) | self._joined({*about.declared})):
            yield user
        linked = [self.people[each] for each in self.users[user].persons]
        names = {self.users[user].names[-1], *(each.names[-1] for each in linked)}
        for record in (subjects & self.people.keys()) - own:
            person = self.people[record]
            suspected = any(alike(name, person.name) for name in names)
            on_roll = person.category == "pupil" and person.on_roll
            if suspected and not on_roll and (record, user) not in self.cleared:
                yield record

    def _joined(self, records: set[str]) -> set[str]:
        """The records, and all that are joined to them now."""
        found = {*records}
        while True:
            more = {
                each
                for bond in self.bonds
                if bond.same and bond.ended is None and {bond.one, bond.other} & found
                for each in (bond.one, bond.other)
            }
            if more <= found:
                return found
            found |= more

    # Posts

    def acting(self, role: str, school: str, day: date) -> list[str]:
        """The active users who act in a role: its holders who are present, or else those who stand in."""
        here = [post for post in self.posts if post.school == school and post.present(day)]
        held = [post.user for post in here if post.role == role]
        users = held or [post.user for post in here if post.stands_in_for == role]
        return [user for user in users if self.users[user].active]

    def holding(self, role: str, school: str, day: date) -> set[str]:
        """Who holds a role on a day, present or absent."""
        return {p.user for p in self.posts if (p.role, p.school) == (role, school) and p.held(day)}

    def roles(self, user: str, school: str, day: date) -> set[str]:
        """The roles that a user holds, present or absent, and those in which they stand in."""
        here = [post for post in self.posts if post.school == school]
        found = {post.role for post in here if post.user == user and post.held(day)}
        for post in here:
            role = post.stands_in_for
            missing = not any(each.role == role and each.present(day) for each in here)
            if post.user == user and role is not None and post.present(day) and missing:
                found.add(role)
        return found

    def led(self, school: str, first: date, last: date) -> set[str]:
        """Who held the post of the head, or stood in for them, on any day."""
        found, day = set[str](), first
        while day <= last:
            here = [post for post in self.posts if post.school == school]
            heads = [post for post in here if post.role == "headteacher"]
            found |= {post.user for post in heads if post.held(day) or post.ended == day}
            if not any(post.role == "headteacher" and post.present(day) for post in here):
                standing_in = [post for post in here if post.stands_in_for == "headteacher"]
                found |= {post.user for post in standing_in if post.present(day)}
            day += timedelta(days=1)
        return found

    # Changes

    def link(self, user: str, record: str) -> None:
        """Everybody a user was ever linked to is the same person as they are."""
        self.users[user].persons.append(record)
        self.bonds.append(Bond(user, record, same=True))

    def involve(
        self, case: str, person: str, involvement: str, now: datetime, since: datetime | None = None
    ) -> None:
        """A person is involved; they were it since `since`, if they took the place of another."""
        about = self.cases[case]
        category = self.people[person].category_at(about.occurred_at)
        about.involved.append(person)
        if involvement == "alleged" and category in STAFF:
            about.of_staff = True
        if category == "unknown":
            about.unknown.append((person, involvement))
        if involvement in SUBJECTS:
            _add(about.subjects, Subject(person, since or now))
        elif involvement == "parent":
            _add(about.parents, Subject(person, since or now))
        elif involvement == "witness":
            _add(about.witnesses, Subject(person, since or now))

    def identify(self, case: str, unknown: str, person: str, now: datetime) -> None:
        """A person takes the place of an unknown one."""
        about = self.cases[case]
        ways = [involvement for each, involvement in about.unknown if each == unknown]
        about.unknown = [each for each in about.unknown if each[0] != unknown]
        about.involved = [each for each in about.involved if each != unknown]
        for involvement in ways:
            of = {
                "target": about.subjects,
                "alleged": about.subjects,
                "parent": about.parents,
                "witness": about.witnesses,
            }.get(involvement)
            gone = [each for each in of or () if each.member == unknown]
            for each in gone:
                each.ended = each.ended or now
            self.involve(case, person, involvement, now, min((each.since for each in gone), default=None))

    def let_in(self, case: str, user: str, now: datetime) -> None:
        """Two people let a user read a case again."""
        members = {user, *self.users[user].persons}
        for member in members & self.cases[case].declared.keys():
            del self.cases[case].declared[member]
        self.cases[case].let_in |= dict.fromkeys(members, now)


@cache
def alike(one: str, other: str) -> bool:
    """Whether one name, of a user, and another could be of one person."""
    return could_be_own(one, other)


def _add(subjects: list[Subject], new: Subject) -> None:
    known = [each for each in subjects if each.member == new.member and each.ended is None]
    for each in known:
        each.since = min(each.since, new.since)
    if not known:
        subjects.append(new)


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two ends; None is no end."""
    return min((each for each in (one, other) if each is not None), default=None)


def _touches(bond: Bond, since: datetime) -> bool:
    return bond.ended is None or bond.ended >= since
