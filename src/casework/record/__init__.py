"""The record: use cases load aggregates from it and commit them to it, in a database or in memory."""

from casework.record.port import Conflict, Record, Unreadable
from casework.record.retrying import retrying

__all__ = ["Conflict", "Record", "Unreadable", "retrying"]
