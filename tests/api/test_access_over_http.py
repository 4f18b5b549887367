"""Access to each route: every route by every role, and the cases that a reader may not see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from casework_api.sign_in.bearer import PUBLIC
from tests.api.client import BASE, REASON, House, Json, body_of, called, logged, opened_house
from tests.api.scene import ANY, ROUTES, WHO, Scene, endpoints
from tests.engines import SQLiteEngine


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened_house(sqlite_engine, tmp_path_factory.mktemp("access")) as house:
        yield Scene(house)


@pytest.fixture(scope="module")
def dead(scene: Scene) -> dict[str, str]:
    """Values of `Authorization` that are refused."""
    house = scene.house
    dsl, token = house.users["dsl"], house.tokens["dsl"]
    other_secret = token[:-1] + ("1" if token[-1] == "0" else "0")
    revoked = house.own_token("dsl", "read")
    assert house.ask("dsl", "DELETE", f"/users/{dsl}/tokens/{revoked['id']}").status_code == 204
    expires_at = house.clock() + timedelta(seconds=1)
    expired = house.own_token("dsl", "read", expires_at=expires_at.isoformat())
    house.clock.moment = expires_at
    return {
        "basic": "Basic ZHNsOnNlY3JldA==",
        "nonsense": "Bearer cw_nonsense",
        "unknown": f"Bearer {other_secret}",
        "revoked": f"Bearer {revoked['token']}",
        "expired": f"Bearer {expired['token']}",
    }


@pytest.fixture(scope="module")
def scoped(scene: Scene) -> Scene:
    """The scene with tokens of the safeguarding lead that may only read, or only write."""
    for scope in ("read", "write"):
        scene.house.tokens[f"only {scope}"] = scene.house.issued("dsl", scope)["token"]
    return scene


on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class TestEveryRoute:
    def test_each_has_a_row_here(self, scene: Scene) -> None:
        assert endpoints(scene.house) == set(ROUTES)

    @pytest.mark.parametrize(
        ("endpoint", "who", "status"),
        [(endpoint, who, route.status(who)) for endpoint, route in ROUTES.items() for who in WHO],
    )
    def test_answers_each_role_as_the_table_says(
        self, scene: Scene, endpoint: str, who: str, status: int
    ) -> None:
        asked = scene.request(endpoint)
        before = scene.house.events()
        answer = asked.by(scene.house, who)
        assert answer.status_code == status, answer.text
        if status >= 400:
            assert answer.mimetype == "application/problem+json"
            assert scene.house.events() == before

    @pytest.mark.parametrize("endpoint", ROUTES)
    @pytest.mark.parametrize("credentials", ["none", "basic", "nonsense", "unknown", "revoked", "expired"])
    def test_refuses_requests_without_a_valid_token(
        self, scene: Scene, dead: dict[str, str], endpoint: str, credentials: str
    ) -> None:
        asked = scene.request(endpoint)
        headers = {**asked.options.get("headers", {})}
        if credentials in dead:
            headers["Authorization"] = dead[credentials]
        answer = scene.house.http.open(f"{BASE}{asked.path}", method=asked.method, headers=headers)
        assert answer.status_code == 401, answer.text
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith("Bearer ")
        assert ("invalid_token" in challenge) == (credentials not in {"none", "basic"})

    @pytest.mark.parametrize("endpoint", ROUTES)
    @pytest.mark.parametrize("scope", ["read", "write"])
    def test_limits_a_token_to_its_scope(self, scoped: Scene, endpoint: str, scope: str) -> None:
        asked = scoped.request(endpoint)
        needs = "read" if asked.method == "GET" else "write"
        as_always = ROUTES[endpoint].status("dsl")
        answer = asked.by(scoped.house, f"only {scope}")
        assert answer.status_code == (as_always if scope == needs else 403), answer.text

    def test_only_the_service_pages_need_no_token(self, scene: Scene) -> None:
        paths = {
            "openapi": "/openapi.json",
            "docs": "/docs",
            "docs_asset": "/docs/docs.js",
            "health_live": "/health/live",
            "health_ready": "/health/ready",
            "metrics": "/metrics",
        }
        # The feed carries its token in its address, an enrolment its code in its body.
        assert set(paths) | {"calendar.feed", "enrolment.enrol"} == PUBLIC
        for path in paths.values():
            with scene.house.http.get(path) as answer:
                assert answer.status_code == 200

    def test_an_ended_appointment_gives_no_access(self, scene: Scene) -> None:
        house = scene.house
        house.add_user("leaver", "dsl", house.school)
        held = house.get("leaver", "/me")["appointments"][0]
        assert house.get("leaver", f"/incidents/{scene.incident}")["id"] == scene.incident
        path = f"/schools/{house.school}/appointments/{held['id']}"
        assert house.ask("admin", "DELETE", path).status_code == 204
        house.get("leaver", f"/incidents/{scene.incident}", 404)
        assert house.get("leaver", "/incidents")["items"] == []
        assert not house.get("leaver", "/me")["appointments"][0]["in_force"]

    @pytest.mark.parametrize("in_confidence", [False, True])
    def test_a_report_is_not_shown_to_a_user_who_has_left(self, scene: Scene, in_confidence: bool) -> None:
        house = scene.house
        who = f"reporting leaver {in_confidence}"
        house.add_user(who, "reporter", house.school)
        incident = house.report(who, confidential_reporter=in_confidence)["id"]
        assert [each["id"] for each in house.get(who, "/incidents")["items"]] == [incident]
        held = house.get(who, "/me")["appointments"][0]
        path = f"/schools/{house.school}/appointments/{held['id']}"
        assert house.ask("admin", "DELETE", path).status_code == 204
        reads_nothing(house, who, incident, scene.incident)
        with logged() as log:
            house.get(who, f"/incidents/{incident}", 404)
        assert (house.users[who] in log.getvalue()) is not in_confidence


def reads_nothing(house: House, who: str, incident: str, person: str) -> None:
    """Assert that no request of `who` shows that the incident exists."""
    there_is_none = house.get(who, f"/incidents/{person}", 404)
    for path in ("", "/next-steps", "/steps", "/audit-trail", f"/evidence/{person}"):
        answered = house.get(who, f"/incidents/{incident}{path}", 404)
        assert {**answered, "instance": ""} == {**there_is_none, "instance": ""}
    for query in ("", f"?person={person}", "?kind=cyberbullying", "?overdue=true", "?limit=100"):
        assert incident not in str(house.get(who, f"/incidents{query}"))
    if who in {"dsl", "subject", "headteacher", "deputy_dsl"}:
        assert incident not in str(house.get(who, f"/people/{person}/chronology"))
        assert incident not in str(house.get(who, f"/schools/{house.school}/lessons-learnt"))
    answer = house.step(incident, "add_note", who, text="What is this about?")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@on_sqlite
class TestACaseAboutYou:
    @pytest.mark.parametrize("involvement", ["target", "alleged"])
    def test_does_not_exist_for_you(self, house: House, involvement: str) -> None:
        house.clock.set("2026-09-14 10:20")
        me = house.person("Sam Subject", "staff")
        house.add_user("subject", "dsl", house.school, person=me)
        other = "alleged" if involvement == "target" else "target"
        pupil = house.person("Petra Pupil")
        people = [{"person": me, "involvement": involvement}, {"person": pupil, "involvement": other}]
        incident = house.report(kind="unsolicited_contact", direction="pupil_to_staff", people=people)["id"]
        elsewhere = house.report(people=[{"person": pupil, "involvement": "target"}])["id"]

        reads_nothing(house, "subject", incident, me)
        reads_nothing(house, "subject", incident, pupil)
        assert [item["id"] for item in house.get("subject", "/incidents")["items"]] == [elsewhere]
        seen_by_others = house.get("headteacher", "/incidents")["items"]
        assert {item["id"] for item in seen_by_others} == {incident, elsewhere}

    def test_is_hidden_once_you_are_identified_as_its_subject(self, house: House) -> None:
        me = house.person("Sam Subject", "staff")
        house.add_user("subject", "dsl", house.school, person=me)
        incident = house.bullying("2026-09-14 10:20")["id"]
        assert house.get("subject", f"/incidents/{incident}")["id"] == incident
        house.take(incident, "involve_person", person=me, involvement="alleged")
        reads_nothing(house, "subject", incident, me)

    def test_is_not_hidden_from_a_witness(self, house: House) -> None:
        me = house.person("Will Witness", "staff")
        house.add_user("witness", "dsl", house.school, person=me)
        people = [*house.two_pupils(), {"person": me, "involvement": "witness"}]
        incident = house.report(people=people)["id"]
        assert house.get("witness", f"/incidents/{incident}")["id"] == incident


def allegation(house: House) -> tuple[str, str]:
    """A message from a member of staff to a pupil; the incident and the member of staff."""
    house.clock.set("2026-10-08 16:40")
    teacher, pupil = house.person("Tara Teacher", "staff"), house.person("Petra Pupil")
    people = [{"person": teacher, "involvement": "alleged"}, {"person": pupil, "involvement": "target"}]
    report = house.report(kind="unsolicited_contact", direction="staff_to_pupil", people=people)
    return report["id"], teacher


@on_sqlite
class TestTheAllegationStream:
    def test_is_hidden_from_the_leads_and_handled_by_the_head(self, house: House) -> None:
        incident, teacher = allegation(house)
        for who in ("dsl", "deputy_dsl", "governor"):
            reads_nothing(house, who, incident, teacher)
        assert house.get("headteacher", f"/incidents/{incident}")["stream"] == "allegation"
        assert [item["id"] for item in house.get("headteacher", "/incidents")["items"]] == [incident]
        house.take(incident, "add_note", "headteacher", text="The case manager is appointed.")

    def test_is_readable_by_an_assigned_lead(self, house: House) -> None:
        incident, teacher = allegation(house)
        house.take(incident, "assign", "headteacher", user=house.users["dsl"])
        assert house.get("dsl", f"/incidents/{incident}")["assigned_to"] == [house.users["dsl"]]
        assert [item["id"] for item in house.get("dsl", "/incidents")["items"]] == [incident]
        assert house.take(incident, "add_note", text="Read through.")["version"] == 3
        reads_nothing(house, "deputy_dsl", incident, teacher)

    @pytest.mark.parametrize("role", ["reporter", "governor", "admin"])
    def test_is_assigned_to_nobody_whose_role_would_not_let_them_read_it(
        self, house: House, role: str
    ) -> None:
        incident, teacher = allegation(house)
        house.add_user("colleague", role, house.school)
        answer = house.step(incident, "assign", "headteacher", user=house.users["colleague"])
        assert answer.status_code == 422, answer.text
        assert body_of(answer)["errors"] == {"$.user": ["holds no role that could read this case"]}
        reads_nothing(house, "colleague", incident, teacher)

    @pytest.mark.parametrize("role", ["dsl", "deputy_dsl", "headteacher", "chair_of_governors"])
    def test_is_read_by_whoever_it_is_assigned_to(self, house: House, role: str) -> None:
        incident, _ = allegation(house)
        house.add_user("colleague", role, house.school)
        house.take(incident, "assign", "headteacher", user=house.users["colleague"])
        house.get("colleague", f"/incidents/{incident}")

    def test_includes_a_case_once_a_member_of_staff_is_alleged(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        teacher = house.person("Tara Teacher", "staff")
        answered = house.take(incident, "involve_person", person=teacher, involvement="alleged")
        assert answered["id"] == incident
        reads_nothing(house, "dsl", incident, teacher)
        assert house.get("headteacher", f"/incidents/{incident}")["stream"] == "allegation"


@on_sqlite
class TestThePersonWhoReported:
    def test_reads_the_report_and_no_later_step(self, house: House) -> None:
        report = house.bullying("2026-09-14 10:20")
        incident = report["id"]
        assert (report["state"], report["next_steps"], report["version"]) == ("reported", [], 1)
        house.take(incident, "save_evidence", **house.described(content=["racist"]))
        witness = house.person("Will Witness")
        house.take(incident, "involve_person", person=witness, involvement="witness")
        house.take(incident, "assign", user=house.users["deputy_dsl"])

        shown = house.get("reporter", f"/incidents/{incident}")
        assert shown == report
        (listed,) = house.get("reporter", "/incidents")["items"]
        assert (listed["state"], listed["version"], listed["next_due_at"]) == ("reported", 1, None)
        for query in (
            f"person={witness}",
            "state=evidence_saved",
            f"assigned_to={house.users['deputy_dsl']}",
        ):
            assert house.get("reporter", f"/incidents?{query}")["items"] == []

    def test_sees_that_it_was_received_and_that_it_was_closed(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        house.take(incident, "acknowledge")
        shown = house.get("reporter", f"/incidents/{incident}")
        assert (shown["received"], shown["closed"], shown["version"]) == (True, False, 2)
        house.take(incident, "complete_investigation", findings="As it was reported.")
        house.answer_everything(incident)
        house.take(incident, "debrief", summary="Learnt.", lessons=[], actions=[])
        version = house.take(incident, "close", outcome="Settled.", rationale=REASON)["version"]
        shown = house.get("reporter", f"/incidents/{incident}")
        assert (shown["state"], shown["closed"], shown["version"]) == ("closed", True, version)
        assert list(shown["milestones"]) == ["reported", "closed"]

    def test_adds_notes_at_the_visible_version_and_takes_no_other_step(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        house.take(incident, "assign", user=house.users["deputy_dsl"])
        for etag, status in (('"2"', 412), ('"1"', 201)):
            answer = house.ask(
                "reporter",
                "POST",
                f"/incidents/{incident}/steps",
                json={"step": "add_note", "text": "It was before registration."},
                headers={"If-Match": etag},
            )
            assert answer.status_code == status, answer.text
            if status == 412:
                assert (body_of(answer)["version"], answer.headers["ETag"]) == (1, '"1"')
        assert answer.headers["ETag"] == '"1"'
        for step, fields in (
            ("acknowledge", {}),
            ("assign", {"user": house.users["reporter"]}),
            ("close", {"outcome": "Settled.", "rationale": REASON}),
            ("correct", {"corrects": 1, "correction": "It was not.", "reason": REASON}),
        ):
            assert house.step(incident, step, "reporter", **fields).status_code == 403

    def test_cannot_read_other_reports(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20", who="governor")["id"]
        house.get("reporter", f"/incidents/{incident}", 404)
        assert house.get("reporter", "/incidents")["items"] == []
        assert [item["id"] for item in house.get("governor", "/incidents")["items"]] == [incident]


class TestAReportInConfidence:
    @pytest.mark.parametrize("reported_by", ["reporter", "governor"])
    def test_names_the_reporter_to_no_user(self, house: House, reported_by: str) -> None:
        with logged() as log:
            incident = house.bullying("2026-09-14 10:20", who=reported_by, confidential_reporter=True)["id"]
            house.take(incident, "add_note", reported_by, text="It was before registration.")
            log.truncate(0)
            shown = [self.everything(house, who, incident) for who in ("dsl", "deputy_dsl", "headteacher")]
            lines = log.getvalue()
        name = called(reported_by)
        for text in (*shown, lines):
            assert house.users[reported_by] not in text
            assert name not in text
        entries = house.get("dsl", f"/incidents/{incident}/audit-trail")["entries"]
        for entry in entries:
            assert entry["by"] == {"user": None, "name": None, "role": "reporter"}

    @pytest.mark.parametrize("confidential", [True, False])
    def test_logs_no_line_with_its_reporter(self, house: House, confidential: bool) -> None:
        with logged() as log:
            body = {"school": house.school, "kind": "no kind", "confidential_reporter": confidential}
            assert house.ask("reporter", "POST", "/incidents", json=body).status_code == 422
            people = house.two_pupils()
            incident = house.report(people=people, confidential_reporter=confidential)["id"]
            assert house.users["reporter"] not in log.getvalue()
            house.get("reporter", f"/incidents/{incident}")
            house.take(incident, "add_note", "reporter", text="It was before registration.")
        assert (house.users["reporter"] in log.getvalue()) is not confidential

    @pytest.mark.parametrize(
        ("body", "headers", "status"),
        [
            ({"step": "add_note", "text": "More."}, {}, 428),
            ({"step": "add_note", "text": "More."}, {"If-Match": '"99"'}, 412),
            ({"step": "add_note"}, ANY, 422),
            ({"step": "acknowledge"}, ANY, 403),
            ({"step": "add_note", "text": "data:image/png;base64,AAAA"}, ANY, 409),
            ({"step": "add_note", "text": "Another."}, {**ANY, "Idempotency-Key": "used"}, 409),
        ],
    )
    def test_logs_no_refused_request_with_its_reporter(
        self, house: House, body: Json, headers: Json, status: int
    ) -> None:
        incident = house.bullying("2026-09-14 10:20", confidential_reporter=True)["id"]
        path = f"/incidents/{incident}/steps"
        first = {"step": "add_note", "text": "First."}
        used = {**ANY, "Idempotency-Key": "used"}
        assert house.ask("reporter", "POST", path, json=first, headers=used).status_code == 201
        with logged() as log:
            answer = house.ask("reporter", "POST", path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert house.users["reporter"] not in log.getvalue()

    @staticmethod
    def everything(house: House, who: str, incident: str) -> str:
        paths = ("", "/steps", "/audit-trail", "/next-steps")
        answers = [house.ask(who, "GET", f"/incidents/{incident}{path}") for path in paths]
        as_csv = {"headers": {"Accept": "text/csv"}}
        answers.append(house.ask(who, "GET", f"/incidents/{incident}/audit-trail", **as_csv))
        answers.append(house.ask(who, "GET", "/incidents"))
        assert {answer.status_code for answer in answers} == {200}
        return "".join(f"{answer.headers}{answer.text}" for answer in answers)

    def test_can_be_read_and_added_to_by_its_reporter(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20", confidential_reporter=True)["id"]
        shown: Json = house.get("reporter", f"/incidents/{incident}")
        assert shown["confidential_reporter"]
        assert [item["id"] for item in house.get("reporter", "/incidents")["items"]] == [incident]
        house.take(incident, "add_note", "reporter", text="It was before registration.")
        house.add_user("colleague", "reporter", house.school)
        house.get("colleague", f"/incidents/{incident}", 404)
        assert house.get("colleague", "/incidents")["items"] == []

    def test_cannot_be_found_by_assignee_or_involved_person(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20", confidential_reporter=True)["id"]
        for query in ("person", "assigned_to"):
            found = house.get("dsl", f"/incidents?{query}={house.users['reporter']}")["items"]
            assert incident not in [item["id"] for item in found]
