"""One answer in the making: collects status and text as fast as the model writes, and shows them as slowly as Teams allows."""

import asyncio

from bot.context import Outgoing, Place, Receipt, Reference, StopRequested
from bot.teams.connector import Connector
from bot.teams.displays import Edited, Outlet, Streamed, Timing
from bot.teams.errors import Ambiguous
from bot.teams.gate import preview
from bot.teams.messages import activities


class Answer:
    """`bot.context.Stream`. Errors: `bot.teams.errors`, `Superseded`; `StopRequested` from `status` and `text`."""

    def __init__(self, reference: Reference, connector: Connector, receipt: Receipt | None, timing: Timing) -> None:
        self._outlet = Outlet(reference, connector, receipt)
        self._timing = timing
        placed = receipt.reply_id if receipt is not None else ""
        streaming = reference.place is Place.PERSONAL and not placed
        self._display: Streamed | Edited = (
            Streamed(self._outlet, timing) if streaming else Edited(self._outlet, timing, placed)
        )
        self._loop = asyncio.get_running_loop()
        self._status = ""
        self._text = ""
        self._shown: tuple[str, bool] = ("", True)
        self._began = 0.0
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._pump: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._showing = asyncio.Lock()
        self._stopped = False
        self._ambiguous: Ambiguous | None = None
        self.finished = False

    @property
    def message_id(self) -> str:
        return self._display.message_id

    async def status(self, text: str) -> None:
        self._status = text
        self._nudge(self._timing.status_delay)

    async def text(self, delta: str) -> None:
        self._text += delta
        self._nudge(self._timing.text_delay)

    async def finish(self, message: Outgoing) -> None:
        """Safe to call again after it failed; after `Ambiguous` it only says so again, since the message may be there."""
        if self._ambiguous is not None:
            raise self._ambiguous
        await self.aclose()
        if not self._stopped:
            await self._gap()
            first, *more = activities(message, self._outlet.reference)
            try:
                delivered = await self._display.finish(first)
            except Ambiguous as error:
                self._ambiguous = error
                raise
            for activity in more if delivered else ():
                await self._outlet.post(activity)
        self.finished = True

    async def aclose(self) -> None:
        """Stops showing. A request under way is waited for, so that nothing overtakes the final message."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pump is None:
            return
        pump, self._pump = self._pump, None
        async with self._showing:
            pump.cancel()
        (outcome,) = await asyncio.gather(pump, return_exceptions=True)
        if isinstance(outcome, StopRequested):
            self._stopped = True
        elif isinstance(outcome, Exception):
            raise outcome

    def _nudge(self, delay: float) -> None:
        if self._stopped or (self._pump is not None and self._pump.done()):
            self._raise()
        elif self._pump is not None:
            self._news.set()
        elif self._timer is None or self._timer.when() > self._loop.time() + delay:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_later(delay, self._start)

    def _raise(self) -> None:
        """What ended the showing ends the model's work too."""
        if self._pump is not None and self._pump.done() and not self._pump.cancelled():
            error = self._pump.exception()
            self._stopped = self._stopped or isinstance(error, StopRequested)
            if error is not None:
                raise error
        if self._stopped:
            raise StopRequested

    def _start(self) -> None:
        self._timer = None
        self._pump = self._loop.create_task(self._show_all())

    async def _show_all(self) -> None:
        while True:
            if isinstance(self._display, Streamed) and self._began and self._remaining() <= 0:
                await self._leave_stream(self._display)
            if self._pending() == self._shown:
                await self._wait_for_news()
                continue
            await asyncio.sleep(self._wait())
            async with self._showing:
                text, status = pending = self._pending()
                self._began = self._began or self._loop.time()
                await self._display.show(text, status=status)
                self._shown, self._last = pending, self._loop.time()
            if isinstance(self._display, Edited) and not self._display.message_id and status:
                self._shown = ("", True)  # only typing was shown: the placeholder comes next

    def _wait(self) -> float:
        """Seconds until something may be shown again. The first words come as early as Teams takes them, the rest in an even rhythm."""
        if not self._last:
            return 0.0
        first_words = self._shown[1] and not self._pending()[1]
        pause = self._display.gap if first_words and self._display.gap else self._display.interval
        return max(0.0, self._last + pause - self._loop.time())

    async def _leave_stream(self, display: Streamed) -> None:
        async with self._showing:
            await self._gap()
            await display.close()
            if display.message_id:
                self._display = Edited(self._outlet, self._timing, display.message_id)
            self._began = 0.0

    async def _wait_for_news(self) -> None:
        self._news.clear()
        try:
            async with asyncio.timeout(self._remaining() if isinstance(self._display, Streamed) else None):
                await self._news.wait()
        except TimeoutError:
            return

    def _remaining(self) -> float:
        return self._began + self._timing.close_after - self._loop.time()

    def _pending(self) -> tuple[str, bool]:
        """(what to show next, whether it is only a status)"""
        written = preview(self._text).rstrip() if self._text else ""
        return (written, False) if written else (self._status, True)

    async def _gap(self) -> None:
        """Teams counts the final message as a streaming request too."""
        if self._last and self._display.message_id and self._display.gap:
            await asyncio.sleep(max(0.0, self._last + self._display.gap - self._loop.time()))
