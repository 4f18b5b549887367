"""The floors and packs casework knows: read from the TOML files beside this module, checked before use."""

from casework.playbooks.checking import PlaybookError
from casework.playbooks.library import Library

__all__ = ["Library", "PlaybookError"]
