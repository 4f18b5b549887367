"""Reading floors and packs from TOML, and finding the one in force."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

import msgspec

from casework.domain.clocks import LONDON
from casework.domain.dated import Platform, Platforms
from casework.domain.playbook import Floor, Pack, Playbook
from casework.domain.playbook.rules import Source
from casework.playbooks.checking import PlaybookError, floor_faults, pack_faults, shape_error

OWN_FILES = Path(__file__).parent


class Library:
    """Every edition of every floor and pack, and the playbooks made of them.

    Raises `PlaybookError`, naming file, rule and field, where any file is wrong: nothing is judged by a
    playbook that was not checked as a whole.
    """

    def __init__(self, floors: Iterable[Floor], packs: Iterable[Pack], platforms: Platforms) -> None:
        self.platforms = platforms
        self.floors = {floor.edition: floor for floor in floors}
        self.packs = {pack.edition: pack for pack in packs}
        self._playbooks: dict[tuple[str, str], Playbook] = {}

    @classmethod
    def from_folder(cls, folder: Path = OWN_FILES) -> Self:
        """All the TOML files of a folder: those with a `jurisdiction` are floors, the rest are packs."""
        documents = {path: _document(path) for path in sorted(folder.glob("*.toml"))}
        floors = {path: _floor(path, read) for path, read in documents.items() if "jurisdiction" in read}
        if not floors:
            raise PlaybookError(folder.name, "holds no floor")
        known = list(floors.values())
        packs = {path: _pack(path, read, known) for path, read in documents.items() if path not in floors}
        _refuse_repeated({**floors, **packs})
        return cls(known, packs.values(), _platforms(OWN_FILES / "dated" / "platforms.toml"))

    def with_packs(self, folder: Path) -> Library:
        """This library and a school's own packs beside it.

        Raises PlaybookError for a floor, which is the same for every school, and for an edition that
        is known already.
        """
        floors = list(self.floors.values())
        packs = dict(self.packs)
        for path in sorted(folder.glob("*.toml")):
            pack = read_pack(path, floors)
            if pack.edition in packs:
                raise PlaybookError(path.name, f"{pack.edition} is known already", field="version")
            packs[pack.edition] = pack
        return Library(floors, packs.values(), self.platforms)

    @classmethod
    @cache
    def own(cls) -> Self:
        """The files this version of casework ships with."""
        return cls.from_folder()

    def jurisdictions(self) -> set[str]:
        return {floor.jurisdiction for floor in self.floors.values()}

    def pack_ids(self) -> list[str]:
        """The packs a school may follow, each once."""
        return sorted({pack.id for pack in self.packs.values()})

    def latest_pack(self, pack_id: str) -> Pack:
        """The version of a pack adopted last."""
        versions = (pack for pack in self.packs.values() if pack.id == pack_id)
        return max(versions, key=lambda pack: pack.adopted or date.min)

    def floor_at(self, jurisdiction: str, moment: datetime) -> Floor:
        """The floor in force at `moment`; before the first edition held, that first edition."""
        day = moment.astimezone(LONDON).date()
        editions = sorted(
            (floor for floor in self.floors.values() if floor.jurisdiction == jurisdiction),
            key=lambda floor: floor.in_force_from,
        )
        in_force = [floor for floor in editions if floor.in_force_from <= day]
        return (in_force or editions[:1])[-1]

    def playbook(self, floor: str, pack: str) -> Playbook:
        """The playbook of two editions an incident pinned."""
        key = (floor, pack)
        if key not in self._playbooks:
            self._playbooks[key] = Playbook(self.floors[floor], self.packs[pack])
        return self._playbooks[key]

    def kinds(self) -> list[str]:
        """Every kind any floor knows."""
        return list(dict.fromkeys(kind.id for floor in self.floors.values() for kind in floor.kinds))


def _refuse_repeated(editions: Mapping[Path, Floor | Pack]) -> None:
    """Raise PlaybookError where one edition is stated twice: it would not be known which is meant."""
    seen: set[str] = set()
    for path, each in editions.items():
        if each.edition in seen:
            raise PlaybookError(path.name, f"{each.edition} is stated in another file too")
        seen.add(each.edition)


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlaybookError(path.name, str(error)) from error


class _PlatformTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    platform: tuple[Platform, ...]
    sources: tuple[Source, ...]


def _platforms(path: Path) -> Platforms:
    document = _document(path)
    try:
        return Platforms(msgspec.convert(document, _PlatformTable).platform)
    except msgspec.ValidationError as error:
        raise PlaybookError(path.name, str(error)) from error


def _floor(path: Path, document: dict[str, Any]) -> Floor:
    try:
        floor = msgspec.convert(document, Floor)
    except msgspec.ValidationError as error:
        raise shape_error(path.name, document, error) from error
    _raise_first(path, floor_faults(floor))
    rules = tuple(msgspec.structs.replace(rule, floor=True) for rule in floor.rules)
    return msgspec.structs.replace(floor, rules=rules)


def _pack(path: Path, document: dict[str, Any], floors: list[Floor]) -> Pack:
    try:
        pack = msgspec.convert(document, Pack)
    except msgspec.ValidationError as error:
        raise shape_error(path.name, document, error) from error
    for floor in floors:
        _raise_first(path, pack_faults(pack, floor))
    return pack


def read_pack(path: Path, floors: list[Floor]) -> Pack:
    """The pack in a file, checked against every floor. Raises PlaybookError."""
    document = _document(path)
    if "jurisdiction" in document:
        raise PlaybookError(path.name, "is a floor; a school adds packs only", field="jurisdiction")
    return _pack(path, document, floors)


def every_fault(path: Path, floors: list[Floor]) -> list[str]:
    """All that is wrong with the pack in a file, a line each; none: an empty list."""
    try:
        document = _document(path)
        pack = msgspec.convert(document, Pack)
    except msgspec.ValidationError as error:
        return [str(shape_error(path.name, document, error))]
    except PlaybookError as error:
        return [str(error)]
    faults = (fault for floor in floors for fault in pack_faults(pack, floor))
    return list(dict.fromkeys(str(PlaybookError(path.name, m, rule=r, field=f)) for r, f, m in faults))


def _raise_first(path: Path, faults: Iterable[tuple[str, str, str]]) -> None:
    for rule, field, message in faults:
        raise PlaybookError(path.name, message, rule=rule, field=field)
