"""The record: what use cases load aggregates from and commit them to, whatever keeps it."""

from casework.record.port import Conflict, Record
from casework.record.retrying import retrying

__all__ = ["Conflict", "Record", "retrying"]
