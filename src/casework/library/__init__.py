"""The floors and packs that casework ships: read from the TOML files in this folder, checked before use."""

from casework.library.checking import PlaybookError
from casework.library.library import Library

__all__ = ["Library", "PlaybookError"]
