"""Finds words in what left the bot that its readers may not know."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from infra.local.company.model import ExampleQuestion
from infra.local.company.questions import CANARIES
from infra.local.connector_state import personal_chat
from infra.local.world import Recorded, World

_SEARCHED = re.compile(r"\*(?:I searched|Ich habe (?:in|nirgends)) [^*]*\*")
"""The notice repeats the asker's own words."""
_ASKING = re.compile(r"(\w+ \w+) is asking in a personal chat")


def leaks(
    world: World, requests: Sequence[Recorded], asked: Iterable[ExampleQuestion], readers: frozenset[str] = frozenset()
) -> list[tuple[str, str, str]]:
    """(wire, word, who must not know it).

    `asked`: questions, whose own words are no secret to those who wrote them. `readers`: lower-case given names of all
    who are in the shared place; without, everything belongs to personal chats.
    """
    questions = sorted({question.text for question in asked}, key=len, reverse=True)
    found: list[tuple[str, str, str]] = []
    for request in requests:
        people = readers or _alone(world, request)
        text = _said(request.body, questions)
        for word, may in CANARIES.items():
            # A number stands alone: the milliseconds in a message's id hold any five digits now and then.
            if re.search(rf"(?<!\d){re.escape(word)}(?!\d)", text) and (others := people - may):
                found.append((request.wire, word, ", ".join(sorted(others))))
    return found


def _said(body: Any, questions: Sequence[str]) -> str:
    text = _SEARCHED.sub("", json.dumps(body, ensure_ascii=False))
    for question in questions:
        text = text.replace(json.dumps(question, ensure_ascii=False)[1:-1], "")
    return text


def _alone(world: World, request: Recorded) -> frozenset[str]:
    """Whose personal chat it is: from the address at the connector, from the prompt at a model."""
    if request.wire == "connector":
        chats = {personal_chat(world, person): person for person in world.company.people}
        id = unquote(request.path.split("/conversations/")[1].split("/")[0])
        return frozenset({chats[id].given_name.casefold()})
    asking = _ASKING.findall(json.dumps(request.body, ensure_ascii=False))
    assert asking, "a request to a model says who asks"
    return frozenset({asking[-1].split()[0].casefold()})


def by_person(world: World, questions: Iterable[ExampleQuestion]) -> dict[str, list[ExampleQuestion]]:
    """Given name -> questions."""
    found: dict[str, list[ExampleQuestion]] = defaultdict(list)
    for question in questions:
        found[world.person(question.person_id).given_name].append(question)
    return dict(found)
