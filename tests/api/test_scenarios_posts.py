"""A parent's post over HTTP, from the evidence to the steps after the parent refuses to remove it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.client import REASON, House

OpenHouse = Callable[..., House]
ENDING: dict[str, dict[str, Any]] = {
    "debrief": {"summary": "What was learnt.", "lessons": [], "actions": []},
    "close": {"outcome": "Settled.", "rationale": REASON},
}
INVITED_BY = {
    "st_thomas": ("st-thomas-parent-post-invite", "004 §8.6"),
    "todwick": ("todwick-parent-post-invite", "001 C"),
}


def post(house: House) -> tuple[str, str]:
    """A parent's post about a teacher, saved on Mon 5 Oct; the incident and the parent."""
    house.clock.set("2026-10-05 09:00")
    parent, teacher = house.person("Pat Poster", "parent"), house.person("Tara Teacher", "staff")
    people = [{"person": teacher, "involvement": "target"}, {"person": parent, "involvement": "alleged"}]
    incident = house.report(kind="parent_post", setting="online_at_home", people=people)["id"]
    house.take(incident, "acknowledge")
    house.take(incident, "triage", timing="out_of_school", critical=False, rationale=REASON)
    house.take(incident, "offer_support", person=teacher, what="Somebody to talk to.")
    house.clock.set("2026-10-05 11:00")
    shown = house.take(
        incident,
        "save_evidence",
        form="screenshot",
        description="The post as it stood.",
        captured_at="2026-10-05T10:50:00+01:00",
        incident_at="2026-10-05T08:10:00+01:00",
    )
    assert shown["state"] == "evidence_saved"
    return incident, parent


def refused_with(house: House, incident: str) -> set[tuple[str, str]]:
    """The rules and clauses that refuse the debrief and the closing of the case."""
    problems = (house.refused(incident, step, **fields) for step, fields in ENDING.items())
    return {(problem["rule"], problem["clause"]) for problem in problems}


def invited(house: House, incident: str, parent: str) -> None:
    """Invited on Tue 6 Oct to meet on Mon 12 Oct; the parent did not come."""
    house.clock.set("2026-10-06 09:00")
    shown = house.take(
        incident,
        "invite_parent",
        parent=parent,
        meeting_at="2026-10-12T16:00:00+01:00",
        method="letter",
        purpose="To meet the leadership and ask for the post to be taken down.",
    )
    assert shown["state"] == "parent_invited"
    assert house.due(incident, "record_meeting")[:10] == "2026-10-12"
    house.clock.set("2026-10-12 16:30")
    house.take(incident, "record_meeting", parent=parent, outcome="no_show")


def not_taken_down(house: House, incident: str) -> None:
    """Removal is requested in writing that evening, and refused on Tue 13 Oct."""
    house.take(incident, "request_removal", addressee="person")
    assert house.due(incident, "record_removal") == "2026-10-14T16:30"
    house.clock.set("2026-10-13 12:00")
    house.take(incident, "record_removal", outcome="refused")


