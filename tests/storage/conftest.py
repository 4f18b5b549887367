"""Creates the tables of the log and the keys in every database of the storage tests."""

from __future__ import annotations

from casework.storage.migrations import create_tables
from tests.engines import TEMPLATE_PREPARERS

if create_tables not in TEMPLATE_PREPARERS:
    TEMPLATE_PREPARERS.insert(0, create_tables)
