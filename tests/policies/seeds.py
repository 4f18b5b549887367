"""The five policies that the packs were made from: where they are, and the clauses of each.

They are not part of the repository. Each has its own layout, so each has a small reader of its own. A
clause is identified by the document's number, its section and its position: `000 Pupil use ¶3`, `001 A.3`,
`002 §4.1 ¶2.1` (the first bullet below the second), `003 §3 ¶8`, `004 §8.5`.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
FOLDER: Final = Path(os.environ.get("CASEWORK_SEEDS", ROOT.parent / "shared" / "seeds"))

_SECTIONS_000: Final = {
    "Overview": "Overview",
    "Aims and Objectives": "Aims",
    "General social media use": "General use",
    "Official use of social media": "Official use",
    "Staff personnel use of social media": "Staff personal use",
    "Staff official use of social media": "Staff official use",
    "Pupil use of social media": "Pupil use",
    "Approval": "Approval",
}
_BULLET: Final = re.compile(r"(\s*)(?:[-·]|\d\.)\s+")
_NAME: Final = r"(?!Date)[A-Z][a-z]+(?: (?!Date)[A-Z][a-z]+)*"
_NAMED: Final = (
    rf"Signed by:\s+(?:Mr |Mrs |Ms )?({_NAME}) Date",
    rf"Signed:\s+({_NAME})\s*\n",
    rf"Chair of Governors\t({_NAME})",
    rf"\b(?:Mr|Mrs|Ms|Miss|Dr) ({_NAME})",
    rf"({_NAME}) \((?:Deputy )?(?:Head|Computing)",
)


def seed_texts() -> dict[str, str]:
    """The text of each policy by its number. The test is skipped if the policies are not available."""
    found = {path.name[:3]: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("00?_*.txt"))}
    if set(found) != set(READERS):
        pytest.skip("the policies are not here: set CASEWORK_SEEDS to the folder that holds them")
    return found


def clauses_of(number: str, text: str) -> list[str]:
    """The ids of every clause of policy `number`, in order."""
    return [f"{number} {clause}" for clause in READERS[number](text)]


def people_named_in(text: str) -> set[str]:
    """Everyone whom a policy names, by complete name and by surname."""
    names = {name for pattern in _NAMED for name in re.findall(pattern, text)}
    return names | {name.split()[-1] for name in names}


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs and bullets. If a line after a gap begins in lower case, the gap was a page break."""
    block, gap = "", False
    for line in text.splitlines():
        stripped = line.strip().strip("*")
        if block and stripped and (_BULLET.match(line) or (gap and not stripped[0].islower())):
            yield block
            block = ""
        gap = not stripped
        block = f"{block} {stripped}".strip()
    if block:
        yield block


def _by_heading(text: str, heading: Callable[[str], str | None]) -> Iterator[tuple[str, str]]:
    """(section, text) for each heading on a line of its own. The text before the first is not a clause."""
    section, lines = "", list[str]()
    for line in text.splitlines():
        found = heading(line.strip().rstrip("."))
        if found is None:
            lines.append(line)
            continue
        if section:
            yield section, "\n".join(lines)
        section, lines = found, []
    yield section, "\n".join(lines)


def _tow_law(text: str) -> Iterator[str]:
    body = text.partition("Signed:")[0]
    dated = re.sub(r"^(Policy to be .*)$", r"\1.", body, flags=re.MULTILINE)
    dated = dated.replace("Policy to be approved", "Approval\nPolicy to be approved")
    for section, part in _by_heading(dated, _SECTIONS_000.get):
        for place, _ in enumerate(_blocks(part), start=1):
            yield f"{section} ¶{place}"


def _todwick(text: str) -> Iterator[str]:
    section, places = "Introduction", Counter[str]()
    for line in filter(None, map(str.strip, text.splitlines())):
        heading = re.match(r"([A-D])\. ", line)
        if heading is not None:
            section = heading[1]
        elif line.startswith("·"):
            places[f"{section}."] += 1
            yield f"{section}.{places[f'{section}.']}"
        elif line.endswith((".", ":")):
            places[section] += 1
            yield f"{section} ¶{places[section]}"


def _headcorn(text: str) -> Iterator[str]:
    for section, part in _by_heading(text, _numbered_heading):
        top = below = 0
        for line in part.splitlines():
            bullet = _BULLET.match(line)
            if bullet is None:
                continue
            top, below = (top, below + 1) if bullet[1] else (top + 1, 0)
            yield f"{section} ¶{top}.{below}" if below else f"{section} ¶{top}"


def _hr_cooperative(text: str) -> Iterator[str]:
    without_title = re.sub(r"^Using Social Media on .*$", "", text, flags=re.MULTILINE)
    for section, part in _by_heading(without_title, _numbered_heading):
        for place, _ in enumerate(_blocks(part), start=1):
            yield f"{section} ¶{place}"


def _st_thomas(text: str) -> Iterator[str]:
    statement = text.partition("Statement of intent")[2].partition("Signed by:")[0]
    yield from (f"Statement ¶{place}" for place, _ in enumerate(_blocks(statement), start=1))
    for number in re.findall(r"^(?:- )?(\d+\.\d+)\.? ", text, flags=re.MULTILINE):
        yield f"§{number}"


def _numbered_heading(line: str) -> str | None:
    """`4.2 Communicating with…` or `3. Policy`. An item of a list is a longer, complete sentence."""
    if line == "Other":
        return "Other"
    heading = re.fullmatch(r"(\d(?:\.\d)?)\.? [A-Z][A-Za-z' ]{4,60}", line)
    return None if heading is None else f"§{heading[1]}"


READERS: Final[Mapping[str, Callable[[str], Iterator[str]]]] = {
    "000": _tow_law,
    "001": _todwick,
    "002": _headcorn,
    "003": _hr_cooperative,
    "004": _st_thomas,
}
