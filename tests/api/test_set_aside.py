"""Health, metrics, the log and answers report what a view could not apply, and keep working."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from casework.storage import database
from casework_api.http.logs import FIELDS
from casework_projections.views import catch_up
from casework_projections.views.caseload import Caseload
from casework_projections.views.figures import IncidentFigures
from casework_projections.views.lessons_learnt import LessonsLearnt
from tests.api.client import REASON, House, Json, body_of, logged
from tests.projections.watching import spoil


def unknown_edition(state: Json) -> None:
    state["policy"]["pack"] = "nowhere@1"


def cannot_write(*_: object) -> None:
    raise ArithmeticError


@pytest.fixture
def aside(house: House) -> str:
    """An incident whose pinned edition is missing, which no view of incidents can store."""
    incident = str(house.bullying("2026-09-14 10:20")["id"])
    spoil(house.casework, UUID(incident), unknown_edition)
    return incident


def lines(text: str, event: str) -> list[Json]:
    return [line for line in map(json.loads, text.splitlines()) if line["event"] == event]


def test_ready_stays_ready_and_counts_what_is_set_aside(house: House, aside: str) -> None:
    ready = house.http.get("/health/ready")
    checks = {"database": "ok", "playbooks": "ok", "views": "ok"}
    assert body_of(ready) == {"status": "ready", "checks": checks}
    house.get("dsl", "/incidents")
    ready = house.http.get("/health/ready")
    assert ready.status_code == 200
    assert body_of(ready) == {
        "status": "ready",
        "checks": {**checks, "views": "degraded"},
        "set_aside": {"caseload": 1},
        "unreadable": 0,
    }
    assert aside not in ready.text


def test_metrics_say_how_much_is_set_aside_at_present(house: House, aside: str) -> None:
    assert 'casework_view_events_set_aside{view="caseload"} 0.0' in house.http.get("/metrics").text
    house.get("dsl", "/incidents")
    shown = house.http.get("/metrics").text
    assert 'casework_view_events_set_aside{view="caseload"} 1.0' in shown
    assert 'casework_view_events_set_aside{view="people"} 0.0' in shown
    assert "casework_unreadable 0.0" in shown
    assert aside not in shown


@pytest.mark.parametrize("table", ["view_bonds", "view_names", "view_positions"])
def test_a_report_is_taken_while_it_cannot_be_said_who_may_read_it(house: House, table: str) -> None:
    with house.casework.database.writer.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE {table}")
    headers = {"Idempotency-Key": uuid4().hex}
    body = house.reported()
    answers = [house.ask("dsl", "POST", "/incidents", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data
    incident = body_of(answers[0])["id"]
    assert body_of(answers[0])["next_steps"] == []
    assert house.ask("deputy_dsl", "GET", f"/incidents/{incident}").status_code == 503


def test_the_log_says_it_once_without_naming_anyone(house: House, aside: str) -> None:
    with logged() as log:
        for _ in range(2):
            house.get("dsl", "/incidents")
    (line,) = lines(log.getvalue(), "event set aside")
    assert set(line) <= FIELDS
    assert (line["view"], line["topic"]) == ("caseload", "incident.report")
    assert isinstance(line["position"], int)
    assert line["exception"][0]["type"] == "casework.library.checking.PlaybookError"
    for secret in (aside, aside.replace("-", ""), "nowhere@1", "unkind", "Tess"):
        assert secret not in log.getvalue()


@pytest.mark.parametrize(
    "path",
    [
        "/incidents",
        "/incidents?limit=1",
        "/schools/{school}/lessons-learnt",
        "/schools/{school}/governor-summary",
        "/schools/{school}/breaches",
        "/schools/{school}/playbook-comparison?pack=headcorn",
        "/people/{person}/chronology",
    ],
)
def test_an_answer_that_may_be_outdated_says_so(
    house: House, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = house.person("Petra Pupil")
    house.clock.set("2026-09-14 10:20")
    incident = house.report(people=[{"person": person, "involvement": "target"}])["id"]
    asked = path.format(school=house.school, person=person)
    assert "stale" not in house.get("dsl", asked)
    for view in (Caseload, IncidentFigures, LessonsLearnt):
        monkeypatch.setattr(view, "write", cannot_write)
    house.take(incident, "acknowledge")
    assert house.get("dsl", asked)["stale"] is True
    assert "stale" not in house.get("dsl", "/people?name=Petra Pupil")


def test_an_incident_set_aside_is_listed_to_users_who_may_see_it(house: House, aside: str) -> None:
    other = house.report()["id"]
    assert {item["id"] for item in house.get("dsl", "/incidents")["items"]} == {aside, other}
    assert {item["id"] for item in house.get("reporter", "/incidents")["items"]} == {aside, other}
    assert house.get("governor", "/incidents")["items"] == []


def test_administrators_see_how_many_incidents_are_unreadable(house: House) -> None:
    assert "unreadable" not in house.get("admin", "/me")
    incident = house.report()["id"]
    spoil(house.casework, UUID(incident), lambda state: state.pop("setting"))
    assert house.get("dsl", "/incidents") == {"items": [], "next": None, "stale": True}
    shown = house.get("admin", "/me")
    assert (shown["set_aside"], shown["unreadable"]) == ({"caseload": 1}, 1)
    assert "unreadable" not in house.get("dsl", "/me")


def test_a_case_whose_pack_is_missing_is_handled_by_the_floor(house: House, aside: str) -> None:
    shown = house.get("dsl", f"/incidents/{aside}")
    assert "acknowledge" in {each["step"] for each in shown["next_steps"]}
    assert house.take(aside, "acknowledge")["version"] == 2
    assert house.get("headteacher", f"/incidents/{aside}/audit-trail")["entries"]
    for who in ("governor", "admin"):
        assert house.ask(who, "GET", f"/incidents/{aside}").status_code == 404


def test_harm_is_reported_at_a_school_whose_pack_is_missing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = house.get("dsl", f"/schools/{house.school}")["policy"]["edition"]
    monkeypatch.delitem(house.casework.library.packs, followed)
    incident = house.report(who="reporter")
    assert incident["policy"]["pack"] == followed
    house.take(incident["id"], "triage", timing="out_of_school", critical=False, rationale=REASON)
    rules = {each["rule"] for each in house.get("dsl", f"/incidents/{incident['id']}")["next_steps"]}
    assert "acknowledge" in str(rules)
    assert not {rule for rule in rules if rule.startswith("st-thomas")}
    assert house.get("dsl", f"/schools/{house.school}")["policy"]["edition"] == followed
    assert house.get("dsl", f"/schools/{house.school}/governor-summary")["incidents"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/incidents/{}", None),
        ("GET", "/incidents/{}/steps", None),
        ("GET", "/incidents/{}/audit-trail", None),
        ("POST", "/incidents/{}/steps", {"step": "acknowledge"}),
        ("POST", "/approvals", {"what": "step", "about": {"incident": "{}"}}),
        ("POST", "/incidents/OTHER/steps", {"step": "check_pattern", "earlier": ["{}"]}),
    ],
)
@pytest.mark.parametrize("who", ["dsl", "headteacher", "reporter", "governor", "admin"])
def test_an_unreadable_case_answers_like_an_unknown_one(
    house: House, who: str, method: str, path: str, body: Json | None
) -> None:
    incident, other, unknown = house.report()["id"], house.report()["id"], str(uuid4())
    spoil(house.casework, UUID(incident), lambda state: state.pop("setting"))

    def said_of(wanted: str) -> tuple[int, str]:
        sent = None if body is None else json.loads(json.dumps(body).replace("{}", wanted))
        where = path.format(wanted).replace("OTHER", other)
        answer = house.ask(who, method, where, json=sent, headers={"If-Match": "*"})
        told = {name: value for name, value in body_of(answer).items() if name != "instance"}
        return answer.status_code, json.dumps(told)

    assert said_of(incident) == said_of(unknown)
    assert said_of(unknown)[0] in (403, 404, 422)


@pytest.fixture
def hurried(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house whose waits for locks end at once."""
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.02)
    monkeypatch.setattr(catch_up, "READ_SECONDS", 0.1)
    return house


