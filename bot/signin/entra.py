"""What Entra's token endpoint says no with, in the words of graph.errors."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from graph.errors import ConsentRequired, GraphError, Rejected, SignInNeeded, Unavailable

# learn.microsoft.com/entra/identity-platform/reference-error-codes
CONSENT_CODES = frozenset({65001, 65004, 90094, 900941, 90008, 90095})
APP_CODES = frozenset({7000215, 7000222, 700016, 700027, 7000112, 50012, 700213, 700211, 700212, 90002})
INTERACTION_CODES = frozenset({50072, 50074, 50076, 50079, 50097, 50158, 53000, 53001, 53002, 53003, 53004})
INTERACTION_ERRORS = frozenset({"interaction_required", "login_required"})
INTERACTION_SUBERRORS = frozenset({"basic_action", "additional_action", "message_only", "interaction_required"})
CLAIMS_MOST = 4000

# The account is disabled, or not in the directory any more.
GONE_CODES = frozenset({50057, 500571, 50034, 500341, 51004})

Kind = Literal["no_grant", "consent", "interaction", "app", "busy", "dead", "other"]
SENTENCES: Mapping[Kind, str] = {
    "no_grant": "Nobody signed in yet.",
    "interaction": "Microsoft wants the person to sign in again.",
    "dead": "The sign-in has expired or was taken back.",
    "app": "Entra refused the bot's own credentials or app registration.",
    "busy": "Microsoft's sign-in service is not working right now.",
    "other": "Entra refused the request for a token.",
}


def refusal(result: Mapping[str, Any] | None, scopes: tuple[str, ...], challenge: str | None = None) -> GraphError:
    """The error a failed token response means. Its text quotes nothing Entra wrote, which may name people.

    `code` is the AADSTS number where there is one, else OAuth's error word. `challenge` is what Graph demanded of the token:
    Entra may ask for the person without repeating it, and the sign-in has to meet it all the same.
    """
    if not result:
        return SignInNeeded(SENTENCES["no_grant"], code="no_grant")
    code, found, claims = code_of(result), kind(result), _claims(result)
    if found == "consent":
        consent = ConsentRequired("The person or an administrator has not agreed to these permissions.", scopes=scopes)
        consent.code, consent.claims = code, claims
        return consent
    if found == "interaction":
        return SignInNeeded(SENTENCES[found], claims=claims or challenge, code=code)
    if found in {"dead", "no_grant"}:
        return SignInNeeded(SENTENCES[found], claims=claims, code=code)
    if found == "busy":
        return Unavailable(SENTENCES[found], code=code)
    return Rejected(SENTENCES[found], status=401 if found == "app" else 400, code=code)


def kind(result: Mapping[str, Any] | None) -> Kind:
    """`dead` means that no later attempt with the same refresh token can work; a missing consent or second factor leaves it alive."""
    if not result:
        return "no_grant"
    error, suberror, numbers = str(result.get("error", "")), str(result.get("suberror", "")), codes(result)
    if "consent_required" in {error, suberror} or numbers & CONSENT_CODES:
        return "consent"
    if (
        error in INTERACTION_ERRORS
        or suberror in INTERACTION_SUBERRORS
        or numbers & INTERACTION_CODES
        or _claims(result)
    ):
        return "interaction"
    if error in {"invalid_client", "unauthorized_client"} or numbers & APP_CODES:
        return "app"
    if error == "temporarily_unavailable":
        return "busy"
    return "dead" if error == "invalid_grant" else "other"


def code_of(result: Mapping[str, Any]) -> str:
    """The AADSTS number, else OAuth's error word."""
    return min((f"AADSTS{number}" for number in codes(result)), default=str(result.get("error", ""))[:60])


def gone(result: Mapping[str, Any] | None) -> bool:
    """Whether Entra says that nobody can sign in as this person any more."""
    return bool(codes(result or {}) & GONE_CODES)


def codes(result: Mapping[str, Any]) -> frozenset[int]:
    """The AADSTS numbers of an answer."""
    listed = result.get("error_codes")
    found = {c for c in listed if isinstance(c, int)} if isinstance(listed, list) else set[int]()
    match = re.match(r"AADSTS(\d{2,9})\b", str(result.get("error_description", "")))
    return frozenset(found | {int(match[1])}) if match else frozenset(found)


def _claims(result: Mapping[str, Any]) -> str | None:
    claims = result.get("claims")
    return claims if isinstance(claims, str) and 0 < len(claims) <= CLAIMS_MOST else None
