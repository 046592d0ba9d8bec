"""The cards that ask somebody to sign in. Only for personal chats: the link in them is for one person."""

from collections.abc import Mapping
from typing import Any

OAUTH_CARD = "application/vnd.microsoft.card.oauth"
ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
CONNECTION = "parley"
"""Teams sends it back with the token; there is no connection of that name in Azure, since we exchange the token ourselves."""
PROVIDER = "Parley"
TEXT = "Please sign in, so that I can look into your own mail and files. I see only what you may see."
AGAIN = "Your sign-in has ended, or Microsoft wants to be sure that it is you. Please sign in again, and I'll go on."
MORE = "Please allow me to look into your mail and files. I see only what you may see."
TITLE = "Sign in"


def oauth_card(app_id: str, link: str, request_id: str, *, text: str = TEXT, title: str = TITLE) -> Mapping[str, Any]:
    """For Teams: single sign-on silently, and our page behind the button when that is not enough.

    `request_id` is unique for each card; each open client sends it back once. The address is the app's Application ID URI, which
    Teams compares letter by letter (learn.microsoft.com/microsoftteams/platform/bots/how-to/authentication/bot-sso-register-aad).
    """
    return {
        "contentType": OAUTH_CARD,
        "content": {
            "text": text,
            "connectionName": CONNECTION,
            "buttons": [{"type": "signin", "title": title, "value": link}],
            "tokenExchangeResource": {"id": request_id, "uri": f"api://botid-{app_id}", "providerId": PROVIDER},
        },
    }


def link_card(link: str, *, text: str = TEXT, title: str = TITLE) -> Mapping[str, Any]:
    """For channels without single sign-on, such as the Agents Playground, which shows Adaptive Cards only."""
    return {
        "contentType": ADAPTIVE_CARD,
        "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.5",
            "fallbackText": text,
            "body": [{"type": "TextBlock", "text": text, "wrap": True}],
            "actions": [{"type": "Action.OpenUrl", "title": title, "url": link}],
        },
    }
