"""The output gate for cards: what a card shows may have been written by a model, so it is rebuilt from what we know to be safe.

No remote image, no media, no link but to what text may link to, no element or property we do not know. What a button sends back
to us (`data`) is ours and signed, and stays as it is. Cards are of Adaptive Cards 1.5, the version Teams draws everywhere.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.teams.gate import letters, render
from bot.teams.links import Links, linkish
from bot.teams.mentions import Mention, held, put_back

ADAPTIVE = "application/vnd.microsoft.card.adaptive"
_BUILT_IN = frozenset(
    f"application/vnd.microsoft.{name}"
    for name in ("card.oauth", "card.signin", "teams.card.file.consent", "teams.card.file.info")
)
"""Cards of Teams that only carry what we put together ourselves: our sign-in page, our file."""
_KNOWN = """
    AdaptiveCard TextBlock RichTextBlock TextRun Container ColumnSet Column FactSet Fact Image ImageSet ActionSet Table TableRow
    TableCell TableColumnDefinition CodeBlock Input.Text Input.Number Input.Date Input.Time Input.Toggle Input.ChoiceSet Input.Choice
    Action.Execute Action.Submit Action.OpenUrl Action.ShowCard Action.ToggleVisibility TargetElement Refresh BackgroundImage
"""
_ELEMENTS = frozenset(_KNOWN.split())
_PARTS = {
    "facts": "Fact", "choices": "Input.Choice", "cells": "TableCell", "rows": "TableRow", "columns": "Column", "refresh": "Refresh",
    "targetElements": "TargetElement", "inlines": "TextRun", "backgroundImage": "BackgroundImage", "images": "Image",
}  # fmt: skip
"""What stands in these needs no `type` of its own."""
_NESTED = frozenset({*_PARTS, "body", "items", "actions", "card", "selectAction", "fallback", "inlineAction", "action"})
_MARKDOWN = frozenset({("TextBlock", "text"), ("Fact", "title"), ("Fact", "value")})
_WORDS = frozenset(
    {
        "text",
        "title",
        "label",
        "placeholder",
        "errorMessage",
        "altText",
        "tooltip",
        "fallbackText",
        "speak",
        "value",
        "codeSnippet",
    }
)
_ADDRESSES = frozenset({"url", "iconUrl"})
_OURS = frozenset({"data", "verb", "userIds"})
"""Goes back to us, or names the people a card is renewed for: shown to nobody."""
_CHOSEN = frozenset({"Input.Choice", "Input.ChoiceSet", "Input.Toggle"})
"""Their `value` comes back to us and is shown to nobody."""
_ASKS_TEAMS = frozenset({"messageBack", "imBack", "invoke", "task/fetch", "task/submit"})
"""What a button may ask Teams for. Signing in is not among them: it opens an address."""
_ICON = re.compile(r"icon:[A-Za-z0-9]{1,60}(?:,(?:filled|regular))?")
_TOKEN = re.compile(r"[\w .:,#$@+=()\[\]{}|?*^\\-]{0,200}")
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=]+")
_SCHEMAS = frozenset(f"{scheme}://adaptivecards.io/schemas/adaptive-card.json" for scheme in ("http", "https"))
_VERSIONS = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.5"})


class NotSendable(Exception):
    """The attachment is of a kind we do not know to be safe."""


def card(attachment: Mapping[str, Any], links: Links, mentions: Sequence[Mention] = ()) -> dict[str, Any]:
    """The attachment with what may leave; gating it again changes nothing. `mentions`: who may be named in it.

    Raises `NotSendable` for an attachment that is no card of ours.
    """
    kind, content = attachment.get("contentType"), attachment.get("content")
    if kind in _BUILT_IN:
        return dict(attachment)
    if kind != ADAPTIVE or not isinstance(content, Mapping):
        raise NotSendable
    gated = _Walk(links, tuple(mentions)).element(content, "AdaptiveCard")
    if gated is None:
        raise NotSendable
    gated["version"] = gated.get("version") if gated.get("version") in _VERSIONS else "1.5"
    return {"contentType": ADAPTIVE, "content": gated}


@dataclass(frozen=True, slots=True)
class _Walk:
    links: Links
    mentions: tuple[Mention, ...]

    def element(self, found: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
        """None when it may not be shown at all."""
        element = found.get("type", kind)
        if element not in _ELEMENTS or not self._sound(element, found):
            return None
        kept: dict[str, Any] = {}
        for name, value in found.items():
            gated = self._property(element, name, value)
            if gated is not None:
                kept[name] = gated
        return kept

    def _sound(self, kind: str, found: Mapping[str, Any]) -> bool:
        if kind in {"Image", "BackgroundImage"}:
            return bool(_PICTURE.fullmatch(str(found.get("url", ""))))
        if kind == "Action.OpenUrl":
            return bool(self.links.target(str(found.get("url", ""))))
        data = found.get("data")
        teams = data.get("msteams") if isinstance(data, Mapping) else None
        return not isinstance(teams, Mapping) or "type" not in teams or teams["type"] in _ASKS_TEAMS

    def _property(self, element: str, name: str, value: Any) -> Any:  # noqa: PLR0911 -- one return a kind of property
        if name in _OURS or (name == "value" and element in _CHOSEN):
            return value
        if name == "msteams":
            return self._for_teams(value)
        if name in _ADDRESSES:
            return self._address(element, str(value))
        if name in _NESTED and isinstance(value, Mapping | list):
            return self._nested(element, name, value)
        if isinstance(value, bool | int | float):
            return value
        if not isinstance(value, str):
            return None
        if (element, name) in _MARKDOWN:
            return self._markdown(value)
        if name in _WORDS:
            return letters_kept(value)
        token = bool(_TOKEN.fullmatch(value)) and not linkish(value)
        return value if token or (name == "$schema" and value in _SCHEMAS) else None

    def _nested(self, element: str, name: str, value: Mapping[str, Any] | list[Any]) -> Any:
        kind = "TableColumnDefinition" if (element, name) == ("Table", "columns") else _PARTS.get(name, "")
        if isinstance(value, Mapping):
            return self.element(value, "AdaptiveCard" if name == "card" else kind)
        kept = [self._item(item, kind) for item in value]
        return [item for item in kept if item is not None]

    def _item(self, item: Any, kind: str) -> Any:
        if isinstance(item, Mapping):
            return self.element(item, kind)
        if isinstance(item, str) and kind == "TextRun":
            return letters_kept(item)
        return item if isinstance(item, str) and kind == "TargetElement" and _TOKEN.fullmatch(item) else None

    def _address(self, element: str, value: str) -> str | None:
        if element == "Action.OpenUrl":
            return self.links.target(value)
        if _ICON.fullmatch(value):
            return value
        return value if element in {"Image", "BackgroundImage"} else None

    def _for_teams(self, value: Any) -> dict[str, Any] | None:
        if not isinstance(value, Mapping):
            return None
        given = value.get("entities")
        known = [mention.entity for mention in self.mentions]
        entities = [entity for entity in given if entity in known] if isinstance(given, list) else []
        width = {"width": "Full"} if value.get("width") == "Full" else {}
        return {**width, **({"entities": entities} if entities else {})} or None

    def _markdown(self, text: str) -> str:
        """A mention in it survives only as one of a person the message names."""
        return put_back(render(held(text, self.mentions), self.links, card=True), self.mentions)


def letters_kept(text: str) -> str:
    """Words where no Markdown is read; their lines stay."""
    return "\n".join(letters(line) for line in text.split("\n"))
