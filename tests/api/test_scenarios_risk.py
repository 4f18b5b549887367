"""Risk and self-harm over HTTP, by each school's policy: which agency is asked for, and what opens CEOP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.client import NO_RISK, REASON, House, body_of
from tests.domain.casefile import PACKS
from tests.storage import samples

OpenHouse = Callable[..., House]
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
HOW = "A pupil showed the rest of the messages."
CEOP: dict[str, Any] = {"agency": "ceop", "reason": REASON}
WELFARE: dict[str, Any] = {"health_told": False, "plan": "The learning mentor looks in twice a day."}


def asked_agencies(house: House, incident: str) -> set[str]:
    items = house.next_steps(incident)
    return {item["preset"]["agency"] for item in items if item["step"] == "escalate"}


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
def test_bullying_with_self_harm_goes_to_health_or_social_care_and_to_the_police_as_decided(
    open_house: OpenHouse, pack: str
) -> None:
    house = open_house(pack)
    case = house.bullying("2026-12-19 15:00", content=["self_harm"])
    incident = str(case["id"])
    children = [party["person"] for party in case["people"]]
    assert {house.due(incident, "assess_welfare", person=child) for child in children} == {"2026-12-19T23:59"}
    house.take(incident, "assess_risk", **{**NO_RISK, "immediate_risk": "yes"})
    assert asked_agencies(house, incident) == {"health"}
    house.take(incident, "consider_police", refer=False, reason=REASON)

    house.take(incident, "assess_welfare", person=children[0], at_risk_now="no", **WELFARE)
    house.take(incident, "assess_welfare", person=children[1], at_risk_now="unknown", **WELFARE)
    assert house.due(incident, "escalate", agency="health") == "2026-12-19T23:59"
    house.answer_everything(incident, but=frozenset({"escalate", "debrief"}))
    close: dict[str, Any] = {"outcome": "Done.", "rationale": REASON}
    assert house.refused(incident, "close", **close)["rule"] in {"self-harm-referral", "at-risk-referral"}
    house.take(incident, "escalate", agency="childrens_social_care", reason=REASON)
    house.answer_everything(incident)
    assert house.take(incident, "close", **close)["state"] == "closed"


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", ["cyberbullying", "underage_use"])
def test_ceop_is_informed_once_an_adult_is_found(open_house: OpenHouse, kind: str, pack: str) -> None:
    house = open_house(pack)
    incident = str(house.bullying("2026-09-14 10:20", kind=kind)["id"])
    assert house.refused(incident, "escalate", **CEOP)["clause"] == "CEOP"
    house.take(incident, "assess_risk", **{**NO_RISK, "adult_involved": "yes"})
    assert house.get("dsl", f"/incidents/{incident}")["critical"]
    assert house.take(incident, "escalate", **CEOP)["state"] == "escalated"


@on_sqlite
@pytest.mark.parametrize("kind", ["cyberbullying", "underage_use"])
def test_ceop_is_informed_once_sexual_content_is_recorded(house: House, kind: str) -> None:
    incident = str(house.bullying("2026-09-14 10:20", kind=kind)["id"])
    house.refused(incident, "escalate", **CEOP)
    house.clock.set("2026-09-21 10:00")
    house.take(incident, "record_content", content=["sexual"], how=HOW)
    assert house.due(incident, "assess_risk")[:10] == "2026-09-21"
    house.take(incident, "assess_risk", **{**NO_RISK, "coercion": "unknown"})
    assert asked_agencies(house, incident) == {"police", "childrens_social_care"}
    declined = house.refused(incident, "consider_police", refer=False, reason=REASON)
    assert declined["rule"] == "sexual-content-risk-not-kept-from-police"
    assert house.take(incident, "escalate", **CEOP)["state"] == "escalated"


@on_sqlite
def test_a_risk_in_nudes_stays_with_the_case_when_its_kind_changes(house: House) -> None:
    incident = str(house.bullying("2026-09-14 10:20", kind="sexting")["id"])
    house.take(incident, "assess_risk", **{**NO_RISK, "coercion": "unknown"})
    house.take(incident, "reclassify", kind="cyberbullying", reason=REASON)
    assert asked_agencies(house, incident) == {"police", "childrens_social_care"}


@on_sqlite
def test_a_file_is_closed_once_an_indecent_image_is_recorded(house: House) -> None:
    incident = str(house.bullying("2026-09-14 10:20")["id"])
    metadata = {
        "form": "screenshot",
        "description": "The messages.",
        "captured_at": "2026-09-14T10:20:00+01:00",
        "incident_at": "2026-09-14T10:00:00+01:00",
    }
    file = house.uploaded(incident, samples.PNG, **metadata)["id"]
    path = f"/incidents/{incident}/evidence/{file}/content"
    assert house.ask("dsl", "GET", path).status_code == 200
    house.take(incident, "record_content", content=["indecent_image"], how=HOW)
    for answer in (house.ask("dsl", "GET", path), house.upload(incident, samples.PNG, **metadata)):
        assert answer.status_code == 409
        assert body_of(answer)["clause"].startswith("UKCIS")


@on_sqlite
def test_what_the_material_holds_is_said_in_at_least_one_word(house: House) -> None:
    incident = str(house.bullying("2026-09-14 10:20")["id"])
    for content in ([], ["rude"]):
        assert house.step(incident, "record_content", content=content, how=HOW).status_code == 422
    assert house.step(incident, "record_content", content=["sexual"]).status_code == 422
