"""The part of Adaptive Cards 1.5 that our cards use, as JSON schema, and what readers need besides: names, labels, sizes.

Written after the card reference (adaptivecards.io/explorer) and Teams' limits (learn.microsoft.com, "Cards reference"): nothing may
stand in a card that is not named here, so whoever needs more adds it, after looking it up.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema

MAX_BYTES = 28_000
MOST_ACTIONS = 6
"""Teams shows six actions in a row and hides the rest in a menu."""
_TEXT: Any = {"type": "string", "minLength": 1}
_WORD: Any = {"type": "string"}
_YES: Any = {"type": "boolean"}
_SPACE = {"enum": ["None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"]}
_LOOKS = {
    "weight": {"enum": ["Lighter", "Default", "Bolder"]},
    "size": {"enum": ["Small", "Default", "Medium", "Large", "ExtraLarge"]},
    "color": {"enum": ["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"]},
    "isSubtle": _YES,
}
_PLACE = {"id": _TEXT, "spacing": _SPACE, "separator": _YES, "isVisible": _YES, "height": {"enum": ["auto", "stretch"]}}
_BUTTON = {
    "title": _TEXT, "tooltip": _TEXT, "id": _TEXT, "style": {"enum": ["default", "positive", "destructive"]},
    "mode": {"enum": ["primary", "secondary"]}, "isEnabled": _YES,
}  # fmt: skip
_INPUT = {"id": _TEXT, "label": _TEXT, "isRequired": _YES, "errorMessage": _TEXT}


def _one(kind: str, required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"type": {"const": kind}, **properties},
        "required": ["type", *required.split()],
        "additionalProperties": False,
    }


def _many(of: str) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": {"$ref": f"#/$defs/{of}"}}


_ELEMENTS = {
    "TextBlock": _one("TextBlock", "text wrap", text=_TEXT, wrap={"const": True}, style={"enum": ["default", "heading"]},
                      maxLines={"type": "integer"}, **_LOOKS, **_PLACE),
    "RichTextBlock": _one("RichTextBlock", "inlines", inlines=_many("TextRun"), **_PLACE),
    "FactSet": _one("FactSet", "facts", facts=_many("Fact"), **_PLACE),
    "Container": _one("Container", "items", items=_many("Element"), selectAction={"$ref": "#/$defs/Action"},
                      style={"enum": ["default", "emphasis", "good", "attention", "warning", "accent"]}, **_PLACE),
    "ColumnSet": _one("ColumnSet", "columns", columns=_many("Column"), **_PLACE),
    "ActionSet": _one("ActionSet", "actions", actions=_many("Action"), **_PLACE),
    "Input.ChoiceSet": _one("Input.ChoiceSet", "id label choices", choices=_many("Choice"), value=_WORD, isMultiSelect=_YES,
                            style={"enum": ["compact", "expanded", "filtered"]}, placeholder=_WORD, **_INPUT),
    "Input.Text": _one("Input.Text", "id label maxLength", value=_WORD, placeholder=_WORD, maxLength={"type": "integer", "minimum": 1},
                       isMultiline=_YES, **_INPUT),
    "Input.Toggle": _one("Input.Toggle", "id title label", title=_TEXT, value=_WORD, valueOn=_WORD, valueOff=_WORD, **_INPUT),
}  # fmt: skip
_ACTIONS = {
    "Action.Execute": _one("Action.Execute", "title data", data={"type": "object"}, verb=_TEXT, **_BUTTON),
    "Action.Submit": _one("Action.Submit", "title data", data={"type": "object"}, **_BUTTON),
    "Action.ToggleVisibility": _one(
        "Action.ToggleVisibility",
        "title targetElements",
        targetElements={"type": "array", "minItems": 1, "items": _TEXT},
        **_BUTTON,
    ),
    "Action.OpenUrl": _one("Action.OpenUrl", "title url", url={"type": "string", "pattern": "^https?://"}, **_BUTTON),
}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$ref": "#/$defs/AdaptiveCard",
    "$defs": {
        **_ELEMENTS,
        **_ACTIONS,
        "Element": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in _ELEMENTS]},
        "Action": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in _ACTIONS]},
        "TextRun": _one("TextRun", "text", text=_TEXT, italic=_YES, **_LOOKS),
        "Fact": {"type": "object", "properties": {"type": {"const": "Fact"}, "title": _TEXT, "value": _TEXT},
                 "required": ["title", "value"], "additionalProperties": False},
        "Choice": {"type": "object", "properties": {"title": _TEXT, "value": _TEXT}, "required": ["title", "value"],
                   "additionalProperties": False},
        "Column": _one("Column", "items", items=_many("Element"), width=_WORD, spacing=_SPACE,
                       verticalContentAlignment={"enum": ["Top", "Center", "Bottom"]}),
        "AdaptiveCard": _one(
            "AdaptiveCard",
            "version body fallbackText speak lang",
            version={"const": "1.5"}, body=_many("Element"), actions=_many("Action"),
            fallbackText=_TEXT, speak=_TEXT, lang={"type": "string", "pattern": "^[a-z]{2}$"}, **{"$schema": _TEXT},
            msteams={"type": "object", "properties": {"width": {"const": "Full"}}, "additionalProperties": False},
        ),
    },
}  # fmt: skip
_VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def faults(card: Mapping[str, Any]) -> list[str]:
    """What is wrong with a card's content, for its schema and for whoever reads it by keyboard, ear or small screen."""
    found = [_said(error) for error in _VALIDATOR.iter_errors(card)]
    size = len(json.dumps(card, ensure_ascii=False).encode())
    found += [f"{size} bytes"] if size > MAX_BYTES else []
    buttons = [action for action in parts(card) if str(action.get("type", "")).startswith("Action.")]
    names = Counter((action.get("title"), action.get("tooltip")) for action in buttons)
    found += [f"two buttons are both called {name}" for name, count in names.items() if count > 1]
    found += ["too many actions" for one in parts(card) if len(one.get("actions") or ()) > MOST_ACTIONS]
    return found + [f"{one['id']} may not be left out but does not say so" for one in parts(card) if _silent(one)]


def _said(error: Any) -> str:
    deepest = max((*error.context, error), key=lambda one: len(one.absolute_path))
    return f"{'/'.join(map(str, deepest.absolute_path))}: {deepest.message[:200]}"


def _silent(element: Mapping[str, Any]) -> bool:
    return bool(element.get("isRequired")) and not element.get("errorMessage")


def parts(value: Any) -> Iterator[Mapping[str, Any]]:
    """Everything in a card that has a type; what buttons send back is not looked into."""
    if isinstance(value, Mapping):
        if "type" in value:
            yield value
        for name, inner in value.items():
            if name != "data":
                yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)
