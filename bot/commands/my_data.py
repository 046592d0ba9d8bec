"""What is kept about somebody: shown, handed out, and erased when they say so twice. Between the person and us only."""

import json
from collections.abc import Mapping
from typing import Any

from bot.cards.kit import Element, button, card, facts, paragraph
from bot.context import Outgoing, Place
from bot.router import Command
from bot.services import Turn
from bot.store.personal import KINDS
from bot.texts import Texts, languages

EXPORT, ASK, DELETE, KEEP = "my_data.export", "my_data.ask", "my_data.delete", "my_data.keep"
MINUTES = 10
"""How long the button that deletes is good for."""
PART = 20_000
"""Characters of an export in one message; with markup and escapes it stays under what Teams takes."""


async def run(turn: Turn, argument: str) -> None:
    say = turn.say
    if not turn.person.id:
        answer = Outgoing(say("sign_in.without_account"))
    elif not _private(turn):
        answer = Outgoing(say("my_data.privately"))
    else:
        wanted = argument.casefold().strip(" .!?")
        if wanted in _words("my_data.word_export"):
            await export(turn, {})
            return
        answer = _question(turn) if wanted in _words("my_data.word_delete") else await _shown(turn)
    await turn.conversation.stream().finish(answer)


def _private(turn: Turn) -> bool:
    return turn.incoming.reference.place is Place.PERSONAL


def _words(key: str) -> frozenset[str]:
    return frozenset(word for code in languages() for word in Texts(code)(key).split(", "))


async def _shown(turn: Turn) -> Outgoing:
    say = turn.say
    counts = await turn.services.personal.counts(turn.person.id, turn.incoming.reference.id)
    signed_in = await turn.services.sign_in.signed_in(turn.person)
    pairs = [(say(f"my_data.{kind}"), str(counts[kind])) for kind in KINDS]
    pairs.append((say("my_data.sign_in"), say("my_data.signed_in" if signed_in else "my_data.signed_out")))
    how = say("my_data.how")
    body = [
        paragraph(say("my_data.title"), heading=True),
        paragraph(say("my_data.intro")),
        facts(pairs),
        paragraph(say("my_data.not_kept")),
        paragraph(how, subtle=True),
    ]
    actions = [
        button(say("my_data.export"), _sealed(turn, EXPORT), hint=say("my_data.export_hint")),
        button(say("my_data.delete"), _sealed(turn, ASK), hint=say("my_data.delete_hint"), style="destructive"),
    ]
    lines = "\n".join(f"{title}: {value}" for title, value in pairs)
    fallback = f"{say('my_data.title')}\n{lines}\n{how}"
    return Outgoing("", card=card(body, fallback=fallback, language=say.language, actions=actions))


def _question(turn: Turn) -> Outgoing:
    say = turn.say
    body: list[Element] = [paragraph(say("my_data.ask"), heading=True), paragraph(say("my_data.ask_more"))]
    actions = [
        button(say("my_data.yes"), _sealed(turn, DELETE), style="destructive"),
        button(say("my_data.no"), _sealed(turn, KEEP)),
    ]
    fallback = f"{say('my_data.ask')} {say('my_data.ask_more')} {say('my_data.how_card')}"
    return Outgoing("", card=card(body, fallback=fallback, language=say.language, actions=actions))


def _sealed(turn: Turn, verb: str) -> Mapping[str, Any]:
    """For this person's hands only."""
    reference = turn.incoming.reference
    return turn.services.seal.sign(verb, {}, person_id=turn.person.id, conversation_id=reference.id, minutes=MINUTES)


async def export(turn: Turn, data: Mapping[str, Any]) -> None:
    """All of it as JSON in code blocks; a long one comes in parts, which joined are one JSON document."""
    del data
    say = turn.say
    kept = await turn.services.personal.export(turn.person.id, turn.incoming.reference.id)
    text = json.dumps({"person": turn.person.id, "name": turn.person.name, **kept}, ensure_ascii=False, indent=1)
    # Inside a JSON string this is the same letter, and no fence can end early.
    text = text.replace("`", "\\u0060")
    parts = [text[start : start + PART] for start in range(0, len(text), PART)]
    for number, part in enumerate(parts, 1):
        heading = say("my_data.exported") if number == 1 else ""
        count = say("my_data.exported_part", n=number, all=len(parts)) if len(parts) > 1 else ""
        message = Outgoing("\n\n".join(piece for piece in (heading, count, f"```json\n{part}\n```") if piece))
        if number == 1:
            await turn.conversation.stream().finish(message)
        else:
            await turn.conversation.send(message)


async def ask(turn: Turn, data: Mapping[str, Any]) -> None:
    del data
    await turn.conversation.stream().finish(_question(turn))


async def delete(turn: Turn, data: Mapping[str, Any]) -> None:
    """Approved: erased, and the card that asked can't be pressed again."""
    del data
    await turn.services.sign_in.sign_out(turn.person)
    await turn.services.personal.erase(turn.person.id, turn.incoming.reference.id)
    await _replace(turn, turn.say("my_data.deleted"))


async def keep(turn: Turn, data: Mapping[str, Any]) -> None:
    del data
    await _replace(turn, turn.say("my_data.kept"))


async def _replace(turn: Turn, text: str) -> None:
    shown = Outgoing("", card=card([paragraph(text)], fallback=text, language=turn.say.language))
    await turn.conversation.update(turn.incoming.reply_to, shown)


COMMAND = Command(
    help="what I keep about you",
    run=run,
    clicks={EXPORT: export, ASK: ask, DELETE: delete, KEEP: keep},
)
