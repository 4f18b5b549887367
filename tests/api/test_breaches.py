"""The clauses of the school's policy that were breached, recorded and counted over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.client import REASON, House, Json, body_of

HEAD = "headteacher"
CLAUSES = ("003 §3 ¶3", "003 §3 ¶30")


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    return open_house("hr_cooperative", "2026-09-14 10:20")


def concern(house: House) -> str:
    people = [{"person": house.person("Tara Teacher", "staff"), "involvement": "alleged"}]
    return str(house.report(kind="staff_misuse", people=people)["id"])


def decide(house: House, incident: str, *breach: str, who: str = HEAD, **more: Json) -> None:
    fields = {"decision": "He is reminded of the rules.", "rationale": REASON, "breach": [*breach], **more}
    house.take(incident, "decide", who, **fields)


def counted(house: House, who: str, query: str = "") -> Json:
    items = house.get(who, f"/schools/{house.school}/breaches{query}")["items"]
    return {item["clause"]: item["cases"] for item in items}


def test_a_decision_says_what_was_breached_the_sanction_and_what_it_was_handled_under(house: House) -> None:
    incident = concern(house)
    assert house.asked(incident, "decide", HEAD)
    decide(house, incident, CLAUSES[0], sanction="written_warning", handled_under="allegations")
    entry = house.get(HEAD, f"/incidents/{incident}/audit-trail")["entries"][1]
    for word in (CLAUSES[0], "written_warning", "allegations"):
        assert word in entry["what"]
    assert not house.asked(incident, "decide", HEAD)


def test_a_clause_that_the_policy_does_not_have_is_refused_with_those_it_has(house: House) -> None:
    incident = concern(house)
    fields = {"decision": "Said.", "rationale": REASON, "breach": ["004 §5.1"]}
    answer = house.step(incident, "decide", HEAD, **fields)
    assert answer.status_code == 422
    (message,) = body_of(answer)["errors"]["$.breach[0]"]
    assert CLAUSES[0] in message
    assert "004 §5.1" not in answer.text


@pytest.mark.parametrize("field", ["sanction", "handled_under"])
def test_a_word_outside_its_list_is_refused(house: House, field: str) -> None:
    fields = {"decision": "Said.", "rationale": REASON, field: "flogging"}
    answer = house.step(concern(house), "decide", HEAD, **fields)
    assert answer.status_code == 422
    assert f"$.{field}" in body_of(answer)["errors"]


def test_each_clause_is_counted_once_for_each_case(house: House) -> None:
    one, other = concern(house), concern(house)
    decide(house, one, *CLAUSES)
    decide(house, one, CLAUSES[0])
    decide(house, other, CLAUSES[0])
    assert counted(house, HEAD) == {CLAUSES[0]: 2, CLAUSES[1]: 1}
    assert counted(house, HEAD, "?term=2026-autumn") == {CLAUSES[0]: 2, CLAUSES[1]: 1}
    assert counted(house, HEAD, "?term=2027-spring") == {}
    (first, _) = house.get(HEAD, f"/schools/{house.school}/breaches")["items"]
    assert first["title"] == "Social media on the school's devices without the head's consent"


def test_only_those_who_may_read_the_cases_find_them_counted(house: House) -> None:
    decide(house, concern(house), CLAUSES[0])
    assert counted(house, "dsl") == counted(house, "deputy_dsl") == {}
    for who in ("reporter", "governor"):
        assert house.ask(who, "GET", f"/schools/{house.school}/breaches").status_code == 403


def test_a_decision_that_is_voided_is_not_counted(house: House) -> None:
    incident = concern(house)
    decide(house, incident, CLAUSES[0])
    house.take(incident, "correct", HEAD, corrects=2, reason=REASON, void=True)
    assert counted(house, HEAD) == {}