@pytest.mark.parametrize("pack", ["st_thomas", "todwick"])
def test_a_parents_post_goes_from_the_evidence_to_close(open_house: OpenHouse, pack: str) -> None:
    house = open_house(pack)
    own = pack == "st_thomas"
    incident, parent = post(house)
    (invitation,) = house.asked(incident, "invite_parent")
    assert (invitation["rule"], invitation["clause"]) == INVITED_BY[pack]
    assert (invitation["told"], invitation["due_at"][:10]) == (["slt"], "2026-10-07")
    assert refused_with(house, incident) == {INVITED_BY[pack]}

    invited(house, incident, parent)
    assert house.due(incident, "request_removal")[:10] == "2026-10-13"
    asked_by = ("st-thomas-parent-post-removal-asked", "004 §8.6")
    assert refused_with(house, incident) == {
        asked_by if own else ("parent-post-removal-asked", "casework default")
    }

    not_taken_down(house, incident)
    assert house.due(incident, "decide", topic="removal_refused")[:10] == "2026-10-20"
    decided_by = ("st-thomas-parent-post-refused", "004 §8.7")
    assert refused_with(house, incident) == {
        decided_by if own else ("parent-post-refused", "casework default")
    }
    for topic in ("other", "managed_in_school"):
        house.take(incident, "decide", topic=topic, decision="Something else.", rationale=REASON)
    assert len(refused_with(house, incident)) == 1

    provider = house.asked(incident, "escalate", agency="isp")
    assert [(i["modality"], i["clause"]) for i in provider] == ([("may", "004 §8.7")] if own else [])
    legal = house.asked(incident, "decide", topic="legal_action")
    assert [(i["modality"], i["clause"], i["told"]) for i in legal] == (
        [] if own else [("consider", "001 D", ["governors"])]
    )
    escalated = house.take(incident, "escalate", agency="isp", reason=REASON)
    assert escalated["state"] == "parent_invited"
    assert not house.asked(incident, "escalate", agency="isp")

    decision = {"decision": "The provider is told.", "rationale": REASON}
    house.take(incident, "decide", topic="removal_refused", **decision)
    if not own:
        of_staff = {("parent-post-of-staff-police", "casework default")}
        assert refused_with(house, incident) == of_staff
        house.take(incident, "consider_police", refer=False, reason=REASON)
        assert refused_with(house, incident) == {("todwick-parent-post-legal", "001 D")}
        house.take(incident, "decide", topic="legal_action", **decision)
    house.answer_everything(incident)
    assert house.take(incident, "close", **ENDING["close"])["state"] == "closed"


@pytest.mark.parametrize(
    ("pack", "rule", "clause"),
    [
        ("st_thomas", "st-thomas-parent-post-police", "004 §8.8"),
        ("todwick", "parent-post-police", "KCSIE part 5"),
    ],
)
def test_after_a_homophobic_slur_the_police_are_considered(
    open_house: OpenHouse, pack: str, rule: str, clause: str
) -> None:
    house = open_house(pack)
    incident, parent = post(house)
    invited(house, incident, parent)
    not_taken_down(house, incident)
    for topic in ("removal_refused", "legal_action"):
        house.take(incident, "decide", topic=topic, decision="The provider is told.", rationale=REASON)
    house.answer_everything(incident)
    assert not house.asked(incident, "consider_police")

    house.clock.set("2026-10-16 15:00")
    house.take(
        incident,
        "save_evidence",
        form="screenshot",
        description="A comment under the post.",
        captured_at="2026-10-16T14:50:00+01:00",
        incident_at="2026-10-15T21:00:00+01:00",
        content=["homophobic"],
    )
    (police,) = house.asked(incident, "consider_police")
    assert (police["modality"], police["clause"]) == ("consider", clause)
    # From Friday, when the slur was recorded, and not from the report.
    assert (police["due_at"][:10], police["overdue"]) == ("2026-10-19", False)
    assert refused_with(house, incident) == {(rule, clause)}
    house.take(incident, "consider_police", refer=False, reason=REASON)
    house.answer_everything(incident)
    shown = house.take(incident, "close", **ENDING["close"])
    assert (shown["state"], shown["content"]) == ("closed", ["homophobic"])


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_staff_never_answer_and_the_child_is_not_sanctioned(house: House) -> None:
    incident, _ = post(house)
    child = house.person("Petra Pupil")
    house.take(incident, "involve_person", person=child, involvement="target")
    refused = house.refused(incident, "apply_sanction", person=child, what="Kept in at playtime.")
    assert refused["rule"] == "parent-post-child-not-sanctioned"
    (parents,) = house.asked(incident, "inform_parents", child=child)
    assert parents["due_at"][:10] == "2026-10-12"
    playbook = house.get("dsl", "/playbooks/st_thomas")["rules"]
    (silent,) = (rule for rule in playbook if rule["id"] == "st-thomas-parent-post-no-reply")
    assert (silent["modality"], silent["clause"]) == ("must_not", "004 §8.4")
