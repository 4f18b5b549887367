"""Finding the bytes of a file inside a text, so that no image can be stored as text."""

from __future__ import annotations

import re
from typing import Final

# RFC 2397: a media type and parameters, all of which may be left out.
_DATA_URL: Final = re.compile(
    r"\bdata:(?:[\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+(?:=[^\s;,]{0,100})?){0,8},", re.IGNORECASE
)
# How base64 begins for PNG, JPEG, GIF, RIFF (WEBP), PDF, ZIP, TIFF, BMP and ISO media (HEIC, MP4).
_BASE64_MAGIC: Final = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?:iVBORw0KGgo|/9j/|_9j_|R0lGOD|UklGR|JVBERi0|UEsDB|SUkqA|TU0AK|Qk[0-9]|AAAA[A-Za-z0-9+/]{2}Z0eX)"
    r"[A-Za-z0-9+/_=\s-]{40,}"
)
_LONG_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{400,}={0,2}")


def embeds_file(text: str) -> bool:
    """Whether `text` contains a data URL, an encoded file, or a run of characters too long for an address."""
    return bool(_DATA_URL.search(text) or _BASE64_MAGIC.search(text) or _LONG_BASE64.search(text))
