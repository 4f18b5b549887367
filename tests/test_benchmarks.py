"""The benchmarks, as far as they touch what is not their own."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from benchmarks.__main__ import MARK, make_empty


def test_a_benchmark_deletes_only_a_benchmark(tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    (others / "casework.db").touch()
    with pytest.raises(click.BadParameter, match="holds no benchmark"):
        make_empty(others)
    assert [file.name for file in others.iterdir()] == ["casework.db"]


def test_a_benchmark_replaces_an_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    make_empty(folder)
    (folder / "casework.db").touch()
    make_empty(folder)
    assert [file.name for file in folder.iterdir()] == [MARK]


@pytest.mark.parametrize("unusable", [Path("/proc/benchmark"), Path(__file__)], ids=["missing", "a file"])
def test_a_folder_that_cannot_be_used_is_named(unusable: Path) -> None:
    with pytest.raises(click.BadParameter, match="cannot be used"):
        make_empty(unusable)
