"""The tables beside the event log, for use in statements; `migrations` creates them."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Uuid, func

metadata = MetaData()

# The row of a destroyed key stays, without the key. If it were deleted, a second key could be made for the
# subject, and what the first key sealed would read as tampered with instead of erased.
data_keys = Table(
    "data_keys",
    metadata,
    Column("subject", Uuid, primary_key=True),
    Column("wrapped", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.current_timestamp()),
    Column("destroyed_at", DateTime(timezone=True)),
)
