"""Where an answer goes: the one conversation, under the one receipt, and the news when there is nobody any more."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bot.context import Receipt, Reference
from bot.teams.connector import Connector
from bot.teams.errors import Ambiguous, Blocked, ConnectorError, ConversationGone, MessageGone
from bot.teams.messages import Wire
from bot.teams.pacing import Gaps
from bot.teams.private import PrivateLine

Sent = TypeVar("Sent")
OnGone = Callable[[Reference, ConnectorError], Awaitable[None]]
"""Told when a conversation is gone or closed to us: forget where it was, and plan nothing more for it."""
PLACING = (1.0, 3.0, 9.0)
"""Seconds before a message is placed anew that may have got lost: at worst an empty one stays behind."""


async def nobody_cares(reference: Reference, why: ConnectorError) -> None:
    """For those who keep no references."""
    del reference, why


@dataclass(frozen=True, slots=True)
class Outlet:
    """All of it raises `bot.teams.errors`. `passing`: see `Connector.send`."""

    reference: Reference
    connector: Connector | PrivateLine
    receipt: Receipt | None
    on_gone: OnGone = nobody_cares
    gaps: Gaps = field(default_factory=Gaps)
    """Between two streaming requests of one chat, also of two answers."""

    async def post(self, activity: Wire, *, passing: bool = False) -> str:
        reference = self.reference
        return await self._told(self.connector.send(reference.service_url, reference.id, activity, passing=passing))

    async def stream(self, activity: Wire, gap: float, *, passing: bool = False) -> str:
        """A streaming request, `gap` seconds after the last one of this chat."""
        await self.gaps.keep(self.reference.id, gap)
        try:
            return await self.post(activity, passing=passing)
        finally:
            self.gaps.end(self.reference.id)

    async def put(self, id: str, activity: Wire, *, passing: bool = False) -> None:
        reference = self.reference
        await self._told(self.connector.update(reference.service_url, reference.id, id, activity, passing=passing))

    async def placed(self, id: str) -> None:
        if self.receipt is not None:
            await self.receipt.placed(id)

    async def post_answer(self, activity: Wire) -> str:
        """The content itself without a placeholder: announced first, because it must never be sent twice."""
        announce = self.receipt.sending if self.receipt is not None else None
        reference = self.reference
        return await self._told(self.connector.send(reference.service_url, reference.id, activity, announce=announce))

    async def place(self, placeholder: Wire) -> str:
        """An empty message whose id is stored before anything is put into it. One that may have got lost is placed once more."""
        for pause in PLACING:
            try:
                id = await self.post(placeholder)
                break
            except Ambiguous:
                await asyncio.sleep(pause)
        else:
            id = await self.post(placeholder)
        if id:
            await self.placed(id)
        return id

    async def remove(self, id: str) -> None:
        """A part that the answer does not need any more."""
        try:
            await self._told(self.connector.delete(self.reference.service_url, self.reference.id, id))
        except MessageGone:
            return

    async def _told(self, call: Awaitable[Sent]) -> Sent:
        try:
            return await call
        except (ConversationGone, Blocked) as why:
            await self.on_gone(self.reference, why)
            raise
