"""The manifest itself, by Microsoft's newest schema. Whatever the code or the settings know is taken from there.

https://learn.microsoft.com/microsoft-365/extensibility/schema/
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.permissions import RESOURCE_SPECIFIC
from bot.settings import LOOPBACK, Settings
from bot.signin.cards import application_uri
from bot.texts import DEFAULT, Texts, languages
from manifest.commands import command_lists

SCHEMA_VERSION = "1.30"
SCHEMA = f"https://developer.microsoft.com/en-us/json-schemas/teams/v{SCHEMA_VERSION}/MicrosoftTeams.schema.json"
COLOR, OUTLINE = "color.png", "outline.png"
ACCENT = "#5B5FC7"
READING_ALONG, COPILOT = "reading-along", "copilot"
PARTS = (READING_ALONG, COPILOT)
"""What a package may be made without: tenants can forbid resource-specific consent, and not every cloud has agents in Copilot."""

ALWAYS = frozenset({"name.short", "name.full", "description.short", "description.full"})
"""What a translation must say, the same or not."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who stands behind the app. Teams shows the name and links to the pages."""

    name: str
    website: str
    privacy: str
    terms: str


def manifest(
    settings: Settings, publisher: Publisher, version: str, *, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """In English. `without`: of `PARTS`. Raises ValueError with a sentence where a setting is missing."""
    return _manifest(settings, publisher, version, Texts.of(DEFAULT), without)


def translations(
    settings: Settings, publisher: Publisher, *, without: frozenset[str] = frozenset()
) -> Mapping[str, dict[str, str]]:
    """What each other language says instead: language -> path in the manifest (`bots[0].commandLists[0]…title`) -> text."""
    english, *others = (
        (language, dict(_texts(_manifest(settings, publisher, "", Texts(language), without))))
        for language in sorted(languages(), key=lambda language: (language != DEFAULT, language))
    )
    return {
        language: {path: text for path, text in said.items() if text != english[1][path] or path in ALWAYS}
        for language, said in others
    }


def app_id(settings: Settings) -> str:
    """The id of the app in Teams: another one than the bot's, and always the same for the same bot."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{resource(settings)}/teams-app"))


def resource(settings: Settings) -> str:
    return application_uri(settings.microsoft_app_id)


def host(settings: Settings) -> str:
    """Where the sign-in page is. Raises ValueError."""
    parts = urlsplit(settings.public_url)
    if parts.scheme != "https" or not parts.hostname or parts.hostname in LOOPBACK:
        raise ValueError("PUBLIC_URL must be the https address Teams and people's browsers reach the bot at.")
    return parts.netloc


def _manifest(
    settings: Settings, publisher: Publisher, version: str, say: Texts, without: frozenset[str]
) -> dict[str, Any]:
    if not settings.microsoft_app_id:
        raise ValueError("MICROSOFT_APP_ID is not set: without it there is no bot to make an app for.")
    copilot = COPILOT not in without
    made: dict[str, Any] = {
        "$schema": SCHEMA,
        "manifestVersion": SCHEMA_VERSION,
        "version": version,
        "id": app_id(settings),
        "localizationInfo": {
            "defaultLanguageTag": DEFAULT,
            "additionalLanguages": [
                {"languageTag": language, "file": f"{language}.json"} for language in languages() if language != DEFAULT
            ],
        },
        "developer": {
            "name": publisher.name,
            "websiteUrl": publisher.website,
            "privacyUrl": publisher.privacy,
            "termsOfUseUrl": publisher.terms,
        },
        "name": {"short": "Parley", "full": say("manifest.name")},
        "description": {"short": say("manifest.short"), "full": say("manifest.full")},
        "icons": {"color": COLOR, "outline": OUTLINE},
        "accentColor": ACCENT,
        "defaultInstallScope": "personal",
        "defaultGroupCapability": {"team": "bot", "groupchat": "bot"},
        "bots": [_bot(settings.microsoft_app_id, say, copilot=copilot)],
        "composeExtensions": [_extension(settings.microsoft_app_id, say)],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [host(settings)],
        "webApplicationInfo": {
            "id": settings.microsoft_sign_in_app_id or settings.microsoft_app_id,
            "resource": resource(settings),
        },
    }
    if copilot:
        made["copilotAgents"] = {"customEngineAgents": [{"id": settings.microsoft_app_id, "type": "bot"}]}
    if READING_ALONG not in without:
        wanted = [{"name": name, "type": "Application"} for name in RESOURCE_SPECIFIC]
        made["authorization"] = {"permissions": {"resourceSpecific": wanted}}
    return made


def _bot(bot_id: str, say: Texts, *, copilot: bool) -> dict[str, Any]:
    return {
        "botId": bot_id,
        "scopes": ["personal", "team", "groupChat", *(["copilot"] if copilot else [])],
        "supportsFiles": True,
        "supportsTargetedMessages": True,
        "isNotificationOnly": False,
        "commandLists": command_lists(say, copilot=copilot),
    }


def _extension(bot_id: str, say: Texts) -> dict[str, Any]:
    """What `bot/compose` answers."""
    return {
        "botId": bot_id,
        "commands": [
            {
                "id": "search",
                "type": "query",
                "context": ["compose", "commandBox"],
                "title": say("manifest.search_title"),
                "description": say("manifest.search_does"),
                "initialRun": True,
                "parameters": [
                    {
                        "name": "words",
                        "title": say("manifest.words_title"),
                        "description": say("manifest.words_does"),
                        "inputType": "text",
                    }
                ],
            },
            {
                "id": "about",
                "type": "action",
                "context": ["message"],
                "title": say("compose.title"),
                "description": say("manifest.about_does"),
                "fetchTask": True,
            },
        ],
    }


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a manifest under its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _texts(part, f"{path}[{number}]")
