"""The buttons under a digest: which of its items is meant, and what shall become of it. What they do is seen and taken back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from bot.cards.kit import Element, button, card, choice, folded, more, paragraph
from bot.cards.seal import DAY_MINUTES, CardSeal
from bot.context import Outgoing
from bot.digests.cards import note, sealed, zone_here
from bot.digests.lists import OPEN
from bot.digests.steering import described, item_from_json, item_named, wish_for
from bot.services import Turn
from bot.store.run import Run
from bot.store.steering import KINDS, Wish
from bot.store.subscriptions import Subscription
from bot.teams.gate import plain
from bot.teams.messages import size
from bot.texts import Texts

STEER, TAKE_BACK = "steer.set", "steer.undo"
DAYS = ("1", "3", "7")
"""How long something may be snoozed: until that many days from now begin."""
MOST_BYTES = 50_000
"""As Teams counts, in UTF-16: it takes cards up to about 28 KB of text (cards reference); a longer digest has no buttons."""
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\s]*\)")
_LINE = re.compile(r"^- ", re.MULTILINE)
_SPOKEN = 2000
GOOD_FOR = 7 * DAY_MINUTES
"""Minutes: as long as it is known what the digest said."""
_ORDER = ("done", "snooze", "more", "less", "mute_sender", "mute_topic")


def under(
    message: Outgoing, run: Run, asked: Subscription, seal: CardSeal, conversation_id: str, say: Texts
) -> Outgoing:
    """The digest with its buttons, for its owner's hands only; without items to steer by, as it was."""
    items: Sequence[Mapping[str, Any]] = (run.content or {}).get("items") or ()
    if not items or message.card is not None:
        return message

    def signed(verb: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        return seal.sign(verb, data, person_id=asked.owner, conversation_id=conversation_id, minutes=GOOD_FOR)

    data = {"id": asked.id, "slot": run.slot}
    named = [(item_named(item, number, say), str(number - 1)) for number, item in enumerate(items, 1)]
    days = [(say(f"steer.days_{n}"), n) for n in DAYS]
    inside = [
        choice("item", say("steer.which"), named, chosen="0"),
        choice("days", say("steer.until"), days, chosen=DAYS[0]),
    ]
    wanted = [
        button(say(f"steer.{kind}"), signed(STEER, {**data, "kind": kind}), hint=say(f"steer.{kind}_hint"))
        for kind in _ORDER
    ]
    actions = [
        folded(say("steer.open"), inside, actions=wanted, language=say.language),
        button(say("steer.schedule"), signed(OPEN, {"id": asked.id, "below": True})),
    ]
    return _carded(message, actions, say)


def _carded(message: Outgoing, actions: Sequence[Element], say: Texts) -> Outgoing:
    """The whole digest as one card: of text with a card beside it Teams makes two messages, and refuses to put them into one."""
    apart = [*message.notices, *([say("message.answered_by", model=message.model)] if message.model else [])]
    top, rest = _halved([part for part in message.text.split("\n\n") if part.strip()])
    parts = [paragraph(part) for part in top]
    if rest:
        lines = sum(len(_LINE.findall(part)) for part in rest)
        parts += more("rest", say("brief.rest", n=lines), [paragraph(part) for part in rest])
    below = [paragraph(plain(line), subtle=True) for line in apart]
    shown = dict(card([*parts, *below], fallback=_in_short(message.text), language=say.language, actions=actions))
    shown["content"] = {**shown["content"], "msteams": {"width": "Full"}}
    if size(shown) > MOST_BYTES:
        return message
    return replace(message, text="", notices=(), model="", card=shown, suggestions=())


def _halved(parts: list[str]) -> tuple[list[str], list[str]]:
    """What stands first is read in half a minute; what comes below it waits until somebody wants it."""
    numbered = next((place for place, part in enumerate(parts) if part.startswith("1. ")), None)
    return (parts, []) if numbered is None else (parts[: numbered + 1], parts[numbered + 1 :])


def _in_short(text: str) -> str:
    """For notifications and screen readers: its words without their addresses."""
    return _LINK.sub(r"\1", text).replace("**", "")[:_SPOKEN]


async def press(turn: Turn, data: Mapping[str, Any]) -> None:
    """Notes what shall become of an item, and says so with a way back."""
    say, services = turn.say, turn.services
    asked = await services.subscriptions.get(str(data["id"]))
    if asked is None or asked.owner != turn.person.id:
        await turn.conversation.stream().finish(Outgoing(say("digests.gone")))
        return
    run = await services.runs.get(asked.id, str(data["slot"]))
    wish = None if run is None else _wish(turn, asked, run, data)
    if wish is None:
        named = run is not None and run.content is not None
        await turn.conversation.stream().finish(Outgoing(say("steer.nobody" if named else "steer.old")))
        return
    await services.steering.save(wish)
    back = button(say("steer.undo"), sealed(turn, TAKE_BACK, {"id": asked.id, "wish": wish.id}))
    text = say("steer.noted", what=described(wish, turn))
    shown = card([paragraph(text)], fallback=f"{text} {say('steer.how')}", language=say.language, actions=[back])
    await turn.conversation.stream().finish(Outgoing("", card=shown))


async def take_back(turn: Turn, data: Mapping[str, Any]) -> None:
    asked = await turn.services.subscriptions.get(str(data["id"]))
    if asked is not None and asked.owner == turn.person.id:
        await turn.services.steering.undo(asked.id, str(data["wish"]))
    await turn.conversation.update(turn.incoming.reply_to, note(turn, turn.say("steer.undone")))


def _wish(turn: Turn, asked: Subscription, run: Run, data: Mapping[str, Any]) -> Wish | None:
    inputs = data.get("inputs") or {}
    items = (run.content or {}).get("items") or ()
    typed = str(inputs.get("item", "0"))
    place = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else -1
    kind = next((one for one in KINDS if one == data["kind"]), None)
    if kind is None or not 0 <= place < len(items):
        return None
    days = str(inputs.get("days", DAYS[0]))
    until = _begins(turn, int(days) if days in DAYS else 1)
    return wish_for(kind, item_from_json(items[place]), asked.id, asked.owner, until)


def _begins(turn: Turn, days: int) -> float:
    """When that day begins on the person's clock; seconds since 1970."""
    zone = zone_here(turn)
    day = turn.services.now().astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(), zone).timestamp()
