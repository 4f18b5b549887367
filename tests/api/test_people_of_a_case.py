"""A lead for one case and its people is also whoever handles it by the route, and nobody who is shut out."""

from __future__ import annotations

import pytest

from tests.api.client import House, Json, body_of
from tests.api.people import patch
from tests.api.test_joins import joined, parted, same
from tests.api.test_one_person_everywhere import end, part, relate
from tests.api.test_recusal import School

SHUT_OUT = ("lead", "deputy", "head", "vice", "assistant")


class Allegation:
    """An allegation against the head under a new record of them, which only the chair handles."""

    def __init__(self, school: School) -> None:
        self.school, self.house = school, school.house
        self.head = school.people["head"]
        self.record = school.made("assistant", "Harriet Heddle")
        self.incident = school.report({"person": self.record, "involvement": "alleged"})
        assert school.readers(self.incident) == {"chair"}

    def pairs(self, who: str) -> list[set[str]]:
        items = self.house.get(who, f"/people/pairs?school={self.school.id}")["items"]
        return [{pair["one"]["id"], pair["other"]["id"]} for pair in items]


@pytest.fixture
def allegation(house: House) -> Allegation:
    return Allegation(School(house))


class TestTheChair:
    @pytest.mark.parametrize("turned", [False, True])
    def test_joins_and_parts_the_second_record_of_the_head(
        self, allegation: Allegation, turned: bool
    ) -> None:
        house, pair = allegation.house, (allegation.record, allegation.head)
        one, other = reversed(pair) if turned else pair
        joined(house, one, other, "chair")
        for record, beside in (pair, pair[::-1]):
            assert house.get("chair", f"/people/{record}")["same_as"] == [beside]
        parted(house, one, other, "chair")
        assert house.get("chair", f"/people/{allegation.record}")["same_as"] == []
        assert allegation.school.readers(allegation.incident) == {"chair"}

    def test_changes_the_record_and_relates_it(self, allegation: Allegation) -> None:
        house, record, pupil = allegation.house, allegation.record, allegation.school.pupil
        tag = house.ask("chair", "GET", f"/people/{record}").headers["ETag"]
        answer = patch(house, record, tag, "chair", known_as="Harry", born_on="1980-01-02")
        assert (answer.status_code, body_of(answer)["born_on"]) == (200, "1980-01-02")
        assert answer.headers["ETag"] == house.ask("chair", "GET", f"/people/{record}").headers["ETag"]
        answer = relate(house, "chair", record, pupil)
        assert answer.status_code == 201
        made = body_of(answer)["id"]
        assert [each["person"] for each in house.get("chair", f"/people/{record}")["relations"]] == [pupil]
        assert end(house, "chair", pupil, made).status_code == 204
        items = house.get("chair", f"/people/{record}/history")["items"]
        entry = next(each for each in items if each["what"] == "changed")
        assert (entry["by"], entry["role"]) == (house.users["chair"], "chair_of_governors")

    def test_sees_the_pairs_with_a_person_who_is_in_the_case(self, allegation: Allegation) -> None:
        house, school = allegation.house, allegation.school
        others = {school.made("lead", name, "pupil") for name in ("Kit Pidd", "Moe Lowe")}
        record = school.made("assistant", "Unknown Man", "unknown")
        incident = school.report(
            {"person": record, "involvement": "alleged"},
            {"person": allegation.head, "involvement": "alleged"},
        )
        assert school.readers(incident) == {"chair"}
        for each in others:
            assert patch(house, each, who="lead", name="Kit Kidd").status_code == 200
        assert patch(house, record, who="chair", name="Harriet Heddle").status_code == 200
        pair = {record, allegation.head}
        assert [each for each in allegation.pairs("chair") if allegation.head in each] == [pair]
        assert others not in allegation.pairs("chair")
        assert allegation.pairs("lead") == [others]
        joined(house, record, allegation.head, "chair")
        assert pair not in allegation.pairs("chair")

    def test_leads_for_nobody_else(self, allegation: Allegation) -> None:
        house, school = allegation.house, allegation.school
        one, other = (school.made("lead", name, "pupil") for name in ("Kit Kidd", "Kit Kid"))
        relation = school.related(one, "sibling_of", school.made("lead", "Sib Kid", "pupil"))
        joined(house, one, other, "lead")
        assert patch(house, one, who="chair", name="Kit").status_code == 403
        assert relate(house, "chair", one, school.pupil).status_code == 403
        assert end(house, "chair", one, relation).status_code == 403
        assert part(house, "chair", one, other).status_code == 403
        third = school.made("lead", "Kit Kydd", "pupil")
        assert same(house, third, one, "chair").status_code == 403

    def test_knows_no_record_of_another_case(self, allegation: Allegation) -> None:
        house, school = allegation.house, allegation.school
        stranger = school.made("assistant", "Harriet Heddel", "unknown")
        body: Json = {"kind": "cyberbullying", "summary": "Unkind.", "confidential_reporter": False}
        school.report({"person": stranger, "involvement": "bystander"}, **body)
        for record in (stranger, "00000000-0000-4000-8000-000000000000"):
            assert house.ask("chair", "GET", f"/people/{record}").status_code == 404
            assert patch(house, record, who="chair", name="Kit").status_code == 404
            assert part(house, "chair", record, allegation.record).status_code == 404
            assert part(house, "chair", allegation.record, record).status_code == 404
            answer = same(house, allegation.record, record, "chair")
            fault = {"$.person": ["names no person of this school"]}
            assert (answer.status_code, body_of(answer)["errors"]) == (422, fault)
        assert all(stranger not in pair for pair in allegation.pairs("chair"))

    def test_with_no_case_has_no_people(self, house: House) -> None:
        school = School(house)
        assert house.ask("chair", "GET", f"/people/pairs?school={school.id}").status_code == 403
        assert patch(house, school.pupil, who="chair", name="Kit").status_code == 403

    def test_does_not_change_people_close_to_them(self, allegation: Allegation) -> None:
        """The chair has a case about a teacher because no head is left, and is related to the pupil of it."""
        house, school = allegation.house, allegation.school
        school.related(school.people["chair"], "relative_of", school.people["deputy"])
        witness = {"person": school.people["deputy"], "involvement": "witness"}
        record = school.made("assistant", "Harriet Heddle")
        incident = school.report({"person": record, "involvement": "alleged"}, witness)
        assert school.readers(incident) == {"chair"}
        assert patch(house, school.people["deputy"], who="chair", name="Dee").status_code == 403
        assert patch(house, record, who="chair", name="Harry Heddle").status_code == 200


