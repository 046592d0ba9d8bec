"""The same job in a terminal: sign in once in a browser, ask, and see the answer grow with its sources."""

import asyncio
import sys
import unicodedata
import uuid
import webbrowser
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from bot.app import Core, core
from bot.context import Incoming, Outgoing, Person, Place, Reference
from bot.services import Services, Turn
from bot.settings import Settings

SIGN_IN_SECONDS = 600
LOCAL = Person("local", "You", "")


async def converse(
    settings: Settings, vendors: Mapping[str, str], hint: str, asks: Sequence[str], *, stay: bool
) -> None:
    """Answers `asks`, then a prompt if `stay`. `hint`: the sign-in name to suggest. Raises what `core` raises."""
    async with AsyncExitStack() as stack:
        base_url = [""]
        parts = await stack.enter_async_context(core(settings, vendors, lambda: base_url[0]))
        base_url[0] = await _serve(stack, parts)
        person = await sign_in(parts, settings, hint) if settings.microsoft_app_id else LOCAL

        async def again(_: Turn) -> None:
            await sign_in(parts, settings, hint)

        services = parts.services(again)
        for question in asks:
            sys.stdout.write(f"\n> {question}\n")
            await answer(parts, services, person, question)
        while stay:
            sys.stdout.write("\n> ")
            sys.stdout.flush()
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line or line.strip().casefold() in {"exit", "quit"}:
                return
            if line.strip():
                await answer(parts, services, person, line.strip())


async def sign_in(parts: Core, settings: Settings, hint: str) -> Person:
    """Opens the browser and waits. Raises TimeoutError after ten minutes."""
    signed_in: asyncio.Future[Person] = asyncio.get_running_loop().create_future()

    async def took(person: Person) -> None:
        if not signed_in.done():
            signed_in.set_result(person)

    parts.sign_in.on_signed_in = took
    link = parts.page.link_anybody(settings.microsoft_app_tenant_id, hint)
    sys.stderr.write(f"Signing in. If no browser opens, open this yourself:\n{link}\n")
    opening = asyncio.create_task(asyncio.to_thread(webbrowser.open, link))
    async with asyncio.timeout(SIGN_IN_SECONDS):
        person = await signed_in
    await opening
    return person


async def answer(parts: Core, services: Services, person: Person, question: str) -> None:
    reference = Reference(f"console:{person.id}", Place.PERSONAL, person.tenant, "", "", person)
    said = Incoming(uuid.uuid4().hex, question, reference)
    conversation = ConsoleConversation(reference)

    async def keep_for_later() -> None:
        """Whoever sits at a terminal can ask again."""

    await parts.router.run(Turn(said, conversation, services, keep_for_later))


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

    async def members(self) -> frozenset[str] | None:
        return frozenset({self.reference.person.id})


class ConsoleStream:
    """Text as it grows; what was being done goes to standard error, so that output can be piped."""

    def __init__(self) -> None:
        self._shown = ""

    async def status(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"  ({_plain(text)})\n")

    async def text(self, delta: str) -> None:
        self._shown += delta
        sys.stdout.write(_plain(delta))
        sys.stdout.flush()

    async def finish(self, message: Outgoing) -> None:
        rest = message.text[len(self._shown) :] if message.text.startswith(self._shown) else f"\n{message.text}"
        lines = [_plain(rest)]
        lines += [f"  [{c.position}] {_plain(c.title)}  {_plain(c.link)}" for c in message.citations]
        lines += [f"  {_plain(notice)}" for notice in message.notices]
        lines += [f"  Answered by {_plain(message.model)}"] if message.model else []
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def _plain(text: str) -> str:
    """Without control characters: a file name must not be able to steer somebody's terminal."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf"})
