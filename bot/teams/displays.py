"""The two ways Teams shows an answer that is being written: its own streaming in personal chats, one edited message elsewhere.

Both keep the receipt's rule: content goes out by PUT on a message whose id was stored first, or by one POST that was announced first.
"""

import asyncio
from dataclasses import dataclass

from bot.context import StopRequested
from bot.teams.errors import (
    Ambiguous,
    Blocked,
    Busy,
    ConnectorError,
    ConversationGone,
    MessageGone,
    Refusal,
    StreamRefused,
)
from bot.teams.messages import Wire, streamed, typing
from bot.teams.outlet import Outlet

MAX_STATUS = 1000
"""Characters, and bytes in UTF-8, of an informative update (msteams-docs, streaming-ux: 1 KB and 1,000 characters)."""
PLACEHOLDER = "…"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. Teams takes one streaming request a second and ends a stream after two minutes (streaming-ux)."""

    status_delay: float = 1.0
    """Before a stream shows what is being done: Teams would hold back words that come within a second after it."""
    dots_delay: float = 0.3
    """Before the dots move elsewhere, where nothing is held back by them."""
    text_delay: float = 0.1
    stream_interval: float = 1.5
    stream_gap: float = 1.02
    """The least between two streaming requests, for the final one."""
    edit_interval: float = 2.0
    close_after: float = 100.0
    edit_gap: float = 1.5
    """The least between two edits of one message, for the final one: faster editing is throttled."""
    typing_delay: float = 1.5
    """Until the dots move when nothing was said yet."""
    typing_interval: float = 8.0
    """The dots stop by themselves after about ten seconds."""


class Edited:
    """Typing, then one placeholder, updated in place."""

    def __init__(self, outlet: Outlet, timing: Timing, message_id: str = "") -> None:
        self._outlet = outlet
        self._timing = timing
        self._said_typing = bool(message_id)
        self._quiet = False
        self.message_id = message_id

    @property
    def gap(self) -> float:
        return self._timing.edit_gap if self.message_id else 0.0

    def pause(self, *, first_words: bool) -> float:
        """Seconds from what was shown last to the next."""
        if first_words:
            return self.gap
        return self._timing.edit_interval

    async def show(self, text: str, *, status: bool) -> float:
        """0, or in how many seconds to try again with what is new then. Raises `Superseded`, `ConversationGone`, `Blocked`."""
        if self._quiet or not text:
            return 0.0
        try:
            if status and not self._said_typing:
                await self.alive(text)
            elif self.message_id:
                await self._outlet.put(self.message_id, self._message(text, status=status), passing=True)
            else:
                self.message_id = await self._outlet.post(self._message(text, status=status), passing=True)
                self._quiet = not self.message_id
                if self.message_id:
                    await self._outlet.placed(self.message_id)
        except (ConversationGone, Blocked):
            raise
        except Busy as busy:
            return max(busy.seconds, self.gap)
        except (Ambiguous, MessageGone):
            # A placeholder that may stand there must not get a sibling; a deleted one is not brought back.
            self._quiet = True
        except ConnectorError:
            return self._timing.edit_interval
        return 0.0

    async def alive(self, status: str) -> float:
        """Moves the dots."""
        del status
        self._said_typing = True
        await dots(self._outlet)
        return 0.0

    def _message(self, text: str, *, status: bool) -> Wire:
        return plain_message(self._outlet, text if status else f"{text} …")

    async def finish(self, activity: Wire) -> bool:
        """False when somebody deleted the message: then nothing more is sent."""
        if not self.message_id:
            self.message_id = await self._outlet.post_answer(activity)
            return True
        try:
            await self._outlet.put(self.message_id, activity)
        except MessageGone:
            return False
        return True


class Streamed:
    """Teams' own streaming: informative updates, then the text so far, then the final message."""

    def __init__(self, outlet: Outlet, timing: Timing) -> None:
        self._outlet = outlet
        self._timing = timing
        self._sequence = 0
        self._shown = ""
        self._open = True
        self.refused: Refusal | None = None
        """Why the stream is over before its final message."""
        self.message_id = ""

    @property
    def began(self) -> bool:
        """Whether words of the answer were shown, not only what is being done."""
        return bool(self._shown)

    @property
    def gap(self) -> float:
        return self._timing.stream_gap if self.message_id else 0.0

    def pause(self, *, first_words: bool) -> float:
        return self._timing.stream_gap if first_words else self._timing.stream_interval

    async def show(self, text: str, *, status: bool) -> float:
        """0, or in how many seconds to try again with what is new then.

        Raises `Superseded`, `StopRequested` when the person pressed Stop, `ConversationGone`, `Blocked`.
        """
        if not self._open or not text or (status and self._shown) or not text.startswith(self._shown):
            return 0.0
        kind = "informative" if status else "streaming"
        info = {"streamType": kind, "streamSequence": self._sequence + 1}
        if self.message_id:
            info["streamId"] = self.message_id
        step = streamed(brief(text) if status else text, self._outlet.reference, info)
        try:
            id = await self._outlet.stream(step, self._timing.stream_gap, passing=True)
        except StreamRefused as refused:
            self._refused(refused)
            return 0.0
        except (ConversationGone, Blocked):
            raise
        except Ambiguous:
            # A step that may have been lost is made good by the next one; a beginning that may have been is not repeated.
            self._open = bool(self.message_id)
        except Busy as busy:
            return max(busy.seconds, self._timing.stream_gap)
        except ConnectorError:
            return self._timing.stream_interval
        else:
            await self._begun(id)
        self._sequence += 1
        self._shown = self._shown if status else text
        return 0.0

    async def alive(self, status: str) -> float:
        """Says the status once more, which is also how we hear that Stop was pressed while the model thinks."""
        if self.message_id and status:
            return await self.show(status, status=True)
        if not self.message_id:
            await dots(self._outlet)
        return 0.0

    async def _begun(self, id: str) -> None:
        if not self.message_id:
            self.message_id, self._open = id, bool(id)
            if id:
                await self._outlet.placed(id)

    def _refused(self, refused: StreamRefused) -> None:
        # A text that was refused for being another one leaves the stream as it was.
        self._open = refused.why is Refusal.CHANGED
        if refused.why is Refusal.STOPPED:
            raise StopRequested
        if not self._open:
            self.refused = refused.why

    async def close(self) -> None:
        """Ends the stream before Teams does; the message can then be edited like any other. Raises `StopRequested`."""
        if self._open and self.message_id:
            try:
                await self._end(plain_message(self._outlet, self._shown or PLACEHOLDER))
            except (ConversationGone, Blocked):
                raise
            except ConnectorError:
                self._open = False

    async def _end(self, activity: Wire) -> bool:
        """Whether the stream took this as its final message. Raises `StopRequested`."""
        info = {"type": "streaminfo", "streamId": self.message_id, "streamType": "final"}
        final = {**activity, "entities": [info, *activity.get("entities", [])]}
        try:
            await self._outlet.stream(final, self._timing.stream_gap)
        except StreamRefused as refused:
            self._refused(refused)
            return False
        except Ambiguous:
            self._open = False
            return False
        self._open = False
        return True

    async def finish(self, activity: Wire) -> bool:
        """False when the person stopped the stream: then nothing more is sent."""
        if not self.message_id:
            self.message_id = await self._outlet.post_answer(activity)
            return True
        try:
            if self._open and await self._end(activity):
                return True
            if self._open:
                # The stream wants to end with what it showed; the real text then takes its place.
                await asyncio.sleep(self.gap)
                await self.close()
        except StopRequested:
            return False
        try:
            await self._outlet.put(self.message_id, activity)
        except MessageGone:
            return False
        return True


def plain_message(outlet: Outlet, text: str) -> Wire:
    reference = outlet.reference
    return {
        "type": "message",
        "textFormat": "markdown",
        "text": text,
        "from": {"id": reference.bot_id},
        "conversation": {"id": reference.id},
    }


def brief(status: str) -> str:
    """As much of an informative update as Teams takes."""
    return status[:MAX_STATUS].encode()[:MAX_STATUS].decode(errors="ignore")


async def dots(outlet: Outlet) -> None:
    """Typing is a courtesy: what keeps it from being shown does not matter, except that nobody is there any more."""
    try:
        await outlet.post(typing(outlet.reference), passing=True)
    except (ConversationGone, Blocked):
        raise
    except ConnectorError:
        return
