"""The same job in a terminal: sign in once in a browser, ask, and see the answer grow with its sources."""

import asyncio
import contextlib
import functools
import io
import sys
import threading
import unicodedata
import uuid
import webbrowser
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, TextIO

from aiohttp import web

from bot.app import Core, core
from bot.choice import spoken_with
from bot.context import Incoming, Outgoing, Person, Place, Reference
from bot.services import Turn
from bot.settings import Settings
from graph.errors import ConsentRequired, SignInNeeded

SIGN_IN_SECONDS = 600
LINK_AFTER_SECONDS = 4.0
"""Without a sign-in by then the link is shown: perhaps a browser opened where nobody sees it."""
LOCAL = Person("local", "You", "")


async def converse(
    settings: Settings, vendors: Mapping[str, str], hint: str, asks: Sequence[str], *, stay: bool
) -> None:
    """Answers `asks`, then a prompt if `stay`. `hint`: the sign-in name to suggest. Raises what `core` raises."""
    _tolerate_any_character()
    async with AsyncExitStack() as stack:
        base_url = [""]
        parts = await stack.enter_async_context(core(settings, vendors, lambda: base_url[0]))
        base_url[0] = await _serve(stack, parts)
        person = await sign_in(parts, settings, hint) if settings.microsoft_app_id else LOCAL
        console = Console(parts, settings, hint, person)
        for question in asks:
            _write(f"\n> {question}\n")
            await console.answer(question)
        while stay:
            _write("\n> ")
            line = await _line()
            if not line or line.strip().casefold() in {"exit", "quit"}:
                return
            if line.strip():
                await console.answer(line.strip())


class Console:
    """Somebody at a terminal, signed in as `person`."""

    def __init__(self, parts: Core, settings: Settings, hint: str, person: Person) -> None:
        self._parts, self._settings, self._hint, self._person = parts, settings, hint, person
        self._services = parts.services(self._ask_to_sign_in)
        self._waits = False

    async def answer(self, question: str) -> None:
        """A question that had to wait for a sign-in is answered after it, without being asked again."""
        self._waits = False
        await self._turn(question)
        if self._waits:
            await self._turn(question)

    async def _turn(self, question: str) -> None:
        person = self._person
        reference = Reference(f"console:{person.id}", Place.PERSONAL, person.tenant, "", "", person)
        said = Incoming(uuid.uuid4().hex, question, reference)
        conversation = ConsoleConversation(reference)
        say = await spoken_with(self._services.preferences, reference)
        await self._parts.router.run(Turn(said, conversation, self._services, self._keep_for_later, say))

    async def _keep_for_later(self) -> None:
        self._waits = True

    async def _ask_to_sign_in(self, _: Turn, needed: SignInNeeded | None) -> None:
        self._person = await sign_in(self._parts, self._settings, self._hint, needed)


