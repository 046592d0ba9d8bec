"""What the directory says of our own app, read as the app itself, where an administrator lets it."""

import asyncio
from typing import Any

import aiohttp

from bot.doctor.context import Context
from bot.outbound import OutboundRefused
from bot.signin.credentials import AppIdentity, WrongCredentials, application, own_token
from graph.errors import GraphError

PERMISSION = "Application.Read.All"
"""Application permission, read only: least privileged that shows both an app and what was granted to it."""


class NotSeen(Exception):
    """Why it could not be read, as a sentence; and what would help."""

    def __init__(self, why: str, cure: str) -> None:
        super().__init__(why)
        self.cure = cure


class NotThere(Exception):
    """The directory has no such thing."""


async def graph_token(context: Context) -> str:
    """For the app people sign in to, nobody signed in. Raises `GraphError`; `WrongCredentials` where `identity` tells more."""

    async def asked() -> str:
        identity = context.identity()
        if identity is None or context.transport is None:
            raise WrongCredentials("The app's credentials cannot be used as configured.")
        origin = "/".join(context.settings.graph_base_url.split("/")[:3])
        return await asyncio.to_thread(_acquire, context, identity, origin)

    token: str = await context.once("graph token", asked)
    return token


def _acquire(context: Context, identity: AppIdentity, resource: str) -> str:
    assert context.transport is not None
    app = application(identity.sign_in_id, identity.credential, context.authority, context.transport)
    return str(own_token(app, resource)["access_token"])


async def read(context: Context, path: str) -> dict[str, Any]:
    """`path` below GRAPH_BASE_URL. Raises `NotSeen` and `NotThere`."""
    if not context.settings.microsoft_app_tenant_id:
        raise NotSeen("MICROSOFT_APP_TENANT_ID is not set, so there is no directory to look into.", "Set it.")
    if not context.graph_url:
        raise NotSeen("This needs Microsoft Graph.", "See the check `graph`.")
    try:
        token = await graph_token(context)
    except (GraphError, WrongCredentials):
        raise NotSeen("This needs a token of the app itself.", "See the check `identity`.") from None
    try:
        reply = await context.get(
            f"{context.graph_url}/{path}",
            "Microsoft Graph",
            headers={"Authorization": f"Bearer {token}"},
        )
    except (aiohttp.ClientError, OutboundRefused, OSError):
        raise NotSeen("This needs Microsoft Graph.", "See the check `graph`.") from None
    if reply.status == 403:
        raise NotSeen(
            "The app may not read the directory about itself.",
            f"Grant it the application permission {PERMISSION} for this (it may be taken back), or look at Entra, Enterprise applications.",
        )
    if reply.status == 404:
        raise NotThere
    if reply.status != 200:
        raise NotSeen(f"Microsoft Graph answered with status {reply.status}.", "Run it again later.")
    try:
        value = reply.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise NotSeen("Microsoft Graph answered with nonsense.", "See the check `graph`.")
    return value


def dicts(value: object) -> list[dict[str, Any]]:
    """Of a JSON array, what is an object."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
