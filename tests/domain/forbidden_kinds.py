"""What the prohibitions of grooming, images of adults and about adult pupils refuse and what they allow."""

from __future__ import annotations

from typing import Any, Final

from tests.domain.casefile import ALLEGED, FILE, SIXTH_FORMER, STRANGER, TARGET, CaseFile
from tests.domain.forbidden import Forbidden, nothing, with_a_file
from tests.domain.situations import ADULT_PUPIL, BY_A_STRANGER_AND_A_PUPIL, INDECENT, STAFF_TARGET

OF_THE_POLICE: Final = "CEOP; WTSC"
OF_ADULTS: Final = "Sexual Offences Act 2003 s.66B; DPA 2018"


def as_image_of_an_adult(case: CaseFile) -> CaseFile:
    return case.take("reclassify", kind="adult_image")


def wishes(inform: bool) -> dict[str, Any]:
    return {"person": SIXTH_FORMER, "inform_parents": inform}


KIND_ROWS: Final[dict[str, Forbidden]] = {
    **{
        f"grooming-other-not-{what}": Forbidden(
            clause=OF_THE_POLICE,
            step=step,
            kind="online_grooming",
            fields={"person": STRANGER},
            allowed_with={"person": TARGET},
        )
        for what, step in (("told", "tell"), ("advised", "advise"), ("supported", "offer_support"))
    },
    "grooming-other-not-asked-to-remove": Forbidden(
        clause=OF_THE_POLICE,
        step="request_removal",
        kind="online_grooming",
        fields={"addressee": "person"},
        allowed_with={"addressee": "platform"},
    ),
    "grooming-nothing-deleted": Forbidden(
        clause="CEOP; KCSIE part 5",
        step="record_deletion",
        kind="online_grooming",
        fields={"advised_by": "dsl"},
        allowed_with={"advised_by": "police"},
    ),
    "grooming-not-managed-in-school": Forbidden(
        clause="KCSIE part 5; WTSC",
        step="decide",
        kind="online_grooming",
        fields={"topic": "managed_in_school"},
        allowed_with={"topic": "other"},
    ),
    "grooming-not-kept-from-police": Forbidden(
        clause="KCSIE part 5; WTSC",
        step="consider_police",
        kind="online_grooming",
        fields={"refer": False},
        allowed_with={"refer": True},
    ),
    "grooming-target-not-sanctioned": Forbidden(
        clause="KCSIE part 5; WTSC",
        step="apply_sanction",
        kind="online_grooming",
        opening=BY_A_STRANGER_AND_A_PUPIL,
        fields={"person": TARGET},
        allowed_with={"person": ALLEGED},
    ),
    "grooming-image-evidence-form": Forbidden(
        clause="UKCIS; Protection of Children Act 1978 s.1",
        step="save_evidence",
        kind="online_grooming",
        opening=INDECENT,
        fields={"form": "screenshot"},
        allowed_with={"form": "device_secured"},
    ),
    "adult-image-no-file": Forbidden(
        clause=OF_ADULTS,
        step="save_evidence",
        kind="adult_image",
        fields={"form": "link", "file": FILE},
        allowed_with={"form": "link"},
    ),
    "adult-image-evidence-form": Forbidden(
        clause=OF_ADULTS,
        step="save_evidence",
        kind="adult_image",
        fields={"form": "screenshot"},
        allowed_with={"form": "device_secured"},
    ),
    "adult-image-not-opened": Forbidden(
        clause=OF_ADULTS,
        step="open_evidence",
        kind="adult_image",
        history=lambda case: as_image_of_an_adult(with_a_file(case.take("reclassify", kind="cyberbullying"))),
        allowed_after=nothing,
    ),
    "adult-image-not-ceop": Forbidden(
        clause="CEOP",
        step="escalate",
        kind="adult_image",
        fields={"agency": "ceop"},
        allowed_after=lambda case: case.take("assess_risk", coercion="yes"),
    ),
    "adult-image-not-report-remove": Forbidden(
        clause="UKCIS",
        step="request_removal",
        kind="adult_image",
        fields={"addressee": "report_remove"},
        allowed_with={"addressee": "stopncii"},
    ),
    "adult-image-of-no-child": Forbidden(
        clause="UKCIS; Protection of Children Act 1978 s.1",
        step="reclassify",
        kind="sexting",
        fields={"kind": "adult_image"},
        allowed_opening=STAFF_TARGET,
    ),
    "adult-pupil-decides-about-parents": Forbidden(
        clause="DPA 2018",
        step="inform_parents",
        kind="cyberbullying",
        opening=ADULT_PUPIL,
        history=lambda case: case.take("record_child_voice", **wishes(False)),
        fields={"child": SIXTH_FORMER},
        allowed_after=lambda case: case.take("record_child_voice", **wishes(True)),
    ),
}
