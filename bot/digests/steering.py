"""What the buttons under a digest do to the next one: an item is put up or down, left out, or comes back on a day.

Pure, but for the card: the run that composes asks `Steering.of(subscription)` and gives the wishes to `steered`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from bot.digests.describing import day
from bot.digests.item import Item, Link
from bot.digests.ranking import section_of
from bot.services import Turn
from bot.store.steering import Kind, Wish
from bot.texts import Texts
from graph.options import zone_of

STEP = 0.3
"""How much more or less an item matters that somebody wanted more or less of."""
LEAST = 0.3
"""Of what is wanted less, only what is this urgent all the same is shown."""
_PREFIX = re.compile(r"^(?:(?:re|fw|fwd|aw|wg|antw)\s*:\s*)+", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_LONGEST = 200


def steered(
    items: Iterable[Item], wishes: Sequence[Wish], now: float, since: float | None, *, shared: bool = False
) -> list[Item]:
    """The items of this run. `now` and `since` (when the last delivered one was due): seconds since 1970.

    A snoozed item is left out before its day, and stands in the first digest after it, even if nothing of it is new; not where
    others read along: who may see it then is not known any more.
    """
    found = list(items)
    known = {item.id for item in found}
    for wish in () if shared else wishes:
        if wish.kind == "snooze" and wish.until is not None and wish.details and wish.until <= now:
            item = item_from_json(wish.details)
            if (since is None or since < wish.until) and item.id not in known:
                found.append(item)
                known.add(item.id)
    kept = []
    for item in found:
        changed = _changed(item, wishes, now)
        if changed is not None:
            kept.append(changed)
    return kept


def _changed(item: Item, wishes: Sequence[Wish], now: float) -> Item | None:
    urgency, less = item.urgency, False
    for wish in wishes:
        if not concerns(wish, item):
            continue
        match wish.kind:
            case "mute_sender" | "mute_topic":
                return None
            case "done":
                return None
            case "snooze":
                if wish.until is not None and now < wish.until:
                    return None
            case "more":
                urgency += STEP
            case "less":
                urgency, less = urgency - STEP, True
    if less and urgency < LEAST:
        return None
    return item if urgency == item.urgency else replace(item, urgency=min(1.0, max(0.0, urgency)))


def concerns(wish: Wish, item: Item) -> bool:
    about = wish.about
    match wish.kind:
        case "done" | "snooze":
            # Something newer in the same place is news again.
            return about.get("id") == item.id and (wish.kind == "snooze" or about.get("when") == _when(item))
        case "mute_sender":
            return bool(item.who) and about.get("who") == _name(item.who)
        case "mute_topic":
            same = bool(item.thread) and about.get("thread") == item.thread
            return same or about.get("title") == topic(item.title)
        case _:
            if about.get("who"):
                return bool(about["who"] == _name(item.who))
            return bool(about.get("section") == section_of(item))


def wish_for(kind: Kind, item: Item, subscription_id: str, owner: str, until: float | None = None) -> Wish | None:
    """What a button means for this item; None where it says nothing: nobody is named who could be muted."""
    about: dict[str, Any]
    match kind:
        case "done":
            about = {"id": item.id, "when": _when(item), "title": item.title[:_LONGEST]}
        case "snooze":
            about = {"id": item.id, "title": item.title[:_LONGEST]}
        case "mute_sender":
            if not item.who:
                return None
            about = {"who": _name(item.who), "name": item.who[:_LONGEST]}
        case "mute_topic":
            about = {"thread": item.thread, "title": topic(item.title), "name": item.title[:_LONGEST]}
        case _:
            about = {"who": _name(item.who), "name": item.who[:_LONGEST]} if item.who else {"section": section_of(item)}
    details = item_to_json(item) if kind == "snooze" else None
    return Wish(subscription_id, owner, kind, about, until if kind == "snooze" else None, details)


def described(wish: Wish, turn: Turn) -> str:
    """ "Nothing from Ana Ribeiro", in the person's language."""
    say, about = turn.say, wish.about
    name = str(about.get("name") or about.get("title") or "")
    if wish.kind in ("more", "less"):
        what = name or say(f"brief.section_{about['section']}")
        return say(f"steer.is_{wish.kind}", what=what)
    if wish.kind == "snooze" and wish.until is not None:
        zone = zone_of(turn.incoming.reference.timezone)
        return say("steer.is_snooze", what=name, day=day(datetime.fromtimestamp(wish.until, zone), say))
    return say(f"steer.is_{wish.kind}", what=name)


def item_to_json(item: Item) -> dict[str, Any]:
    """Without what it was made from: it is not needed to tell it again."""
    value = asdict(replace(item, text=""))
    return {
        **value,
        "when": item.when.isoformat() if item.when else None,
        "due": item.due.isoformat() if item.due else None,
        "links": [asdict(link) for link in item.links],
        "labels": list(item.labels),
    }


def item_from_json(value: Mapping[str, Any]) -> Item:
    """Of what `item_to_json` wrote; a field that is no longer there is left out."""
    known = {name: found for name, found in value.items() if name in Item.__dataclass_fields__}
    return Item(**{
        **known,
        "when": datetime.fromisoformat(value["when"]) if value["when"] else None,
        "due": date.fromisoformat(value["due"]) if value["due"] else None,
        "links": tuple(Link(**link) for link in value["links"]),
        "labels": tuple(value["labels"]),
    })  # fmt: skip


def topic(title: str) -> str:
    """A subject without the marks of answering and forwarding, so that the whole exchange is one."""
    return _SPACE.sub(" ", _PREFIX.sub("", title.strip())).casefold()[:_LONGEST]


def item_named(item: Mapping[str, Any], number: int, say: Texts) -> str:
    """In the list of a digest's card."""
    text = str(item["title"])
    return say("steer.item", n=number, what=text if len(text) <= 60 else f"{text[:59]}…")


def _name(who: str) -> str:
    return _SPACE.sub(" ", who.strip()).casefold()[:_LONGEST]


def _when(item: Item) -> str:
    return item.when.isoformat() if item.when else ""
