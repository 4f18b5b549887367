"""A pupil's friend request to a teacher, over HTTP: who is notified, and whom each policy exempts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.client import REASON, House, Json, body_of
from tests.domain.casefile import PACKS

OpenHouse = Callable[..., House]
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

TOLD = {
    "tow_law": (["dsl"], "000 Staff personal use"),
    "todwick": (["dsl"], "casework default"),
    "headcorn": (["dsl"], "002 §4.2"),
    "hr_cooperative": (["headteacher", "slt"], "003 §3"),
    "st_thomas": (["headteacher"], "004 §5.4, §6.3"),
}
ADVISED_BY = {
    "tow_law": "000 Staff personal use",
    "todwick": "casework default",
    "headcorn": "002 §4.2, §6",
    "hr_cooperative": "003 §3",
    "st_thomas": "004 §5.3, §6.3",
}
FAMILY_IS_EXEMPT = {"hr_cooperative"}
DECLARED_IS_EXEMPT = {"tow_law": "000 Staff personal use", "headcorn": "002 §4.2"}


class Contact:
    """A teacher, their own child at the school, and the child's friend request of Mon 14 Sep."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.clock.set("2026-09-11 15:00")
        self.teacher, self.pupil = house.person("Tara Teacher", "staff"), house.person("Petra Pupil")

    def declaration(self, disclosed_on: str, *deciders: str) -> Json:
        """The id of the relationship, declared on this day."""
        return {
            "school": self.house.school,
            "staff": self.teacher,
            "other": self.pupil,
            "relation": "parent",
            "disclosed_on": disclosed_on,
            "decision": "contact within the family may go on",
            "advice": "Not about school matters.",
            "decided_by": [self.house.users[who] for who in deciders or ("dsl", "headteacher")],
        }

    def declared(self, disclosed_on: str) -> str:
        return str(self.house.created("dsl", "/declarations", self.declaration(disclosed_on))["id"])

    def made(self) -> str:
        """The friend request, reported that morning."""
        self.house.clock.set("2026-09-14 09:00")
        people = [
            {"person": self.teacher, "involvement": "target"},
            {"person": self.pupil, "involvement": "alleged"},
        ]
        report = self.house.report(kind="unsolicited_contact", direction="pupil_to_staff", people=people)
        return str(report["id"])

    def advised_by(self, incident: str) -> list[str]:
        """The clauses that require showing the pupil the official channel."""
        asked = self.house.asked(incident, "advise", about="official_channel", person=self.pupil)
        return [item["clause"] for item in asked]


@pytest.mark.parametrize("pack", ["headcorn", "st_thomas"])
def test_the_users_named_in_the_policy_are_notified(open_house: OpenHouse, pack: str) -> None:
    told_in_a_school_day(open_house(pack), pack)


@on_sqlite
@pytest.mark.parametrize("pack", ["tow_law", "todwick", "hr_cooperative"])
def test_the_users_named_in_the_other_policies_are_notified(open_house: OpenHouse, pack: str) -> None:
    told_in_a_school_day(open_house(pack), pack)


def told_in_a_school_day(house: House, pack: str) -> None:
    """Classification is due on Tuesday, the policy's users are notified, and the pupil must be advised."""
    contact = Contact(house)
    incident = contact.made()
    (item,) = house.asked(incident, "classify_contact")
    assert (item["told"], item["clause"], item["due_at"][:10]) == (*TOLD[pack], "2026-09-15")
    assert contact.advised_by(incident) == [ADVISED_BY[pack]]


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("family", [False, True])
def test_the_teachers_own_child_is_exempt_where_the_policy_exempts_family(
    open_house: OpenHouse, pack: str, family: bool
) -> None:
    contact = Contact(open_house(pack))
    incident = contact.made()
    contact.house.take(incident, "classify_contact", immediate_family=family, no_reply_attested=True)
    exempt = family and pack in FAMILY_IS_EXEMPT
    assert contact.advised_by(incident) == ([] if exempt else [ADVISED_BY[pack]])


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
def test_an_earlier_joint_decision_exempts_under_two_policies(open_house: OpenHouse, pack: str) -> None:
    contact = Contact(open_house(pack))
    classified: Json = {"immediate_family": False, "no_reply_attested": True}
    before = contact.declared("2026-09-11")
    incident = contact.made()
    on_the_day = contact.declared("2026-09-14")
    late: Json = {**classified, "declared_relationship": on_the_day}
    if pack in DECLARED_IS_EXEMPT:
        refused = contact.house.refused(incident, "classify_contact", **late)
        assert refused["clause"] == DECLARED_IS_EXEMPT[pack]
    else:
        contact.house.take(incident, "classify_contact", **late)
    assert contact.advised_by(incident) == [ADVISED_BY[pack]]

    contact.house.take(incident, "classify_contact", **classified, declared_relationship=before)
    exempt = pack in DECLARED_IS_EXEMPT
    assert contact.advised_by(incident) == ([] if exempt else [ADVISED_BY[pack]])


