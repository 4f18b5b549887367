"""The plain tables beside the event log, as the statements see them; `migrations` makes them."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Uuid, func

metadata = MetaData()

# A destroyed key keeps its row, without the key: were the row gone, a second key could be made for the
# subject, and what the first one sealed would read as tampered with instead of erased.
data_keys = Table(
    "data_keys",
    metadata,
    Column("subject", Uuid, primary_key=True),
    Column("wrapped", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.current_timestamp()),
    Column("destroyed_at", DateTime(timezone=True)),
)
