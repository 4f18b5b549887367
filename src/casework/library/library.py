"""Reading floors and packs from TOML, and finding the one in force."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self

from casework.domain.clocks import day_of
from casework.domain.dated import Platforms
from casework.domain.guidance import DatedTables
from casework.domain.incident import Incident
from casework.domain.incident.reporting import KeptRules, Policy
from casework.domain.playbook import Floor, Pack, Playbook
from casework.domain.playbook.merging import Earlier
from casework.domain.playbook.rules import Source
from casework.library.checking import Fault, PlaybookError
from casework.library.dated_tables import read_dated_tables
from casework.library.editions import PackDifferences, editions_of, floors_of, no_such_edition
from casework.library.pack_checks import pack_faults
from casework.library.reading import document_of, shaped
from casework.library.switches import entered_in, faults_of_switches, is_of_switches

OWN_FILES = Path(__file__).parent
REBASED_PLAYBOOKS: Final = 128


class Library:
    """Every edition of every floor and pack, the playbooks made from them, and the dated tables.

    Raises `PlaybookError`, naming file, rule and field, if there is a mistake in any file: a playbook is
    never used unless all of it was checked.
    """

    def __init__(self, floors: Iterable[Floor], packs: Iterable[Pack], dated_tables: DatedTables) -> None:
        self.dated_tables = dated_tables
        by_day = sorted(floors, key=lambda floor: floor.in_force_from)
        self.floors = {floor.edition: floor for floor in by_day}
        self.packs = {pack.edition: pack for pack in packs}
        self._playbooks: dict[tuple[str, str, bool, tuple[str, ...]], Playbook] = {}
        # What a case keeps depends on what was due, so there may be as many playbooks as rebased cases.
        self._rebased = lru_cache(maxsize=REBASED_PLAYBOOKS)(self._after_rebase)

    @classmethod
    def from_folder(cls, folder: Path = OWN_FILES) -> Self:
        """The library of all TOML files in a folder: those with a `jurisdiction` are floors, the rest packs.

        Its subfolder `dated` holds the dated tables; without that folder there are none.
        """
        documents = {path: document_of(path) for path in sorted(folder.glob("*.toml"))}
        floors = floors_of({path: read for path, read in documents.items() if "jurisdiction" in read})
        if not floors:
            raise PlaybookError(folder.name, "contains no floor")
        known = list(floors.values())
        packs = editions_of(
            {path: read for path, read in documents.items() if path not in floors},
            Pack,
            PackDifferences,
            lambda pack: _faults_on(pack, known),
        )
        _refuse_repeated({**floors, **packs})
        kinds = {kind.id for floor in known for kind in floor.kinds}
        tables = folder / "dated"
        dated_tables = read_dated_tables(tables, kinds) if tables.is_dir() else DatedTables()
        return cls(known, packs.values(), dated_tables)

    def with_packs(self, folder: Path) -> Library:
        """This library with a school's own packs added, and the days of switches that are entered there.

        Raises PlaybookError for a floor, which is the same for every school, for an edition that exists
        already, and if there is no such folder.
        """
        if not folder.is_dir():
            raise PlaybookError(str(folder), "is not a folder")
        floors, seen = entered_in(folder, self.floors.values()), set(self.packs)

        def faults(pack: Pack) -> Iterator[Fault]:
            yield from _own_faults(pack, floors, seen)
            seen.add(pack.edition)

        files = (path for path in sorted(folder.glob("*.toml")) if not is_of_switches(path))
        documents = {path: _own_document(path) for path in files}
        own = editions_of(documents, Pack, PackDifferences, faults, self.packs.values())
        return Library(floors, [*self.packs.values(), *own.values()], self.dated_tables)

    @classmethod
    @cache
    def own(cls) -> Self:
        """The library of the files that this version of casework ships."""
        return cls.from_folder()

    @property
    def platforms(self) -> Platforms:
        """The minimum ages of platforms."""
        return self.dated_tables.platforms

    def jurisdictions(self) -> set[str]:
        return {floor.jurisdiction for floor in self.floors.values()}

    def pack_ids(self) -> list[str]:
        """The ids of the packs a school may follow."""
        return sorted({pack.id for pack in self.packs.values()})

    def latest_pack(self, pack_id: str) -> Pack:
        """The version of a pack that was adopted last."""
        versions = (pack for pack in self.packs.values() if pack.id == pack_id)
        return max(versions, key=lambda pack: pack.adopted or date.min)

    def floor_at(self, jurisdiction: str, moment: datetime) -> Floor:
        """The floor in force at `moment`; the first edition if `moment` is before it."""
        return self.floor_on(jurisdiction, day_of(moment))

    def floor_on(self, jurisdiction: str, day: date) -> Floor:
        """The floor in force on `day`; the first edition if `day` is before it."""
        editions = [floor for floor in self.floors.values() if floor.jurisdiction == jurisdiction]
        in_force = [floor for floor in editions if floor.in_force_from <= day]
        return (in_force or editions[:1])[-1]

    def policy_at(self, jurisdiction: str, pack: str, moment: datetime) -> Policy:
        """What an incident pins that is reported at `moment` at a school that follows the edition `pack`."""
        floor = self.floor_at(jurisdiction, moment)
        return Policy(floor=floor.edition, pack=pack, switches=floor.switches_on(day_of(moment)))

    def playbook(self, floor: str, pack: str, switches: tuple[str, ...] = ()) -> Playbook:
        """The playbook of these editions of a floor and a pack, with these switches on.

        Raises PlaybookError if the file of one of them, which cases follow, was removed.
        """
        self._require_files(floor, pack)
        return self._playbook(self.floors[floor], self.packs[pack], switches)

    def playbook_under(self, policy: Policy) -> Playbook:
        """The playbook of `policy`. In the place of a file that is missing stand the rules that remain.

        These are the floor in force on the same day, and no rule of a pack. So a report of harm is recorded
        and its case handled by law and guidance, although a file was removed.
        """
        return self._playbook(self._floor(policy.floor), self.pack(policy.pack), policy.switches)

    def playbook_of(self, incident: Incident) -> Playbook:
        """The playbook of the editions `incident` pinned, as `playbook_under`, with the rules it keeps."""
        if incident.kept:
            return self._rebased(incident.policy, incident.kept)
        return self.playbook_under(incident.policy)

    def pinned_playbook(self, incident: Incident) -> Playbook:
        """As `playbook_of`. Raises PlaybookError if the file of one of the editions was removed."""
        for policy in (incident.policy, *(each.policy for each in incident.kept)):
            self._require_files(policy.floor, policy.pack)
        return self.playbook_of(incident)

    def _require_files(self, floor: str, pack: str) -> None:
        for edition, known in ((floor, self.floors), (pack, self.packs)):
            if edition not in known:
                raise PlaybookError(edition, "is followed by a case, but its file is missing")

    def _after_rebase(self, policy: Policy, kept: tuple[KeptRules, ...]) -> Playbook:
        earlier = (
            Earlier(self._floor(each.policy.floor), self.pack(each.policy.pack), frozenset(each.rules))
            for each in kept
        )
        floor, pack = self._floor(policy.floor), self.pack(policy.pack)
        return Playbook(floor, pack, policy.switches, tuple(earlier))

    def pack(self, edition: str) -> Pack:
        """The pack of this edition; one without rules if its file is missing."""
        if edition in self.packs:
            return self.packs[edition]
        name, _, version = edition.partition("@")
        source = Source(cited_as=edition, title=f"The missing file of {edition}")
        return Pack(
            id=name, version=version, title=edition, review_every_months=12, sources=(source,), rules=()
        )

    def _floor(self, edition: str) -> Floor:
        if edition in self.floors:
            return self.floors[edition]
        jurisdiction, _, day = edition.partition("@")
        return self.floor_on(jurisdiction, date.fromisoformat(day))

    def _playbook(self, floor: Floor, pack: Pack, switches: tuple[str, ...]) -> Playbook:
        key = (floor.edition, pack.edition, pack.edition in self.packs, switches)
        if key not in self._playbooks:
            self._playbooks[key] = Playbook(floor, pack, switches)
        return self._playbooks[key]

    def kinds(self) -> list[str]:
        """Every kind of incident that any floor defines."""
        return list(dict.fromkeys(kind.id for floor in self.floors.values() for kind in floor.kinds))


def _refuse_repeated(editions: Mapping[Path, Floor | Pack]) -> None:
    """Raise PlaybookError if two files state the same edition: it would be unclear which is meant."""
    seen: set[str] = set()
    for path, each in editions.items():
        if each.edition in seen:
            raise PlaybookError(path.name, f"{each.edition} is stated in another file as well")
        seen.add(each.edition)


def _faults_on(pack: Pack, floors: Iterable[Floor]) -> Iterator[Fault]:
    """Every mistake in a pack, checked on each of `floors`."""
    for floor in floors:
        yield from pack_faults(pack, floor)


def _own_document(path: Path) -> dict[str, Any]:
    """The content of a school's own file. Raises PlaybookError if it is not a pack."""
    document = document_of(path)
    if "jurisdiction" in document:
        raise PlaybookError(path.name, "is a floor; a school can add only packs", field="jurisdiction")
    return document


