"""Adaptive Cards from small pieces, in the version Teams supports everywhere, readable by keyboard and screen reader.

Version 1.5 (learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference). Every card has a
fallback text and a language; every button a title and, where titles repeat, a tooltip that tells them apart.
"""

from collections.abc import Mapping, Sequence
from typing import Any

CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"
VERSION = "1.5"
VERB = "parley"
"""The schema lets it be left out, but not every client sends a click without one. What a click means is in its sealed data."""
Element = Mapping[str, Any]


def card(
    body: Sequence[Element], *, fallback: str, language: str, actions: Sequence[Element] = ()
) -> Mapping[str, Any]:
    """An attachment object. `fallback` is what a client shows, and a screen reader says, that can't render the card."""
    content: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": VERSION,
        "lang": language,
        "fallbackText": fallback,
        "speak": fallback,
        "body": list(body),
    }
    if actions:
        content["actions"] = list(actions)
    return {"contentType": CONTENT_TYPE, "content": content}


def paragraph(text: str, *, heading: bool = False, subtle: bool = False) -> Element:
    element: dict[str, Any] = {"type": "TextBlock", "text": text, "wrap": True}
    if heading:
        element |= {"weight": "Bolder", "size": "Medium", "style": "heading"}
    if subtle:
        element |= {"isSubtle": True, "spacing": "None"}
    return element


def words(text: str, *, bold: bool = False, subtle: bool = False) -> Element:
    """Text as it is, letter by letter: nothing in it is read as Markdown. For what other people wrote."""
    run: dict[str, Any] = {"type": "TextRun", "text": text}
    if bold:
        run["weight"] = "Bolder"
    if subtle:
        run["isSubtle"] = True
    return {"type": "RichTextBlock", "inlines": [run], "spacing": "Small"}


def linked(text: str, url: str, *, hint: str, below: str = "") -> Element:
    """Words that open an address, and a quieter line below them. `hint` says what opens; without an https address it is only text."""
    items = [words(text, bold=True), *([{**words(below, subtle=True), "spacing": "None"}] if below else [])]
    element: dict[str, Any] = {"type": "Container", "items": items, "spacing": "Small"}
    if url.startswith("https://"):
        element["selectAction"] = {**link(hint, url), "tooltip": hint}
    return element


def facts(pairs: Sequence[tuple[str, str]]) -> Element:
    return {"type": "FactSet", "facts": [{"title": title, "value": value} for title, value in pairs]}


def row(text: str, action: Element) -> Element:
    """A line of text with one button at its end."""
    return {
        "type": "ColumnSet",
        "columns": [
            {"type": "Column", "width": "stretch", "verticalContentAlignment": "Center", "items": [paragraph(text)]},
            {"type": "Column", "width": "auto", "items": [{"type": "ActionSet", "actions": [action]}]},
        ],
    }


def entry(title: str, below: str, *actions: Element) -> Element:
    """One thing of a list: its name letter by letter, quieter lines below, and its buttons at the end."""
    quieter = [{**words(line, subtle=True), "spacing": "None"} for line in below.split("\n") if line]
    columns: list[Element] = [{"type": "Column", "width": "stretch", "items": [words(title, bold=True), *quieter]}]
    if actions:
        columns.append({"type": "Column", "width": "auto", "items": [{"type": "ActionSet", "actions": list(actions)}]})
    return {"type": "ColumnSet", "columns": columns, "spacing": "Medium"}


def folded(title: str, body: Sequence[Element], *, actions: Sequence[Element], language: str) -> Element:
    """A button that opens a part of the card which takes no room before."""
    inside = {
        "type": "AdaptiveCard",
        "version": VERSION,
        "lang": language,
        "body": list(body),
        "actions": list(actions),
    }
    return {"type": "Action.ShowCard", "title": title, "card": inside}


def more(id: str, title: str, body: Sequence[Element]) -> list[Element]:
    """A part that takes no room until its button is pressed, which is gone then. No question comes to us."""
    opens = {"type": "Action.ToggleVisibility", "title": title, "targetElements": [id, f"{id}-closed"]}
    return [
        {"type": "ActionSet", "id": f"{id}-closed", "actions": [opens]},
        {"type": "Container", "id": id, "isVisible": False, "items": list(body)},
    ]


def button(title: str, sealed: Mapping[str, Any], *, hint: str = "", style: str = "default") -> Element:
    """`sealed` is what `CardSeal.sign` made. `style`: default, positive or destructive."""
    action: dict[str, Any] = {"type": "Action.Execute", "verb": VERB, "title": title, "data": dict(sealed)}
    if hint:
        action["tooltip"] = hint
    if style != "default":
        action["style"] = style
    return action


def says(title: str, said: str) -> Element:
    """A button that says something in the person's name, as if they had typed it: for starters and typed commands."""
    return {"type": "Action.Submit", "title": title, "data": {"msteams": {"type": "imBack", "value": said}}}


def link(title: str, url: str) -> Element:
    return {"type": "Action.OpenUrl", "title": title, "url": url}


def choice(id: str, label: str, options: Sequence[tuple[str, str]], *, chosen: str = "", required: str = "") -> Element:
    """`options`: (title, value). What is chosen comes back among the click's `inputs`, hostile until parsed.

    `required`: the sentence for whoever leaves it out; empty when they may.
    """
    return {
        "type": "Input.ChoiceSet",
        "id": id,
        "label": label,
        "value": chosen,
        "choices": [{"title": title, "value": value} for title, value in options],
        **_required(required),
    }


def typed(
    id: str,
    label: str,
    *,
    placeholder: str = "",
    most: int = 500,
    lines: bool = False,
    required: str = "",
    value: str = "",
) -> Element:
    """`most` characters, in several lines if `lines`; `required` as in `choice`. What is typed is hostile until parsed."""
    return {
        "type": "Input.Text",
        "id": id,
        "label": label,
        "placeholder": placeholder,
        "maxLength": most,
        "isMultiline": lines,
        **({"value": value} if value else {}),
        **_required(required),
    }


def _required(sentence: str) -> Element:
    return {"isRequired": True, "errorMessage": sentence} if sentence else {}
