"""Sealing and opening personal text with data keys; an index that finds an id or an address unseen."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from functools import lru_cache
from typing import Any, Final, TypedDict
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from casework.domain.naming import normalised
from casework.domain.sealed import Sealed
from casework.storage.keys import NONCE_BYTES, DataKeys, MasterKey, NewKeys, NoKey

_HEX_DIGITS: Final = 32


class Tampered(Exception):
    """A ciphertext cannot be decrypted with the key that is recorded for it."""

    def __init__(self, subject: UUID) -> None:
        super().__init__(f"a text sealed under {subject} has been changed")


class SealedForm(TypedDict):
    """A sealed text in JSON: `k`, the hex id of its key's subject; `c`, base64 of nonce and ciphertext."""

    k: str
    c: str


def seal_bytes(key: bytes, plain: bytes, subject: UUID) -> bytes:
    """A random 96-bit nonce, then `plain` under AES-256-GCM with the subject's 16 bytes as AAD."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, subject.bytes)


def open_bytes(key: bytes, sealed: bytes, subject: UUID) -> bytes:
    """The bytes that `seal_bytes` sealed. Raises Tampered if the key, the subject or any byte differs."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], subject.bytes)
    except (InvalidTag, ValueError) as error:
        raise Tampered(subject) from error


# The events of a log name the same few subjects again and again.
_subject: Final = lru_cache(maxsize=10_000)(UUID)


def _opened(base64: str, subject: UUID, key: bytes) -> str:
    """The text sealed as `base64`. Raises Tampered."""
    try:
        sealed = b64decode(base64, validate=True)
    except ValueError as error:
        raise Tampered(subject) from error
    return open_bytes(key, sealed, subject).decode()


class _Ciphertext:
    """Decrypts the text of a closed value. Called when that text is first read."""

    __slots__ = ("base64", "keys", "read_at", "under")

    def __init__(self, keys: DataKeys, under: UUID, base64: str, read_at: float) -> None:
        self.keys = keys
        self.under = under
        self.base64 = base64
        self.read_at = read_at

    def __call__(self) -> str | None:
        key = self.keys.get(self.under, since=self.read_at)
        return None if key is None else _opened(self.base64, self.under, key)

    def __deepcopy__(self, _memo: dict[int, Any]) -> _Ciphertext:
        return self


class Sealer:
    """Encrypts plain values, and makes closed values from ciphertexts."""

    def __init__(self, keys: DataKeys, master: MasterKey) -> None:
        self.keys = keys
        self._index_key = master.derive("index of names")

    def seal(self, text: str, under: UUID, new_keys: NewKeys | None = None) -> SealedForm:
        """`text` sealed with the data key of `under`; if there is none, `new_keys` makes it.

        Raises KeyDestroyed if the key was destroyed, and NoKey if there is neither a key nor `new_keys`.
        """
        key = self.keys.sealing_key(under) if new_keys is None else new_keys.key_for(under)
        if key is None:
            raise NoKey(under)
        return {"k": under.hex, "c": b64encode(seal_bytes(key, text.encode(), under)).decode()}

    def closed(self, form: SealedForm) -> Sealed:
        """The value of `form`, decrypted when its text is first read. Raises ValueError for another shape."""
        try:
            return self._closed(form["k"], form["c"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not a sealed value") from error

    def form(self, sealed: Sealed, under: UUID, new_keys: NewKeys | None = None) -> SealedForm:
        """`sealed` as it is stored: the ciphertext it was read from, or else its text, sealed now.

        A text that names no subject is sealed with the key of `under`. Raises what `seal` raises.
        """
        ciphertext = sealed._unseal
        if isinstance(ciphertext, _Ciphertext):
            return {"k": ciphertext.under.hex, "c": ciphertext.base64}
        return self.seal(sealed.text, sealed.under or under, new_keys)

    def to_token(self, sealed: Sealed) -> str:
        """`sealed` as one string, for a table that lists names. A closed value is not decrypted for it.

        Raises ValueError if the value names no subject, and what `seal` raises.
        """
        if sealed.under is None:
            raise ValueError("a value that names no subject cannot become a token")
        form = self.form(sealed, sealed.under)
        return form["k"] + form["c"]

    def from_token(self, token: str) -> Sealed:
        """The closed value of a string that `to_token` made."""
        return self._closed(token[:_HEX_DIGITS], token[_HEX_DIGITS:])

    def token_text(self, token: str, under: UUID, wrapped: bytes) -> str:
        """The text of `token`, opened with the data key that the table of keys holds for `under`.

        For many tokens that are read together with their keys: no key is looked up or cached. Raises
        Tampered, also if another subject's key seals the token, and MasterKeyError.
        """
        if token[:_HEX_DIGITS] != under.hex:
            raise Tampered(under)
        return _opened(token[_HEX_DIGITS:], under, self.keys.unwrapped(under, wrapped))

    def blind_index(self, text: str) -> str:
        """A keyed hash (HMAC-SHA256, hex) of an id or an address. Case and spacing make no difference."""
        return hmac.digest(self._index_key, normalised(text).encode(), "sha256").hex()

    def _closed(self, subject: str, base64: str) -> Sealed:
        under = _subject(subject)
        return Sealed.closed(under, _Ciphertext(self.keys, under, base64, self.keys.clock()))
