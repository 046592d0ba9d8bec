"""Teams' activity -> our own words. Pure functions over dicts that passed the gate; everything inside is still hostile."""

import html
import re
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.context import Incoming, Person, Place, Reference, Sent
from bot.teams.schema import Activity, tenants
from bot.teams.sent import sent

_QUOTE = re.compile(r'<quoted\s+messageId="([^"<>]{1,64})"\s*/?>(?:\s*</quoted>)?')
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}", re.ASCII)
_TAG = re.compile(r"<at(?:\s[^<>]*)?>([^<>]*)</at>")
_MAX_PREVIEW = 500
_MAX_NAME = 200
_MAX_PEOPLE = 50


def incoming(activity: Activity) -> Incoming:
    """Of a message, or of a card click: then `value` is what the card submitted."""
    entities, bot_id = _entities(activity), activity["recipient"]["id"]
    text, quoted = _without_quotes(activity.get("text") or "", entities)
    value, where = activity.get("value"), reference(activity)
    return Incoming(
        id=activity.get("id") or "",
        text=strip_mentions(text, entities, bot_id),
        reference=where,
        value=value if isinstance(value, dict) else None,
        reply_to=activity.get("replyToId") or "",
        quoted=quoted,
        sent=sent(activity),
        targeted=targeted(activity),
        mentioned=addressed(activity),
        people=_mentioned(entities, bot_id, where.tenant),
        action="edited" if activity.get("type") == "messageUpdate" else "",
    )


def targeted(activity: Activity) -> bool:
    """Only its sender and we see it (msteams-docs, targeted-messages); a personal chat has no such messages."""
    return bool(activity["recipient"].get("isTargeted")) and place(activity["conversation"]) is not Place.PERSONAL


def addressed(activity: Activity) -> bool:
    """Whether it is meant for us: said in private, by mention of our id, or with a card.

    All else reaches us only where a team granted resource-specific consent to read along.
    """
    submitted = isinstance(activity.get("value"), dict) and not activity.get("text")
    if place(activity["conversation"]) is Place.PERSONAL or targeted(activity) or submitted:
        return True
    bot_id = activity["recipient"]["id"]
    return any(_same_id(mentioned.get("id"), bot_id) for mentioned in _mentions(_entities(activity)))


def reference(activity: Activity) -> Reference:
    conversation, data = activity["conversation"], activity.get("channelData") or {}
    client = next((e for e in _entities(activity) if e.get("type") == "clientInfo"), {})
    named = tenants(activity)
    tenant = named[0] if named else ""
    sender = activity["from"]
    person = Person(sender.get("aadObjectId") or "", sender.get("name") or "", tenant, sender["id"])
    team = data.get("team") or {}
    return Reference(
        id=conversation["id"],
        place=place(conversation),
        tenant=tenant,
        service_url=activity["serviceUrl"],
        bot_id=activity["recipient"]["id"],
        person=person,
        team_id=team.get("id") or "",
        locale=_locale(client.get("locale")) or _locale(activity.get("locale")) or "en-US",
        timezone=_timezone(client.get("timezone")) or _timezone(activity.get("localTimezone")) or "UTC",
    )


def place(conversation: dict[str, Any]) -> Place:
    """In doubt not personal: what only one person may read never goes where several might."""
    kind, id = conversation.get("conversationType"), conversation["id"]
    if kind == "channel" or (not kind and "@thread.tacv2" in id):
        return Place.CHANNEL
    if kind == "personal" or (not kind and not conversation.get("isGroup") and not id.startswith("19:")):
        return Place.PERSONAL
    return Place.GROUP


def thread_root(conversation_id: str) -> tuple[str, str]:
    """(channel or chat id, id of the thread's first message; empty outside channel threads)."""
    bare, _, root = conversation_id.partition(";messageid=")
    return bare, root


def files(activity: Activity) -> list[dict[str, Any]]:
    """Attachments that are files; the message's own HTML is not one."""
    return [a for a in activity.get("attachments") or [] if a.get("contentType") != "text/html"]


