"""What a card says and offers, for the tests of commands."""

from typing import Any

from bot.context import Outgoing


def words(message: Outgoing) -> str:
    """All its texts, facts and columns included."""
    assert message.card is not None
    content = message.card["content"]
    assert content["type"] == "AdaptiveCard"
    assert content["fallbackText"]
    return "\n".join(_texts(content["body"]))


def _texts(element: Any) -> list[str]:
    if isinstance(element, list):
        return [text for one in element for text in _texts(one)]
    if not isinstance(element, dict):
        return []
    own = [f"{element['title']}: {element['value']}"] if {"title", "value"} <= element.keys() else []
    own += [element["text"]] if element.get("type") == "TextBlock" else []
    return own + [text for key in ("facts", "columns", "items", "body") for text in _texts(element.get(key, []))]


def actions(message: Outgoing) -> dict[str, dict[str, Any]]:
    """The card's buttons by their titles."""
    assert message.card is not None
    return {action["title"]: action for action in message.card["content"].get("actions", [])}
