"""Runs a plan against Microsoft Graph: one call after the other, each told before it is made."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from infra.azure.entra.plan import Step

WAITS = (2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds between attempts: what was just created is not known everywhere at Microsoft at once."""
AGAIN = frozenset({404, 429, 500, 502, 503, 504})
SECONDS = 60.0
_NAME = re.compile(r"\{([a-zA-Z.:_]+)\}")


class Failed(Exception):
    """A sentence for the administrator."""


class Runner:
    """`tell` gets one line a call. `kept`: what earlier answers gave."""

    def __init__(
        self, client: httpx.Client, tell: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`client` has Graph's address with its version as base and the token in its headers."""
        self._client = client
        self._tell = tell
        self._sleep = sleep
        self.kept: dict[str, str] = {}

    def run(self, steps: Sequence[Step]) -> bool:
        """False where there was nothing to do (`Step.gone`). Raises `Failed`."""
        for step in steps:
            self._tell(f"{step.method:6} {step.path.partition('?')[0]}: {step.why}")
            if not self._take(step):
                return False
        return True

    def _take(self, step: Step) -> bool:
        path, body, method = filled(step.path, self.kept), filled(step.body, self.kept), step.method
        if step.unless:
            listed = self._send("GET", filled(step.unless, self.kept), None, {}).get("value") or []
            if listed:
                path, method = f"{path}/{listed[0]['id']}", "PATCH"
                body = {"scope": body["scope"]}
        answer = self._send(method, path, body, step.headers, gone=step.gone)
        if answer is GONE:
            return False
        for scope in answer.get("oauth2PermissionScopes") or []:
            self.kept[f"permission:{scope['value']}"] = scope["id"]
        self.kept |= {name: _at(answer, where) for name, where in step.keeps.items()}
        return True

    def _send(
        self, method: str, path: str, body: Any, headers: Mapping[str, str], *, gone: bool = False
    ) -> Mapping[str, Any]:
        for wait in (*WAITS, None):
            try:
                reply = self._client.request(method, path.lstrip("/"), json=body, headers=dict(headers))
            except httpx.HTTPError as error:
                raise Failed(f"Microsoft Graph could not be reached ({type(error).__name__}).") from None
            if reply.status_code == 404 and gone:
                return GONE
            if reply.is_success:
                found: Mapping[str, Any] = reply.json() if reply.content else {}
                return found
            fresh = reply.status_code == 400 and "does not reference a valid application" in reply.text
            if wait is None or (reply.status_code not in AGAIN and not fresh):
                raise Failed(_refusal(method, path, reply))
            self._sleep(_after(reply, wait))
        raise AssertionError("the last attempt returns or raises")


GONE: Mapping[str, Any] = {"gone": True}


def filled(value: Any, kept: Mapping[str, str]) -> Any:
    """With what earlier answers gave in place of names in braces. Raises `Failed` for a name nothing gave."""
    if isinstance(value, str):
        return _NAME.sub(lambda found: _known(found[1], kept), value)
    if isinstance(value, Mapping):
        return {name: filled(part, kept) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [filled(part, kept) for part in value]
    return value


def azure_token(resource: str) -> str:
    """The token of whoever is signed in to the Azure CLI. Raises `Failed`."""
    az = shutil.which("az")
    if az is None:
        raise Failed(
            "The Azure CLI (az) is not installed. Install it and run `az login`, or hand over a token with --token-file."
        )
    command = [az, "account", "get-access-token", "--resource", resource, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 -- our own words only
    try:
        return str(json.loads(done.stdout)["accessToken"])
    except (ValueError, KeyError, TypeError):
        raise Failed(
            "The Azure CLI gave no token. Run `az login` as somebody who may register apps, and try again."
        ) from None


def _known(name: str, kept: Mapping[str, str]) -> str:
    if name not in kept:
        what = name.removeprefix("permission:")
        raise Failed(f"Microsoft Graph in this tenant knows no {what}.")
    return kept[name]


def _at(answer: Any, where: str) -> str:
    for part in where.split("."):
        try:
            answer = answer[int(part)] if part.isdecimal() else answer[part]
        except (KeyError, IndexError, TypeError):
            raise Failed(f"Microsoft Graph's answer has no {where}.") from None
    return str(answer)


def _after(reply: httpx.Response, wait: float) -> float:
    asked = reply.headers.get("Retry-After", "")
    return min(float(asked), 120.0) if asked.isdecimal() else wait


def _refusal(method: str, path: str, reply: httpx.Response) -> str:
    try:
        error = reply.json()["error"]
        said = f"{error['code']}: {error['message']}"
    except (ValueError, KeyError, TypeError):
        said = reply.text[:200]
    hint = ""
    if reply.status_code == 401:
        hint = " The token is not good for Microsoft Graph, or has expired: sign in again."
    if reply.status_code == 403:
        hint = " Whoever is signed in needs the role Application Administrator or Cloud Application Administrator."
    return f"{method} {path.partition('?')[0]} was refused ({reply.status_code}). {said}{hint}"
