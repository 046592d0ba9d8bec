"""Whose token is it: the comparison that keeps one person's grant out of another person's drawer."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt

from bot.context import Person
from graph.errors import SignInNeeded

TOKEN_MOST = 16_384
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class SomebodyElse(SignInNeeded):
    """The token is good, but it is another person's. Nothing of it may be kept."""


def require_same(person: Person, claims: Mapping[str, Any] | None, *, audience: str | None = None) -> None:
    """Compares object id, tenant and (for id tokens) audience. Raises SomebodyElse, which names neither person."""
    claims = claims or {}
    if not _equal(claims.get("oid"), person.id) or not _equal(claims.get("tid"), person.tenant):
        raise SomebodyElse("The sign-in belongs to another account.", code="somebody_else")
    if audience is not None and not _equal(claims.get("aud"), audience):
        raise SomebodyElse("The sign-in was made for another app.", code="somebody_else")


def unverified(token: str) -> Mapping[str, Any]:
    """Claims of a JWT nobody has checked yet: good enough to refuse it early, never to accept it. Raises SignInNeeded."""
    if len(token) > TOKEN_MOST:
        raise SignInNeeded("The single sign-on token is too long to be one.", code="invalid")
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError):
        raise SignInNeeded("The single sign-on token cannot be read.", code="invalid") from None
    return claims


@lru_cache(maxsize=256)
def scope_names(scopes: tuple[str, ...]) -> frozenset[str]:
    """Comparable: Entra answers in its own case, and sometimes with the resource in front."""
    return frozenset(scope.rpartition("/")[2].casefold() for scope in scopes)


def tenant_path(tenant: str) -> str:
    """The tenant as it may stand in Entra's address. Raises SignInNeeded for anything that is no tenant id."""
    if not GUID.fullmatch(tenant):
        raise SignInNeeded("The person's tenant is not known, so nobody can sign in.", code="invalid")
    return tenant


def _equal(claim: object, expected: str) -> bool:
    return isinstance(claim, str) and bool(expected) and claim.casefold() == expected.casefold()
