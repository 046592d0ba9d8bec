"""The two models of a comparison: what each is given, how its answer is shown as it grows, and what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.agent import loop
from bot.agent.loop import Cause, Finished, Outcome, Progress, Stopped
from bot.agent.summarise import Notes
from bot.answer.beginning import Begun
from bot.answer.gathering import Gathered, Toolbox
from bot.answer.models import shown
from bot.answer.requesting import request_for
from bot.answer.said import Said
from bot.answer.whole import whole
from bot.context import Stream
from bot.services import Turn
from bot.stopping import Stopping
from providers.base import Evidence, Request, Usage
from providers.errors import ProviderError

OnText = Callable[[str], Awaitable[None]]


@dataclass(slots=True)
class Head:
    """`begun` holds only what this model may be given."""

    name: str
    begun: Begun
    said: Said
    outcome: Outcome | ProviderError | None = None
    progress: Progress = field(default_factory=Progress)
    request: Request | None = None
    """What it was asked, once it was."""

    @property
    def gathered(self) -> Gathered:
        return self.begun.gathered

    @property
    def answer(self) -> str:
        """Its text with the markers of the evidence; empty when nothing came."""
        return self.outcome.text.strip() if isinstance(self.outcome, Finished | Stopped) else ""

    @property
    def given(self) -> frozenset[str]:
        """Ids of the evidence it was given."""
        messages = self.request.messages if self.request is not None else ()
        return frozenset(part.id for one in messages for part in one.parts if isinstance(part, Evidence))

    @property
    def model(self) -> str:
        """The one that really answered."""
        return self.outcome.model if isinstance(self.outcome, Finished | Stopped) else ""

    @property
    def usage(self) -> Usage:
        return self.outcome.usage if isinstance(self.outcome, Finished | Stopped) else self.progress.usage

    async def speak(self, stopping: Stopping, on_text: OnText) -> Outcome:
        """Without tools: both have the same to go by, and what one of them finds besides would not be. Raises `ProviderError`."""
        turn = replace(self.begun.turn, stopping=stopping)
        provider, request = turn.model(self.name, "compare"), self._request(turn)
        read, request = await self._whole(turn, request)
        self.request = request
        if read.stopped:
            return Stopped(request.messages, Cause.STOPPED, "", provider.model, read.usage)
        self.progress.usage = read.usage
        return await loop.run(
            provider, request, {}, Toolbox(self.gathered), on_text=on_text, on_round=_nothing,
            limits=turn.services.limits, stopping=stopping, progress=self.progress,
        )  # fmt: skip

    async def _whole(self, turn: Turn, request: Request) -> tuple[Notes, Request]:
        """A whole document is read by each model for itself."""
        reader = turn.model(self.name, "summary")
        found = await whole(turn, self.begun.question, self.gathered, reader, self.begun.stream, request)
        if found is None:
            return Notes(), request
        asked = request_for(turn, self.begun.question, self.gathered, searched=self.begun.searched, of_whole=found)
        return found.read, asked

    def _request(self, turn: Turn) -> Request:
        return request_for(turn, self.begun.question, self.gathered, searched=self.begun.searched)


async def _nothing() -> None:
    pass


class Stage:
    """Shows two answers that are written at once one below the other: that of the model asked first, unless the other has
    ended before it begins."""

    def __init__(self, stream: Stream, heads: Sequence[Head]) -> None:
        self._stream, self._heads = stream, heads
        self._waiting = [""] * len(heads)
        self._done: set[int] = set()
        self._free = asyncio.Lock()
        self._order: list[int] = []

    @property
    def heads(self) -> list[Head]:
        """In the order they are shown."""
        return [self._heads[number] for number in (*self._order, *self._left)]

    async def more(self, number: int, delta: str) -> None:
        self._waiting[number] += delta
        await self._show()

    async def done(self, number: int) -> None:
        """Nothing more comes from it."""
        self._done.add(number)
        await self._show()

    async def _show(self) -> None:
        async with self._free:
            while (number := self._next()) is not None:
                head = self._heads[number]
                if number not in self._order:
                    above = "\n\n" if self._order else ""
                    self._order.append(number)
                    await self._stream.text(f"{above}**{shown(head.name)}**\n\n")
                text, self._waiting[number] = self._waiting[number], ""
                await head.said.more(text)

    def _next(self) -> int | None:
        """Whose words come next; None while nobody's may."""
        if self._order and (self._waiting[self._order[-1]] or self._order[-1] not in self._done):
            return self._order[-1] if self._waiting[self._order[-1]] else None
        left = self._left
        ready = [number for number in left if self._waiting[number]]
        return ready[0] if ready and (ready[0] == left[0] or ready[0] in self._done) else None

    @property
    def _left(self) -> list[int]:
        return [number for number in range(len(self._heads)) if number not in self._order]
