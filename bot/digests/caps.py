"""Whether somebody may have this digest, and whether it may still be made this month: what administrators allow."""

import math
from dataclasses import replace
from datetime import timedelta

from bot.cost.words import money
from bot.digests.schedule import Schedule
from bot.services import Services
from bot.store.audit import Wanted
from bot.store.run import Run
from bot.texts import Texts


async def refusal(services: Services, say: Texts, owner: str, schedule: Schedule, id: str) -> str:
    """A sentence for whoever may not have it so; empty when they may. `id`: of the subscription it is or becomes."""
    caps, now = services.caps, services.now()
    running = [one for one in await services.subscriptions.of_owner(owner) if one.state == "active" and one.id != id]
    if len(running) >= caps.most:
        return say("digest.cap_most", n=caps.most)
    shortest = schedule.shortest(now)
    # A day is an hour shorter when the clocks go forward.
    if shortest is not None and shortest + timedelta(hours=1) < timedelta(hours=caps.hours):
        return say("digest.cap_hours", n=math.ceil(caps.hours))
    if await used_up(services, owner):
        return say("digest.cap_cost", limit=money(caps.micros, say))
    return ""


async def used_up(services: Services, owner: str) -> bool:
    """Whether this person's digests have cost what they may in this calendar month."""
    if not services.caps.micros:
        return False
    begins = services.ledger.budgets.month(services.now()).begins.timestamp()
    spent = await services.ledger.audit.sum(Wanted(since=begins, person_id=owner, purpose="digest"))
    return spent.cost >= services.caps.micros


async def cost_of(services: Services, run: Run) -> int | None:
    """Millionths of a US dollar, of every try of a run; None when the price of some of it is not known."""
    tries = tuple(replace(run, attempt=attempt).activity_id for attempt in range(run.attempt + 1))
    since = (run.started or run.due) - 1
    spent = await services.ledger.audit.sum(Wanted(since=since, person_id=run.owner, questions=tries))
    return None if spent.unpriced else spent.cost
