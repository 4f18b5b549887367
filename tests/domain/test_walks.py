"""Each kind under each pack can go from report to closed by taking the steps that the playbook requires."""

from __future__ import annotations

import pytest

from casework.domain.vocabulary import State
from casework.library import Library
from tests.domain.casefile import PACKS, SWITCHES, CaseFile

KINDS = Library.own().kinds()


@pytest.mark.parametrize("switches", [None, SWITCHES], ids=["as shipped", "with all dated duties"])
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_case_with_every_duty_satisfied_may_be_closed(
    kind: str, pack: str, switches: tuple[str, ...] | None
) -> None:
    case = CaseFile(kind, pack, switches=switches)
    assert case.refusal("close").outstanding

    case.answer_everything().take("complete_investigation").answer_everything()
    case.take("debrief").answer_everything().take("close")

    assert case.incident.state is State.CLOSED
    assert case.outstanding() == []
