"""The floors and packs casework knows: read from the TOML files beside this module, checked before use."""

from casework.library.checking import PlaybookError
from casework.library.library import Library

__all__ = ["Library", "PlaybookError"]