def _own_faults(pack: Pack, floors: Iterable[Floor], packs: Container[str]) -> Iterator[Fault]:
    """Every mistake in a school's own pack, checked on each of `floors`; `packs` are the known editions."""
    yield from _faults_on(pack, floors)
    if pack.edition in packs:
        yield "", "version", f"{pack.edition} exists already"


def every_fault(path: Path, library: Library) -> list[str]:
    """Why `library` would not accept a school's own file, one line for each mistake; empty if it would.

    If a pack is stated as differences, the other version is in `library` or in a file beside it.
    """
    try:
        faults = [*_file_faults(path, library)]
    except PlaybookError as error:
        return [str(error)]
    return list(dict.fromkeys(str(PlaybookError(path.name, m, rule=r, field=f)) for r, f, m in faults))


def _file_faults(path: Path, library: Library) -> Iterator[Fault]:
    floors = library.floors.values()
    if is_of_switches(path):
        return faults_of_switches(path, floors)
    # A shipped file is checked as if it were not in the library yet.
    packs = () if path.resolve().parent == OWN_FILES.resolve() else library.packs
    pack, stated = _stated(path, library, frozenset())
    return chain(stated, _own_faults(pack, floors, packs))


def _stated(path: Path, library: Library, above: frozenset[Path]) -> tuple[Pack, tuple[Fault, ...]]:
    """The pack in a file in full, and what is wrong with its differences, if it is stated as such.

    `above` are the files of versions that are based on this one. Raises PlaybookError if it cannot be built.
    """
    document = _own_document(path)
    if "differs_from" not in document:
        return shaped(path, document, Pack), ()
    stated = shaped(path, document, PackDifferences)
    other = library.packs.get(stated.differs_from)
    if other is None:
        other = _beside(path, stated.differs_from, library, above | {path})
    if other is None:
        raise no_such_edition(path, stated.differs_from)
    return stated.applied_to(other), tuple(stated.faults(other))


def _beside(path: Path, edition: str, library: Library, above: frozenset[Path]) -> Pack | None:
    """The pack of this edition in another file of the same folder."""
    for file in sorted(path.parent.glob("*.toml")):
        document = {} if file in above else _own_document(file)
        if f"{document.get('id')}@{document.get('version')}" == edition:
            return _stated(file, library, above)[0]
    return None
