""" "Ask Parley about this": a question about any message, typed into a dialog and answered in the personal chat of who asks."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from bot.answering import ASKED_ABOUT, Answering
from bot.cards import kit
from bot.cards.seal import NotOurs
from bot.choice import spoken_with
from bot.context import Incoming, Sent
from bot.store.pending import incoming_to_json
from bot.teams.activities import reference
from bot.teams.sent import author
from graph.html_text import html_to_text
from graph.parse import link_of

VERB = "compose.about"
MAX_QUESTION = 2000
MAX_SEALED_TEXT = 1800
"""Bytes of the message that ride in the dialog's button; Teams sends the whole message again with most clients."""
MAX_MESSAGE = 20_000
MINUTES = 60


async def dialog(answering: Answering, activity: dict[str, Any]) -> Mapping[str, Any]:
    """The body for `composeExtension/fetchTask`."""
    where = reference(activity)
    say = await spoken_with(answering.services.preferences, where)
    message = message_in(activity)
    if message is None:
        return _closing(say("compose.no_words"))
    sealed = answering.services.seal.sign(
        VERB, asdict(_short(message)), person_id=where.person.id, conversation_id=where.id, minutes=MINUTES
    )
    shown = " ".join(message.text.split())
    body = [
        kit.words(message.author, bold=True),
        kit.words(shown if len(shown) <= 300 else f"{shown[:299]}…", subtle=True),
        kit.typed(
            "question", say("compose.question"), placeholder=say("sent.this_question"), most=MAX_QUESTION, lines=True
        ),
    ]
    ask = {"type": "Action.Submit", "title": say("compose.ask"), "data": sealed}
    card = kit.card(
        body if message.author else body[1:], fallback=say("compose.title"), language=say.language, actions=[ask]
    )
    value = {"title": say("compose.title"), "height": "medium", "width": "medium", "card": card}
    return {"task": {"type": "continue", "value": value}}


async def submitted(answering: Answering, activity: dict[str, Any]) -> Mapping[str, Any]:
    """The body for `composeExtension/submitAction`; the question is durable when it is answered with *I'll answer there*."""
    where = reference(activity)
    say = await spoken_with(answering.services.preferences, where)
    try:
        message, typed = _opened(answering, activity)
    except NotOurs:
        return _closing(say("click.not_yours"))
    personal = await answering.personal_chat(where)
    if personal is None:
        return _closing(say("compose.no_chat"))
    question = typed.strip()[:MAX_QUESTION] or say("sent.this_question")
    there = replace(personal, person=where.person, locale=where.locale, timezone=where.timezone)
    asked = Incoming(f"{activity.get('id') or message.id}:about", question, there, sent=(message,), action="about")
    await answering.turns.admit(there.id, asked.id, {"type": ASKED_ABOUT, "incoming": incoming_to_json(asked)})
    return _closing(say("compose.answering"))


def message_in(activity: Mapping[str, Any]) -> Sent | None:
    """The message a person chose, as Teams hands it over; None without words in it. All of it is hostile."""
    value = activity.get("value")
    payload = value.get("messagePayload") if isinstance(value, dict) else None
    if not isinstance(payload, dict):
        return None
    body, id, link = payload.get("body"), payload.get("id"), payload.get("linkToMessage")
    content = body.get("content") if isinstance(body, dict) else None
    text = html_to_text(content[: 4 * MAX_MESSAGE])[:MAX_MESSAGE] if isinstance(content, str) else ""
    if not text:
        return None
    address = link_of(link) if isinstance(link, str) and len(link) <= 1000 else ""
    return Sent(
        "message",
        id=id[:100] if isinstance(id, str) else "",
        text=text,
        author=author(payload.get("from")),
        url=address,
    )


def _short(message: Sent) -> Sent:
    text = message.text
    while len(json.dumps(text, ensure_ascii=False).encode()) > MAX_SEALED_TEXT:
        text = text[: len(text) * 3 // 4]
    url = message.url if len(message.url) <= 400 else ""
    return Sent("message", id=message.id[:40], text=text, author=message.author[:60], url=url)


def _opened(answering: Answering, activity: Mapping[str, Any]) -> tuple[Sent, str]:
    """(the message, what was typed). Raises `NotOurs`."""
    value, where = activity.get("value"), reference(dict(activity))
    data = value.get("data") if isinstance(value, dict) else None
    opened = answering.services.seal.open(
        data if isinstance(data, dict) else {}, person_id=where.person.id, conversation_id=where.id
    )
    if opened.verb != VERB:
        raise NotOurs
    inputs = opened.data["inputs"]
    sealed = Sent(**{name: value for name, value in opened.data.items() if name != "inputs"})
    whole = message_in(activity)
    question = inputs.get("question")
    chosen = whole if whole is not None and _short(whole) == sealed else sealed
    return chosen, question if isinstance(question, str) else ""


def _closing(text: str) -> Mapping[str, Any]:
    return {"task": {"type": "message", "value": text}}
