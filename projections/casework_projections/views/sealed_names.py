"""Reads sealed texts from a view's table, and caches the keys to unseal them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Column, Connection, select

from casework.domain.sealed import Sealed
from casework.storage.keys import DataKeys
from casework.storage.sealing import Sealer


def prefetch_keys(keys: DataKeys, values: Iterable[Sealed | None]) -> None:
    """Cache the keys of `values` with one statement, so that unsealing them needs no more statements."""
    subjects = {value.under for value in values if value is not None and value.under is not None}
    if subjects:
        keys.prefetch(subjects)


def sealed_by_id(
    connection: Connection, key: Column[UUID], token: Column[str], ids: Collection[UUID], sealer: Sealer
) -> dict[UUID, Sealed]:
    """The sealed text in the column `token` for each of `ids` found in the column `key`."""
    if not ids:
        return {}
    rows = connection.execute(select(key, token).where(key.in_(set(ids))))
    found = {row[0]: sealer.from_token(row[1]) for row in rows}
    prefetch_keys(sealer.keys, found.values())
    return found
