"""The stages of a report and of every other step after it is stamped and before it is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

import msgspec

from casework.domain.access import Principal
from casework.domain.case import Case, why_not_decide_in
from casework.domain.errors import Invalid, refuse_any
from casework.domain.incident import Step
from casework.domain.person import Person
from casework.domain.school import School
from casework.domain.user import User
from casework.library import Library
from casework.record import Record
from casework.record.identity import one_person
from casework.usecases.cases import Cases
from casework.usecases.context import Context
from casework.usecases.named_ids import check_ids, named_ids
from casework.usecases.steps.outside import NOTHING, OUTSIDE
from casework.usecases.steps.reached import reached
from casework.usecases.steps.surroundings import Decider, Surroundings

S = TypeVar("S", bound=Step)


class Stages:
    """Look up what a step names, complete it, check it, and find out who else must decide."""

    def __init__(self, record: Record, cases: Cases, library: Library) -> None:
        self._record = record
        self._cases = cases
        self._library = library

    def look_up(
        self,
        context: Context,
        step: Step,
        school: School,
        case: Case | None = None,
        made: Iterable[Person] = (),
    ) -> Surroundings:
        """The surroundings of `step`; `made` are people who are recorded together with it.

        Raises Invalid if an id in it is not of the type its field allows.
        """
        incident = None if case is None else case.incident
        ids = named_ids(step)
        judged = step if incident is None else step.judged_as(incident)
        outside = OUTSIDE.get(type(judged), NOTHING)
        wanted: list[UUID] = [leaf.value for leaf, _ in (*ids, *named_ids(judged))]
        wanted += outside.users(judged, school, context.now)
        if incident is not None and outside.names:
            wanted += [party.person for party in incident.people]
        found = self._cases.known_among(context, self._record.load_many(wanted))
        found |= {person.id: person for person in made}
        if incident is not None and outside.people is not None:
            everybody = {*outside.people(judged, found), *(party.person for party in incident.people)}
            found |= one_person(self._record, everybody)
        check_ids(found, ids, school, incident)
        return Surroundings(
            case=case,
            school=school,
            library=self._library,
            found=found,
            moment=context.now,
        )

    @staticmethod
    def complete(step: S, around: Surroundings) -> S:
        """`step` with the fields that casework fills in."""
        fields = OUTSIDE.get(type(step), NOTHING).complete(step, around)
        # A step that tells somebody says so itself, also where it is corrected.
        if "counts_for" not in fields:
            fields = {**fields, "counts_for": reached(step, around)}
        return msgspec.structs.replace(step, **fields)

    @staticmethod
    def check(step: Step, around: Surroundings) -> None:
        """Raise Invalid if something is wrong with the step in view of its surroundings."""
        refuse_any(OUTSIDE.get(type(step), NOTHING).check(step, around))

    def decider(self, context: Context, step: Step, case: Case, around: Surroundings) -> Decider | None:
        """Who must decide on the step; None if it needs no second person.

        Raises Invalid if the step names a user who may not decide.
        """
        decider = OUTSIDE.get(type(step), NOTHING).decided_by(step, around)
        named = None if decider is None or decider.user is None else around.found.get(decider.user)
        if decider is not None and isinstance(named, User):
            if not named.active:
                raise Invalid.at(decider.path, "is deactivated")
            fault = why_not_decide_in(case.seen_by(Principal.of(named)), context.principal)
            if fault is not None:
                raise Invalid.at(decider.path, fault)
        return decider
