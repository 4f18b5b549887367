"""Who decides on a request about a case that nobody but the user who asks may read.

The next in the route decides then, on the question and the reason alone, and reads nothing of the case.
"""

from __future__ import annotations

from casework.domain.access import NEXT, Holder, Identity, Principal
from casework.domain.access.waiting import first_roles
from casework.domain.approval import Approval, why_not_decide
from casework.domain.case import ON_ROUTE, Case
from casework.domain.vocabulary import Role


def decides_unread(case: Case, approval: Approval, asker: Principal) -> Role | None:
    """The role in which the user of `case`, who may not read it, decides on `approval` without content.

    None unless they are the next in the route and no other person than `asker` may read the case and decide.
    An approval that names its decider is for that user alone.
    """
    at, asked = case.at, approval.asked
    # For most users who may not read a case the staff need not be looked up.
    if case.standing.reads_as is not None or ON_ROUTE.isdisjoint(at.actor.roles):
        return None
    if asked.decider is not None:
        return None
    asking = at.identity_of(asker)
    others = [holder for holder in at.staff if not holder.identity.is_one_with(asking)]
    if any(_decides_by_reading(case, each, asker) for each in others):
        return None
    for role in (*first_roles(case.facts, at.staff, at.today), *NEXT):
        able = {each.identity.user for each in others if each.role is role and _may_be_asked(case, each)}
        able -= {asked.about.user}
        if able:
            return role if at.actor.user in able else None
    return None


def _decides_by_reading(case: Case, holder: Holder, asker: Principal) -> bool:
    """Whether the holder may read the case and decide. An absent one may, when they are back."""
    if not holder.acts and not holder.reads:
        return False
    actor = case.at.actor_of(holder.identity)
    if any(map(case.incident.is_party, holder.identity.joined())):
        return False
    return why_not_decide(asker, actor, case.standing_of(holder.identity), case.incident) is None


def _may_be_asked(case: Case, holder: Holder) -> bool:
    """Whether the holder acts today in a role that extends to the case, and has no part in it."""
    extends = holder.extends_to(case.incident.recorded_at)
    return holder.acts and extends and not _is_concerned(case, holder.identity)


def _is_concerned(case: Case, identity: Identity) -> bool:
    if case.facts.shuts_out(identity, case.at.today):
        return True
    return any(map(case.incident.is_party, identity.persons | identity.joined()))
