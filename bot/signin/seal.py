"""What we hand to a browser and want back unread and unchanged: tickets and cookies, each sealed for one purpose."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SEALED_MOST = 8192


class BrokenSeal(Exception):
    """Not ours, changed, made for another purpose, or too old."""


class Seal:
    """Keys are derived for the purpose, so that nothing sealed elsewhere with the same ENCRYPTION_KEYS opens here."""

    def __init__(self, keys: Sequence[str], purpose: str, *, clock: Callable[[], float]) -> None:
        """`keys` as in ENCRYPTION_KEYS: the first seals, all open. `clock` gives seconds since the epoch."""
        self._fernet = MultiFernet([Fernet(_derived(key, purpose)) for key in keys])
        self._clock = clock

    def close(self, content: Mapping[str, Any]) -> str:
        text = json.dumps(content, separators=(",", ":")).encode()
        return self._fernet.encrypt_at_time(text, int(self._clock())).decode()

    def open(self, sealed: str, *, seconds: int) -> dict[str, Any]:
        """Raises BrokenSeal."""
        if len(sealed) > SEALED_MOST or not sealed.isascii():
            raise BrokenSeal
        try:
            content = json.loads(self._fernet.decrypt_at_time(sealed.encode(), seconds, int(self._clock())))
        except (InvalidToken, ValueError):
            raise BrokenSeal from None
        if not isinstance(content, dict):
            raise BrokenSeal
        return content


def _derived(key: str, purpose: str) -> bytes:
    raw = base64.urlsafe_b64decode(key)
    return base64.urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=f"parley {purpose}".encode()).derive(raw))
