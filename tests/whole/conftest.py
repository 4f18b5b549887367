"""A school over HTTP on each engine, as in the tests of the API."""

from __future__ import annotations

# The import also creates the tables of the views in the template of each engine.
from tests.api.conftest import house, open_house

__all__ = ["house", "open_house"]
