"""What Parley is registered for at Microsoft: permissions, and what each is for. The app registration and the manifest are made from it.

No feature is built from this list. Each names its own permissions where it asks Graph; this file only collects them, and
`tests/test_permissions.py` runs every one of them with and without its permission.
"""

from collections.abc import Iterator, Mapping

from bot.admin import access, door
from bot.digests.absence import SETTINGS
from bot.digests.gathering import ME
from bot.digests.sections import channel_files
from bot.routing import membership
from bot.settings import Settings
from bot.signin.page import CALLBACK
from graph import meetings
from graph.discover import available
from graph.options import Options

SIGN_IN: Mapping[str, str] = {
    "openid": "an ID token: that somebody signed in",
    "profile": "whose it is: Entra leaves the object id out of the token without it",
    "offline_access": "a refresh token: digests, and answers after the first hour",
}
"""OpenID Connect's own scopes, which MSAL adds to every request (learn.microsoft.com/entra/identity-platform/scopes-oidc)."""

READ_CHANNELS = "ChannelMessage.Read.Group"
READ_CHATS = "ChatMessage.Read.Chat"
RESOURCE_SPECIFIC: Mapping[str, str] = {
    READ_CHANNELS: "follow, in a channel: what is said without a mention",
    READ_CHATS: "follow, in a group chat: what is said without a mention",
}
"""Consented to by an owner of the team or a member of the chat when they add the app (msteams-docs, resource-specific-consent)."""


def returns(settings: Settings) -> tuple[str, ...]:
    """Paths of ours that Entra sends people back to after they signed in."""
    return (CALLBACK, *((door.CALLBACK,) if settings.admin_group else ()))


def delegated(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Microsoft Graph permissions this installation can use -> what for: names of sources and features, as in docs/permissions.md."""
    found: dict[str, list[str]] = {}
    for feature, scopes in _features(settings):
        for scope in scopes:
            found.setdefault(scope, []).append(feature)
    return {scope: tuple(dict.fromkeys(found[scope])) for scope in sorted(found)}


def _features(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    options = Options(shared_mailboxes=settings.shared_mailboxes, copilot=settings.copilot)
    for name, spec in available(options).items():
        yield name, spec.scopes
        yield name, tuple(scope for scope in spec.also if options.copilot or scope not in meetings.RECAP_SCOPES)
    yield "digests", ME
    yield "catch up", SETTINGS
    yield "channel report", channel_files.SCOPES
    if settings.policy:
        yield "policy", membership.SCOPES
    if settings.admin_group:
        yield "admin page", access.SCOPES
        yield "admin page", door.NAMES
