"""Who is told as the parent of a child, over HTTP: one who stands for that child, and is not alleged."""

from __future__ import annotations

from typing import Final

import pytest
from werkzeug.test import TestResponse

from tests.api.approving import Unchanged, faults
from tests.api.client import House, Json

_UNRELATED: Final = (
    "is not recorded as parent, guardian, carer or social worker of the child: record that, or say in "
    "relation_confirmed who they are"
)
UNRELATED: Final = {"$.parent": [_UNRELATED]}
TOLD: Final = {"method": "telephone", "summary": "What happened, and what the school does now."}
INVITED: Final = {
    "meeting_at": "2026-09-20T16:00:00+01:00",
    "method": "letter",
    "purpose": "To talk about it.",
}


def parent_of(house: House, child: str, relation: str = "parent_of", **more: Json) -> str:
    return house.person("Pat Parent", "parent", relations=[{"relation": relation, "person": child, **more}])


def inform(house: House, case: str, parent: str, child: str, **more: Json) -> TestResponse:
    return house.step(case, "inform_parents", parent=parent, child=child, **{**TOLD, **more})


@pytest.fixture
def children(house: House) -> tuple[str, str]:
    """Two pupils, target and alleged, as in `case`."""
    house.clock.set("2026-09-14 10:20")
    return house.person("Alice Able"), house.person("Bertie Bold")


@pytest.fixture
def case(house: House, children: tuple[str, str]) -> str:
    alice, bertie = children
    people = [{"person": alice, "involvement": "target"}, {"person": bertie, "involvement": "alleged"}]
    return str(house.report(people=people)["id"])


class TestTheParentOfAnotherChild:
    def test_is_not_told(self, house: House, case: str, children: tuple[str, str]) -> None:
        alice, bertie = children
        mother = parent_of(house, alice)
        with Unchanged(house):
            assert faults(inform(house, case, mother, bertie)) == UNRELATED
            assert (
                faults(house.step(case, "invite_parent", parent=mother, child=bertie, **INVITED)) == UNRELATED
            )
        assert inform(house, case, mother, alice).status_code == 201

    def test_is_told_if_somebody_says_who_they_are(
        self, house: House, case: str, children: tuple[str, str]
    ) -> None:
        words = "His aunt, with whom he lives this term."
        answer = inform(house, case, parent_of(house, children[0]), children[1], relation_confirmed=words)
        assert answer.status_code == 201, answer.text
        assert (
            house.get("dsl", f"/incidents/{case}/steps")["items"][-1]["fields"]["relation_confirmed"] == words
        )

    @pytest.mark.parametrize("relation", ["relative_of", "sibling_of", "close_friend_of"])
    def test_is_not_told_as_another_relative(
        self, house: House, case: str, children: tuple[str, str], relation: str
    ) -> None:
        uncle = house.person(
            "Una Uncle", "external", relations=[{"relation": relation, "person": children[0]}]
        )
        assert faults(inform(house, case, uncle, children[0])) == UNRELATED


@pytest.mark.parametrize("relation", ["parent_of", "guardian_of", "carer_of", "social_worker_of"])
def test_whoever_stands_for_the_child_is_told(
    house: House, case: str, children: tuple[str, str], relation: str
) -> None:
    assert inform(house, case, parent_of(house, children[0], relation), children[0]).status_code == 201


def test_a_carer_of_last_year_is_not_told(house: House, case: str, children: tuple[str, str]) -> None:
    carer = house.person("Cara Carer", "external")
    cared = {"relation": "carer_of", "person": children[0], "until": "2026-08-31"}
    house.created("dsl", f"/people/{carer}/relations", cared)
    assert faults(inform(house, case, carer, children[0])) == UNRELATED


