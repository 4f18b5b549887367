"""Separate processes for tests that need several, without importing everything again in each."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext


def processes() -> ForkServerContext:
    """Forks each process from one that holds modules and playbooks, but no thread, lock or connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "tests.imported"])
    return context
