"""Reading the dated tables: minimum ages of platforms, offences and channels, each with its source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from casework.domain.dated import Platform, Platforms
from casework.domain.guidance import Channel, Circumstances, Dated, DatedTables, Offence, Remark
from casework.domain.playbook.rules import Source
from casework.library.checking import Fault, circumstance_faults, preset_faults
from casework.library.citing import citation_faults
from casework.library.reading import document_of, raise_first, shaped


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One file: its rows, and the sources they cite."""

    sources: tuple[Source, ...]

    def faults(self, kinds: Collection[str]) -> Iterator[Fault]:
        """Every mistake in the table, with the row and the field."""
        raise NotImplementedError


class _PlatformTable(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    platform: tuple[Platform, ...]

    def faults(self, _: Collection[str]) -> Iterator[Fault]:
        for platform in self.platform:
            for age in platform.ages:
                for message in citation_faults(age.source, self.sources):
                    yield platform.name, "source", message


class _OffenceTable(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    finding: str
    remarks: tuple[Remark, ...]
    offence: tuple[Offence, ...]

    def faults(self, kinds: Collection[str]) -> Iterator[Fault]:
        yield from _row_faults(self.offence, self.sources)
        for remark in self.remarks:
            yield from _circumstance_faults("", (remark,), kinds)
            for message in citation_faults(remark.source, self.sources):
                yield "", "remarks", message
        for offence in self.offence:
            yield from _circumstance_faults(offence.id, offence.shown, kinds)


class _ChannelTable(_Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    channel: tuple[Channel, ...]

    def faults(self, kinds: Collection[str]) -> Iterator[Fault]:
        yield from _row_faults(self.channel, self.sources)
        for channel in self.channel:
            yield from _circumstance_faults(channel.id, (*channel.suits, *channel.unsuited), kinds)
            if channel.recorded_by is not None:
                recording = channel.recorded_by
                for message in preset_faults(recording.step, recording.preset, kinds):
                    yield channel.id, "recorded_by", message


T = TypeVar("T", bound=_Table)


def read_dated_tables(folder: Path, kinds: Collection[str]) -> DatedTables:
    """The dated tables in `folder`; `kinds` are the kinds they may name. Raises PlaybookError."""
    platforms = _table(folder / "platforms.toml", _PlatformTable, kinds)
    offences = _table(folder / "offences.toml", _OffenceTable, kinds)
    channels = _table(folder / "channels.toml", _ChannelTable, kinds)
    tables: tuple[_Table, ...] = (platforms, offences, channels)
    return DatedTables(
        platforms=Platforms(platforms.platform),
        offences=offences.offence,
        channels=channels.channel,
        remarks=offences.remarks,
        finding=offences.finding,
        sources=tuple(dict.fromkeys(source for table in tables for source in table.sources)),
    )


def _table(path: Path, wanted: type[T], kinds: Collection[str]) -> T:
    table = shaped(path, document_of(path), wanted)
    raise_first(path, table.faults(kinds))
    return table


def _row_faults(rows: Iterable[Dated], sources: tuple[Source, ...]) -> Iterator[Fault]:
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            yield row.id, "id", "is the id of another row"
        seen.add(row.id)
        if row.since is not None and row.until is not None and row.until < row.since:
            yield row.id, "until", "is before its first day"
        for message in citation_faults(row.source, sources):
            yield row.id, "source", message


def _circumstance_faults(
    row: str, circumstances: Iterable[Circumstances], kinds: Collection[str]
) -> Iterator[Fault]:
    for each in circumstances:
        for field, message in circumstance_faults(each.kinds, each.when, kinds):
            yield row, field, message
