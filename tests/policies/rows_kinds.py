"""What each rule of the floor about grooming, images of adults and adult pupils changes, without a pack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.domain.casefile import ALLEGED, SIXTH_FORMER, TARGET, TEACHER
from tests.domain.forbidden_kinds import KIND_ROWS as FORBIDDEN
from tests.domain.situations import (
    ADULT_PUPIL,
    BY_A_STRANGER_AND_A_PUPIL,
    STAFF_TARGET,
    STRANGER_CALLED_STAFF,
)
from tests.policies.rows import (
    CLOSE,
    DEBRIEF,
    FIFTH_SCHOOL_DAY,
    INDECENT,
    NEXT_WORKING_DAY,
    SAME_DAY,
    Forbids,
    Refuses,
    Requires,
    Row,
    taking,
)

# fmt: off
KIND_ROWS: Final[Mapping[str, Row]] = {
    **{
        rule: Refuses(
            kind=row.kind, opening=row.opening, since=row.history, step=row.step, fields=row.fields,
            clause=row.clause,
        )
        for rule, row in FORBIDDEN.items()
    },
    "contact-becomes-grooming": Requires(
        kind="unsolicited_contact", opening=STRANGER_CALLED_STAFF, step="reclassify",
        preset={"kind": "online_grooming"}, due="2026-10-22 10:00", told=("dsl",), bars=DEBRIEF,
        clause="KCSIE part 5; WTSC",
    ),
    "sexting-becomes-adult-image": Requires(
        kind="sexting", opening=STAFF_TARGET, step="reclassify", preset={"kind": "adult_image"},
        modality="may", clause="Sexual Offences Act 2003 s.66B; UKCIS",
    ),
    "grooming-not-answered": Forbids(
        kind="online_grooming", clause="CEOP; KCSIE part 5", word="answers",
    ),
    "grooming-other-not-tipped-off": Forbids(
        kind="online_grooming", clause="CEOP; WTSC", word="blocks",
    ),
    "grooming-triage": Requires(
        kind="online_grooming", step="triage", due=SAME_DAY, told=("dsl",), bars=DEBRIEF,
        clause="KCSIE part 5; casework default",
    ),
    "grooming-to-police": Requires(
        kind="online_grooming", step="escalate", preset={"agency": "police"}, due=SAME_DAY,
        told=("police",), bars=DEBRIEF, clause="KCSIE part 5; WTSC",
    ),
    "grooming-to-social-care": Requires(
        kind="online_grooming", step="escalate", preset={"agency": "childrens_social_care"}, due=SAME_DAY,
        told=("childrens_social_care",), bars=DEBRIEF, clause="KCSIE part 1; WTSC",
    ),
    "grooming-to-ceop": Requires(
        kind="online_grooming", step="escalate", preset={"agency": "ceop"}, due=SAME_DAY, told=("ceop",),
        bars=DEBRIEF, clause="CEOP",
    ),
    "grooming-evidence": Requires(
        kind="online_grooming", step="save_evidence", due=SAME_DAY, bars=DEBRIEF,
        clause="CEOP; KCSIE part 5",
    ),
    "grooming-no-copy": Requires(
        kind="online_grooming", opening=INDECENT, step="attest_no_copy", due=SAME_DAY, bars=DEBRIEF,
        clause="UKCIS",
    ),
    "grooming-takedown": Requires(
        kind="online_grooming", opening=INDECENT, step="request_removal", due=SAME_DAY, bars=CLOSE,
        clause="UKCIS",
    ),
    "grooming-parents": Requires(
        kind="online_grooming", step="inform_parents", preset={"child": TARGET}, due=SAME_DAY,
        told=("parents",), bars=CLOSE, clause="WTSC; KCSIE part 2, record keeping",
    ),
    "grooming-support-target": Requires(
        kind="online_grooming", step="offer_support", preset={"person": TARGET}, bars=CLOSE,
        clause="KCSIE part 5",
    ),
    "grooming-support-alleged": Requires(
        kind="online_grooming", opening=BY_A_STRANGER_AND_A_PUPIL, step="offer_support",
        preset={"person": ALLEGED}, bars=CLOSE, clause="KCSIE part 5",
    ),
    "adult-image-not-passed-on": Forbids(
        kind="adult_image", clause="Sexual Offences Act 2003 s.66B; DPA 2018", word="forwards",
    ),
    "adult-image-becomes-nudes": Requires(
        kind="adult_image", opening={"people": ((TARGET, "target", "pupil"),)}, step="reclassify",
        preset={"kind": "sexting"}, due=SAME_DAY, told=("dsl",), bars=DEBRIEF,
        clause="UKCIS; KCSIE part 5",
    ),
    "adult-image-triage": Requires(
        kind="adult_image", step="triage", due=SAME_DAY, told=("headteacher",), bars=DEBRIEF,
        clause="casework default",
    ),
    "adult-image-police": Requires(
        kind="adult_image", step="consider_police", modality="consider", due=SAME_DAY,
        told=("headteacher",), bars=DEBRIEF,
        clause="Sexual Offences Act 2003 ss.66B, 66E; Protection from Harassment Act 1997 s.2",
    ),
    "adult-image-takedown": Requires(
        kind="adult_image", step="request_removal", due=SAME_DAY, bars=CLOSE, clause="casework default",
    ),
    "adult-image-support-target": Requires(
        kind="adult_image", step="offer_support", preset={"person": TEACHER}, bars=CLOSE,
        clause="casework default",
    ),
    "adult-image-support-alleged": Requires(
        kind="adult_image", step="offer_support", preset={"person": ALLEGED}, bars=CLOSE,
        clause="KCSIE part 5",
    ),
    "adult-image-parents": Requires(
        kind="adult_image", step="inform_parents", preset={"child": ALLEGED}, due=SAME_DAY,
        told=("parents",), bars=CLOSE, clause="casework default; KCSIE part 2, record keeping",
    ),
    "other-concern-triage": Requires(
        kind="other_concern", step="triage", due=NEXT_WORKING_DAY, told=("dsl",), bars=DEBRIEF,
        clause="casework default",
    ),
    "other-concern-parents": Requires(
        kind="other_concern", step="inform_parents", preset={"child": TARGET}, due=FIFTH_SCHOOL_DAY,
        told=("parents",), bars=CLOSE, clause="casework default; KCSIE part 2, record keeping",
    ),
    "adult-pupil-asked": Requires(
        kind="cyberbullying", opening=ADULT_PUPIL, step="record_child_voice",
        preset={"person": SIXTH_FORMER}, bars=CLOSE, clause="WTSC; DPA 2018",
    ),
    "adult-pupil-parents": Requires(
        kind="cyberbullying", opening=ADULT_PUPIL,
        since=taking(("record_child_voice", {"person": SIXTH_FORMER, "inform_parents": True})),
        step="inform_parents", preset={"child": SIXTH_FORMER}, bars=CLOSE,
        clause="DPA 2018; KCSIE part 2, record keeping",
    ),
    "adult-pupil-support": Requires(
        kind="other_concern", opening=ADULT_PUPIL, step="offer_support", preset={"person": SIXTH_FORMER},
        bars=CLOSE, clause="casework default",
    ),
}
# fmt: on
