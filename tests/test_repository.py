"""Rules for all files of the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from casework.library import Library

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("src/casework", "projections/casework_projections", "api/casework_api")
DEMO: Final = "api/casework_api/demo"
MODULE_LINES: Final = 400

# In pieces, so that this file does not match itself.
_REGISTRIES: Final = [
    ["py", "pi.org"],
    ["python", "hosted.org"],
    ["registry.npm", "js.org"],
    ["registry.yarn", "pkg.com"],
    ["deb.deb", "ian.org"],
    ["proxy.go", "lang.org"],
    ["crates", ".io"],
]
_FOLDERS: Final = [["ho", "me"], ["ro", "ot"], ["t", "mp"], ["U", "sers"], ["wo", "rk"], ["o", "pt"]]
REGISTRY_HOST: Final = re.compile("|".join(re.escape("".join(pieces)) for pieces in _REGISTRIES))
MACHINE_PATH: Final = re.compile(
    rf"(?<![\w.~$}}/-])/{{1,4}}(?:{'|'.join(''.join(p) for p in _FOLDERS)})/[\w.~-]"
)


def _tracked() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # git also lists a file that is deleted but not yet committed.
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def _lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _tracked()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert _lines_matching(REGISTRY_HOST) == []


def test_no_file_contains_a_path_of_one_machine() -> None:
    assert _lines_matching(MACHINE_PATH) == []


@pytest.mark.parametrize("host", ["https://{}/simple/", "index-url = https://files.{}", "{}"])
@pytest.mark.parametrize("pieces", _REGISTRIES)
def test_the_pattern_matches_every_registry(host: str, pieces: list[str]) -> None:
    assert REGISTRY_HOST.search(host.format("".join(pieces)))


@pytest.mark.parametrize(
    "text", ["/{}/a", "file:///{}/a", "sqlite:////{}/a", "'/{}/a'", "--find-links=/{}/a", "PATH=/bin:/{}/a"]
)
@pytest.mark.parametrize("pieces", _FOLDERS)
def test_the_pattern_matches_absolute_paths(text: str, pieces: list[str]) -> None:
    assert MACHINE_PATH.search(text.format("".join(pieces)))


@pytest.mark.parametrize(
    "text", ["/incidents/{id}", "docs/{}/x", "./{}/x", "~/{}/x", "$HOME/{}/x", "https://a.b/{}/x"]
)
@pytest.mark.parametrize("pieces", _FOLDERS)
def test_the_pattern_matches_no_url_and_no_relative_path(text: str, pieces: list[str]) -> None:
    assert not MACHINE_PATH.search(text.replace("{}", "".join(pieces)))


def test_each_locked_requirement_has_its_version_and_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    requirements = [line for line in lock.splitlines() if line and not line.lstrip().startswith("#")]
    pinned = re.compile(r"[a-z0-9-]+==\S+( ;[^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert requirements
    assert [line.split()[0] for line in requirements if not pinned.fullmatch(line)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_too_long(package: str) -> None:
    modules = list((ROOT / package).rglob("*.py"))
    assert modules
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > MODULE_LINES} == {}


def test_no_module_names_a_kind_or_a_pack() -> None:
    library = Library.own()
    names = re.compile(rf"\b({'|'.join([*library.kinds(), *library.pack_ids()])})\b")
    modules = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    product = (path for path in modules if not path.is_relative_to(ROOT / DEMO))
    assert [str(path) for path in product if names.search(path.read_text())] == []


def test_the_day_of_a_moment_is_computed_in_one_place() -> None:
    # Other modules call `clocks.day_of`: the day in the offset of a moment is not always the day in London.
    clocks = ROOT / "src/casework/domain/clocks.py"
    modules = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    assert [str(path) for path in modules if ".date()" in path.read_text() and path != clocks] == []


def test_the_licence_is_in_the_repository() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence
    assert "casework contributors" in licence
