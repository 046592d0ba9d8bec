"""Every model call is measured, paid for and written down: also one that fails, is stopped or is refused on its way."""

import hashlib
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from bot.cost.budgets import OverBudget
from bot.cost.prices import Price
from bot.routing.caller import Caller
from bot.routing.ledger import Ledger, Opened
from bot.store.audit import Row
from providers.base import (
    Evidence,
    File,
    Image,
    Provider,
    Request,
    Response,
    StopReason,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from providers.errors import ProviderError

STOPPED = "stopped"
ANSWERED = "answered"
IMAGE_TOKENS = 1600
"""About as many as a large picture is worth to either vendor."""
FILE_BYTES_A_TOKEN = 10
"""Of a PDF, whose pages are read as text and as pictures: many have more bytes a token, few have less."""
TOOL_TOKENS = 400
"""About as many as a tool's description and schema take."""
_BYTES_A_TOKEN_AT_LEAST = 3
_CHARACTERS_A_TOKEN = 4
_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_OUTCOMES = {StopReason.FINISHED: ANSWERED, StopReason.TOOL_CALLS: "called_tools"}


class Metering:
    """A `bot.routing.caller.Step`, for all turns. It stands first, so that what later steps refuse is written down too."""

    def __init__(self, ledger: Ledger, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.ledger = ledger
        self.monotonic = monotonic

    def __call__(self, inner: Provider, caller: Caller) -> Provider:
        return _Metered(inner, caller, self)


class _Metered:
    def __init__(self, inner: Provider, caller: Caller, step: Metering) -> None:
        self.door, self.model, self.images = inner.door, inner.model, inner.images
        self._inner, self._caller, self._step = inner, caller, step

    async def stream(self, request: Request) -> AsyncGenerator[str | Response]:
        """As the inner provider's. Raises `OverBudget` and `StoreError` besides."""
        call = _Call(request, self._step.monotonic())
        opened = await self._opened(call)
        pieces = self._inner.stream(request)
        try:
            async for piece in pieces:
                call.heard(piece, self._step.monotonic())
                if isinstance(piece, Response):
                    await self._closed(call, opened, _OUTCOMES.get(piece.stop, piece.stop.value))
                yield piece
        except ProviderError as error:
            await self._closed(call, opened, outcome_of(error))
            raise
        finally:
            # Whoever stops listening hangs up at once: the vendor charges for what nobody reads.
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()
            await self._closed(call, opened, STOPPED)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _opened(self, call: "_Call") -> Opened:
        ledger = self._step.ledger
        price = ledger.prices.of(self.door, self.model)
        asked = call.request
        most = None if price is None else price.most(most_tokens(asked), asked.max_output_tokens)
        try:
            return await ledger.open(self._caller, most)
        except OverBudget as error:
            at = ledger.now()
            await self._closed(call, Opened(at, ledger.budgets.month(at)), outcome_of(error))
            raise

    async def _closed(self, call: "_Call", opened: Opened, outcome: str) -> None:
        """The first time only."""
        if call.over:
            return
        call.over = True
        caller, usage = self._caller, call.usage(outcome)
        price = self._step.ledger.prices.of(self.door, call.answered, self.model)
        row = Row(
            at=opened.at.timestamp(),
            person_id=caller.person.id,
            tenant=caller.person.tenant,
            conversation_id=caller.conversation,
            place=caller.place.value,
            question_id=caller.question,
            purpose=caller.purpose,
            name=caller.model,
            asked=self.model,
            answered=call.answered,
            door=self.door,
            usage=usage,
            estimated=call.response is None and usage != Usage(),
            cost=self._cost(call, usage, price),
            first_ms=call.first_ms,
            total_ms=call.milliseconds(self._step.monotonic()),
            outcome=outcome,
            evidence=tuple(evidence_in(call.request, caller.person.tenant)),
        )
        await self._step.ledger.close(caller, opened, row)

    def _cost(self, call: "_Call", usage: Usage, price: Price | None) -> int | None:
        if usage == Usage() and call.response is None:
            return 0
        batched = call.response is not None and call.response.batched
        return price.cost(usage, self._step.ledger.prices.batch if batched else Decimal(1)) if price else None


@dataclass(slots=True)
class _Call:
    request: Request
    started: float
    first_ms: int | None = None
    said: int = 0
    response: Response | None = None
    over: bool = False

    @property
    def answered(self) -> str:
        return self.response.model if self.response else ""

    def heard(self, piece: str | Response, now: float) -> None:
        if self.first_ms is None:
            self.first_ms = self.milliseconds(now)
        if isinstance(piece, Response):
            self.response = piece
        else:
            self.said += len(piece)

    def milliseconds(self, now: float) -> int:
        return max(round(1000 * (now - self.started)), 0)

    def usage(self, outcome: str) -> Usage:
        """The vendor's figures, else an estimate: of a call that was cut off, not of one that was refused or never answered."""
        if self.response is not None:
            return self.response.usage
        if outcome != STOPPED and not self.said:
            return Usage()
        asked = sum(_sizes(self.request)) // _CHARACTERS_A_TOKEN + _besides(self.request)
        return Usage(input=asked, output=self.said // _CHARACTERS_A_TOKEN)


def outcome_of(error: ProviderError) -> str:
    """`RateLimited` -> `rate_limited`."""
    return _WORD.sub("_", type(error).__name__).lower()[:32]


def most_tokens(request: Request) -> int:
    """The most a request may be worth, rather too many: what a script takes in bytes, it takes in tokens at most by the third."""
    return sum(len(text.encode()) for text in _texts(request)) // _BYTES_A_TOKEN_AT_LEAST + _besides(request)


def _besides(request: Request) -> int:
    images = sum(isinstance(part, Image) for part in _parts(request))
    files = sum(len(part.data) // FILE_BYTES_A_TOKEN for part in _parts(request) if isinstance(part, File))
    return IMAGE_TOKENS * images + files + TOOL_TOKENS * len(request.tools)


def _sizes(request: Request) -> Iterator[int]:
    return (len(text) for text in _texts(request))


def _texts(request: Request) -> Iterator[str]:
    yield request.system
    for part in _parts(request):
        match part:
            case Text():
                yield part.text
            case Evidence():
                yield f"{part.title}{part.detail}"
                yield part.text
            case ToolCall():
                yield str(part.arguments)
            case _:
                pass


def _parts(request: Request) -> "Iterator[Text | Image | File | Evidence | ToolCall]":
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, ToolResult):
                yield from part.content
            else:
                yield part


def evidence_id(tenant: str, link: str) -> str:
    """A name for a document that tells nobody what it is, but lets whoever has its address look it up."""
    return hashlib.sha256(f"{tenant}\n{link}".encode()).hexdigest()[:16]


def evidence_in(request: Request, tenant: str) -> list[str]:
    """Each document once, in order."""
    found = (part for part in _parts(request) if isinstance(part, Evidence))
    return list(dict.fromkeys(evidence_id(tenant, one.link or one.title) for one in found))
