"""What a card's button carries: signed by us, for one person in one conversation, for a limited time.

A click is attacker input: anybody in a conversation can send any value under any card.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FIELD = "parley"
"""The one field of `Action.Execute.data` or `Action.Submit.data` that is ours; inputs of the card stand beside it."""
MAX_SEALED = 4000
DAY_MINUTES = 24 * 60


class NotOurs(Exception):
    """The value was not made by us for this person and conversation, or is too old. Nothing of it may be used."""


@dataclass(frozen=True, slots=True)
class Click:
    verb: str
    data: Mapping[str, Any]
    """What was signed, and the card's inputs under `inputs`: those are what somebody typed, hostile until parsed."""


class CardSeal:
    """HMAC-SHA256 under a key derived from each encryption key: the first signs, every one is accepted.

    `now` is seconds since 1970.
    """

    def __init__(self, keys: Sequence[str], *, now: Callable[[], float]) -> None:
        self._keys = [hashlib.sha256(b"parley card " + key.encode()).digest() for key in keys]
        self._now = now

    def sign(
        self, verb: str, data: Mapping[str, Any], *, person_id: str, conversation_id: str, minutes: int = DAY_MINUTES
    ) -> dict[str, Any]:
        """The `data` of an action. `person_id`: Entra object id, or "" for anybody in the conversation. `data` is JSON."""
        claims = [verb, dict(data), person_id, conversation_id, int(self._now()) + 60 * minutes]
        body = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
        return {FIELD: f"{_text(body)}.{_text(self._mac(self._keys[0], body))}"}

    def open(self, value: Mapping[str, Any], *, person_id: str, conversation_id: str) -> Click:
        """Raises `NotOurs`."""
        sealed = value.get(FIELD)
        if not isinstance(sealed, str) or len(sealed) > MAX_SEALED or not sealed.isascii():
            raise NotOurs
        first, _, second = sealed.partition(".")
        try:
            body, mac = urlsafe_b64decode(first), urlsafe_b64decode(second)
        except ValueError as error:
            raise NotOurs from error
        exact = (_text(body), _text(mac)) == (first, second)
        if not exact or not any(hmac.compare_digest(self._mac(key, body), mac) for key in self._keys):
            raise NotOurs
        verb, data, person, conversation, expires = json.loads(body)
        if person not in ("", person_id) or conversation != conversation_id or expires < self._now():
            raise NotOurs
        inputs = {name: typed for name, typed in value.items() if name not in (FIELD, "verb")}
        return Click(verb, {**data, "inputs": inputs})

    @staticmethod
    def _mac(key: bytes, body: bytes) -> bytes:
        return hmac.digest(key, body, "sha256")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()
