"""Which editions apply to an incident after a rebase, and which rules it keeps of those before."""

from __future__ import annotations

from typing import Any

from casework.domain.errors import Invalid
from casework.domain.incident.amending import Rebase
from casework.domain.incident.reporting import Policy
from casework.usecases.steps.surroundings import Surroundings


def rebased(step: Rebase, around: Surroundings) -> dict[str, Any]:
    """The pack as the school adopted it, on the floor in force now, and what the incident keeps."""
    if step.policy is not None:
        # A correction of its reason changes nothing of what applies, or is kept.
        return {}
    adopted = around.school.adopted(step.pack)
    if adopted is None:
        known = ", ".join(dict.fromkeys(pack.edition for pack in around.school.packs))
        raise Invalid.at("$.pack", f"must be an edition that this school adopted: {known}")
    floor = around.library.floor_at(around.school.jurisdiction, around.moment).edition
    keeps = around.reported_case.playbook.in_force(around.reported)
    # Law that is in force from a day on never changes what was reported before.
    policy = Policy(floor=floor, pack=adopted, switches=around.reported.policy.switches)
    return {"policy": policy, "keeps": keeps}


def knows_kind(step: Rebase, around: Surroundings) -> dict[str, str]:
    """A fault if the floor that would apply does not know the kind of the incident."""
    policy, kind = step.policy, around.reported.kind
    if policy is None or kind in around.library.playbook_under(policy).kinds:
        return {}
    return {"$.pack": f"applies with {policy.floor}, which has no such kind of incident: reclassify it first"}
