"""What one digest is made from: every feed asked once with the owner's rights, and no more of it than its readers may see."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from bot.context import Audience
from bot.digests.work import Work
from bot.grounding.reading import reason
from bot.grounding.untrusted import one_line, readable
from bot.texts import Texts
from graph.base import Document, Query, Source
from graph.client import Call, Graph
from graph.discover import feeds
from graph.errors import ConsentRequired, GraphError, SignInNeeded
from graph.feed import Entry, News, Span
from graph.options import zone_of
from graph.parse import moment_of, text_at

log = logging.getLogger(__name__)

FEED_SECONDS = 60.0
"""A digest is in no hurry, but a source that hangs must not keep the others from being told."""
ME = ("User.Read",)
AT_ONCE = 4
"""Checks of who may read something, at once."""


@dataclass
class Gathering:
    """Of one run. `span`: what is told about, in the past; `days`: of the calendar, today included."""

    work: Work
    graph: Graph
    say: Texts
    audience: Audience
    span: Span
    waits: timedelta
    """How far back mail is looked at that was never told about."""
    days: int
    fresh: bool
    """Only what is new since the cursors."""
    failed: dict[str, str] = field(default_factory=dict[str, str])
    """Why, by name of the source: a phrase for `bot.naming.reason`."""
    consents: set[str] = field(default_factory=set[str])
    cursors: dict[str, Any] = field(default_factory=dict[str, Any])
    read: dict[str, int] = field(default_factory=dict[str, int])
    calls: list[Call] = field(default_factory=list[Call])
    name: str = ""
    """The owner's full name, and the one they are called by (`meet`)."""
    given: str = ""
    team: str = ""
    """Of a channel: the Entra object id of its team's group."""
    withheld: bool = False
    """Something was found that not everybody here may see."""
    _asked: dict[str, asyncio.Task[tuple[Entry, ...]]] = field(
        default_factory=dict[str, asyncio.Task[tuple[Entry, ...]]]
    )

    @staticmethod
    def of(
        work: Work, say: Texts, audience: Audience, *, back: timedelta, waits: timedelta, days: int, fresh: bool
    ) -> "Gathering":
        services = work.services
        calls: list[Call] = []

        async def token(scopes: tuple[str, ...], claims: str | None) -> str:
            return await services.sign_in.graph_token(work.person, scopes, claims)

        zone = zone_name(work)
        graph = services.graph.for_person(work.person.id, token, record=calls.append, timezone=zone)
        now = services.now()
        found = Gathering(work, graph, say, audience, Span(now - back, now), waits, days, fresh)
        found.calls = calls
        return found

    async def meet(self) -> None:
        """Learns what the owner is called in the directory, which is how mail and calendars name them; Teams may call them otherwise."""
        self.name = self.work.person.name
        self.given = self.name.partition(" ")[0]
        try:
            me = await self.graph.scoped(ME).get("/me", {"$select": "displayName,givenName"})
        except ConsentRequired:
            me = {}
        except SignInNeeded:
            raise
        except GraphError:
            me = {}
        self.name = " ".join(text_at(me, "displayName").split()) or self.name
        self.given = " ".join(text_at(me, "givenName").split()) or self.given

    def is_me(self, name: str) -> bool:
        return bool(name) and name in {self.name, self.work.person.name}

    @property
    def zone(self) -> ZoneInfo:
        return self.graph.zone

    @property
    def now(self) -> datetime:
        """On the owner's clock."""
        return self.span.until.astimezone(self.zone)

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def ahead(self) -> Span:
        """The days of the calendar that are told about."""
        start = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return Span(start, start + timedelta(days=self.days))

    async def news(self, name: str) -> tuple[Entry, ...]:
        """Of one feed, oldest first; nothing from one that does not answer, which is noted. Raises `SignInNeeded`."""
        if name not in self._asked:
            self._asked[name] = asyncio.create_task(self._noting(name))
        return await self._asked[name]

    async def searched(self, name: str, query: Callable[[datetime], Query], top: int) -> list[Document]:
        """By a source's search, what changed since last time; its failures are noted like a feed's. Raises `SignInNeeded`."""
        key = f"search:{name}"
        known = self.work.cursors.get(key) if self.fresh else None
        since = moment_of(known) if isinstance(known, str) else self.span.since
        spec = self.work.services.sources.get(name)
        if spec is None:
            return []
        found: list[Document] = []

        async def search() -> None:
            found.extend(await spec.open(self.graph).search(query(since), top=top))

        if not await self._in_time(name, search()):
            return []
        entries = [Entry(one) for one in found if since < one.modified <= self.span.until]
        self.cursors[key] = self.span.until.isoformat()
        admitted = await self._admitted(name, tuple(entries))
        self.read[name] = self.read.get(name, 0) + len(admitted)
        return [entry.document for entry in admitted]

    def is_here(self, document: Document) -> bool:
        """Whether it was said in the very place this digest goes to."""
        here = self.work.here.id.partition(";")[0]
        parts = unquote(document.id.partition(":")[2]).split("/")
        return here in parts[:2]

    async def aclose(self) -> None:
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _noting(self, name: str) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        cursor: Any = None

        async def ask() -> None:
            nonlocal cursor
            found = await self._ask(name)
            entries.extend(await self._admitted(name, found.entries))
            cursor = found.cursor

        if not await self._in_time(name, ask()):
            return ()
        self.cursors[name] = cursor
        self.read[name] = self.read.get(name, 0) + len(entries)
        return tuple(entries)

    async def _in_time(self, name: str, work: Awaitable[None]) -> bool:
        """Whether it was done; else why not is noted."""
        try:
            async with asyncio.timeout(FEED_SECONDS):
                await work
        except ConsentRequired as needed:
            self.consents.update(needed.scopes)
            self.failed[name] = "you have not agreed to it yet"
        except SignInNeeded:
            raise
        except TimeoutError:
            self.failed[name] = "it did not answer in time"
        except GraphError as error:
            log.warning("feed %s failed: %s %s", name, type(error).__name__, error.code)
            self.failed[name] = reason(error)
        else:
            return True
        return False

    async def _ask(self, name: str) -> News:
        spec = feeds()[name]
        cursor = self.work.cursors.get(name) if self.fresh else None
        return await spec.open(self.graph).news(self._span_of(name), cursor)

    def _span_of(self, name: str) -> Span:
        if name == "mail":
            return Span(min(self.span.since, self.span.until - self.waits), self.span.until)
        return self.ahead if name == "calendar" else self.span

    async def _admitted(self, name: str, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """Without what its labels keep from digests or from this place, and in a shared place what only some may open."""
        allowed = [entry for entry in entries if self._allowed(entry)]
        if not self.audience.personal:
            # What stands in the channel itself is open to whoever reads the digest there.
            ours = [entry for entry in allowed if name == "channels" and self.is_here(entry.document)]
            ids = {entry.document.id for entry in ours}
            checked = await self._for_all(name, [entry for entry in allowed if entry.document.id not in ids])
            kept = {id(entry) for entry in (*ours, *checked)}
            allowed = [entry for entry in allowed if id(entry) in kept]
        self.withheld = self.withheld or len(allowed) < len(entries)
        return tuple(map(_cleaned, allowed))

    def _allowed(self, entry: Entry) -> bool:
        labels, place = self.work.services.labels, self.work.here.place.value
        return all(
            labels.allows_place(label, "digest") and labels.allows_place(label, place)
            for label in entry.document.labels
        )

    async def _for_all(self, name: str, entries: list[Entry]) -> list[Entry]:
        spec = self.work.services.sources.get(name)
        if spec is None:
            return []
        source, room = spec.open(self.graph), asyncio.Semaphore(AT_ONCE)
        known: dict[str, asyncio.Task[frozenset[str] | None]] = {}
        ids = dict.fromkeys(entry.document.id for entry in entries)
        async with asyncio.TaskGroup() as group:
            for id in ids:
                known[id] = group.create_task(_readers(source, id, room))
        return [entry for entry in entries if self.audience.may_learn(known[entry.document.id].result())]


async def _readers(source: Source, id: str, room: asyncio.Semaphore) -> frozenset[str] | None:
    async with room:
        try:
            return await source.readers(id)
        except GraphError:
            return None  # unknown readers are nobody but the owner


def zone_name(work: Work) -> str:
    """The owner's: of the schedule, which they saw before they agreed to it."""
    found = work.subscription.schedule
    zone = found.get("zone") if isinstance(found, Mapping) else None
    return zone if isinstance(zone, str) and zone_of(zone).key == zone else work.here.timezone


def _cleaned(entry: Entry) -> Entry:
    """Every word of it is somebody's: without what no reader sees."""
    return replace(
        entry,
        document=readable(entry.document),
        author=one_line(entry.author),
        people=tuple(map(one_line, entry.people)),
    )
