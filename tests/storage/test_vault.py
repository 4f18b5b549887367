"""Evidence files: sealed as they arrive, named by their content, checked before they are returned."""

from __future__ import annotations

import hashlib
import io
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.incident.evidence import MAX_BYTES
from casework.record.files import StoredFile
from casework.storage.media import NotAllowed
from casework.storage.sealed_file import CHUNK_BYTES, Corrupt, SealedReader, SealingWriter
from casework.storage.vault import Missing, TooLarge, Vault, VaultUrlError
from tests.storage import samples

INCIDENT = uuid4()
KEY = bytes(range(32))
HEADER = 17
SEALED_CHUNK = CHUNK_BYTES + 16


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.from_url(f"file:{tmp_path}/evidence")


def long_text(size: int) -> bytes:
    return random.Random(size).randbytes((size + 1) // 2).hex().encode()[:size]  # noqa: S311


def store(vault: Vault, content: bytes, key: bytes = KEY, piece: int = 64 * 1024) -> StoredFile:
    with vault.writer(INCIDENT, key) as writer:
        for start in range(0, len(content), piece):
            writer.write(content[start : start + piece])
        return writer.finish("a name.txt")


def stored_path(tmp_path: Path, file: StoredFile) -> Path:
    return tmp_path / "evidence" / INCIDENT.hex / file.sha256


def files(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


def sealed(content: bytes, key: bytes = KEY, subject: UUID = INCIDENT) -> bytes:
    """The bytes that a sealed file has on the disk."""
    with io.BytesIO() as raw:
        writer = SealingWriter(raw, key, subject)
        writer.write(content)
        writer.finish()
        return raw.getvalue()


def opened(raw: bytes, key: bytes = KEY, subject: UUID = INCIDENT) -> bytes:
    with SealedReader(io.BytesIO(raw), key, subject) as reader:
        return reader.read()


@pytest.mark.parametrize("size", [1, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_a_file_is_read_back_unchanged(vault: Vault, tmp_path: Path, size: int) -> None:
    content = long_text(size)
    file = store(vault, content)
    assert file == StoredFile(
        sha256=hashlib.sha256(content).hexdigest(), size=size, media_type="text/plain", created=True
    )
    with vault.stream(INCIDENT, file.sha256, KEY) as stream:
        assert stream.size == size
        assert b"".join(stream) == content
    with vault.open(INCIDENT, file.sha256, KEY) as reader:
        assert reader.size == size
        assert reader.read() == content


def test_only_sealed_bytes_reach_the_disk_in_private_files(vault: Vault, tmp_path: Path) -> None:
    content = long_text(2 * CHUNK_BYTES + 5)
    with vault.writer(INCIDENT, KEY) as writer:
        for start in range(0, len(content), 100_000):
            writer.write(content[start : start + 100_000])
        (incoming,) = files(tmp_path)
        assert incoming.stat().st_mode & 0o777 == 0o600
        assert incoming.parent.stat().st_mode & 0o777 == 0o700
        assert content[:64] not in incoming.read_bytes()
        file = writer.finish()
    (stored,) = files(tmp_path)
    assert stored == stored_path(tmp_path, file)
    assert stored.stat().st_mode & 0o777 == 0o600
    assert all(
        content[place : place + 64] not in stored.read_bytes() for place in range(0, len(content), 65536)
    )


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_the_size_of_the_pieces_does_not_matter(vault: Vault, piece: int) -> None:
    content = long_text(4000)
    assert store(vault, content, piece=piece).sha256 == hashlib.sha256(content).hexdigest()


def test_the_same_content_is_stored_only_once(vault: Vault, tmp_path: Path) -> None:
    first = store(vault, samples.PNG)
    before = stored_path(tmp_path, first).read_bytes()
    second = store(vault, samples.PNG)
    assert (first.created, second.created) == (True, False)
    assert second.sha256 == first.sha256
    assert [path.read_bytes() for path in files(tmp_path)] == [before]


def test_each_incident_has_its_own_file(vault: Vault, tmp_path: Path) -> None:
    file = store(vault, samples.PNG)
    with vault.writer(uuid4(), bytes(32)) as writer:
        writer.write(samples.PNG)
        assert writer.finish().created
    assert len({path.read_bytes() for path in files(tmp_path)}) == 2
    with pytest.raises(Missing):
        vault.open(uuid4(), file.sha256, KEY)


def test_concurrent_uploads_of_one_content_store_one_file(vault: Vault, tmp_path: Path) -> None:
    content = long_text(CHUNK_BYTES * 2)
    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(lambda _: store(vault, content), range(8)))
    assert sum(file.created for file in stored) == 1
    assert len(files(tmp_path)) == 1


def test_a_file_of_the_limit_is_stored_and_a_larger_one_is_not(vault: Vault, tmp_path: Path) -> None:
    with vault.writer(INCIDENT, KEY, limit=1000) as writer:
        writer.write(b"a" * 1000)
        assert writer.finish().size == 1000
    with vault.writer(INCIDENT, KEY, limit=1000) as writer:
        writer.write(b"b" * 999)
        with pytest.raises(TooLarge, match="1000 bytes") as refusal:
            writer.write(b"bb")
    assert refusal.value.limit == 1000
    assert len(files(tmp_path)) == 1


def test_the_default_limit_is_25_mib(vault: Vault, tmp_path: Path) -> None:
    assert MAX_BYTES == 25 * 1024 * 1024
    with vault.writer(INCIDENT, KEY) as writer:
        for _ in range(25):
            writer.write(bytes(CHUNK_BYTES))
        with pytest.raises(TooLarge):
            writer.write(b"\x00")
    assert files(tmp_path) == []


@pytest.mark.parametrize("content", [b"<html>", b"\x00\x01", b""])
def test_a_refused_type_leaves_no_file(vault: Vault, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotAllowed):
        store(vault, content)
    assert files(tmp_path) == []


def test_a_name_that_claims_another_type_leaves_no_file(vault: Vault, tmp_path: Path) -> None:
    with vault.writer(INCIDENT, KEY) as writer:
        writer.write(samples.TEXT)
        with pytest.raises(NotAllowed):
            writer.finish("a name.html")
    assert files(tmp_path) == []


def test_an_interrupted_upload_leaves_no_file(vault: Vault, tmp_path: Path) -> None:
    def break_off() -> None:
        with vault.writer(INCIDENT, KEY) as writer:
            writer.write(b"some")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        break_off()
    assert files(tmp_path) == []


def test_a_finished_or_discarded_writer_accepts_no_more_bytes(vault: Vault, tmp_path: Path) -> None:
    with vault.writer(INCIDENT, KEY) as writer:
        writer.write(samples.TEXT)
        file = writer.finish()
        for use in (lambda: writer.write(b"more"), writer.finish):
            with pytest.raises(ValueError, match="finished or discarded"):
                use()
        writer.discard()
    assert files(tmp_path) == [stored_path(tmp_path, file)]


def test_a_refused_file_is_removed(vault: Vault, tmp_path: Path) -> None:
    file = store(vault, samples.PNG)
    assert vault.remove(INCIDENT, file)
    assert not vault.remove(INCIDENT, file)
    assert files(tmp_path) == []
    assert store(vault, samples.PNG).created


def test_a_refused_upload_does_not_remove_an_earlier_file(vault: Vault) -> None:
    store(vault, samples.PNG)
    again = store(vault, samples.PNG)
    assert not vault.remove(INCIDENT, again)
    assert vault.open(INCIDENT, again.sha256, KEY).read() == samples.PNG


def test_a_refused_upload_does_not_remove_a_later_upload(vault: Vault) -> None:
    refused = store(vault, samples.PNG)
    accepted = store(vault, samples.PNG)
    assert not vault.remove(INCIDENT, refused)
    with vault.stream(INCIDENT, accepted.sha256, KEY) as stream:
        assert b"".join(stream) == samples.PNG


def test_an_upload_reports_a_corrupt_stored_file(vault: Vault, tmp_path: Path) -> None:
    path = stored_path(tmp_path, store(vault, samples.PNG))
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(Corrupt):
        store(vault, samples.PNG)
    assert files(tmp_path) == [path]


def flip(raw: bytearray) -> None:
    raw[len(raw) // 2] ^= 1


def cut_last_byte(raw: bytearray) -> None:
    del raw[-1]


def cut_last_chunk(raw: bytearray) -> None:
    del raw[HEADER + 2 * SEALED_CHUNK :]


def cut_first_chunk(raw: bytearray) -> None:
    del raw[HEADER : HEADER + SEALED_CHUNK]


def swap_chunks(raw: bytearray) -> None:
    first, second = (
        raw[HEADER : HEADER + SEALED_CHUNK],
        raw[HEADER + SEALED_CHUNK : HEADER + 2 * SEALED_CHUNK],
    )
    raw[HEADER : HEADER + 2 * SEALED_CHUNK] = second + first


def double_last_chunk(raw: bytearray) -> None:
    raw += raw[HEADER + 2 * SEALED_CHUNK :]


def empty(raw: bytearray) -> None:
    raw.clear()


def keep_header_only(raw: bytearray) -> None:
    del raw[HEADER:]


def change_version(raw: bytearray) -> None:
    raw[8] = 2


@pytest.mark.parametrize(
    "damage",
    [
        flip,
        cut_last_byte,
        cut_last_chunk,
        cut_first_chunk,
        swap_chunks,
        double_last_chunk,
        empty,
        keep_header_only,
        change_version,
    ],
)
def test_a_damaged_file_is_never_returned(
    vault: Vault, tmp_path: Path, damage: Callable[[bytearray], None]
) -> None:
    file = store(vault, long_text(2 * CHUNK_BYTES + 77))
    path = stored_path(tmp_path, file)
    raw = bytearray(path.read_bytes())
    damage(raw)
    path.write_bytes(raw)
    with pytest.raises(Corrupt):
        vault.stream(INCIDENT, file.sha256, KEY)


def test_a_swapped_file_is_detected_before_the_first_byte(vault: Vault, tmp_path: Path) -> None:
    file, other = store(vault, samples.PNG), store(vault, samples.JPEG)
    stored_path(tmp_path, file).write_bytes(stored_path(tmp_path, other).read_bytes())
    with pytest.raises(Corrupt, match="does not match its name"):
        vault.stream(INCIDENT, file.sha256, KEY)


def test_a_missing_file_is_reported_as_missing(vault: Vault, tmp_path: Path) -> None:
    file = store(vault, samples.PNG)
    stored_path(tmp_path, file).unlink()
    for use in (vault.open, vault.stream):
        with pytest.raises(Missing):
            use(INCIDENT, file.sha256, KEY)


def test_a_wrong_key_opens_no_file(vault: Vault) -> None:
    file = store(vault, samples.PNG)
    with pytest.raises(Corrupt):
        vault.stream(INCIDENT, file.sha256, bytes(32))


@pytest.mark.parametrize("sha256", ["", "..", "../" * 10 + "etc/passwd", "00", "z" * 64, "/" + "0" * 63])
def test_a_file_is_named_only_by_its_hash(vault: Vault, sha256: str) -> None:
    with pytest.raises(ValueError, match="hex"):
        vault.open(INCIDENT, sha256, KEY)


@pytest.mark.parametrize("url", ["", "file:", "s3://bucket/prefix", "var/evidence", "http://h/x"])
def test_an_invalid_evidence_url_names_the_setting(url: str) -> None:
    with pytest.raises(VaultUrlError, match=r"^CASEWORK_EVIDENCE_URL: "):
        Vault.from_url(url)


@pytest.mark.parametrize("url", ["file:{}/a", "file://{}/a", "file:a"])
def test_the_evidence_folder_is_resolved_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    vault = Vault.from_url(url.format(tmp_path))
    monkeypatch.chdir("/")
    store(vault, samples.PNG)
    assert len(files(tmp_path / "a")) == 1


def test_a_stream_can_be_read_to_its_end_or_closed_early(vault: Vault) -> None:
    file = store(vault, samples.PNG)
    stream = vault.stream(INCIDENT, file.sha256, KEY)
    assert list(stream) == [samples.PNG]
    vault.stream(INCIDENT, file.sha256, KEY).close()


@given(data=st.data())
def test_a_sealed_file_can_be_read_from_any_position(data: st.DataObject) -> None:
    content = long_text(2 * CHUNK_BYTES + 77)
    with SealedReader(io.BytesIO(sealed(content)), KEY, INCIDENT) as reader:
        plain = io.BytesIO(content)
        near = st.sampled_from([0, 5, CHUNK_BYTES - 3, CHUNK_BYTES, 2 * CHUNK_BYTES, len(content) - 1])
        for _ in range(5):
            place = data.draw(near) + data.draw(st.integers(0, 200))
            size = data.draw(st.sampled_from([-1, 0, 1, 100, CHUNK_BYTES + 100]))
            assert reader.seek(place) == plain.seek(place) == reader.tell()
            assert reader.read(size) == plain.read(size)
            assert reader.tell() == plain.tell()
        assert reader.seek(-7, os.SEEK_END) == plain.seek(-7, os.SEEK_END)
        assert reader.seek(-1, os.SEEK_CUR) == plain.seek(-1, os.SEEK_CUR)
        assert reader.read() == plain.read()
        with pytest.raises(ValueError, match="before the beginning"):
            reader.seek(-1)


@given(content=st.binary(max_size=200), subject=st.uuids())
def test_a_sealed_file_opens_to_the_same_content(content: bytes, subject: UUID) -> None:
    assert opened(sealed(content, subject=subject), subject=subject) == content


@given(content=st.binary(max_size=60), data=st.data())
def test_any_changed_byte_of_a_file_is_detected(content: bytes, data: st.DataObject) -> None:
    raw = bytearray(sealed(content))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Corrupt):
        opened(bytes(raw))


@given(content=st.binary(max_size=60), data=st.data())
def test_any_truncation_or_addition_is_detected(content: bytes, data: st.DataObject) -> None:
    raw = sealed(content)
    with pytest.raises(Corrupt):
        opened(raw[: data.draw(st.integers(0, len(raw) - 1))])
    with pytest.raises(Corrupt):
        opened(raw + data.draw(st.binary(min_size=1, max_size=40)))


@given(order=st.permutations(range(3)), dropped=st.integers(0, 3))
def test_any_reordering_of_chunks_is_detected(order: list[int], dropped: int) -> None:
    content = long_text(2 * CHUNK_BYTES + 40)
    raw = sealed(content)
    chunks = [raw[HEADER + number * SEALED_CHUNK :][:SEALED_CHUNK] for number in range(3)]
    changed = raw[:HEADER] + b"".join(chunks[number] for number in order if number != dropped)
    if changed == raw:
        assert opened(changed) == content
    else:
        with pytest.raises(Corrupt):
            opened(changed)


def test_a_file_opens_only_for_its_incident_and_key() -> None:
    raw = sealed(b"content")
    with pytest.raises(Corrupt):
        opened(raw, subject=uuid4())
    with pytest.raises(Corrupt):
        opened(raw, key=bytes(32))


def test_sealing_the_same_file_twice_gives_different_bytes() -> None:
    assert sealed(b"content") != sealed(b"content")
