"""Evidence over HTTP: stored as sent, sealed on arrival, each opening recorded, or refused."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from casework.domain.incident.evidence import MAX_BYTES
from tests.api.client import REASON, House, Json, body_of, logged
from tests.storage import samples

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
BOUNDARY: Final = "b0undary"
MARKER: Final = b"Quillfeather wrote this. "
METADATA_HEAD: Final = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n'.encode()
HEAD: Final = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
    "Content-Type: text/plain\r\n\r\n"
).encode()


@pytest.fixture
def incident(house: House) -> str:
    """A case of bullying, on Mon 14 Sep at 10:20."""
    return str(house.bullying("2026-09-14 10:20")["id"])


def vault(house: House) -> Path:
    return house.casework.vault._folder


def held(house: House) -> list[Path]:
    """Every file in the vault."""
    return sorted(path for path in vault(house).rglob("*") if path.is_file())


def content_of(house: House, incident: str, evidence: str, who: str = "dsl") -> TestResponse:
    path = f"/incidents/{incident}/evidence/{evidence}/content"
    return house.ask(who, "GET", path, buffered=True)


class TestAFile:
    @pytest.mark.parametrize("file_type", ["png", "pdf", "text", "zip"])
    def test_comes_back_as_it_was_sent(self, house: House, incident: str, file_type: str) -> None:
        content, media_type = samples.ALLOWED[file_type]
        answer = house.upload(incident, content)
        saved = body_of(answer)
        assert answer.status_code == 201, answer.text
        assert saved == {
            "id": saved["id"],
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "media_type": media_type,
        }
        assert answer.headers["ETag"] == '"2"'
        record = house.get("dsl", answer.headers["Location"].removeprefix("/api/v1"))
        assert {name: record[name] for name in saved} == saved
        assert (record["form"], record["number"], record["saved_by"]) == ("screenshot", 2, house.users["dsl"])

        opened = content_of(house, incident, saved["id"])
        assert (opened.status_code, opened.data) == (200, content)
        assert opened.headers["X-Media-Type"] == media_type
        assert opened.headers["Content-Length"] == str(len(content))
        assert opened.headers["Content-Disposition"] == f'attachment; filename="{saved["id"]}"'
        assert opened.mimetype == "application/octet-stream"
        assert opened.headers["X-Content-Type-Options"] == "nosniff"
        assert opened.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("file_type", sorted(samples.ALLOWED))
    @on_sqlite
    def test_of_every_allowed_type_is_stored(self, house: House, incident: str, file_type: str) -> None:
        content, media_type = samples.ALLOWED[file_type]
        saved = house.uploaded(incident, content)
        assert saved["media_type"] == media_type
        assert content_of(house, incident, saved["id"]).data == content

    @on_sqlite
    def test_is_sealed_in_the_vault_and_unreadable_to_others(self, house: House, incident: str) -> None:
        house.uploaded(incident, MARKER * 1000)
        (path,) = held(house)
        assert MARKER[:12] not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0

    @on_sqlite
    def test_is_of_one_incident_only(self, house: House, incident: str) -> None:
        other = house.report(people=house.two_pupils())["id"]
        saved = house.uploaded(incident, MARKER)["id"]
        assert content_of(house, other, saved).status_code == 404
        house.get("dsl", f"/incidents/{other}/evidence/{saved}", 404)

    @on_sqlite
    def test_sent_twice_is_stored_once(self, house: House, incident: str) -> None:
        first, second = (house.uploaded(incident, MARKER) for _ in "ab")
        assert first["id"] != second["id"]
        assert len(held(house)) == 1
        stale = house.upload(incident, MARKER, headers={"If-Match": '"1"'})
        assert (stale.status_code, body_of(stale)["version"], stale.headers["ETag"]) == (412, 3, '"3"')
        for saved in (first, second):
            assert content_of(house, incident, saved["id"]).data == MARKER

    @on_sqlite
    def test_cannot_be_sent_or_read_by_the_reporter(self, house: House, incident: str) -> None:
        saved = house.uploaded(incident, MARKER)["id"]
        for who, status in (("reporter", 403), ("governor", 404), ("admin", 404)):
            assert house.upload(incident, MARKER, who).status_code == status
            assert content_of(house, incident, saved, who).status_code == status
        assert len(held(house)) == 1
        assert house.get("dsl", f"/incidents/{incident}")["version"] == 2


class TestOpening:
    @pytest.mark.parametrize("who", ["dsl", "deputy_dsl", "headteacher"])
    def test_is_recorded_with_the_user_and_the_role(self, house: House, incident: str, who: str) -> None:
        saved = house.uploaded(incident, MARKER)["id"]
        house.clock.set("2026-09-15 09:00")
        assert content_of(house, incident, saved, who).status_code == 200
        opened = house.get("dsl", f"/incidents/{incident}/steps")["items"][-1]
        assert (opened["step"], opened["by"], opened["role"]) == ("open_evidence", house.users[who], who)
        assert opened["happened_at"].startswith("2026-09-15T09:00:00")
        assert opened["fields"] == {"file": saved}

    def test_does_not_change_the_version_for_writers(self, house: House, incident: str) -> None:
        saved = house.uploaded(incident, MARKER)["id"]
        shown = house.ask("dsl", "GET", f"/incidents/{incident}")
        assert content_of(house, incident, saved, "headteacher").status_code == 200
        again = house.ask("dsl", "GET", f"/incidents/{incident}")
        assert (again.headers["ETag"], again.data) == (shown.headers["ETag"], shown.data)
        house.clock.set("2026-09-15 10:00")
        note = {"step": "add_note", "text": "Seen by the head."}
        headers = {"If-Match": shown.headers["ETag"]}
        taken = house.ask("dsl", "POST", f"/incidents/{incident}/steps", json=note, headers=headers)
        assert taken.status_code == 201, taken.text
        entries = house.get("dsl", f"/incidents/{incident}/steps")["items"]
        assert [entry["number"] for entry in entries] == [1, 2, None, 3]
        trail = house.get("dsl", f"/incidents/{incident}/audit-trail")["entries"]
        assert [(entry["number"], entry["step"]) for entry in trail][2] == (None, "open_evidence")

    @on_sqlite
    def test_names_a_reader_of_a_case_reported_in_confidence(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20", confidential_reporter=True)["id"]
        saved = house.uploaded(incident, MARKER)["id"]
        with logged() as log:
            assert content_of(house, incident, saved, "headteacher").status_code == 200
        opened = house.get("dsl", f"/incidents/{incident}/steps")["items"][-1]
        head = house.users["headteacher"]
        assert (opened["step"], opened["by"], opened["role"]) == ("open_evidence", head, "headteacher")
        assert head in log.getvalue()

    @on_sqlite
    def test_is_recorded_each_time_even_with_the_same_key(self, house: House, incident: str) -> None:
        saved = house.uploaded(incident, MARKER)["id"]
        path = f"/incidents/{incident}/evidence/{saved}/content"
        for _ in range(2):
            again = house.ask("dsl", "GET", path, headers={"Idempotency-Key": "the same"})
            assert again.status_code == 200
        steps = [entry["step"] for entry in house.get("dsl", f"/incidents/{incident}/steps")["items"]]
        assert steps.count("open_evidence") == 2

    @on_sqlite
    def test_head_shows_the_headers_and_is_not_recorded(self, house: House, incident: str) -> None:
        saved = house.uploaded(incident, MARKER)["id"]
        path = f"/incidents/{incident}/evidence/{saved}/content"
        events = house.events()
        head = house.ask("dsl", "HEAD", path)
        assert (head.status_code, head.data, house.events()) == (200, b"", events)
        got = content_of(house, incident, saved)
        names = ("Content-Length", "Content-Type", "Content-Disposition", "X-Media-Type")
        assert {name: head.headers[name] for name in names} == {name: got.headers[name] for name in names}
        assert house.ask("reporter", "HEAD", path).status_code == 403

    @on_sqlite
    def test_of_an_erased_case_is_not_recorded(self, house: House, incident: str) -> None:
        saved = house.uploaded(incident, MARKER)["id"]
        house.casework.record.commit(destroying=[UUID(incident)])
        assert content_of(house, incident, saved).status_code == 404
        steps = [entry["step"] for entry in house.get("dsl", f"/incidents/{incident}/steps")["items"]]
        assert "open_evidence" not in steps

    @pytest.mark.parametrize("harm", ["one byte", "shortened", "gone", "swapped"])
    @on_sqlite
    def test_a_file_that_differs_from_the_saved_one_is_not_shown(
        self, house: House, incident: str, harm: str
    ) -> None:
        saved = house.uploaded(incident, MARKER * 9)
        other = house.uploaded(incident, MARKER * 8)
        paths = {path.name: path for path in held(house)}
        path = paths[saved["sha256"]]
        path.chmod(0o600)
        sealed = path.read_bytes()
        if harm == "gone":
            path.unlink()
        elif harm == "swapped":
            path.write_bytes(paths[other["sha256"]].read_bytes())
        else:
            path.write_bytes(
                sealed[:-1] if harm == "shortened" else sealed[:-20] + bytes([sealed[-20] ^ 1]) + sealed[-19:]
            )
        answer = content_of(house, incident, saved["id"])
        assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
        assert body_of(answer)["rule"] == "evidence-intact"
        assert MARKER[:12] not in answer.data
        assert content_of(house, incident, other["id"]).data == MARKER * 8


MEMBERS: Final = {
    "[Content_Types].xml": b'<?xml version="1.0"?><Types/>',
    "word/document.xml": b'<?xml version="1.0"?><w:document/>',
}
NOT_ALLOWED: Final = {
    "program": b"MZ\x90\x00" + bytes(60) + b"PE\x00\x00" + bytes(300),
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    "docx": samples.archive(MEMBERS),
    "zip in zip": samples.archive({"inner.zip": samples.ZIP}),
    "program in zip": samples.archive({"harmless.txt": b"MZ\x90\x00" + bytes(300)}),
    "zip behind png": samples.PNG + samples.ZIP,
    "script": b"#!/bin/sh\nrm -rf /\n",
    "nothing": b"",
    "not UTF-8": b"\xff\xfe\xfd words",
}


@on_sqlite
class TestAFileThatIsRefused:
    @pytest.mark.parametrize("file_type", NOT_ALLOWED)
    def test_the_refusal_gives_its_type_and_not_its_name(
        self, house: House, incident: str, file_type: str
    ) -> None:
        with logged() as log:
            answer = house.upload(incident, NOT_ALLOWED[file_type], name="quillfeather.png")
        assert (answer.status_code, answer.mimetype) == (415, "application/problem+json")
        assert body_of(answer)["detail"].startswith("not an allowed type of file: ")
        for output in (answer.text, str(answer.headers), log.getvalue()):
            assert "quillfeather" not in output
        assert held(house) == []
        assert house.get("dsl", f"/incidents/{incident}")["version"] == 1

    @pytest.mark.parametrize(
        ("headers", "metadata", "status"),
        [
            ({"If-Match": '"7"'}, {}, 412),
            ({"If-Match": "7"}, {}, 422),
            ({"Idempotency-Key": "two words"}, {}, 422),
            ({}, {"description": ""}, 422),
            ({}, {"at": "2027-01-01T09:00:00Z"}, 422),
            ({}, {"no_such_field": 1}, 422),
        ],
    )
    def test_a_refused_step_leaves_none(
        self, house: House, incident: str, headers: Json, metadata: Json, status: int
    ) -> None:
        answer = house.upload(incident, MARKER, headers=headers, **metadata)
        assert answer.status_code == status
        assert held(house) == []
        assert house.get("dsl", f"/incidents/{incident}")["version"] == 1

    def test_a_case_with_a_file_does_not_become_one_of_nudes(self, house: House, incident: str) -> None:
        saved = house.uploaded(incident, MARKER)["id"]
        refused = house.refused(incident, "reclassify", kind="sexting", reason=REASON)
        assert refused["clause"]
        assert content_of(house, incident, saved).data == MARKER

    def test_a_case_that_was_one_of_nudes_stores_none(self, house: House) -> None:
        nudes = house.bullying("2026-09-14 10:20", kind="sexting")["id"]
        house.take(nudes, "reclassify", kind="cyberbullying", reason=REASON)
        answer = house.upload(nudes, MARKER)
        assert (answer.status_code, body_of(answer)["rule"]) == (409, "no-file-once-nudes")
        assert held(house) == []

    def test_the_playbook_says_which_kinds_store_none_and_why(self, house: House) -> None:
        playbook = house.get("dsl", "/playbooks/headcorn")
        assert [kind["id"] for kind in playbook["kinds"] if not kind["holds_files"]] == ["sexting"]
        (why,) = (rule for rule in playbook["rules"] if rule["id"] == "sexting-no-imagery")
        assert (why["origin"], why["step"], why["kinds"]) == ("floor", "save_evidence", ["sexting"])

    def test_a_case_that_becomes_one_of_nudes_during_an_upload_stores_none(
        self, house: House, incident: str
    ) -> None:
        def reclassify() -> None:
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(house.take, incident, "reclassify", kind="sexting", reason=REASON).result()

        body = Body(house, MARKER * 10_000, at_half=reclassify)
        answer = body.sent(incident)
        assert (answer.status_code, body_of(answer)["rule"]) == (409, "sexting-no-imagery")
        assert held(house) == []
        assert house.get("dsl", f"/incidents/{incident}")["version"] == 2


class Body(io.RawIOBase):
    """An upload as it arrives over the network: `content` between the metadata and the end, read in pieces.

    `at_half` is called once half of it has been read, `watch` before each read.
    """

    def __init__(
        self,
        house: House,
        content: bytes,
        *,
        watch: Callable[[], None] = lambda: None,
        at_half: Callable[[], None] = lambda: None,
    ) -> None:
        metadata = json.dumps(house.described(form="document")).encode() + b"\r\n"
        self._house = house
        self.whole = METADATA_HEAD + metadata + HEAD + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        self.taken = 0
        self._watch = watch
        self._at_half: Callable[[], None] | None = at_half

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._watch()
        if self._at_half and self.taken > len(self.whole) / 2:
            self._at_half()
            self._at_half = None
        piece = self.whole[self.taken : self.taken + len(buffer)]
        buffer[: len(piece)] = piece
        self.taken += len(piece)
        return len(piece)

    def sent(self, incident: str, *, declared: bool = True) -> TestResponse:
        """The answer; if the length is not `declared`, the server ends the body itself."""
        length = {"CONTENT_LENGTH": str(len(self.whole))}
        undeclared = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        return self._house.ask(
            "dsl",
            "POST",
            f"/incidents/{incident}/evidence",
            headers={"If-Match": "*"},
            environ_overrides={
                "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
                "wsgi.input": self,
                **(length if declared else undeclared),
            },
        )


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def in_clear(*folders: Path) -> Iterator[str]:
    """The files in these folders that contain the marker, including open files without a name."""
    roots = tuple(str(folder) for folder in folders)
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
            if target.startswith(roots) and MARKER[:12] in link.read_bytes():
                yield target
        except OSError:
            continue
    for folder in folders:
        yield from (str(p) for p in folder.rglob("*") if p.is_file() and MARKER[:12] in p.read_bytes())


@on_sqlite
class TestALargeFile:
    def test_is_never_on_the_disk_in_clear(self, house: House, incident: str, temporary: Path) -> None:
        found: list[str] = []
        body = Body(house, MARKER * 60_000, watch=lambda: found.extend(in_clear(temporary, vault(house))))
        assert body.sent(incident).status_code == 201
        found.extend(in_clear(temporary, vault(house)))
        assert found == []
        assert list(temporary.iterdir()) == []

    def test_is_taken_up_to_25_mb(self, house: House, incident: str) -> None:
        content = MARKER * (MAX_BYTES // len(MARKER))
        content += b"." * (MAX_BYTES - len(content))
        answer = Body(house, content).sent(incident)
        assert (answer.status_code, body_of(answer)["size"]) == (201, 25 * 1024 * 1024)

    @pytest.mark.parametrize(
        ("size", "declared", "read"),
        [(MAX_BYTES + 1, True, True), (MAX_BYTES * 2, True, False), (MAX_BYTES * 2, False, True)],
        ids=["a byte over", "declared as twice as much", "twice as much without saying"],
    )
    def test_over_25_mb_is_refused_and_leaves_nothing(
        self, house: House, incident: str, temporary: Path, size: int, declared: bool, read: bool
    ) -> None:
        body = Body(house, b"." * size)
        answer = body.sent(incident, declared=declared)
        assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
        assert bool(body.taken) == read
        assert body.taken < MAX_BYTES + 512 * 1024
        assert held(house) == []
        assert list(temporary.iterdir()) == []
        assert house.get("dsl", f"/incidents/{incident}")["version"] == 1


def test_a_file_in_clear_without_a_name_is_found(temporary: Path) -> None:
    with tempfile.TemporaryFile() as unnamed:
        unnamed.write(MARKER)
        unnamed.flush()
        assert len(list(in_clear(temporary))) == 1