def test_a_request_that_waits_too_long_for_a_lock_says_when_to_retry(hurried: House) -> None:
    house = hurried
    incident = house.report()["id"]
    with house.casework.database.writer.begin() as holder:
        holder.exec_driver_sql("UPDATE view_positions SET position = position")
        with logged() as log:
            answer = house.ask("dsl", "GET", "/incidents")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert lines(log.getvalue(), "view unavailable")[0]["view"] == "directory, caseload, recusals"
    assert [item["id"] for item in house.get("dsl", "/incidents")["items"]] == [incident]


def test_a_list_whose_views_are_current_waits_for_no_writer(hurried: House) -> None:
    house = hurried
    incident = house.report()["id"]
    house.get("dsl", "/incidents")
    with house.casework.database.writer.begin() as holder:
        holder.exec_driver_sql("UPDATE view_positions SET position = position")
        assert [item["id"] for item in house.get("dsl", "/incidents")["items"]] == [incident]


@pytest.mark.parametrize(
    "gone", ["DELETE FROM view_positions WHERE view = 'caseload'", "DROP TABLE view_set_aside"]
)
def test_a_missing_view_gives_no_time_to_retry(house: House, gone: str) -> None:
    """As after an upgrade without `casework init`."""
    with house.casework.database.writer.begin() as connection:
        connection.exec_driver_sql(gone)
    with logged() as log:
        answer = house.ask("dsl", "GET", "/incidents")
    assert answer.status_code == 503
    assert "Retry-After" not in answer.headers
    (line,) = lines(log.getvalue(), "view unavailable")
    assert line["exception"][0]["type"].endswith(".ViewNotCreated")
    assert house.http.get("/health/ready").status_code == 200
