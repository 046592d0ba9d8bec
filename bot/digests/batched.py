"""A model's words at half the price for a digest that may come later: handed in as a batch, fetched when it is done.

Which may: those that come weekly or rarer, as far as administrators say so (`DIGEST_BATCH_MINUTES`). What is told is gathered anew
when the words are there; they are said of what still stands in it. A batch that is not done by then is given up, and the
model is asked at once. The ticket stands in the run's row before anybody waits, and that one is handed in stands there before it is.
"""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from bot.digests.schedule import Schedule
from bot.digests.work import Waits, Work
from bot.routing.breaker import Circuits
from bot.routing.caller import Caller, through
from bot.routing.metered import most_tokens
from bot.routing.permitted import Permitted
from bot.services import Services
from bot.store.run import Run
from providers.base import Provider, Request, Response
from providers.batch import Batch, Entry, Ticket
from providers.errors import ProviderError

log = logging.getLogger(__name__)

POLL_SECONDS = 60.0
RARE = timedelta(days=6)
"""The least time between two times of a digest that may wait."""
WORDS = "words"
"""What the one request of a batch is called."""


async def still_waiting(work: Work) -> None:
    """Before anything is read: raises `Waits` while there is time, and the batch is not done."""
    batch = _of(work.services, work.batch)
    if batch is None or work.services.now().timestamp() >= _deadline(work):
        return
    try:
        done = (await batch.poll()).ending
    except ProviderError as error:
        log.info("a batch was not looked at: %s", type(error).__name__)
        done = ""
    if not done:
        raise Waits(work.batch or {}, POLL_SECONDS)


async def hand_in(work: Work, name: str, request: Request, ids: Mapping[str, str]) -> None:
    """Raises `Waits` when it was handed in; returns where it may not be, or could not. `ids`: of items, by what the request
    calls them."""
    services, provider = work.services, work.services.models[name]
    if work.batch is not None or not _may_wait(work, provider):
        return
    caller = _caller(work, name)
    price = services.ledger.prices.of(provider.door, provider.model)
    most = None if price is None else price.most(most_tokens(request), request.max_output_tokens)
    await services.ledger.open(caller, most)
    await services.runs.handing_in(work.run, {"name": name, "ids": dict(ids)})
    try:
        check = Permitted(services.policy, services.asker).batch(provider.door)
        made = await Batch.submit(provider, [Entry(WORDS, request, caller)], check)
    except ProviderError as error:
        log.info("no batch was handed in: %s", type(error).__name__)
        return
    ticket = asdict(made.ticket)
    raise Waits({"name": name, "ids": dict(ids), "ticket": {**ticket, "ids": list(ticket["ids"])}}, POLL_SECONDS)


async def fetched(work: Work, request: Request) -> Response | None:
    """The words of a batch that is done, written down like every call and at its price; None when there are none."""
    batch = _of(work.services, work.batch)
    if batch is None or work.batch is None:
        return None
    try:
        if not (await batch.poll()).ending:
            return None
        found = (await batch.results({WORDS: request}))[WORDS]
    except ProviderError as error:
        log.info("a batch has no answer: %s", type(error).__name__)
        return None
    if not isinstance(found, Response):
        log.info("a batch answered with an error: %s", type(found).__name__)
        return None
    name = str(work.batch["name"])
    steps = [step for step in work.services.steps if not isinstance(step, Circuits)]  # nothing is asked any more
    came = _Came(work.services.models[name], replace(found, batched=True))
    async for piece in through(steps, came, _caller(work, name)).stream(request):
        if isinstance(piece, Response):
            return piece
    return None


async def drop(services: Services, run: Run) -> None:
    """Nobody waits for it any more: the vendor stops, and keeps nothing."""
    batch = _of(services, (run.content or {}).get("batch"))
    if batch is None:
        return
    try:
        if not (await batch.poll()).ending:
            await batch.cancel()
        await batch.forget()
    except ProviderError as error:
        log.info("a batch is left to its vendor, who deletes it in time: %s", type(error).__name__)


def _of(services: Services, kept: Mapping[str, Any] | None) -> Batch | None:
    """None when nothing was handed in, or its model is another one now."""
    if kept is None or "ticket" not in kept or kept["name"] not in services.models:
        return None
    ticket = Ticket(**{**kept["ticket"], "ids": tuple(kept["ticket"]["ids"])})
    with suppress(ProviderError):
        return Batch.again(services.models[kept["name"]], ticket)
    return None


def _may_wait(work: Work, provider: Provider) -> bool:
    run, now = work.run, work.services.now()
    if run.preview or run.late or getattr(provider, "batches", None) is None or now.timestamp() >= _deadline(work):
        return False
    shortest = Schedule.from_json(work.subscription.schedule).shortest(now)
    return run.slot[:1].isdigit() and shortest is not None and shortest >= RARE


def _deadline(work: Work) -> float:
    return work.run.due + 60 * work.services.caps.batch_minutes


def _caller(work: Work, name: str) -> Caller:
    here = work.here
    return Caller(work.person, here.place, here.id, work.run.activity_id, "digest", name)


class _Came:
    """A `Provider` that has answered already."""

    def __init__(self, asked: Provider, response: Response) -> None:
        self.door, self.model, self.images = asked.door, asked.model, asked.images
        self._response = response

    async def stream(self, request: Request) -> AsyncGenerator[str | Response]:
        del request
        yield self._response

    async def aclose(self) -> None:
        """Nothing is open."""
