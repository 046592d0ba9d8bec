"""What a person sent besides words, read out of Teams' attachments, HTML twin and text: a pure function over hostile fields."""

import json
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.context import Sent
from graph.html_text import html_to_text

FILE = "application/vnd.microsoft.teams.file.download.info"
HTML = "text/html"
REFERENCES = frozenset({"messageReference", "forwardedMessageReference"})
MAX_SENT = 20
MAX_LINKS = 5
MAX_NAME = 200
MAX_ADDRESS = 4096
MAX_MESSAGE = 20_000
"""Characters of a forwarded message; Teams caps a message near 100 KB in UTF-16, markup included."""
_ADDRESS = re.compile(r"https://[^\s<>\"'`\\^{}|]{1,4096}", re.IGNORECASE)
_AFTER = ".,;:!?…»”’*_~"
_WRAPPERS = (".safelinks.protection.outlook.com", "statics.teams.cdn.office.net")


def sent(activity: Mapping[str, Any]) -> tuple[Sent, ...]:
    """Files, images, forwarded messages and links, in the order they stand, each once.

    A file or image of a channel or group chat comes without an address: Teams only marks its place in the HTML, and Graph has
    the rest under the message's own id (https://learn.microsoft.com/microsoftteams/platform/bots/how-to/bots-filesv4).
    """
    found: dict[tuple[str, str], Sent] = {}
    for one in [*_attached(activity), *_linked(activity)]:
        found.setdefault((one.kind, one.url or one.download_url or one.id or one.text), one)
    return tuple(found.values())[:MAX_SENT]


def _attached(activity: Mapping[str, Any]) -> Iterator[Sent]:
    shared = activity["conversation"].get("conversationType") != "personal"
    attachments = activity.get("attachments") or []
    pictures = any(_kind(attachment).startswith("image/") for attachment in attachments)
    for attachment in attachments:
        kind, content = _kind(attachment), attachment.get("content")
        if kind == FILE and isinstance(content, dict):
            yield _file(attachment, content)
        elif kind.startswith("image/"):
            if address := _address(attachment.get("contentUrl")):
                yield Sent("image", _name(attachment.get("name")), kind, address)
        elif kind in REFERENCES:
            if (message := message_of(content)) is not None:
                yield message
        elif kind == HTML and shared and isinstance(content, str):
            page = _Page.of(content)
            yield from (Sent("file", id=id) for id in page.attachments)
            if page.images and not pictures:
                yield Sent("image", id="inline")


def _file(attachment: Mapping[str, Any], content: Mapping[str, Any]) -> Sent:
    id = content.get("uniqueId")
    return Sent(
        "file",
        _name(attachment.get("name")),
        _name(content.get("fileType")),
        _address(attachment.get("contentUrl")),
        _address(content.get("downloadUrl")),
        id if isinstance(id, str) and len(id) <= MAX_NAME else "",
    )


def message_of(content: object) -> Sent | None:
    """A quoted or forwarded message as Teams writes it, JSON in a string (chatMessageAttachment in Graph's documentation)."""
    try:
        said = json.loads(content) if isinstance(content, str) and len(content) <= 4 * MAX_MESSAGE else content
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    written = said.get("originalMessageContent") or said.get("messagePreview")
    text = html_to_text(written[:MAX_MESSAGE]) if isinstance(written, str) else ""
    id = said.get("originalMessageId") or said.get("messageId")
    sender = said.get("originalMessageSender") or said.get("messageSender")
    if not text:
        return None
    return Sent("message", id=id[:MAX_NAME] if isinstance(id, str) else "", text=text, author=author(sender))


def author(sender: object) -> str:
    """The display name in Graph's `from`, or nothing."""
    for kind in ("user", "application"):
        identity = sender.get(kind) if isinstance(sender, dict) else None
        name = _name(identity.get("displayName")) if isinstance(identity, dict) else ""
        if name:
            return name
    return ""


def _linked(activity: Mapping[str, Any]) -> Iterator[Sent]:
    named: dict[str, str] = {}
    for attachment in activity.get("attachments") or []:
        content = attachment.get("content")
        if _kind(attachment) == HTML and isinstance(content, str):
            named |= {unwrapped(address): name for address, name in _Page.of(content).links}
    text = activity.get("text") or ""
    for address in links(text):
        named.setdefault(address, "")
    for address, name in list(named.items())[:MAX_LINKS]:
        if _address(address):
            # A name that is an address says nothing the address does not.
            yield Sent("link", "" if "://" in name else _name(name), url=address)


def links(text: str) -> list[str]:
    """The https addresses somebody typed, without the punctuation around them and without Microsoft's wrapping."""
    found = (_bare(match[0]) for match in _ADDRESS.finditer(text))
    return list(dict.fromkeys(unwrapped(address) for address in found))


def _bare(address: str) -> str:
    while address:
        closing = address[-1] in ")]" and address.count(address[-1]) > address.count({")": "(", "]": "["}[address[-1]])
        if address[-1] not in _AFTER and not closing:
            break
        address = address[:-1]
    return address


def unwrapped(address: str) -> str:
    """The address inside one of Microsoft's Safe Links, which a person sees as the plain one."""
    try:
        parts = urlsplit(address)
        inner = parse_qs(parts.query, max_num_fields=20).get("url", [""])[0]
        wrapped = (parts.hostname or "").endswith(_WRAPPERS)
    except ValueError:
        return address
    return inner if wrapped and inner.startswith("https://") else address


def _kind(attachment: Mapping[str, Any]) -> str:
    kind = attachment.get("contentType")
    return kind if isinstance(kind, str) else ""


def _name(value: object) -> str:
    """One printable line; direction overrides and other unprintables could make a file name lie about its ending."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value[: 4 * MAX_NAME]).split())[:MAX_NAME]


def _address(value: object) -> str:
    """An address without characters no address has. Whether anything may go there is decided where it is opened."""
    if not isinstance(value, str) or len(value) > MAX_ADDRESS:
        return ""
    return value if value.isprintable() and value.strip() == value and "\\" not in value else ""


class _Page(HTMLParser):
    """The HTML twin of a message: links with their words, marks of attached files, pictures."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.attachments: list[str] = []
        self.images = 0
        self._open = False

    @staticmethod
    def of(source: str) -> "_Page":
        page = _Page()
        page.feed(source)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a" and _ADDRESS.fullmatch(values.get("href", "")):
            self.links.append((values["href"], ""))
            self._open = True
        elif tag == "attachment" and 0 < len(values.get("id", "")) <= MAX_NAME:
            self.attachments.append(values["id"])
        elif tag == "img" and "emoji" not in values.get("itemtype", "").casefold():
            self.images += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            address, name = self.links[-1]
            self.links[-1] = (address, f"{name}{data}"[:MAX_NAME])
