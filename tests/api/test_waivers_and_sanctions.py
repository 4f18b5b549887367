"""Over HTTP: what nobody may waive, whom a school may sanction in a case of nudes, and a challenge."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.approving import post, refused, waiver
from tests.api.client import REASON, House, Json, body_of
from tests.domain.casefile import PACKS

OpenHouse = Callable[..., House]
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

SEEN: list[tuple[str, str, list[str]]] = [
    ("sexting", "request_removal", []),
    ("inappropriate_content", "welfare_check", []),
    ("inappropriate_content", "contain", []),
    ("cyberbullying", "consider_police", ["racist"]),
]


def case(house: House, kind: str, content: list[str] | None = None) -> tuple[str, list[Json]]:
    """A new case of two pupils, and their ids."""
    house.clock.set("2026-09-14 10:20")
    people = house.two_pupils()
    return str(house.report("dsl", kind=kind, content=content or [], people=people)["id"]), people


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize(("kind", "step", "content"), SEEN)
def test_what_law_or_guidance_requires_is_not_waived(
    open_house: OpenHouse, kind: str, step: str, content: list[str], pack: str
) -> None:
    house = open_house(pack)
    incident, _ = case(house, kind, content)
    rule = refused(post(house, incident, waiver(house, waived=step)))
    closing = house.refused(incident, "close", outcome="Over.", rationale=REASON)
    assert any(each["step"] == step and each["rule"] == rule for each in house.next_steps(incident))
    assert closing["rule"]


@on_sqlite
@pytest.mark.parametrize("step", ["close", "report"])
def test_a_case_is_not_closed_by_a_waiver(open_house: OpenHouse, step: str) -> None:
    house = open_house("headcorn")
    incident, _ = case(house, "cyberbullying")
    answer = post(house, incident, waiver(house, waived=step))
    assert answer.status_code == 422
    assert body_of(answer)["errors"] == {"$.waived": ["is not a step that any rule lets a school waive"]}


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
def test_a_pupil_shown_is_sanctioned_only_with_cause_and_without_a_label(
    open_house: OpenHouse, pack: str
) -> None:
    house = open_house(pack)
    incident, people = case(house, "sexting")
    shown = people[0]["person"]
    both = {"person": people[1]["person"], "involvement": "target"}
    house.take(incident, "involve_person", **both)
    sanction = {"person": shown, "what": "A week without a phone at school."}
    cause = {"reason": "He sent her image on after she had asked him not to."}
    assert house.refused(incident, "apply_sanction", **sanction, **cause)["rule"] == "sexting-no-labels"
    house.take(incident, "establish_involvement", person=shown, held=True, passed_on=True)
    without = house.refused(incident, "apply_sanction", **sanction)
    assert (without["rule"], without["clause"]) == ("sexting-sanction-of-target-reasoned", "UKCIS; WTSC")
    labelled = house.refused(incident, "apply_sanction", **sanction, reason="He is a young offender now.")
    assert labelled["rule"] == "sexting-no-child-an-offender"
    assert "young" not in labelled["detail"]
    house.take(incident, "apply_sanction", **sanction, **cause)


@on_sqlite
def test_the_school_challenges_only_an_agency_that_it_told(open_house: OpenHouse) -> None:
    house = open_house("headcorn")
    incident, _ = case(house, "cyberbullying", ["threatening"])
    challenge = {
        "agency": "childrens_social_care",
        "disagreement": "We think that the threshold for help is met.",
        "outcome": "They will visit the family.",
    }
    answer = house.step(incident, "record_challenge", **challenge)
    assert answer.status_code == 422
    assert body_of(answer)["errors"] == {"$.agency": ["was not told of this incident"]}
    house.take(incident, "escalate", agency="childrens_social_care", reason=REASON)
    house.take(incident, "record_challenge", **challenge)
