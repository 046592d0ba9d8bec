"""Mentions in what we send: only of the people a message names, written so that a name cannot be anything but a name."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.context import Person
from bot.teams.cleaning import one_line

LONGEST_NAME = 100
MOST = 50
# Private-use letters stand for a mention while the text goes through the gate, which would write `<at>` as plain letters.
_FIRST = 0xE000
_STANDS_IN = re.compile("[\ue000-\ue0ff]")
_MARKUP = re.compile(r"[\\`*_~\[\]|]+")


@dataclass(frozen=True, slots=True)
class Mention:
    text: str
    """`<at>Name</at>`, verbatim as it stands in the message: else Teams ignores the entity."""
    entity: dict[str, Any]
    name: str
    """As it was given."""


def mentions_of(people: Sequence[Person]) -> tuple[Mention, ...]:
    """One for each person who has an id; a second person of the same name is told apart by a number."""
    found: list[Mention] = []
    taken: dict[str, int] = {}
    for person in list(dict.fromkeys(people))[:MOST]:
        id = person.channel_id or person.id
        if not id:
            continue
        name = " ".join(_MARKUP.sub(" ", one_line(person.name)).split())[:LONGEST_NAME] or "…"
        taken[name] = taken.get(name, 0) + 1
        shown = name if taken[name] == 1 else f"{name} ({taken[name]})"
        text = f"<at>{html.escape(shown, quote=False)}</at>"
        entity = {"type": "mention", "text": text, "mentioned": {"id": id, "name": one_line(person.name)}}
        found.append(Mention(text, entity, person.name))
    return tuple(found)


def held(text: str, mentions: Sequence[Mention]) -> str:
    """The text with a stand-in for each `<at>Name</at>` of these people, so that it comes through the gate."""
    text = _STANDS_IN.sub("", text)
    for number, mention in enumerate(mentions):
        for written in dict.fromkeys((mention.text, f"<at>{mention.name}</at>")):
            text = text.replace(written, chr(_FIRST + number), 1)
    return text


def put_back(text: str, mentions: Sequence[Mention]) -> str:
    """The stand-ins as mentions."""
    for number, mention in enumerate(mentions):
        text = text.replace(chr(_FIRST + number), mention.text)
    return text


def before(text: str, mentions: Sequence[Mention]) -> str:
    """Whom the text does not name stands before it."""
    missing = [mention.text for mention in mentions if mention.text not in text]
    return f"{', '.join(missing)} {text}".strip() if missing else text


def entities(text: str, mentions: Sequence[Mention]) -> list[dict[str, Any]]:
    """Of those that really stand in the text."""
    return [mention.entity for mention in mentions if mention.text in text]
