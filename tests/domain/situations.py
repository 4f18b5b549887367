"""For every rule that asks something only now and then: a case in which it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from casework.domain.playbook import Playbook, Rule
from casework.domain.vocabulary import Content
from casework.playbooks import Library
from tests.domain.casefile import ALLEGED, FLOOR, PACKS, TARGET, TEACHER, CaseFile

KINDS: Final = Library.own().kinds()
Opening = dict[str, Any]
Story = Callable[[CaseFile], CaseFile]

STAFF_TARGET: Final[Opening] = {"people": ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil"))}
STAFF_TO_PUPIL: Final[Opening] = {
    "people": ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff")),
    "direction": "staff_to_pupil",
}
CRITICAL: Final[Opening] = {"content": (Content.ADULT_CONTACT,)}

OPENINGS: Final[dict[str, Opening]] = {
    "bullying-police": {"content": (Content.RACIST,)},
    "st-thomas-bullying-police": {"content": (Content.RACIST,)},
    "bullying-of-staff-police": STAFF_TARGET,
    "st-thomas-bullying-of-staff-police": STAFF_TARGET,
    "contact-threshold": STAFF_TO_PUPIL,
    "st-thomas-contact-staff-to-pupil": STAFF_TO_PUPIL,
    "critical-triage": CRITICAL,
    "critical-risk": CRITICAL,
    "people-known": {"people": ()},
}
"""What the report holds, by rule."""


def rules_of(edition: str) -> tuple[Rule, ...]:
    """The rules as one file states them: those of a floor or of a pack."""
    library = Library.own()
    source = library.floors.get(edition) or library.packs[edition]
    return source.rules


def escalated_to(agency: str) -> Story:
    return lambda case: case.take("escalate", agency=agency)


def debriefed(case: CaseFile) -> CaseFile:
    """Everything asked is done, up to the debrief and the actions it decided on."""
    return case.answer_everything().take("complete_investigation").answer_everything().take("debrief")


def closed(case: CaseFile) -> CaseFile:
    return debriefed(case).answer_everything().take("close")


STORIES: Final[dict[str, Story]] = {
    "risk-to-police": lambda case: case.take("assess_risk", coercion="unknown"),
    "risk-to-social-care": lambda case: case.take("assess_risk", coercion="unknown"),
    "st-thomas-out-of-school-parents": lambda case: case.take("triage", timing="out_of_school"),
    "st-thomas-out-of-school-family": lambda case: case.take("triage", timing="out_of_school").take(
        "inform_parents"
    ),
    "contact-replied": lambda case: case.take("classify_contact", no_reply_attested=False),
    "referral-decided": lambda case: case.take("consider_police", refer=True),
    "withholding-reviewed": lambda case: case.take("withhold_from_parents", review_on=date(2026, 11, 4)),
    "meeting-recorded": lambda case: case.take("invite_parent"),
    "removal-chased": lambda case: case.take("request_removal"),
    "enquiry-closed-police": escalated_to("police"),
    "enquiry-closed-childrens-social-care": escalated_to("childrens_social_care"),
    "enquiry-closed-lado": lambda case: case.take("record_agency_response", agency="lado", enquiry="open"),
    "actions-done": debriefed,
    "debrief": lambda case: case.take("complete_investigation"),
    "headcorn-debrief": lambda case: case.take("complete_investigation"),
    "debrief-after-escalation": lambda case: case.take("escalate").take("complete_investigation"),
}
"""What has been done since, by rule."""


def case_for(rule: str, kind: str, pack: str, reported: str = "2026-10-22 09:00", **fields: Any) -> CaseFile:
    """A case of `kind` under `pack` in which the rule asks something that is not yet done."""
    opening = {**OPENINGS.get(rule, {}), **fields}
    case = CaseFile(kind, pack, reported=reported, **opening)
    story = STORIES.get(rule)
    return case if story is None else story(case)


def playbook_of(pack: str) -> Playbook:
    return Library.own().playbook(FLOOR, PACKS[pack])


def every_rule() -> list[tuple[str, str, Rule]]:
    """Each rule in force for each kind under each pack: (kind, pack, rule)."""
    return [
        (kind, pack, rule) for pack in PACKS for kind in KINDS for rule in playbook_of(pack).rules_for(kind)
    ]
