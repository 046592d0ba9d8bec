"""One answer in the making: collects status and text as fast as the model writes, and shows them as slowly as Teams allows."""

import asyncio

from bot.context import Outgoing, Place, StopRequested
from bot.stopping import Stopping
from bot.teams.cleaning import one_line
from bot.teams.displays import PLACEHOLDER, Edited, Streamed, Timing, plain_message
from bot.teams.errors import Ambiguous, Blocked, ConversationGone, MessageGone, Refusal
from bot.teams.gate import preview, render
from bot.teams.messages import Wire, activities, splits
from bot.teams.outlet import Outlet
from bot.teams.refusals import Refusals

MAX_SHOWN = 16_000
"""Characters of an answer that are shown while it is written: in any script they fit one message. The rest comes with the end."""
WRITTEN_ON_LOOP = 8_000
"""Characters of an answer that are put through the gate at once: a few milliseconds."""
_EDITABLE = {Refusal.OFF, Refusal.TIMED_OUT, Refusal.COMPLETED}
"""After these a stream's message can be edited like any other."""


class Answer:
    """`bot.context.Stream`. Errors: `bot.teams.errors`, `Superseded`; `StopRequested` from `status` and `text`.

    When nobody is there any more (blocked, deleted, uninstalled), an answer under a receipt ends like a stopped one;
    what is written without being asked raises.
    """

    def __init__(self, outlet: Outlet, timing: Timing, refusals: Refusals | None, stopping: Stopping) -> None:
        self._outlet = outlet
        self._timing = timing
        self._refusals = refusals
        self._stopping = stopping
        placed = outlet.receipt.reply_id if outlet.receipt is not None else ""
        streaming = outlet.reference.place is Place.PERSONAL and not placed
        self._display: Streamed | Edited = Streamed(outlet, timing) if streaming else Edited(outlet, timing, placed)
        self._loop = asyncio.get_running_loop()
        self._status = ""
        self._text = ""
        self._shown = (0, "")
        """`_version` of what was shown last."""
        self._began = 0.0
        self._last = 0.0
        self._not_before = 0.0
        self._quiet_until = 0.0
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(timing.typing_delay, self._start)
        self._pump: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._showing = asyncio.Lock()
        self.stopped = False
        """The person pressed Stop, or is not there any more: nothing may follow."""
        self._ambiguous: Ambiguous | None = None
        self.finished = False
        """It was delivered, or nobody wants it any more."""

    @property
    def message_id(self) -> str:
        return self._display.message_id

    async def status(self, text: str) -> None:
        self._status = render(one_line(text))
        streaming = isinstance(self._display, Streamed)
        self._nudge(self._timing.status_delay if streaming else min(self._timing.dots_delay, self._timing.status_delay))

    async def text(self, delta: str) -> None:
        self._text += delta
        self._nudge(self._timing.text_delay)

    async def written(self) -> None:
        """Nothing more is begun to be shown for as long as nobody would miss it."""
        self._quiet_until = self._loop.time() + self._timing.typing_delay
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._loop.call_at(self._quiet_until, self._start)

    async def restart(self, status: str) -> None:
        """What was shown can't be taken back in a stream, so it ends there and the same message is edited from now on."""
        self._text, self._shown = "", (0, "")
        display = self._display
        if isinstance(display, Streamed) and display.began:
            try:
                await self._leave_stream(display)
            except (StopRequested, ConversationGone, Blocked):
                self.stopped = True
                self._raise()
        await self.status(status)

    async def finish(self, message: Outgoing, *, placed: bool = False) -> None:
        """Safe to call again after it failed; after `Ambiguous` it only says so again, since the message may be there.

        `placed`: into a message that was placed first, which may be tried more often than the message itself.
        """
        self._stopping.too_late()
        if self._ambiguous is not None:
            raise self._ambiguous
        await self.aclose()
        try:
            if not self.stopped:
                await self._gap()
                await self._deliver(await self._written(message), placed=placed)
        except Ambiguous as error:
            self._ambiguous = error
            raise
        except (ConversationGone, Blocked):
            # There is no one to tell, and nothing to try again.
            self.stopped = True
            if self._outlet.receipt is None:
                raise
        finally:
            self._last = self._loop.time()  # a sentence that takes this one's place keeps its distance
        self.finished = True

    async def _written(self, message: Outgoing) -> list[Wire]:
        """A long text takes the gate up to seconds, which nobody else waits for."""
        if len(message.text) < WRITTEN_ON_LOOP:
            return activities(message, self._outlet.reference)
        return await asyncio.to_thread(activities, message, self._outlet.reference)

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
        if isinstance(outcome, StopRequested | ConversationGone | Blocked):
            self.stopped = True
        elif isinstance(outcome, Exception):
            raise outcome

    async def _deliver(self, parts: list[Wire], *, placed: bool) -> None:
        """All but a short answer goes into messages whose ids are stored first: a process may die between any two of them."""
        outlet, first, more = self._outlet, parts[0], parts[1:]
        ids = list(outlet.receipt.more) if outlet.receipt is not None else []
        if (more or placed or splits(first)) and outlet.receipt is not None and not self._display.message_id:
            id = await outlet.place(plain_message(outlet, PLACEHOLDER))
            self._display = Edited(outlet, self._timing, id)
        if not await self._display.finish(first):
            return
        for activity in more:
            if outlet.receipt is None:
                await outlet.post(activity)
            else:
                await self._put_part(activity, ids.pop(0) if ids else "")
        for left_over in ids:
            await outlet.remove(left_over)

    async def _put_part(self, activity: Wire, id: str) -> None:
        id = id or await self._outlet.place(plain_message(self._outlet, PLACEHOLDER))
        try:
            await self._outlet.put(id, activity)
        except MessageGone:
            return

    def _nudge(self, delay: float) -> None:
        if self.stopped or (self._pump is not None and self._pump.done()):
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
            self.stopped = self.stopped or isinstance(error, StopRequested | ConversationGone | Blocked)
            if error is not None and not self.stopped:
                raise error
        if self.stopped:
            self._stopping.request()
            raise StopRequested

    def _start(self) -> None:
        self._timer = None
        self._pump = self._loop.create_task(self._show_all())
        self._pump.add_done_callback(self._ended)

    def _ended(self, pump: asyncio.Task[None]) -> None:
        """A model that is silent would not learn from `text` that nobody waits for it any more."""
        error = None if pump.cancelled() else pump.exception()
        if isinstance(error, StopRequested | ConversationGone | Blocked):
            self.stopped = True
            self._stopping.request()

    async def _show_all(self) -> None:
        if isinstance(self._display, Streamed) and await self._refused_before():
            self._display = Edited(self._outlet, self._timing)
        if not self._text and not self._status:
            await self._keep_alive()
        while True:
            if isinstance(self._display, Streamed) and self._began and self._remaining() <= 0:
                await self._leave_stream(self._display)
            elif self._version == self._shown:
                if not await self._news_in_time() and not self._shown[0]:
                    await self._keep_alive()
            else:
                await asyncio.sleep(self._wait())
                if not self._wait():  # else the text became whole meanwhile
                    await self._show()

    async def _show(self) -> None:
        async with self._showing:
            version = self._version
            text, status = self._pending()
            if self._display.message_id == "":
                self._began = self._loop.time()
            later = await self._display.show(text, status=status)
            self._last = self._loop.time()
            if later:
                self._not_before = self._last + later
            elif not (isinstance(self._display, Edited) and status and not self._display.message_id):
                self._shown = version  # else only typing was shown: the placeholder comes next
            await self._change_display()

    async def _keep_alive(self) -> None:
        async with self._showing:
            later = await self._display.alive(self._status)
            self._not_before = self._loop.time() + later
            if isinstance(self._display, Streamed) and self._display.message_id:
                self._last = self._loop.time()
            await self._change_display()

    async def _change_display(self) -> None:
        """From the stream to editing, when the stream is over before its time; in the same message, should there be one."""
        display = self._display
        if not isinstance(display, Streamed):
            return
        if display.message_id and self._refusals is not None and display.refused is None:
            self._refusals.worked(self._outlet.reference)
        if display.refused in _EDITABLE:
            if display.refused is Refusal.OFF and not display.message_id and self._refusals is not None:
                await self._refusals.happened(self._outlet.reference)
            self._display = Edited(self._outlet, self._timing, display.message_id)
            self._shown = (0, "")
        if not display.message_id:
            self._began = 0.0

    async def _refused_before(self) -> bool:
        return self._refusals is not None and await self._refusals.refused(self._outlet.reference)

    def _wait(self) -> float:
        """Seconds until something may be shown again. The first words come as early as Teams takes them, the rest in an even rhythm."""
        now = self._loop.time()
        pause = self._display.pause(first_words=bool(self._text) and not self._shown[0]) if self._last else 0.0
        return max(0.0, self._last + pause - now, self._not_before - now, self._quiet_until - now)

    async def _leave_stream(self, display: Streamed) -> None:
        async with self._showing:
            if self._display is not display:
                return
            await self._gap()
            await display.close()
            self._last = self._loop.time()
            self._display = Edited(self._outlet, self._timing, display.message_id)
            self._began = 0.0

    async def _news_in_time(self) -> bool:
        """False when the dots have to be moved, or the stream left, before there was anything new."""
        self._news.clear()
        patience = None if self._shown[0] else self._timing.typing_interval
        if isinstance(self._display, Streamed) and self._began:
            patience = min(self._remaining(), patience or self._remaining())
        try:
            async with asyncio.timeout(patience):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _remaining(self) -> float:
        return self._began + self._timing.close_after - self._loop.time()

    @property
    def _version(self) -> tuple[int, str]:
        """(how much text there is, or else the status): rendering it at every word would cost more than all the rest."""
        return (min(len(self._text), MAX_SHOWN), "" if self._text else self._status)

    def _pending(self) -> tuple[str, bool]:
        """(what to show next, whether it is only a status)"""
        written = preview(self._text[:MAX_SHOWN]).rstrip() if self._text else ""
        return (written, False) if written else (self._status, True)

    async def _gap(self) -> None:
        """Teams counts the final message as a streaming request, and as an edit, too."""
        now = self._loop.time()
        if self._last and self._display.message_id:
            wait = max(self._last + self._display.gap - now, self._not_before - now)
            await asyncio.sleep(max(0.0, wait))
