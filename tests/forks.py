"""Processes of their own for tests that need several, without each importing everything anew."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext
from typing import Final

_IMPORTED: Final = [
    "alembic.command",
    "casework_api.app",
    "casework_api.commands.init",
    "casework_api.commands.views",
    "casework_projections.views",
    "pytest",
]


def processes() -> ForkServerContext:
    """Has each process forked from one that holds modules and nothing else: no thread, lock or connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    return context