def test_a_parent_recorded_for_another_record_of_the_child_is_told(
    house: House, case: str, children: tuple[str, str]
) -> None:
    again = house.person("Alice Able")
    mother = parent_of(house, again)
    assert faults(inform(house, case, mother, children[0])) == UNRELATED
    joined = house.ask(
        "dsl",
        "POST",
        f"/people/{again}/same-as",
        json={"person": children[0], "reason": "One girl, two records."},
    )
    assert joined.status_code in {200, 201}, joined.text
    assert inform(house, case, mother, children[0]).status_code == 201


def test_an_invitation_that_names_no_child_is_for_a_parent_of_the_case(
    house: House, case: str, children: tuple[str, str]
) -> None:
    stranger = house.person("Sam Stranger", "parent")
    assert faults(house.step(case, "invite_parent", parent=stranger, **INVITED)) == UNRELATED
    house.take(case, "invite_parent", parent=parent_of(house, children[1]), **INVITED)


class TestTheAllegedFather:
    @pytest.fixture
    def father(self, house: House, children: tuple[str, str]) -> str:
        return parent_of(house, children[0])

    @pytest.fixture
    def nudes(self, house: House, children: tuple[str, str], father: str) -> str:
        """Nudes of Alice, for which her father asked; the risks are answered yes."""
        people = [
            {"person": children[0], "involvement": "target"},
            {"person": father, "involvement": "alleged"},
        ]
        case = str(house.report(kind="sexting", people=people, content=["adult_contact"])["id"])
        house.take(case, "assess_risk", **dict.fromkeys(_QUESTIONS, "yes"))
        return case

    def test_is_not_told(self, house: House, nudes: str, father: str, children: tuple[str, str]) -> None:
        told = {"parent": father, "child": children[0], **TOLD}
        assert house.refused(nudes, "inform_parents", **told)["rule"] == "alleged-parent-not-told"
        invited = {"parent": father, "child": children[0], **INVITED}
        assert house.refused(nudes, "invite_parent", **invited)["rule"] == "alleged-parent-not-invited"
        decided = {"parent": father, "child": children[0], "decision": "No police, please.", "by": "father"}
        assert house.refused(nudes, "family_decision", **decided)["rule"] == "alleged-parent-not-asked"
        assert house.asked(nudes, "inform_parents", child=children[0])

    def test_is_not_told_under_another_record(
        self, house: House, nudes: str, father: str, children: tuple[str, str]
    ) -> None:
        again = parent_of(house, children[0])
        joined = {"person": father, "reason": "The same man, recorded twice."}
        assert house.ask("dsl", "POST", f"/people/{again}/same-as", json=joined).status_code in {200, 201}
        told = {"parent": again, "child": children[0], **TOLD}
        assert house.refused(nudes, "inform_parents", **told)["rule"] == "alleged-parent-not-told"

    def test_leaves_the_duty_to_another_parent(
        self, house: House, nudes: str, children: tuple[str, str]
    ) -> None:
        assert inform(house, nudes, parent_of(house, children[0]), children[0]).status_code == 201
        assert not house.asked(nudes, "inform_parents", child=children[0])

    def test_is_told_when_the_police_agree(
        self, house: House, nudes: str, father: str, children: tuple[str, str]
    ) -> None:
        house.take(nudes, "escalate", agency="police", reason="A father asks for nudes.")
        agreed = {"agency": "police", "outcome": "They have spoken to him.", "enquiry": "open"}
        house.take(nudes, "record_agency_response", hold_parents=False, **agreed)
        assert inform(house, nudes, father, children[0]).status_code == 201

    def test_is_not_told_by_a_correction(
        self, house: House, nudes: str, father: str, children: tuple[str, str]
    ) -> None:
        inform(house, nudes, parent_of(house, children[0]), children[0])
        number = house.get("dsl", f"/incidents/{nudes}/steps")["items"][-1]["number"]
        change = {"corrects": number, "reason": "It was the father.", "fields": {"parent": father}}
        assert house.refused(nudes, "correct", **change)["rule"] == "alleged-parent-not-told"


_QUESTIONS: Final = ("adult_involved", "coercion", "violent_or_unusual", "under_13_sexual", "immediate_risk")
