"""The two ways Teams shows an answer that is being written: its own streaming in personal chats, one edited message elsewhere.

Both keep the receipt's rule: content goes out by PUT on a message whose id was stored first, or by one POST that was announced first.
"""

import asyncio
from dataclasses import dataclass

from bot.context import Receipt, Reference, StopRequested
from bot.teams.connector import Connector
from bot.teams.errors import Ambiguous, ConnectorError, Refusal, StreamRefused
from bot.teams.messages import Wire, streamed, typing

MAX_STATUS = 1000
"""Characters of an informative update (msteams-docs, streaming-ux)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. Teams takes one streaming request a second and ends a stream after two minutes (streaming-ux)."""

    status_delay: float = 0.5
    """Before anything is shown: an answer that is ready by then needs one request only."""
    text_delay: float = 0.1
    stream_interval: float = 1.5
    stream_gap: float = 1.02
    """The least between two streaming requests, for the final one."""
    edit_interval: float = 2.0
    close_after: float = 100.0


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where an answer goes."""

    reference: Reference
    connector: Connector
    receipt: Receipt | None

    async def post(self, activity: Wire) -> str:
        return await self.connector.send(self.reference.service_url, self.reference.id, activity)

    async def put(self, id: str, activity: Wire) -> None:
        await self.connector.update(self.reference.service_url, self.reference.id, id, activity)

    async def placed(self, id: str) -> None:
        if self.receipt is not None:
            await self.receipt.placed(id)

    async def post_answer(self, activity: Wire) -> str:
        """The content itself without a placeholder: announced first, because it must never be sent twice."""
        announce = self.receipt.sending if self.receipt is not None else None
        return await self.connector.send(self.reference.service_url, self.reference.id, activity, announce=announce)


class Edited:
    """Typing, then one placeholder, updated in place."""

    def __init__(self, outlet: Outlet, timing: Timing, message_id: str = "") -> None:
        self._outlet = outlet
        self._said_typing = bool(message_id)
        self._quiet = False
        self.message_id = message_id
        self.interval = timing.edit_interval
        self.gap = 0.0

    async def show(self, text: str, *, status: bool) -> None:
        """Raises `Superseded`. What the service refuses is left to `finish`."""
        if self._quiet or not text:
            return
        try:
            if status and not self._said_typing:
                self._said_typing = True
                await self._outlet.post(typing(self._outlet.reference))
            elif self.message_id:
                await self._outlet.put(self.message_id, self._message(text, status=status))
            else:
                self.message_id = await self._outlet.post(self._message(text, status=status))
                if self.message_id:
                    await self._outlet.placed(self.message_id)
        except ConnectorError:
            self._quiet = True

    def _message(self, text: str, *, status: bool) -> Wire:
        reference = self._outlet.reference
        shown = text if status else f"{text} …"
        return {
            "type": "message",
            "textFormat": "markdown",
            "text": shown,
            "from": {"id": reference.bot_id},
            "conversation": {"id": reference.id},
        }

    async def close(self) -> None:
        """Nothing: an edited message has no time limit."""

    async def finish(self, activity: Wire) -> bool:
        if self.message_id:
            await self._outlet.put(self.message_id, activity)
        else:
            self.message_id = await self._outlet.post_answer(activity)
        return True


class Streamed:
    """Teams' own streaming: informative updates, then the text so far, then the final message."""

    def __init__(self, outlet: Outlet, timing: Timing) -> None:
        self._outlet = outlet
        self._sequence = 0
        self._shown = ""
        self._open = True
        self.message_id = ""
        self.interval = timing.stream_interval
        self.gap = timing.stream_gap

    async def show(self, text: str, *, status: bool) -> None:
        """Raises `Superseded`, and `StopRequested` when the person pressed Stop."""
        if not self._open or not text or (status and self._shown):
            return
        kind = "informative" if status else "streaming"
        info = {"streamType": kind, "streamSequence": self._sequence + 1}
        if self.message_id:
            info["streamId"] = self.message_id
        try:
            id = await self._outlet.post(streamed(text[:MAX_STATUS] if status else text, self._outlet.reference, info))
        except StreamRefused as refused:
            self._refused(refused)
            return
        except ConnectorError:
            # A step that may have been lost is made good by the next one, which holds the whole text again.
            self._open = bool(self.message_id)
            self._sequence += 1
            return
        self._sequence += 1
        self._shown = self._shown if status else text
        if not self.message_id:
            self.message_id, self._open = id, bool(id)
            if id:
                await self._outlet.placed(id)

    def _refused(self, refused: StreamRefused) -> None:
        # A text that was refused for being another one leaves the stream as it was.
        self._open = refused.why is Refusal.CHANGED
        if refused.why is Refusal.STOPPED:
            raise StopRequested

    async def close(self) -> None:
        """Ends the stream before Teams does; the message can then be edited like any other."""
        if self._open and self.message_id:
            await self._end(self._plain(self._shown or "…"))

    def _plain(self, text: str) -> Wire:
        reference = self._outlet.reference
        return {
            "type": "message",
            "textFormat": "markdown",
            "text": text,
            "from": {"id": reference.bot_id},
            "conversation": {"id": reference.id},
        }

    async def _end(self, activity: Wire) -> bool:
        """Whether the stream took this as its final message. Raises `StopRequested`."""
        info = {"type": "streaminfo", "streamId": self.message_id, "streamType": "final"}
        final = {**activity, "entities": [info, *activity.get("entities", [])]}
        try:
            await self._outlet.post(final)
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
        await self._outlet.put(self.message_id, activity)
        return True