@pytest.mark.parametrize("which", ["staff", "other"])
def test_a_user_cannot_decide_on_their_own_relationship(open_house: OpenHouse, which: str) -> None:
    house = open_house("headcorn")
    teacher, pupil = house.person("Tara Teacher", "staff"), house.person("Petra Pupil")
    myself = teacher if which == "staff" else house.person("Dora Designated", "staff")
    house.add_user("lead", "dsl", house.school, person=myself)
    body = {
        "school": house.school,
        "staff": teacher,
        "other": pupil if which == "staff" else myself,
        "relation": "parent",
        "disclosed_on": "2026-09-01",
        "decision": "allowed",
        "advice": "Not about school matters.",
        "decided_by": [house.users["lead"], house.users["headteacher"]],
    }
    answer = house.ask("dsl", "POST", "/declarations", json=body)
    assert (answer.status_code, list(body_of(answer)["errors"])) == (422, ["$.decided_by"])


def test_a_declaration_is_about_people_and_not_about_records(open_house: OpenHouse) -> None:
    contact = Contact(open_house("headcorn"))
    house = contact.house
    again = house.person("Tara Teachers", "staff")
    house.created("dsl", f"/people/{again}/same-as", {"person": contact.teacher, "reason": REASON})
    body = {**contact.declaration("2026-09-10"), "staff": again}
    declared = house.created("dsl", "/declarations", body)["id"]
    incident = contact.made()
    classified: Json = {"immediate_family": False, "no_reply_attested": True}
    house.take(incident, "classify_contact", **classified, declared_relationship=declared)
    answer = house.ask("dsl", "POST", "/declarations", json={**body, "other": contact.teacher})
    assert body_of(answer)["errors"]["$.other"] == ["is the same person"]
    house.add_user("acting", "dsl", house.school, person=contact.teacher)
    mine = {**body, "decided_by": [house.users["acting"], house.users["headteacher"]]}
    answer = house.ask("dsl", "POST", "/declarations", json=mine)
    assert list(body_of(answer)["errors"]) == ["$.decided_by"]


@on_sqlite
@pytest.mark.parametrize(
    ("deciders", "status"),
    [
        (("dsl",), 201),
        (("headteacher",), 201),
        (("dsl", "headteacher"), 201),
        (("reporter",), 422),
        ((), 422),
    ],
)
def test_under_tow_law_either_of_them_decides(
    open_house: OpenHouse, deciders: tuple[str, ...], status: int
) -> None:
    contact = Contact(open_house("tow_law"))
    body = {**contact.declaration("2026-09-11"), "decided_by": [contact.house.users[who] for who in deciders]}
    assert contact.house.ask("dsl", "POST", "/declarations", json=body).status_code == status


def test_a_declaration_needs_the_dsl_and_the_head(open_house: OpenHouse) -> None:
    contact = Contact(open_house("headcorn"))
    for deciders in (("dsl", "deputy_dsl"), ("headteacher",), ("dsl",), ("headteacher", "reporter")):
        body = contact.declaration("2026-09-11", *deciders)
        answer = contact.house.ask("dsl", "POST", "/declarations", json=body)
        assert (answer.status_code, list(body_of(answer)["errors"])) == (422, ["$.decided_by"])
