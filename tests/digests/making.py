"""Digests for tests: subscriptions that are due when a test wants, and composers that say which slot they are for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from bot.context import Outgoing
from bot.digests.pace import Pace
from bot.digests.schedule import Schedule
from bot.digests.work import Composed, Later, NotNow, Work
from bot.services import Services
from bot.store.run import Record, Run
from bot.store.subscriptions import Subscription
from graph.errors import SignInNeeded
from infra.local.connector_state import Message, connector_state
from infra.local.world import World

QUICK = Pace(poll=0.05, beat=0.3, silent=1.5, finish=1)
DAILY = "FREQ=DAILY"


def words(run: Run) -> str:
    """What the digest of a slot says, and nothing else does."""
    return f"Digest {run.subscription_id} for {run.slot}."


def message(work: Work) -> Composed:
    late = " Late." if work.run.late else ""
    cursors = {"mail": {"until": work.run.due}}
    return Composed(Outgoing(words(work.run) + late), cursors, Record({"mail": 3}, items=2), cost=1200)


async def plain(work: Work) -> Composed:
    """Reads nothing and asks nobody."""
    return message(work)


@dataclass
class Clock:
    """The real one, which a test moves on."""

    ahead: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.ahead, UTC)


@dataclass
class Scripted:
    """Composes as the subscription's prompt says."""

    clock: Clock = field(default_factory=Clock)
    composed: list[Work] = field(default_factory=list[Work])

    def refine(self, services: Services) -> Services:
        return replace(services, now=self.clock.now)

    async def compose(self, work: Work) -> Composed:
        self.composed.append(work)
        kinds: Mapping[str, Callable[[Work], Composed]] = {
            "silent": _silent, "broken": _broken, "later": _later, "right": _right, "left": _left,
        }  # fmt: skip
        if work.subscription.prompt == "mail":
            await work.services.sign_in.graph_token(work.person, work.services.scopes)
        return kinds.get(work.subscription.prompt, message)(work)


def _silent(work: Work) -> Composed:
    return replace(message(work), outgoing=None)


def _broken(work: Work) -> Composed:
    raise RuntimeError(f"A secret of {work.person.name}.")


def _later(work: Work) -> Composed:
    raise Later("graph", 60.0)


def _right(work: Work) -> Composed:
    raise NotNow("right")


def _left(work: Work) -> Composed:
    raise SignInNeeded("The account is disabled.", code="AADSTS50057")


def schedule(at: datetime, rule: str = DAILY) -> Mapping[str, str]:
    return Schedule(rule, at.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0), "UTC").to_json()


async def due(
    services: Services,
    owner: str,
    conversation_id: str,
    prompt: str = "",
    *,
    days_ago: int = 0,
    rule: str = DAILY,
    **more: Any,
) -> Subscription:
    """Due since the minute that runs, or since that minute of some days ago."""
    minute = services.now().timestamp() // 60 * 60 - days_ago * 86400
    times = schedule(datetime.fromtimestamp(minute, UTC), rule)
    asked = Subscription(owner, "tenant", conversation_id, "morning", times, prompt, next_due=minute, **more)
    saved = await services.subscriptions.save(asked)
    services.wake_digests()
    return saved


def shown(world: World) -> list[Message]:
    """Everything of the bot's that stands in conversations."""
    places = connector_state(world).conversations.values()
    return [m for place in places for m in place.messages if m.author == "bot" and not m.deleted]
