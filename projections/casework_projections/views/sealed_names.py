"""Sealed texts out of a view's table, a page of them at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Column, Connection, select

from casework.domain.sealed import Sealed
from casework.storage.keys import DataKeys
from casework.storage.sealing import Sealer


def unsealed_soon(keys: DataKeys, values: Iterable[Sealed | None]) -> None:
    """Have the keys of `values` at hand, by one statement, so that opening them costs no more."""
    subjects = {value.under for value in values if value is not None and value.under is not None}
    if subjects:
        keys.prefetch(subjects)


def sealed_by_id(
    connection: Connection, key: Column[UUID], token: Column[str], ids: Collection[UUID], sealer: Sealer
) -> dict[UUID, Sealed]:
    """The sealed text of the column `token` for each of `ids` found in the column `key`."""
    if not ids:
        return {}
    rows = connection.execute(select(key, token).where(key.in_(set(ids))))
    found = {row[0]: sealer.from_token(row[1]) for row in rows}
    unsealed_soon(sealer.keys, found.values())
    return found
