"""The master key, which is stored outside the database, and the data keys it wraps.

Each subject (a person, an incident, a user, a school) has one data key. Once the key is destroyed, what was
sealed with it can no longer be read anywhere, including copies and exports.
"""

from __future__ import annotations

import os
import secrets
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine, bindparam, select

from casework.domain.errors import SetUpError
from casework.storage.tables import data_keys

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SETTING: Final = "CASEWORK_MASTER_KEY_FILE"
_VERSION: Final = b"\x01"


class MasterKeyError(SetUpError):
    """The master key cannot be made, read or used. The message names the setting and the file only."""


class KeyDestroyed(Exception):
    """A subject's data key was destroyed, so nothing more can be sealed with it."""

    def __init__(self, subject: UUID) -> None:
        super().__init__(f"the data key of {subject} has been destroyed")


class NoKey(LookupError):
    """A subject has no data key to seal with."""

    def __init__(self, subject: UUID) -> None:
        super().__init__(f"{subject} has no data key")


def derive_key(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for one `purpose`, which reveals nothing about `secret` (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"casework: {purpose}".encode()).derive(secret)


class MasterKey:
    """The one secret that wraps every data key and from which every other secret is derived."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise MasterKeyError(f"{SETTING}: a master key has {KEY_BYTES} bytes")
        self._secret = secret
        self._derived: dict[str, bytes] = {}
        self._wrapping = AESGCM(self.derive("wrapping of data keys"))

    @classmethod
    def create(cls, path: Path) -> MasterKey:
        """A random key, written to `path` with mode 0600. An existing file is never changed.

        Raises MasterKeyError if `path` exists or cannot be written.
        """
        secret = secrets.token_bytes(KEY_BYTES)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secret)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                # Part of a key could be neither loaded nor replaced.
                path.unlink()
                raise
        except OSError as error:
            raise MasterKeyError(f"{SETTING}: {path} cannot be created: {error.strerror}") from error
        return cls(secret)

    @classmethod
    def load(cls, path: Path) -> MasterKey:
        """The key stored in the file `path`.

        Raises MasterKeyError if the file cannot be read, has the wrong size, or other users may read it.
        """
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                secret = file.read(KEY_BYTES + 1)
        except OSError as error:
            raise MasterKeyError(f"{SETTING}: {path} cannot be read: {error.strerror}") from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise MasterKeyError(f"{SETTING}: {path} is open to other users; its mode must be 0600")
        if len(secret) != KEY_BYTES:
            raise MasterKeyError(f"{SETTING}: {path} must hold exactly {KEY_BYTES} bytes")
        return cls(secret)

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one use, such as a digest or an index; the same for the same `purpose`."""
        if purpose not in self._derived:
            self._derived[purpose] = derive_key(self._secret, purpose)
        return self._derived[purpose]

    def wrap(self, key: bytes, subject: UUID) -> bytes:
        """`key` sealed for `subject`: a version byte, a 96-bit nonce, AES-256-GCM with the subject as AAD."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return _VERSION + nonce + self._wrapping.encrypt(nonce, key, subject.bytes)

    def unwrap(self, wrapped: bytes, subject: UUID) -> bytes:
        """The key that `wrap` sealed for `subject`. Raises MasterKeyError if another master key did."""
        nonce, ciphertext = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
        if wrapped[:1] != _VERSION:
            raise MasterKeyError(f"{SETTING}: the data key of {subject} has an unknown version")
        try:
            return self._wrapping.decrypt(nonce, ciphertext, subject.bytes)
        except (InvalidTag, ValueError) as error:
            raise MasterKeyError(f"{SETTING}: this key does not open the data key of {subject}") from error

    def __repr__(self) -> str:
        return "MasterKey(…)"


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key that is not in the database yet: its subject, wrapped as it will be stored, and plain."""

    subject: UUID
    wrapped: bytes = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the table held about a subject at a time of the monotonic clock. Made, but no key: destroyed."""

    key: bytes | None = field(repr=False)
    made: bool
    at: float


class DataKeys:
    """The data keys of the table `data_keys`, unwrapped, with the most recently used ones cached.

    A cached key is looked up again after `life` seconds: this is how a process learns that another process
    destroyed the key, and it must not go on reading what was erased. `clock` returns seconds; `since` is a
    time of that clock.
    """

    def __init__(
        self,
        master: MasterKey,
        engine: Engine,
        *,
        capacity: int = 10_000,
        life: float = 60.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._master = master
        self._engine = engine
        self._capacity = capacity
        self._life = life
        self.clock = clock
        self._cached: OrderedDict[UUID, _Found] = OrderedDict()
        self._lock = threading.Lock()
        self._destructions = 0

    @property
    def life(self) -> float:
        """The seconds after which other caches too must learn which keys were destroyed."""
        return self._life

    @property
    def destructions(self) -> int:
        """How many keys this process has destroyed. If it grows, a cache of texts may hold erased ones."""
        return self._destructions

    def get(self, subject: UUID, *, since: float = 0.0) -> bytes | None:
        """The 32-byte data key of `subject`; None if it was destroyed or never made.

        A None that was cached before `since` is looked up again. A key and the first text it seals are
        stored in one transaction, so None after a ciphertext was read means that its key was destroyed.
        """
        return self._find(subject, since).key

    def sealing_key(self, subject: UUID) -> bytes | None:
        """The data key to seal with; None if it was never made. Raises KeyDestroyed."""
        found = self._find(subject, self.clock())
        if found.key is None and found.made:
            raise KeyDestroyed(subject)
        return found.key

    def prefetch(self, subjects: Iterable[UUID]) -> None:
        """Cache the keys of `subjects`; those that are not cached yet are read with one statement."""
        moment = self.clock()
        missing = [subject for subject in set(subjects) if self._recall(subject, moment) is None]
        if missing:
            self._look_up(missing)

    def unwrapped(self, subject: UUID, wrapped: bytes) -> bytes:
        """The data key of `subject` that the table holds as `wrapped`. It is not cached.

        Raises MasterKeyError if another master key wrapped it.
        """
        return self._master.unwrap(wrapped, subject)

    def create(self, subject: UUID) -> DataKey:
        """A random data key for `subject`, to be stored in the same transaction as what it seals."""
        key = secrets.token_bytes(KEY_BYTES)
        return DataKey(subject, self._master.wrap(key, subject), key)

    def forget(self, subjects: Iterable[UUID]) -> None:
        """Drop the keys of `subjects` from the cache, once they are destroyed."""
        destroyed = list(subjects)
        with self._lock:
            self._destructions += len(destroyed)
            for subject in destroyed:
                self._cached.pop(subject, None)

    def remember(self, created: Iterable[DataKey]) -> None:
        """Cache keys that this process has just stored."""
        moment = self.clock()
        self._cache({row.subject: _Found(row.key, made=True, at=moment) for row in created})

    def _find(self, subject: UUID, since: float) -> _Found:
        found = self._recall(subject, self.clock())
        if found is None or (found.key is None and found.at < since):
            found = self._look_up([subject])[subject]
        return found

    def _recall(self, subject: UUID, moment: float) -> _Found | None:
        with self._lock:
            found = self._cached.get(subject)
            if found is None or not 0 <= moment - found.at < self._life:
                return None
            self._cached.move_to_end(subject)
            return found

    def _look_up(self, subjects: list[UUID]) -> dict[UUID, _Found]:
        moment = self.clock()
        found = {subject: _Found(None, made=False, at=moment) for subject in subjects}
        with self._engine.connect() as connection:
            rows = (
                connection.execute(_KEY_OF, {"subject": subjects[0]})
                if len(subjects) == 1
                else connection.execute(_KEYS_OF, {"subjects": subjects})
            )
            for subject, wrapped in rows:
                key = None if wrapped is None else self._master.unwrap(wrapped, subject)
                found[subject] = _Found(key, made=True, at=moment)
        self._cache(found)
        return found

    def _cache(self, found: dict[UUID, _Found]) -> None:
        with self._lock:
            self._cached.update(found)
            while len(self._cached) > self._capacity:
                self._cached.popitem(last=False)


_WRAPPED: Final = select(data_keys.c.subject, data_keys.c.wrapped)
_KEYS_OF: Final = _WRAPPED.where(data_keys.c.subject.in_(bindparam("subjects", expanding=True)))
# Nearly every request looks up one key. SQLAlchemy writes an IN anew for each execution, which takes longer
# than the query.
_KEY_OF: Final = _WRAPPED.where(data_keys.c.subject == bindparam("subject"))


class NewKeys:
    """The data keys that one transaction makes. They are used for nothing else until it has committed.

    If they were cached before, a transaction that fails would leave a key in use that no table holds.
    `new_subjects` are aggregates without an event, which have no key yet: theirs is made without a lookup,
    and if there is one after all, the transaction fails.
    """

    def __init__(self, keys: DataKeys, new_subjects: Iterable[UUID] = ()) -> None:
        self._keys = keys
        self._new_subjects = frozenset(new_subjects)
        self._made: dict[UUID, DataKey] = {}

    @property
    def rows(self) -> tuple[DataKey, ...]:
        """The keys to store together with what they seal."""
        return tuple(self._made.values())

    def key_for(self, subject: UUID) -> bytes:
        """The key of `subject`, made now if it never had one. Raises KeyDestroyed."""
        if subject in self._made:
            return self._made[subject].key
        key = None if subject in self._new_subjects else self._keys.sealing_key(subject)
        if key is None:
            made = self._made[subject] = self._keys.create(subject)
            key = made.key
        return key

    def committed(self) -> None:
        """Cache the keys for the whole process. Call it after the transaction has committed."""
        self._keys.remember(self.rows)