def strip_mentions(text: str, entities: list[dict[str, Any]], bot_id: str) -> str:
    """Without the bot's own mentions; other people's stay as their plain names.

    Who is mentioned is decided by `mentioned.id` alone, never by the name. The n-th mention entity of a spelling belongs to its n-th
    occurrence, so a person who is called like the bot stays.
    """
    owners: dict[str, list[bool]] = {}
    for entity in entities:
        mentioned, written = entity.get("mentioned"), entity.get("text")
        if entity.get("type") == "mention" and isinstance(mentioned, dict) and isinstance(written, str):
            spelling = _spelling(text, written)
            if spelling:
                owners.setdefault(spelling, []).append(_same_id(mentioned.get("id"), bot_id))
    if not owners:
        return text.strip()
    seen = dict.fromkeys(owners, 0)

    def replaced(match: re.Match[str]) -> str:
        spelling = match[0]
        turn, bots = seen[spelling], owners[spelling]
        seen[spelling] += 1
        # Teams may name a person once who is mentioned twice.
        is_bot = bots[turn] if turn < len(bots) else all(bots)
        return "" if is_bot else html.unescape(_TAG.sub(r"\1", spelling))

    longest_first = sorted(owners, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), replaced, text).strip()


def _spelling(text: str, written: str) -> str:
    """How the entity's text is spelled in the text; Microsoft's own example has `<at>@Name</at>` in one, `<at>Name</at>` in the other."""
    match = _TAG.fullmatch(written)
    if match is None:
        return ""
    name = match[1]
    for variant in (name, name.removeprefix("@"), f"@{name}", html.escape(name), html.unescape(name)):
        if variant and (tag := f"<at>{variant}</at>") in text:
            return tag
    return written if written in text else ""


def _mentions(entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [entity.get("mentioned") for entity in entities if entity.get("type") == "mention"]
    return [mentioned for mentioned in found if isinstance(mentioned, dict)]


def _mentioned(entities: list[dict[str, Any]], bot_id: str, tenant: str) -> tuple[Person, ...]:
    people: dict[str, Person] = {}
    for mentioned in _mentions(entities)[:_MAX_PEOPLE]:
        id, name, object_id = mentioned.get("id"), mentioned.get("name"), mentioned.get("aadObjectId")
        if isinstance(id, str) and id and not _same_id(id, bot_id):
            shown = name[:_MAX_NAME] if isinstance(name, str) else ""
            people.setdefault(id, Person(object_id if isinstance(object_id, str) else "", shown, tenant, id))
    return tuple(people.values())


def _same_id(id: object, bot_id: str) -> bool:
    return isinstance(id, str) and id.casefold() == bot_id.casefold()


def _without_quotes(text: str, entities: list[dict[str, Any]]) -> tuple[str, tuple[Sent, ...]]:
    if "<quoted" not in text:
        return text, ()
    known: dict[str, Sent] = {}
    for entity in entities:
        quote = entity.get("quotedReply")
        if entity.get("type") == "quotedReply" and isinstance(quote, dict):
            id, preview, author = quote.get("messageId"), quote.get("preview"), quote.get("senderName")
            if isinstance(id, str) and isinstance(preview, str) and quote.get("isReplyDeleted") is not True:
                name = author[:_MAX_NAME] if isinstance(author, str) else ""
                known[id] = Sent("message", id=id, text=preview[:_MAX_PREVIEW], author=name)
    found = dict.fromkeys(_QUOTE.findall(text))
    return _QUOTE.sub("", text), tuple(known[id] for id in found if id in known)


def _entities(activity: Activity) -> list[dict[str, Any]]:
    return activity.get("entities") or []


def _locale(value: object) -> str:
    return value if isinstance(value, str) and _LOCALE.fullmatch(value) else ""


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _timezone(value: object) -> str:
    return value if isinstance(value, str) and _ZONE.fullmatch(value) and _is_zone(value) else ""
