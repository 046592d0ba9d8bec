"""What people put into a message that only Graph can open: where a pasted link leads, and the files and images of a message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from graph.client import Graph
from graph.errors import GraphError, SignInNeeded
from graph.parse import dicts_at, link_of, text_at
from graph.together import every
from graph.wire.addresses import segment

CHANNEL_SCOPES = ("ChannelMessage.Read.All",)
CHAT_SCOPES = ("Chat.Read",)
MAX_PICTURES = 5
_OUTLOOK = frozenset({"outlook.office.com", "outlook.office365.com", "outlook.cloud.microsoft", "outlook.office365.us"})
_TEAMS = frozenset({"teams.microsoft.com", "teams.cloud.microsoft", "gov.teams.microsoft.us", "teams.microsoft.us"})
_MAIL_PATH = re.compile(r"/mail/(?:[^/]+/)*(?:id|read)/([^/]+)")
_EVENT_PATH = re.compile(r"/calendar/(?:(?:[^/]+/)*(?:item|id|read)(?:/([^/]+))?)")
_MESSAGE_PATH = re.compile(r"/l/message/([^/]+)/(\d{1,20})")
_JOIN_PATH = re.compile(r"/(?:l/meetup-join|meet)/[^/]+")
_HOSTED = re.compile(r"/hostedContents/([^/]+)/\$value", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """`id` is what the source of this name reads; of a file or a meeting the address itself (`Files.open_file`, `Meetings.behind`)."""

    source: str
    id: str


def target(url: str) -> Target | None:
    """What an address in a message leads to, by its form alone; None where it is surely nothing Graph could open.

    Sources: https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/deep-link-teams (messages, files),
    `joinWebUrl` in https://learn.microsoft.com/graph/api/resources/onlinemeeting,
    `webLink` in https://learn.microsoft.com/graph/api/resources/message and /event.
    """
    if not link_of(url):
        return None
    parts = urlsplit(url)
    host, path = (parts.hostname or "").casefold(), parts.path
    try:
        asked = {name.casefold(): values[0] for name, values in parse_qs(parts.query, max_num_fields=50).items()}
    except ValueError:
        return None
    if host in _OUTLOOK:
        return _in_outlook(path, asked)
    if host in _TEAMS:
        return Target("meetings", url) if _JOIN_PATH.match(path) else _in_teams(path, asked)
    return Target("files", url)


def _in_outlook(path: str, asked: Mapping[str, str]) -> Target | None:
    """A mail, or an event of the calendar: both by the id that Outlook on the web writes."""
    event = _EVENT_PATH.match(path) or (
        asked.get("path", "").startswith("/calendar/") and _EVENT_PATH.match(asked["path"])
    )
    found = event or _MAIL_PATH.match(path)
    id = asked.get("itemid", "") or (unquote(found[1] or "") if found else "")
    if not id:
        return None
    # Outlook writes ids for its own protocol; Graph's are the same, spelled for addresses.
    source = "calendar" if event else "mail"
    return Target(source, f"{source}:{quote(id.replace('/', '-').replace('+', '_').replace(' ', '_'), safe='=')}")


def _in_teams(path: str, asked: Mapping[str, str]) -> Target | None:
    if path.startswith("/l/file/"):
        return Target("files", asked["objecturl"]) if link_of(asked.get("objecturl", "")) else None
    found = _MESSAGE_PATH.match(path)
    if found is None:
        return None
    place, message, team = unquote(found[1]), found[2], asked.get("groupid", "")
    if not team:
        return Target("chats", f"chats:{quote(place, safe='=@:')}/{message}")
    root = asked.get("parentmessageid", "")
    root = root if root.isdecimal() else message
    return Target("channels", f"channels:{quote(team, safe='')}/{quote(place, safe='@:')}/{root}")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a message: its name, and where SharePoint or OneDrive has it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    files: tuple[Attached, ...]
    pictures: tuple[bytes, ...]
    """As they were uploaded, whatever they are."""
    missing: int = 0
    """Pictures that could not be fetched."""


async def in_channel(graph: Graph, team: str, channel: str, message: str, root: str, *, max_bytes: int) -> Message:
    """Of one message in a channel; `team` is the id of its group, `root` the thread's first message. Raises `graph.errors`."""
    base = f"/teams/{segment(team)}/channels/{segment(channel)}/messages/{segment(root or message)}"
    path = base if not root or root == message else f"{base}/replies/{segment(message)}"
    return await _message(graph.scoped(CHANNEL_SCOPES), path, max_bytes)


async def in_chat(graph: Graph, chat: str, message: str, *, max_bytes: int) -> Message:
    return await _message(graph.scoped(CHAT_SCOPES), f"/chats/{segment(chat)}/messages/{segment(message)}", max_bytes)


async def _message(graph: Graph, path: str, max_bytes: int) -> Message:
    found: Mapping[str, Any] = await graph.get(path)
    files = tuple(
        Attached(" ".join(text_at(entry, "name").split()), text_at(entry, "contentUrl"))
        for entry in dicts_at(found, "attachments")
        if text_at(entry, "contentType") == "reference" and link_of(text_at(entry, "contentUrl"))
    )
    shown = _Pictures.of(text_at(found, "body", "content"))

    async def fetch(id: str) -> bytes | None:
        # Only the id is taken from the message: the address is made here, below the message's own.
        try:
            return await graph.content(f"{path}/hostedContents/{segment(id)}/$value", max_bytes=max_bytes)
        except SignInNeeded:
            raise
        except GraphError:
            return None

    fetched = await every(fetch(id) for id in shown[:MAX_PICTURES])
    pictures = tuple(data for data in fetched if data is not None)
    return Message(files, pictures, len(shown) - len(pictures))


class _Pictures(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: dict[str, None] = {}

    @staticmethod
    def of(source: str) -> list[str]:
        """Ids of the pictures inside a message, in reading order."""
        parser = _Pictures()
        parser.feed(source)
        parser.close()
        return list(parser.ids)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            address = next((value or "" for name, value in attrs if name == "src"), "")
            if found := _HOSTED.search(address):
                self.ids.setdefault(unquote(found[1]))
