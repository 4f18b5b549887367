"""What is already imported and read in a process forked for a test: modules and playbooks."""

from __future__ import annotations

from casework.library import Library
from casework_api import app
from casework_api.commands import init, serve, views

__all__ = ["app", "init", "serve", "views"]

Library.own()
