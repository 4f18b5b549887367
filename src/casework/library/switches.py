"""The day from which a switch of the floor is in force, entered by whoever operates casework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from casework.domain.fields import limit_fault
from casework.domain.moments import LocalDate
from casework.domain.playbook import Floor
from casework.library.checking import Fault
from casework.library.reading import document_of, raise_first, shaped

SWITCHES_FILE: Final = "switches.toml"
"""The file in the folder of a school's own packs that is no pack, but enters these days."""


class EnteredDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The day from which the switch `id` is in force, and the `source` that says so."""

    id: str
    in_force_from: LocalDate
    source: str


class _EnteredDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    switches: tuple[EnteredDay, ...]


def is_of_switches(path: Path) -> bool:
    """Whether the file enters days of switches, and is no pack."""
    return path.name == SWITCHES_FILE


def entered_in(folder: Path, floors: Iterable[Floor]) -> list[Floor]:
    """`floors` with the days that the file in `folder` enters, if there is one. Raises PlaybookError."""
    path, known = folder / SWITCHES_FILE, list(floors)
    if not path.exists():
        return known
    entered = _read(path)
    raise_first(path, _faults(entered, known))
    return [_with_days(floor, entered) for floor in known]


def faults_of_switches(path: Path, floors: Iterable[Floor]) -> Iterator[Fault]:
    """Every mistake in a file that enters days. Raises PlaybookError if it has the wrong structure."""
    yield from _faults(_read(path), list(floors))


def _read(path: Path) -> tuple[EnteredDay, ...]:
    return shaped(path, document_of(path), _EnteredDays).switches


def _faults(entered: Iterable[EnteredDay], floors: Iterable[Floor]) -> Iterator[Fault]:
    stated: dict[str, LocalDate | None] = {}
    for floor in floors:
        stated |= {switch.id: switch.in_force_from for switch in floor.switches}
    seen: set[str] = set()
    for each in entered:
        if each.id not in stated:
            yield each.id, "id", f"is not a switch of any floor; the switches are {sorted(stated)}"
            continue
        if each.id in seen:
            yield each.id, "id", "is entered twice"
        seen.add(each.id)
        if not each.source.strip():
            yield each.id, "source", "is empty: say what states this day"
        unlikely = limit_fault(each.in_force_from)
        if unlikely is not None:
            yield each.id, "in_force_from", unlikely
        known = stated[each.id]
        if known is not None and each.in_force_from > known:
            yield each.id, "in_force_from", f"is later than {known}, the day that the floor states"


def _with_days(floor: Floor, entered: Iterable[EnteredDay]) -> Floor:
    days = {each.id: each.in_force_from for each in entered}
    switches = (
        msgspec.structs.replace(switch, in_force_from=days.get(switch.id, switch.in_force_from))
        for switch in floor.switches
    )
    return msgspec.structs.replace(floor, switches=tuple(switches))
