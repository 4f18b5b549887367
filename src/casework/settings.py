"""The settings of casework, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

import msgspec

from casework.domain.errors import SetUpError

Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1, le=10**9)]

_MUST_BE: Final[Mapping[object, str]] = {
    Seconds: "must be a number of seconds above 0 and at most 86400",
    AtLeastOne: "must be a whole number from 1 to 1000000000",
}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses of the database and the evidence vault, the file with the master key, and limits.

    The key file is outside the database, so that a copy of the database alone holds only ciphertexts.
    `playbook_folder` holds the school's own packs. The rest are limits on clients in each server process:
    how many requests, how slow they may be, and how many connections.
    """

    database_url: str = "sqlite:///var/casework.db"
    evidence_url: str = "file:var/evidence"
    master_key_file: Path = Path("var/keys/master.key")
    playbook_folder: Path | None = None
    requests_per_minute: AtLeastOne = 1200
    header_seconds: Seconds = 15.0
    body_seconds: Seconds = 20.0
    body_bytes_per_second: AtLeastOne = 4096
    idle_seconds: Seconds = 75.0
    connections: AtLeastOne = 500

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The settings named `CASEWORK_…` in `environment`, each with its default. Raises SetUpError."""
        named = {f"CASEWORK_{field.name.upper()}": field for field in msgspec.structs.fields(cls)}
        known = {
            field.name: _read(setting, environment[setting], field.type)
            for setting, field in named.items()
            if setting in environment
        }
        return cls(**known)


def _read(setting: str, text: str, kind: Any) -> Any:
    try:
        return msgspec.convert(text, kind, strict=False, dec_hook=_path)
    except (msgspec.ValidationError, UnicodeError):
        raise SetUpError(f"{setting}: {_MUST_BE[kind]}") from None


def _path(kind: type, value: object) -> object:
    return Path(str(value)) if kind is Path else value
