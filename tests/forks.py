"""Processes of their own for tests that need several, without each importing everything anew."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext


def processes() -> ForkServerContext:
    """Has each process forked from one that holds modules and playbooks: no thread, lock or connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "tests.imported"])
    return context
