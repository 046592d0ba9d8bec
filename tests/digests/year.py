"""A year of digests in minutes: the real app with its store, turns and delivery to the local tenant, in a time that jumps from
one due moment to the next."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bot.digests.engine import Steps
from bot.digests.schedule import Schedule
from bot.digests.service import Arranged
from bot.services import Services
from bot.store.database import Database
from bot.store.references import References
from bot.store.run import Run
from bot.store.subscriptions import Subscription
from bot.teams.activities import reference
from infra.local.connector_state import Conversation, connector_state
from infra.local.world import World
from tests.conftest import fresh_world
from tests.digests.making import plain, words
from tests.e2e.hurried import HurriedLoop
from tests.e2e.parley import Parley, parley_running
from tests.store.prepared import sqlite_in

MINUTE = 60.0
BETWEEN = 61.0
"""Seconds of the rate limits' time from one due moment to the next: they are a minute apart, or more."""


class Inline:
    """`bot.digests.engine.Engine` without DBOS: what is due is worked on at once, all of one moment beside each other."""

    alive = True

    def __init__(self) -> None:
        self._steps: Steps | None = None
        self._ready = asyncio.Event()

    def __call__(self, *_: Any, **__: Any) -> "Inline":
        return self

    async def start(self, steps: Steps) -> None:
        self._steps = steps
        self._ready.set()

    async def aclose(self) -> None:
        self._steps = None

    def wake(self) -> None:
        """Ticks come from the test."""

    async def enqueue(self, runs: Sequence[Run]) -> None:
        assert self._steps is not None
        await asyncio.gather(*(self._steps.work(run.subscription_id, run.slot) for run in runs))

    async def tick(self) -> None:
        await self._ready.wait()
        assert self._steps is not None
        await self._steps.tick()


@dataclass(slots=True)
class Year:
    parley: Parley
    engine: Inline
    moment: list[float]
    """What the bot takes for now, seconds since 1970."""
    references: References
    loop: HurriedLoop
    before: int = 0
    """Messages in all conversations that were there already."""
    shown: int = 0
    """Digests, each seen in its conversation at its time and once."""

    async def ask(self, people: Sequence[str], wanted: Sequence[Subscription]) -> list[Subscription]:
        """Each for a person of its own, in their personal chat."""
        found: list[Subscription] = []
        for id, one in zip(people, wanted, strict=True):
            here = reference(self.parley.teams.compose(id, "hello"))
            await self.references.save(here)
            asked = replace(one, owner=id, tenant=here.tenant, conversation_id=here.id)
            found.append(await self.parley.services.subscriptions.save(asked))
        return found

    async def live(self, wanted: Sequence[tuple[float, str, str]]) -> None:
        """`wanted`: (due, conversation, text), in order of time. The bot's own next due moment must be where time jumps to."""
        self.before = self.messages()
        left = itertools.groupby(wanted, key=lambda one: -(-one[0] // MINUTE) * MINUTE)
        for minute, owed in left:
            soonest = await self.parley.services.subscriptions.soonest()
            assert soonest is not None, "something is still owed"
            assert -(-soonest // MINUTE) * MINUTE == minute, "the bot waits for another moment"
            self.moment[0] = minute - 0.001
            await self.engine.tick()  # nothing may come of it: it is too early
            self.moment[0] = minute
            self.loop.jump(BETWEEN)
            await self.engine.tick()
            await self._seen({conversation: text for _, conversation, text in owed})

    async def _seen(self, owed: Mapping[str, str]) -> None:
        """In each of these conversations one message more, which says what it should; and none more anywhere else."""
        places, world = connector_state(self.parley.world).conversations, self.parley.world
        async with asyncio.timeout(60 + 2 * BETWEEN), world.changed:
            await world.changed.wait_for(lambda: all(_newest(places.get(id)) == text for id, text in owed.items()))
        self.shown += len(owed)
        assert self.messages() == self.before + self.shown, "something stands where nothing was due"

    def messages(self) -> int:
        return sum(len(place.messages) for place in connector_state(self.parley.world).conversations.values())


def _newest(place: Conversation | None) -> str:
    return place.messages[-1].text if place is not None and place.messages else ""


@asynccontextmanager
async def year(folder: Path, start: datetime) -> AsyncGenerator[Year]:
    """The app, in a `HurriedLoop`."""
    loop, moment, engine = asyncio.get_running_loop(), [start.timestamp()], Inline()
    assert isinstance(loop, HurriedLoop)

    def refine(services: Services) -> Services:
        return replace(services, now=lambda: datetime.fromtimestamp(moment[0], UTC))

    world, key = fresh_world(), Fernet.generate_key().decode()
    world.state["record_off"] = True
    arranged = Arranged(plain, engine=engine)
    async with parley_running(world, folder, refine=refine, digests=arranged, encryption_keys=key) as parley:
        database = await Database.open(sqlite_in(folder), [key])
        try:
            yield Year(parley, engine, moment, References(database), loop)
        finally:
            await database.aclose()


def in_a_year(folder: Path, asked: Sequence[Subscription], start: datetime, days: int) -> int:
    """How many digests were shown: each slot's once, at its minute, in the conversation of its subscription, and no other."""

    async def live() -> int:
        async with year(folder, start) as one:
            kept = await one.ask(hire(one.parley.world, len(asked)), asked)
            owed = [
                (at, subscription.conversation_id, words(Run(subscription.id, slot, "", "", "", at)))
                for subscription in kept
                for slot, at in slots(subscription, start, days).items()
            ]
            await one.live(sorted(owed))
            return one.shown

    with asyncio.Runner(loop_factory=partial(HurriedLoop, 1.0)) as runner:
        return runner.run(live())


def slots(subscription: Subscription, start: datetime, days: int) -> dict[str, float]:
    """Every slot of the time, by its id: what the schedule itself says, in one go."""
    found = Schedule.from_json(subscription.schedule).slots(start, 366 * 4)
    end = start + timedelta(days=days)
    return {slot.id: slot.at.timestamp() for slot in found if slot.at <= end}


def hire(world: World, count: int) -> list[str]:
    """People with nothing but a personal chat; returns their object ids."""
    someone = world.person("sofia")
    people = [
        replace(someone, id=f"00000000-0000-4000-8000-{number:012d}", teams_id=f"29:newcomer-{number}",
                given_name=f"Newcomer{number}", mail=f"newcomer{number}@tidewell.example")
        for number in range(count)
    ]  # fmt: skip
    world.company.people.extend(people)
    return [person.id for person in people]
