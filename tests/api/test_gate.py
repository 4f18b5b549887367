"""A user who may not know a case is shut out by its row, and by its history if the row cannot say so."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

import pytest

from casework.storage.observation import count_statements
from casework.storage.stored_record import StoredRecord
from tests.api.client import House

WITHOUT_VIEW: Final = [
    "DROP TABLE view_caseload_members",
    "DROP TABLE view_caseload",
    "UPDATE view_positions SET version = version + 1 WHERE view = 'caseload'",
    "DELETE FROM view_positions WHERE view = 'caseload'",
    "DELETE FROM view_caseload",
]
DOORS: Final = ("", "/next-steps", "/steps", "/audit-trail", "/guidance")


@pytest.fixture
def incident(house: House) -> str:
    """A case of several steps, of which the views know."""
    house.add_user("stranger", "slt", house.school)
    incident = str(house.bullying("2026-09-14 10:20")["id"])
    for _ in range(3):
        house.take(incident, "add_note", text="Something worth keeping.")
    house.get("dsl", "/incidents")
    return incident


@contextmanager
def replayed() -> Iterator[list[UUID]]:
    """The ids of the histories that are read in this block together with others: a case and its approvals."""
    read: list[UUID] = []
    load_many = StoredRecord.load_many

    def noted(record: StoredRecord, ids: Collection[UUID]) -> Any:
        read.extend(ids)
        return load_many(record, ids)

    with patch.object(StoredRecord, "load_many", noted):
        yield read


def answers(house: House, who: str, incident: str) -> list[int]:
    step = {"json": {"step": "add_note", "text": "Something worth keeping."}}
    asked = [house.ask(who, "GET", f"/incidents/{incident}{door}") for door in DOORS]
    asked.append(house.ask(who, "POST", f"/incidents/{incident}/steps", headers={"If-Match": "*"}, **step))
    return [answer.status_code for answer in asked]


def test_a_stranger_is_shut_out_without_replaying_the_case(house: House, incident: str) -> None:
    with replayed() as read:
        assert answers(house, "stranger", incident) == [404] * 6
    assert UUID(incident) not in read
    with replayed() as read:
        house.get("dsl", f"/incidents/{incident}")
    assert UUID(incident) in read


def test_a_head_is_shut_out_by_the_bar_of_a_case_about_them(house: House) -> None:
    """The head's grant depends on the staff, so nothing but the bar in the row can shut them out."""
    alleged = {"user": str(house.id_of("headteacher")), "involvement": "alleged"}
    incident = str(house.report(kind="staff_allegation", people=[*house.two_pupils()[:1], alleged])["id"])
    house.get("dsl", "/incidents")
    with replayed() as read:
        house.get("headteacher", f"/incidents/{incident}", status=404)
    assert UUID(incident) not in read


def test_a_reader_pays_one_statement_and_then_none(house: House, incident: str) -> None:
    """The statement is the only one of this request that reads the rows of cases."""
    looks = []
    for _ in range(2):
        with count_statements() as tally:
            house.get("deputy_dsl", f"/incidents/{incident}")
        looks.append(sum("FROM view_caseload" in " ".join(each.split()) for each in tally.statements))
    assert looks == [1, 0]


def test_a_row_behind_its_case_shuts_nobody_out(house: House, incident: str) -> None:
    house.get("stranger", f"/incidents/{incident}", status=404)
    house.take(incident, "assign", user=str(house.id_of("stranger")))
    house.get("stranger", f"/incidents/{incident}")


def test_a_new_role_counts_at_once(house: House, incident: str) -> None:
    house.get("stranger", f"/incidents/{incident}", status=404)
    house.appoint("stranger", "deputy_dsl", house.school)
    house.get("stranger", f"/incidents/{incident}")


def test_a_row_lets_nobody_in(house: House, incident: str) -> None:
    elsewhere = house.open_school("st_thomas")
    house.add_user("elsewhere", "dsl", elsewhere)
    with house.casework.database.writer.begin() as connection:
        school = UUID(elsewhere).hex if connection.dialect.name == "sqlite" else elsewhere
        connection.exec_driver_sql(f"UPDATE view_caseload SET school = '{school}'")  # noqa: S608
    house.get("elsewhere", f"/incidents/{incident}", status=404)


@pytest.mark.parametrize("damage", WITHOUT_VIEW)
def test_without_its_row_the_case_answers_as_before(house: House, incident: str, damage: str) -> None:
    before = {who: answers(house, who, incident) for who in ("stranger", "dsl", "reporter")}
    house.get("dsl", "/incidents")
    with house.casework.database.writer.begin() as connection:
        connection.exec_driver_sql(damage)
    assert {who: answers(house, who, incident) for who in before} == before
