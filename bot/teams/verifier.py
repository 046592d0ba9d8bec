"""Is this request really from the Bot Framework? botbuilder's own check blocks the loop, answers 500 and misses key rollover.

Rules: "Authenticate requests from the Bot Connector service to your bot" in Microsoft's bot-docs
(rest-api/bot-framework-rest-connector-authentication) and RFC 8725. 401: no valid token. 403: a valid token that is not for this activity.
"""

import hashlib
import math
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.types import Options

from bot.teams.keys import Key, KeyStore
from bot.teams.schema import Refused

SKEW = 300
"""Seconds of clock difference allowed, from Microsoft's page above."""
MAX_TOKEN = 16 * 1024
_REMEMBERED = 4096
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
# A token that tells us where its key is, or what we must understand, is not one the Bot Framework issues.
_FORBIDDEN_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "cty", "enc"})
_SIGNATURE_ONLY: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


@dataclass(frozen=True, slots=True)
class _Verified:
    claims: Mapping[str, Any]
    expires: float
    kid: str
    key: Key


class Verifier:
    """One a process. `now` gives seconds since the epoch."""

    def __init__(self, keys: KeyStore, *, issuer: str, audience: str, now: Callable[[], float]) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._now = now
        self._remembered: OrderedDict[bytes, _Verified] = OrderedDict()

    async def verify(self, authorization: str, service_url: str, channel_id: str) -> Mapping[str, Any]:
        """The token's claims. Raises `Refused` (401 or 403)."""
        token = _bearer(authorization)
        digest = hashlib.sha256(token.encode()).digest()
        verified = self._remembered.get(digest)
        if verified is None or self._keys.known(verified.kid) is not verified.key:
            verified = await self._check(token)
            self._remember(digest, verified)
        if verified.expires + SKEW < self._now():
            self._remembered.pop(digest, None)
            raise Refused(401, "The token has expired.")
        if verified.claims.get("serviceurl") != service_url:
            raise Refused(403, "The token was issued for another serviceUrl.")
        # Copilot writes `msteams:copilot`; the endorsement names the channel itself.
        if channel_id.partition(":")[0] not in verified.key.endorsements:
            raise Refused(403, "The token's key is not endorsed for this channel.")
        return verified.claims

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._remembered[digest] = verified
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)

    async def _check(self, token: str) -> _Verified:
        kid = _kid(token)
        key = await self._keys.get(kid)
        if key is None:
            raise Refused(401, "The token was signed by a key we do not know.")
        try:
            claims = jwt.decode(token, key.public, algorithms=["RS256"], options=_SIGNATURE_ONLY)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise Refused(401, "The token is not valid.") from error
        return _Verified(claims, self._check_claims(claims), kid, key)

    def _check_claims(self, claims: Mapping[str, Any]) -> float:
        if claims.get("iss") != self._issuer:
            raise Refused(401, "The token has another issuer.")
        if not self._audience or claims.get("aud") != self._audience:
            raise Refused(401, "The token is for another audience.")
        expires = _seconds(claims.get("exp"))
        if expires is None or expires + SKEW < self._now():
            raise Refused(401, "The token has expired.")
        if "nbf" in claims:
            begins = _seconds(claims["nbf"])
            if begins is None or begins - SKEW > self._now():
                raise Refused(401, "The token is not valid yet.")
        return expires


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Refused(401, "A bearer token is needed.")
    if len(token) > MAX_TOKEN or not _COMPACT.fullmatch(token):
        raise Refused(401, "The token is not valid.")
    return token


def _kid(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise Refused(401, "The token is not valid.") from error
    kid, kind = header.get("kid"), header.get("typ", "JWT")
    if header.get("alg") != "RS256" or not isinstance(kind, str) or kind.upper() != "JWT":
        raise Refused(401, "The token is of a kind we do not accept.")
    if not isinstance(kid, str) or not kid or _FORBIDDEN_HEADERS & header.keys():
        raise Refused(401, "The token's header is not one the Bot Framework writes.")
    return kid


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None
