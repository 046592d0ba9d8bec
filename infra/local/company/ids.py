"""Ids in the shapes Microsoft uses, derived from names so that every build of the company has the same ones."""

import base64
import hashlib
import uuid
from datetime import datetime

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "tidewell.example")


def guid(kind: str, name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{kind}:{name}"))


def teams_user(name: str) -> str:
    return f"29:1{_letters('teams-user', name, 83)}"


def thread(name: str) -> str:
    """A channel, or a team (the id of its General channel)."""
    return f"19:{_hex('thread', name)}@thread.tacv2"


def group_chat(name: str) -> str:
    return f"19:{_hex('chat', name)}@thread.v2"


def meeting_chat(name: str) -> str:
    return f"19:meeting_{_letters('meeting', name, 48)}@thread.v2"


def one_on_one(first: str, second: str) -> str:
    """From the object ids of the two people, in either order."""
    low, high = sorted((first, second))
    return f"19:{low}_{high}@unq.gbl.spaces"


def chat_message(sent: datetime) -> str:
    """Milliseconds since 1970, as Teams numbers messages."""
    return str(int(sent.timestamp() * 1000))


def mail(name: str) -> str:
    return f"AAMkAG{_letters('mail', name, 142)}AAA="


def attachment(name: str) -> str:
    return f"AAMkAG{_letters('attachment', name, 174)}="


def conversation(name: str) -> str:
    return f"AAQkAG{_letters('conversation', name, 60)}="


def folder(name: str) -> str:
    return f"AAMkAG{_letters('folder', name, 110)}AAA="


def event(name: str) -> str:
    return f"AAMkAG{_letters('event', name, 142)}AAA="


def ical(name: str) -> str:
    return f"040000008200E00074C5B7101A82E008{_hex('ical', name).upper()}{_hex('ical2', name).upper()[:16]}"


def internet_message(name: str, host: str) -> str:
    return f"<{_hex('internet', name).upper()[:24]}@{host}>"


def item(name: str) -> str:
    return f"01{base64.b32encode(_digest('item', name)[:20]).decode()}"


def drive(name: str) -> str:
    return f"b!{_letters('drive', name, 64)}"


def site(host: str, name: str) -> str:
    return f"{host},{guid('site-collection', name)},{guid('site', name)}"


def grant(name: str) -> str:
    return _letters("grant", name, 28)


def _digest(kind: str, name: str) -> bytes:
    return hashlib.sha512(f"{kind}:{name}".encode()).digest()


def _hex(kind: str, name: str) -> str:
    return _digest(kind, name).hex()[:32]


def _letters(kind: str, name: str, count: int) -> str:
    raw = b"".join(_digest(kind, f"{name}:{block}") for block in range(3))
    return base64.urlsafe_b64encode(raw).decode().replace("=", "A")[:count]
