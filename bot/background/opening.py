"""Opens what came with a message, with the rights of who asks: every failure is one thing's own, and the rest is used."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote, unquote, urlsplit

from bot.background.known import Known, all_of, together
from bot.background.thread import labels_of_ours
from bot.context import Audience, Place, Sent
from bot.grounding.evidence import Skipped
from bot.images import is_picture
from bot.services import Turn
from bot.teams.activities import thread_root
from graph import sent as shared
from graph.base import Document
from graph.client import Graph
from graph.errors import (
    ConsentRequired,
    Forbidden,
    GraphError,
    IsFolder,
    NotFound,
    Rejected,
    SignInNeeded,
    Throttled,
    Unreadable,
)
from graph.extract.labels import labels_of
from graph.extract.reasons import SCAN
from graph.files import Files
from graph.folders import folder_at
from graph.kinds import kind_of
from graph.meetings import Meetings
from graph.parse import link_of
from providers.base import Image

log = logging.getLogger(__name__)

MOST_PICTURE_BYTES = 15 * 1024 * 1024
SECONDS = 25.0
"""For one thing to be fetched and read; what takes longer is named and left out."""
AT_ONCE = 3
OF_A_FOLDER = 5
"""Files of a folder that are opened, the newest ones."""
FILE_SECONDS = 12.0
"""For each of them, so that a slow one leaves the list and the others."""
SOURCE = "sent"
"""Of documents that came with the message and that no source could read again."""
_ONE = {"file": "sent.one_file", "image": "sent.one_image", "message": "sent.message"}
_MICROSOFT = ("sharepoint", "onedrive", "1drv")


@dataclass(slots=True)
class Opening:
    """Opens what one turn brought. Every failure is one thing's own: the rest is used."""

    turn: Turn
    _free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _audience: "asyncio.Future[Audience] | None" = None

    async def guarded(self, thing: Sent, work: Callable[[], Awaitable[Known]]) -> Known:
        async with self._free:
            return await self._tried(thing, work, SECONDS)

    async def _tried(self, thing: Sent, work: Callable[[], Awaitable[Known]], seconds: float) -> Known:
        say, missing = self.turn.say, frozenset[str]()
        try:
            async with asyncio.timeout(seconds):
                return await work()
        except Unreadable as error:
            why = error.reason
        except SignInNeeded as needed:
            if _needs_files(thing):
                raise
            why = say("sent.not_allowed_yet")
            missing = frozenset(needed.scopes) if isinstance(needed, ConsentRequired) else missing
        except (Forbidden, NotFound, Rejected):
            why = say("sent.no_website") if _is_website(thing) else say("sent.not_yours")
        except TimeoutError:
            why = say("sent.too_slow")
        except Throttled:
            why = say("sent.busy")
        except GraphError as error:
            log.warning("something that was sent could not be opened: %s %s", type(error).__name__, error.code)
            why = say("sent.failed")
        return Known(skipped=(Skipped(self._name(thing), why),), consents=missing)

    async def open(self, thing: Sent) -> Known:
        match thing.kind:
            case "image":
                return await self._picture(await self.turn.services.attachment(thing.url, MOST_PICTURE_BYTES))
            case "file":
                return await self._file(thing)
            case "message":
                return Known((self._said(thing).labelled(*await labels_of_ours(self.turn, thing.id)),))
            case "link":
                return await self._link(thing)

    async def of_own_message(self) -> Known:
        """Files and images of a channel or group chat, which a bot finds in Graph under the message's own id."""
        incoming, say = self.turn.incoming, self.turn.say
        place, root = thread_root(incoming.reference.id)
        found: list[shared.Message] = []

        async def look() -> Known:
            if incoming.reference.place is Place.CHANNEL:
                team = await self.turn.conversation.group_id()
                channel = (team, place, incoming.id, root)
                found.append(await shared.in_channel(self._graph(), *channel, max_bytes=MOST_PICTURE_BYTES))
            else:
                found.append(await shared.in_chat(self._graph(), place, incoming.id, max_bytes=MOST_PICTURE_BYTES))
            return Known()

        parts = [await self.guarded(Sent("message", say("sent.attached_here")), look)]
        for message in found:
            files = [Sent("file", attached.name, url=attached.url) for attached in message.files]
            parts += await all_of(self.guarded(file, partial(self.open, file)) for file in files)
            parts += await all_of(
                self.guarded(Sent("image"), partial(self._picture, data)) for data in message.pictures
            )
            if message.missing:
                parts.append(Known(skipped=(Skipped(say("sent.pictures", n=message.missing), say("sent.failed")),)))
        return together(parts, self.turn)

    async def _file(self, thing: Sent) -> Known:
        """By its short-lived link, at once; where that fails, from where Teams put it."""
        graph = self.turn.services.graph
        if thing.download_url:
            try:
                data = await graph.downloader.get(thing.download_url, max_bytes=graph.documents.max_bytes)
            except Unreadable:
                raise
            except GraphError:
                if not (thing.url and self._has("files")):
                    raise
            else:
                return await self._content(self._document(thing, data), data)
        if not self._has("files"):
            raise NotFound("Nobody is signed in who could open this file.")
        document, data = await Files(self._graph()).open_file(thing.url)
        return await self._content(document, data)

    async def _link(self, thing: Sent) -> Known:
        found = shared.target(thing.url)
        if found is None or not self._has(found.source):
            raise Unreadable(self.turn.say("sent.no_website"))
        graph = self._graph()
        if found.source == Files.name:
            try:
                document, data = await Files(graph).open_file(found.id)
            except IsFolder:
                return await self._folder(found.id, graph)
            await self._check(Files.name, document.id, graph)
            return await self._content(document, data)
        await self._check(found.source, found.id, graph)
        if found.source == Meetings.name:
            return Known((await Meetings(graph).behind(found.id),))
        return Known((await self.turn.services.sources[found.source].open(graph).read(found.id),))

    async def _folder(self, url: str, graph: Graph) -> Known:
        """What lies in it, and its newest files: who asks about a folder mostly asks about what is in them."""
        folder = await folder_at(graph, url)
        await self._check(Files.name, folder.document.id, graph)
        files = [Sent("link", file.title, url=file.link) for file in folder.files[:OF_A_FOLDER] if file.link]
        opened = await all_of(self._tried(file, partial(self._link, file), FILE_SECONDS) for file in files)
        return together([Known((folder.document,)), *opened], self.turn)

    async def _check(self, source: str, id: str, graph: Graph) -> None:
        """Raises `Unreadable` unless everybody who reads the answer may open it."""
        if self._audience is None:
            self._audience = asyncio.ensure_future(self.turn.services.audience(self.turn))
        audience = await self._audience
        if audience.personal:
            return
        try:
            readers = await self.turn.services.sources[source].open(graph).readers(id)
        except SignInNeeded:
            raise
        except GraphError:
            readers = None
        if not audience.may_learn(readers):
            raise Unreadable(self.turn.say("sent.not_everybody"))

    async def _content(self, document: Document, data: bytes) -> Known:
        """Text for reading, or a picture for looking at."""
        if is_picture(data):
            return await self._picture(data, document)
        try:
            extracted = await self.turn.services.graph.documents.read(data, document.title)
        except Unreadable as error:
            if error.reason != SCAN:
                raise
            return await self._scan(document, data)
        read = replace(
            document,
            kind=kind_of(extracted.kind),
            text=extracted.text,
            truncated=extracted.truncated,
            hidden=extracted.hidden,
            complete=not extracted.truncated,
        )
        return Known((read.labelled(*extracted.labels),))

    async def _scan(self, document: Document, data: bytes) -> Known:
        """A scan has no text, but a model can look at its first pages."""
        pictures, pages = await self.turn.services.graph.documents.scan(data)
        images = tuple(Image(picture.data, picture.media_type) for picture in pictures)
        left = Skipped(document.title, self.turn.say("sent.first_pages", n=len(images)))
        document = document.labelled(*await asyncio.to_thread(labels_of, data))
        skipped = (left,) if pages > len(images) else ()
        if document.label:
            return Known(pictured=((document, images),), skipped=skipped)
        return Known(images=images, skipped=skipped)

    async def _picture(self, data: bytes, document: Document | None = None) -> Known:
        picture = await self.turn.services.graph.documents.picture(data)
        image = Image(picture.data, picture.media_type)
        if document is not None and document.label:
            return Known(pictured=((document, (image,)),))
        return Known(images=(image,))

    def _document(self, thing: Sent, data: bytes) -> Document:
        id = thing.id or hashlib.sha256(data).hexdigest()[:32]
        return Document(
            id=f"{SOURCE}:{quote(id, safe='')}",
            source=SOURCE,
            kind=kind_of(thing.name),
            title=thing.name or self._name(thing),
            link=link_of(quote(thing.url, safe="%/:=&?~#+!$,;'@()*[]")) if thing.url else "",
            author=self.turn.person.name,
            modified=self.turn.services.now(),
            text="",
            place=self.turn.say("sent.place"),
        )

    def _said(self, thing: Sent) -> Document:
        """A forwarded message: somebody's words, so evidence. Its id is the moment it was written, in milliseconds."""
        written = thing.id.isdecimal() and len(thing.id) == 13
        say, now = self.turn.say, self.turn.services.now()
        return Document(
            id=f"{SOURCE}:message/{quote(thing.id, safe='') or hashlib.sha256(thing.text.encode()).hexdigest()[:32]}",
            source=SOURCE,
            kind="chat",
            title=say("sent.message_by", name=thing.author) if thing.author else say("sent.message"),
            link=link_of(thing.url),
            author=thing.author,
            modified=datetime.fromtimestamp(int(thing.id) / 1000, UTC) if written else now,
            text=thing.text,
            place=say("sent.place"),
            complete=True,
        )

    def _has(self, source: str) -> bool:
        return source in self.turn.services.sources and bool(self.turn.person.id)

    def _graph(self) -> Graph:
        turn = self.turn

        async def token(scopes: tuple[str, ...], claims: str | None) -> str:
            return await turn.services.sign_in.graph_token(turn.person, scopes, claims)

        zone = turn.incoming.reference.timezone
        return turn.services.graph.for_person(turn.person.id, token, timezone=zone)

    def _name(self, thing: Sent) -> str:
        """As the person would call it."""
        if thing.name:
            return thing.name
        if thing.kind == "link":
            parts = urlsplit(thing.url)
            return unquote(parts.path.rstrip("/").rpartition("/")[2])[:100] or parts.hostname or thing.url[:100]
        return self.turn.say(_ONE[thing.kind])


def _needs_files(thing: Sent) -> bool:
    """The permission every question needs: without it the person has to sign in anyway."""
    found = shared.target(thing.url) if thing.kind == "link" else None
    return thing.kind == "file" or (found is not None and found.source == Files.name)


def _is_website(thing: Sent) -> bool:
    """Whether an address that leads to no document is probably none of Microsoft 365's."""
    host = urlsplit(thing.url).hostname or ""
    return thing.kind == "link" and not any(name in host for name in _MICROSOFT) and _needs_files(thing)
