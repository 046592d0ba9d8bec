"""Encryption of what people wrote, at the column: nothing readable reaches the database, its log or a dump.

Fernet (AES-128-CBC with HMAC-SHA256) with a list of keys: the first encrypts, every one decrypts. A value that no
key opens is an error, never an empty value: a person's history must not look lost because a key was forgotten.

What belongs to one person is under a key of theirs (`bot.store.person_keys`), which is under these. A value whose person was
erased reads as None.
"""

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from bot.store.person_keys import Erased, KeyMissing, Owned, PersonKeys, is_personal


class WrongKey(Exception):
    """A stored value opens with none of the keys. The message names no content."""


class Cipher:
    """Raises ValueError with a sentence when a key is not a Fernet key or there is none."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.people = PersonKeys()
        if not keys:
            raise ValueError("ENCRYPTION_KEYS is empty. Make a key with `make key`.")
        try:
            fernets = [Fernet(key) for key in keys]
        except ValueError:
            raise ValueError("ENCRYPTION_KEYS holds something that is not a Fernet key (32 bytes in base64).") from None
        self._first, self._each = fernets[0], fernets
        self._all = MultiFernet(fernets)

    def encrypt(self, data: bytes, person_id: str = "") -> bytes:
        """Under the person's own key when there is a person. Raises `bot.store.person_keys.NotReady`."""
        return self.people.seal(person_id, data) if person_id else self._all.encrypt(data)

    def decrypt(self, token: bytes) -> bytes:
        """Raises `WrongKey`, and `bot.store.person_keys.Erased`."""
        try:
            return self.people.open(token) if is_personal(token) else self._all.decrypt(token)
        except KeyMissing as missing:
            raise WrongKey(str(missing)) from None
        except InvalidToken:
            raise WrongKey(
                "Stored data opens with none of the ENCRYPTION_KEYS. Put the key it was written with back into the list."
            ) from None

    def opener(self, token: bytes) -> int | None:
        """Which of the keys it is under, from 0 on; None for none of them."""
        for number, fernet in enumerate(self._each):
            try:
                fernet.decrypt(token)
            except InvalidToken:
                continue
            return number
        return None

    def rotate(self, token: bytes) -> bytes | None:
        """The same value under the first key; None when it is under that key already, or a person's. Raises `WrongKey`."""
        if is_personal(token):
            return None
        try:
            self._first.decrypt(token)
        except InvalidToken:
            return self.encrypt(self.decrypt(token))
        return None


class Encrypted(TypeDecorator[Any]):
    """A column of bytes that are encrypted at rest; bound as they are, or as `Owned` ones."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, cipher: Cipher) -> None:
        super().__init__()
        self.cipher = cipher

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        person_id, value = (value.person_id, value.value) if isinstance(value, Owned) else ("", value)
        return None if value is None else self.cipher.encrypt(self._packed(value), person_id)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """None for NULL, and for what belonged to somebody who was erased."""
        if value is None:
            return None
        try:
            return self._unpacked(self.cipher.decrypt(value))
        except Erased:
            return None

    def _packed(self, value: Any) -> bytes:
        return bytes(value)

    def _unpacked(self, data: bytes) -> Any:
        return data


class EncryptedJson(Encrypted):
    """A column of any JSON value (`None` is SQL's NULL) that is encrypted at rest."""

    cache_ok = True

    def _packed(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":")).encode()

    def _unpacked(self, data: bytes) -> Any:
        return json.loads(data)
