"""The floor and the pack in force are found among the files of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from casework.library import Library
from casework.library.checking import PlaybookError
from tests.domain.casefile import at
from tests.domain.test_playbook_files import FLOOR_FILE, PACK_FILE, error, load, replaced


def test_a_folder_without_a_floor_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack.toml").write_text(PACK_FILE, encoding="utf-8")
    with pytest.raises(PlaybookError, match="contains no floor"):
        Library.from_folder(tmp_path)


def test_a_missing_folder_of_own_packs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match=r"missing: is not a folder"):
        Library.own().with_packs(tmp_path / "missing")


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "floor.toml").write_bytes(FLOOR_FILE.replace("Trouble", "Trouv\u00e9").encode("latin-1"))
    with pytest.raises(PlaybookError, match=r"floor\.toml.*UTF-8"):
        Library.from_folder(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "floor.toml").mkdir()
    with pytest.raises(PlaybookError, match=r"floor\.toml: cannot be read"):
        Library.from_folder(tmp_path)


@pytest.mark.parametrize(
    ("floor", "pack", "missing"),
    [("england@2026-09-01", "own@2020-01", "own@2020-01"), ("wales@2020-01-01", "none", "wales@2020-01-01")],
)
def test_a_missing_edition_that_a_case_follows_is_named(floor: str, pack: str, missing: str) -> None:
    with pytest.raises(PlaybookError, match=f"^{missing}: is followed by a case"):
        Library.own().playbook(floor, pack)


def test_a_pack_is_checked_against_every_floor(tmp_path: Path) -> None:
    later = replaced(FLOOR_FILE, "2026-09-01", "2027-09-01").replace("adjustable = true\n", "")
    (tmp_path / "later.toml").write_text(later, encoding="utf-8")
    mistake = error(tmp_path)
    assert (mistake.file, mistake.rule, mistake.field) == ("pack.toml", "own-triage", "replaces")


@pytest.mark.parametrize(
    ("moment", "edition"),
    [
        ("2020-01-01 00:00", "nowhere@2026-09-01"),
        ("2026-09-01 00:00", "nowhere@2026-09-01"),
        ("2027-08-31 23:59", "nowhere@2026-09-01"),
        ("2027-09-01 00:00", "nowhere@2027-09-01"),
        ("2030-01-01 00:00", "nowhere@2027-09-01"),
    ],
)
def test_the_floor_in_force_is_chosen_by_the_day_in_london(tmp_path: Path, moment: str, edition: str) -> None:
    later = replaced(FLOOR_FILE, "2026-09-01", "2027-09-01")
    (tmp_path / "a-later-one.toml").write_text(later, encoding="utf-8")
    assert load(tmp_path).floor_at("nowhere", at(moment)).edition == edition


def test_the_latest_version_of_a_pack_is_the_one_adopted_last(tmp_path: Path) -> None:
    second = PACK_FILE.replace('version = "1"', 'version = "0.9"').replace("2026-09-01", "2026-10-01")
    (tmp_path / "a-second.toml").write_text(second, encoding="utf-8")
    library = load(tmp_path)
    assert library.pack_ids() == ["school"]
    assert library.latest_pack("school").edition == "school@0.9"
