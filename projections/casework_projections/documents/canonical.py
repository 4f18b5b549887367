"""The canonical JSON form of a value: the same bytes every time."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from casework.domain.moments import standard
from casework.domain.sealed import Sealed


def encode(value: Any) -> bytes:
    """`value` (dicts, lists, structs, ids, times, enums, `Sealed`) as JSON; sealed texts are in clear.

    Fields are in the order of their struct, the keys of a dict in its own order.
    """
    return _encoder.encode(value)


def _enc_hook(value: Any) -> Any:
    if isinstance(value, Sealed):
        return value.text
    return standard(value)


_encoder: Final = msgspec.json.Encoder(enc_hook=_enc_hook)
