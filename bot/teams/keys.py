"""The Bot Framework's signing keys: fetched without stalling anybody, kept while the endpoint is down, renewed at once on rollover."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from bot.outbound import Allowed, Outbound, OutboundRefused

REFRESH = 24 * 3600.0
"""Seconds between renewals; Microsoft's page on authentication lets keys be cached for days."""
MISS_INTERVAL = 60.0
"""Seconds between fetches that unknown key ids may cause, so that forged tokens cannot make us a flood."""
RETRY_INTERVAL = 5.0
"""Seconds before a failed fetch may be tried again."""
MAX_DOCUMENT = 1024 * 1024
TIMEOUT = 10.0
_SMALLEST_KEY = 2048

log = logging.getLogger(__name__)


class Unusable(Exception):
    """The metadata or key document was not what it should be."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    public: RSAPublicKey
    endorsements: frozenset[str]


class KeyStore:
    """One a process. `now` gives seconds since the epoch."""

    def __init__(self, outbound: Outbound, metadata_url: str, *, now: Callable[[], float]) -> None:
        self._outbound = outbound
        self._metadata_url = metadata_url
        # Only the metadata's own origin: whoever could write another `jwks_uri` could sign for Microsoft.
        self._allowed = Allowed.of("the Bot Framework's keys", [metadata_url])
        self._now = now
        self._keys: Mapping[str, Key] = {}
        self._fetching: asyncio.Task[bool] | None = None
        self._renew_after = 0.0
        self._miss_after = 0.0

    def known(self, kid: str) -> Key | None:
        return self._keys.get(kid)

    async def start(self) -> bool:
        """Fetches the keys once; False when that failed (it is tried again when a token needs them)."""
        return await asyncio.shield(self._fetch())

    async def aclose(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def get(self, kid: str) -> Key | None:
        """The key, after at most one fetch; None when the Bot Framework does not list it."""
        key = self._keys.get(kid)
        if key is None and (self._fetching is not None or self._now() >= self._miss_after):
            first, fetching = not self._keys, self._fetch()
            # Only tokens of a key we do not have wait for the fetch.
            fetched = await asyncio.shield(fetching)
            if not (first and fetched):
                self._miss_after = self._now() + (MISS_INTERVAL if fetched else RETRY_INTERVAL)
            key = self._keys.get(kid)
        elif self._keys and self._now() >= self._renew_after:
            self._renew_after = self._now() + RETRY_INTERVAL
            self._fetch()
        return key

    def _fetch(self) -> asyncio.Task[bool]:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._load())
        return self._fetching

    async def _load(self) -> bool:
        try:
            keys = await self._download()
        except (aiohttp.ClientError, OutboundRefused, OSError, ValueError, RecursionError, Unusable) as error:
            log.warning("The Bot Framework's keys could not be fetched: %s", type(error).__name__)
            self._renew_after = self._now() + MISS_INTERVAL
            return False
        else:
            self._keys = keys
            self._renew_after = self._now() + REFRESH
            return True
        finally:
            self._fetching = None

    async def _download(self) -> Mapping[str, Key]:
        metadata = await self._document(self._metadata_url)
        address = metadata.get("jwks_uri")
        if not isinstance(address, str):
            raise Unusable("The metadata names no key document.")
        old = self._keys
        keys = {kid: _same(old.get(kid), key) for kid, key in _usable((await self._document(address)).get("keys"))}
        if not keys:
            raise Unusable("The key document holds no usable key.")
        return keys

    async def _document(self, url: str) -> dict[str, Any]:
        reply = await self._outbound.request("GET", url, allowed=self._allowed, timeout=TIMEOUT, max_bytes=MAX_DOCUMENT)
        value = reply.json() if reply.status == 200 else None
        if not isinstance(value, dict):
            raise Unusable(f"Status {reply.status}, or not a JSON object.")
        return value


def _same(old: Key | None, new: Key) -> Key:
    # Keeping the object keeps the tokens that were verified with it.
    same = (
        old is not None
        and old.endorsements == new.endorsements
        and old.public.public_numbers() == new.public.public_numbers()
    )
    return old if old is not None and same else new


def _usable(entries: object) -> list[tuple[str, Key]]:
    found = []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA" or not isinstance(entry.get("kid"), str):
            continue
        if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256" or "d" in entry:
            continue
        try:
            public = RSAAlgorithm.from_jwk(entry)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
            continue
        listed = entry.get("endorsements")
        endorsements = frozenset(name for name in listed if isinstance(name, str)) if isinstance(listed, list) else None
        if isinstance(public, RSAPublicKey) and public.key_size >= _SMALLEST_KEY:
            # A key without endorsements stays known, so that it does not cause fetches, and endorses no channel.
            found.append((entry["kid"], Key(public, endorsements or frozenset())))
    return found
