"""The cards that ask somebody to sign in. Only for personal chats: the link in them is for one person."""

from collections.abc import Mapping
from typing import Any

from bot.texts import Texts

OAUTH_CARD = "application/vnd.microsoft.card.oauth"
ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
CONNECTION = "parley"
"""Teams sends it back with the token; there is no connection of that name in Azure, since we exchange the token ourselves."""
PROVIDER = "Parley"
TEXT, AGAIN, MORE = "sign_in.text", "sign_in.again", "sign_in.more"
"""Keys of `bot.texts`: the first sign-in, one that has ended, one that has to allow more."""


def application_uri(bot_id: str) -> str:
    """The Application ID URI of the app people sign in to. It names the bot, which is another app where that is a managed identity.

    Teams compares it letter by letter, here, in the manifest and in Entra
    (learn.microsoft.com/microsoftteams/platform/bots/how-to/authentication/bot-sso-register-aad).
    """
    return f"api://botid-{bot_id}"


def oauth_card(bot_id: str, link: str, request_id: str, say: Texts, *, text: str = TEXT) -> Mapping[str, Any]:
    """For Teams: single sign-on silently, and our page behind the button when that is not enough.

    `request_id` is unique for each card; each open client sends it back once.
    """
    return {
        "contentType": OAUTH_CARD,
        "content": {
            "text": say(text),
            "connectionName": CONNECTION,
            "buttons": [{"type": "signin", "title": say("sign_in.button"), "value": link}],
            "tokenExchangeResource": {"id": request_id, "uri": application_uri(bot_id), "providerId": PROVIDER},
        },
    }


def link_card(link: str, say: Texts, *, text: str = TEXT) -> Mapping[str, Any]:
    """For channels without single sign-on, such as the Agents Playground, which shows Adaptive Cards only."""
    return {
        "contentType": ADAPTIVE_CARD,
        "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.5",
            "lang": say.language,
            "fallbackText": say(text),
            "speak": say(text),
            "body": [{"type": "TextBlock", "text": say(text), "wrap": True}],
            "actions": [{"type": "Action.OpenUrl", "title": say("sign_in.button"), "url": link}],
        },
    }