async def sign_in(parts: Core, settings: Settings, hint: str, needed: SignInNeeded | None = None) -> Person:
    """Opens the browser, for what is `needed` besides the usual, and waits. Raises SignInNeeded after ten minutes."""
    signed_in: asyncio.Future[Person] = asyncio.get_running_loop().create_future()

    async def took(person: Person) -> None:
        if not signed_in.done():
            signed_in.set_result(person)

    parts.sign_in.on_signed_in = took
    scopes = needed.scopes if isinstance(needed, ConsentRequired) else ()
    claims = needed.claims if needed else None
    link = parts.page.link_anybody(settings.microsoft_app_tenant_id, hint, scopes=scopes, claims=claims)
    opening = asyncio.create_task(asyncio.to_thread(webbrowser.open, link))
    either: list[asyncio.Future[Any]] = [opening, signed_in]
    await asyncio.wait(either, timeout=LINK_AFTER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if not opening.done() or opening.result():
        await asyncio.wait({signed_in}, timeout=LINK_AFTER_SECONDS)
    if not signed_in.done():
        sys.stderr.write(f"Please sign in in your browser. If none opened, open this yourself:\n{link}\n")
        sys.stderr.flush()
    try:
        async with asyncio.timeout(SIGN_IN_SECONDS):
            person = await signed_in
    except TimeoutError:
        raise SignInNeeded("Nobody signed in within ten minutes.") from None
    await opening
    sys.stderr.write(f"Signed in as {_plain(person.name)}.\n")
    return person


async def _serve(stack: AsyncExitStack, parts: Core) -> str:
    """The sign-in page, on a free port of this machine."""
    app = web.Application()
    app.add_routes(parts.page.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


class ConsoleConversation:
    """`bot.context.Conversation` on standard output."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._stream = ConsoleStream()

    async def send(self, message: Outgoing) -> str:
        await ConsoleStream().finish(message)
        return ""

    async def update(self, id: str, message: Outgoing) -> None:
        del id
        await self.send(message)

    def stream(self) -> "ConsoleStream":
        return self._stream

    async def typing(self) -> None:
        """A terminal shows that by itself."""

    async def send_privately(self, message: Outgoing) -> str:
        await self.send(message)
        return "personal"

    async def group_id(self) -> str:
        return ""

    async def members(self) -> frozenset[str] | None:
        return frozenset({self.reference.person.id})


class ConsoleStream:
    """Text as it grows; what was being done goes to standard error, so that output can be piped."""

    message_id = ""

    def __init__(self) -> None:
        self._shown = ""

    async def status(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"  ({_plain(text)})\n")

    async def text(self, delta: str) -> None:
        self._shown += delta
        _write(_plain(delta))

    async def restart(self, status: str) -> None:
        """A terminal takes nothing back: what comes stands below, after a word about why."""
        self._shown = ""
        _write(f"\n  ({_plain(status)})\n")

    async def written(self) -> None:
        """A terminal has no rhythm to keep."""

    async def finish(self, message: Outgoing) -> None:
        lines = [_plain(self._rest(message.text)), *_below(message)]
        _write("\n".join(lines) + "\n")

    def _rest(self, text: str) -> str:
        """What is not on the screen yet; all of it when the answer turned out otherwise than it began."""
        for shown in (self._shown, self._shown.rstrip()):
            if text.startswith(shown):
                return text[len(shown) :]
        return f"\n{text}"


def _below(message: Outgoing) -> list[str]:
    """Links stand on lines of their own and are never wrapped, so that terminals make them clickable."""
    lines: list[str] = []
    for citation in message.citations:
        lines.append(f"  [{citation.position}] {_one_line(citation.title)}")
        lines += [f"      {_one_line(citation.link)}"] if citation.link else []
    lines += [f"  {_one_line(notice)}" for notice in message.notices]
    lines += [f"  Answered by {_one_line(message.model)}"] if message.model else []
    return ["", *lines] if lines else []


async def _line() -> str:
    """One line of standard input, empty at its end.

    Read by a thread that nobody waits for, from a reader of its own: Ctrl+C at the prompt must not need an Enter to end us.
    """
    loop = asyncio.get_running_loop()
    read: asyncio.Future[str] = loop.create_future()

    def wait() -> None:
        line = _reader().readline()
        with contextlib.suppress(RuntimeError):  # the loop is gone: so is whoever wanted the line
            loop.call_soon_threadsafe(_settle, read, line)

    threading.Thread(target=wait, name="prompt", daemon=True).start()
    return await read


@functools.cache
def _reader() -> TextIO:
    return open(sys.stdin.fileno(), encoding=sys.stdin.encoding, errors="replace", closefd=False)


def _settle(read: asyncio.Future[str], line: str) -> None:
    if not read.done():
        read.set_result(line)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _tolerate_any_character() -> None:
    """An old Windows console knows few; a question mark is better than no answer."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _plain(text: str) -> str:
    """Without control characters: a file name must not be able to steer somebody's terminal."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf"})


def _one_line(text: str) -> str:
    return " ".join(_plain(text).split())