class TestThoseWhoAreShutOut:
    @pytest.mark.parametrize("who", SHUT_OUT)
    def test_gain_nothing(self, allegation: Allegation, who: str) -> None:
        house, record, head = allegation.house, allegation.record, allegation.head
        joined(house, record, head, "chair")
        # The assistant registered the record, and so may know it.
        status = 403 if who == "assistant" else 404
        answers = [
            patch(house, record, who=who, name="Kit"),
            same(house, record, allegation.school.pupil, who),
            part(house, who, record, head),
            relate(house, who, record, allegation.school.pupil),
        ]
        assert {answer.status_code for answer in answers} == {status}
        assert house.ask(who, "GET", f"/people/{record}").status_code == status

    def test_the_vice_chair_has_them_if_the_chair_is_shut_out(self, allegation: Allegation) -> None:
        house, school = allegation.house, allegation.school
        school.related(school.people["chair"], "spouse_of", school.people["head"])
        assert school.readers(allegation.incident) == {"vice"}
        assert same(house, allegation.record, allegation.head, "chair").status_code == 404
        joined(house, allegation.record, allegation.head, "vice")
        assert house.ask("chair", "GET", f"/people/pairs?school={school.id}").status_code == 403

    def test_a_senior_leader_who_was_assigned_a_case_does_not_handle_it(self, house: House) -> None:
        school = School(house)
        incident = school.child_case()
        house.add_user("both", "slt", school.id, name="Bo Both")
        house.appoint("both", "vice_chair", school.id)
        house.take(incident, "acknowledge", "lead")
        house.take(incident, "assign", "lead", user=house.users["both"])
        assert house.ask("both", "GET", f"/incidents/{incident}").status_code == 200
        assert house.ask("both", "GET", f"/people/{school.pupil}").status_code == 403
        assert patch(house, school.pupil, who="both", name="Kit").status_code == 403


class TestWhatAUserMayNotKnow:
    def test_moves_no_version_of_what_they_may(self, allegation: Allegation) -> None:
        """A record that was made for the case against the head is joined to theirs, related and parted."""
        house, head, record = allegation.house, allegation.head, allegation.record
        before = {who: house.ask(who, "GET", f"/people/{head}") for who in ("head", "lead")}
        history = house.get("head", f"/people/{head}/history")
        joined(house, record, head, "chair")
        answer = relate(house, "chair", head, record, "line_manager_of")
        assert answer.status_code == 422, "the same person"
        for _ in range(2):
            for who, answer in before.items():
                now = house.ask(who, "GET", f"/people/{head}")
                assert (now.text, now.headers["ETag"]) == (answer.text, answer.headers["ETag"])
            assert house.get("head", f"/people/{head}/history") == history
            parted(house, record, head, "chair")
            joined(house, record, head, "chair")
        assert house.get("chair", f"/people/{head}")["version"] > body_of(before["head"])["version"]
        tag = before["lead"].headers["ETag"]
        answer = patch(house, head, tag, "lead", employer="The trust")
        assert answer.status_code == 200, answer.text
        changed = house.ask("lead", "GET", f"/people/{head}")
        assert answer.headers["ETag"] == changed.headers["ETag"] == '"2"'
        stale = patch(house, head, tag, "lead", employer="The school")
        assert (stale.status_code, stale.headers["ETag"], body_of(stale)["version"]) == (412, '"2"', 2)
        assert patch(house, head, '"2"', "admin", year_group=None).status_code == 200

    def test_moves_no_version_by_a_relation_and_its_end(self, allegation: Allegation) -> None:
        house, record, pupil = allegation.house, allegation.record, allegation.school.pupil
        # The pupil is in the case too, so that the chair may relate them from either side.
        before = house.get("lead", f"/people/{pupil}")
        made = relate(house, "chair", pupil, record, "relative_of")
        assert made.status_code == 201
        assert house.get("lead", f"/people/{pupil}") == before
        assert end(house, "chair", record, body_of(made)["id"]).status_code == 204
        assert house.get("lead", f"/people/{pupil}") == before
        assert house.get("chair", f"/people/{pupil}")["version"] == before["version"] + 2

    def test_that_records_were_told_apart_moves_no_version(self, allegation: Allegation) -> None:
        house, school = allegation.house, allegation.school
        made = []
        for _ in range(2):
            made.append(school.made("chair", "Zed Zander", "visitor"))
            person = {"person": made[-1], "involvement": "witness"}
            house.take(allegation.incident, "involve_person", "chair", **person)
        new = made[-1]
        assert patch(house, new, who="chair", on_roll=True).status_code == 200
        assert house.get("chair", f"/people/{new}")["version"] == 3
        assert house.get("lead", f"/people/{new}")["version"] == 2
        shown = house.get("lead", f"/people/{new}/history")["items"]
        assert [each["what"] for each in shown] == ["registered", "changed"]
