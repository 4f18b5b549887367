"""A school over HTTP on each engine, as the tests of the API have it."""

from __future__ import annotations

# The import also has the template of each engine prepared with the tables of the views.
from tests.api.conftest import house, open_house

__all__ = ["house", "open_house"]
