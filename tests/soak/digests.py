"""Digests under kill -9: workers that die at every named point and at random, and a connector whose answers get lost.

What counts is what people see: each digest in one message, none missing, and every send nobody heard of listed in its run.
"""

import asyncio
import itertools
import logging
import multiprocessing
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bot.digests.pace import Pace
from bot.store.database import Database
from bot.store.references import References
from bot.store.run import Run
from bot.store.runs import Runs
from bot.store.subscriptions import Subscription, Subscriptions
from bot.teams.activities import reference
from infra.local.teams import TeamsClient
from infra.local.tenant import environment, running
from infra.local.world import Fault, World
from tests.conftest import fresh_world
from tests.digests.making import schedule, shown, words
from tests.postgres import running_postgres
from tests.soak.digest_points import POINTS
from tests.soak.digest_worker import work

PLACEHOLDER = "…"
AT_A_TIME = 3
"""Digests that become due for each death."""
USUAL = Pace()
PATIENCE = 6.0
"""Seconds in which a worker should pass its point; after that it is killed wherever it is."""


class Chaos(list[Fault]):
    """One in five messages is taken by Teams, and then the answer is lost: half of them a 502, half a broken connection."""

    def __init__(self, dice: random.Random, share: float) -> None:
        super().__init__()
        self._dice = dice
        self._share = share
        self.lost = 0

    def __iter__(self) -> Iterator[Fault]:
        yield from super().__iter__()
        if self._dice.random() < self._share:
            yield self._counted(
                Fault("connector", "P* */activities*", kind="cut", status=self._dice.choice((502, 503)))
            )

    def _counted(self, fault: Fault) -> Fault:
        self.lost += 1
        return fault


@dataclass(slots=True)
class Tally:
    digests: int = 0
    kills: Counter[str] = field(default_factory=Counter[str])
    lost: list[str] = field(default_factory=list[str])
    twice: list[str] = field(default_factory=list[str])
    unlisted: int = 0
    """Empty beginnings that stand somewhere and are in nobody's run."""
    uncertain: int = 0
    """Sends nobody heard of, as the runs list them."""
    empty: int = 0
    """Empty beginnings that stand somewhere."""
    slowest: float = 0.0
    """Seconds from a worker being ready again to the next digest that was finished."""

    @property
    def kept(self) -> bool:
        return not (self.lost or self.twice or self.unlisted)


class Worker:
    """Forked from a process that has loaded everything, where there are forks: a life costs half a second instead of three."""

    def __init__(self, settings: Mapping[str, str], pace: Pace) -> None:
        self._settings = settings
        self._pace = pace
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        self._context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self._context.set_forkserver_preload(["tests.soak.loaded"])
        self._process: Any = None
        self._line: Any = None

    async def start(self, point: str, passes: int = 1) -> None:
        self._line, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=work, args=(self._settings, point, passes, self._pace, theirs), daemon=True
        )
        await asyncio.to_thread(self._process.start)
        theirs.close()
        await asyncio.to_thread(self._line.poll, 60)  # also when it died before it was ready

    async def die(self, patience: float) -> bool:
        """Whether it died by itself within `patience` seconds; otherwise it is killed now."""
        await asyncio.to_thread(self._process.join, patience)
        himself = not self._process.is_alive()
        self._process.kill()
        await asyncio.to_thread(self._process.join)
        return himself

    async def stop(self) -> None:
        if self._process is None or not self._process.is_alive():
            return
        self._line.send("stop")
        await self.die(30)


@dataclass(slots=True)
class Soak:
    world: World
    teams: TeamsClient
    database: Database
    settings: Mapping[str, str]
    dice: random.Random
    newcomers: Iterator[str]
    found: Tally = field(default_factory=Tally)
    asked: list[Subscription] = field(default_factory=list[Subscription])

    async def ask(self, count: int) -> None:
        """So many people get a digest that is due now, once."""
        minute = time.time() // 60 * 60
        for person in itertools.islice(self.newcomers, count):
            here = reference(self.teams.compose(person, "hello"))
            await References(self.database).save(here)
            times = schedule(datetime.fromtimestamp(minute, UTC), "")
            asked = Subscription(person, here.tenant, here.id, "morning", times, next_due=minute)
            self.asked.append(await Subscriptions(self.database).save(asked))

    async def run(
        self, workers: int, kills: int, points: Sequence[str] = (*POINTS, "-", "-"), pace: Pace = USUAL
    ) -> Tally:
        """One death after another, at these points in turn; then what is left is finished in peace."""
        turns, left = itertools.cycle(points), iter(range(kills))
        alive = [Worker(self.settings, pace) for _ in range(workers)]
        try:
            await asyncio.gather(*(self._live(worker, left, turns) for worker in alive))
            await asyncio.gather(*(worker.start("-") for worker in alive))
            await self._finished(240.0)
        finally:
            await asyncio.gather(*(worker.stop() for worker in alive))
        return await self.tally()

    async def run_weak(self, pace: Pace) -> Tally:
        """A build that forgets what it delivered, for a while."""
        worker = Worker(self.settings, pace)
        await worker.start("weak")
        await self.ask(AT_A_TIME)
        await self._until(lambda found: bool(found.twice), 30.0)
        await worker.stop()
        return await self.tally()

    async def _live(self, worker: Worker, left: Iterator[int], points: Iterator[str]) -> None:
        for _ in left:
            point = next(points)
            # What happens once for all that is due is not waited for twice.
            await worker.start(point, 1 if point.startswith(("plan", "taken_up")) else self.dice.randint(1, 2))
            began, before = time.monotonic(), await self._over()
            watching = asyncio.create_task(self._watch(began, before))
            await self.ask(AT_A_TIME)
            patience = self.dice.uniform(0.2, 3.0) if point == "-" else PATIENCE
            himself = await worker.die(patience)
            watching.cancel()
            self.found.kills[point if himself else "somewhere"] += 1

    async def _watch(self, began: float, before: int) -> None:
        while await self._over() <= before:  # noqa: ASYNC110 -- other processes finish them, no event reaches us
            await asyncio.sleep(0.1)
        self.found.slowest = max(self.found.slowest, time.monotonic() - began)

    async def _runs(self) -> Sequence[Run]:
        return await Runs(self.database).recent(
            0.0, ("due", "composing", "ready", "delivered", "failed", "unknown", "skipped", "waiting", "empty"), 100_000
        )

    async def _over(self) -> int:
        return (await Runs(self.database).counts(0.0)).get("delivered", 0)

    async def _finished(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            counts = await Runs(self.database).counts(0.0)
            if sum(counts.get(state, 0) for state in ("delivered", "failed", "unknown")) >= len(self.asked):
                return
            await asyncio.sleep(0.2)

    async def _until(self, happened: Callable[[Tally], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not happened(await self.tally()):  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.2)

    async def tally(self) -> Tally:
        """As it is now."""
        self.found.lost, self.found.twice = [], []
        found, runs = self.found, {run.subscription_id: run for run in await self._runs()}
        messages = [message.text for message in shown(self.world)]
        found.digests = len(self.asked)
        seen = Counter(messages)
        for asked in self.asked:
            run = runs.get(asked.id)
            count = 0 if run is None else seen[words(run)] + seen[f"{words(run)} Late."]
            told = run is not None and run.state in {"failed", "unknown"}
            if count > 1:
                found.twice.append(asked.id)
            if not count and not told:
                found.lost.append(f"{asked.id} {run.state if run else 'never planned'}")
        found.uncertain = sum(run.uncertain for run in runs.values())
        found.empty = sum(text == PLACEHOLDER for text in messages)
        found.unlisted = max(0, found.empty - found.uncertain)
        return found


@asynccontextmanager
async def soaking(world: World, url: str, *, most: int, seed: int, share: float = 0.2) -> AsyncGenerator[Soak]:
    """`most`: people who will ask; `share`: of the messages whose answer gets lost."""
    people = list(_hire(world, most))
    dice = random.Random(seed)
    world.state |= {"rates_off": True, "record_off": True}
    key = Fernet.generate_key().decode()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(world))
        settings = {
            **environment(world), "DATABASE_URL": url, "ENCRYPTION_KEYS": key, "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        database = await Database.open(url, [key])
        stack.push_async_callback(database.aclose)
        teams = await stack.enter_async_context(TeamsClient(world, "http://127.0.0.1:9"))
        world.faults = Chaos(dice, share)
        yield Soak(world, teams, database, settings, dice, iter(people))


def _hire(world: World, count: int) -> Iterator[str]:
    someone: Any = world.person("sofia")
    for number in range(count):
        id = f"00000000-0000-4000-8000-{number:012d}"
        name = f"Newcomer{number}"
        world.company.people.append(
            replace(someone, id=id, teams_id=f"29:newcomer-{number}", given_name=name, mail=f"{name}@tidewell.example")
        )
        yield id


def show(name: str, found: Tally, seconds: float) -> None:
    rows = [
        ("digests", found.digests),
        ("kill -9", found.kills.total()),
        ("at named points", found.kills.total() - found.kills["somewhere"]),
        ("lost", len(found.lost)),
        ("shown twice", len(found.twice)),
        ("answers of Teams lost on the way", found.uncertain),
        ("empty beginnings", found.empty),
        ("of these in no run", found.unlisted),
        ("slowest back to work, seconds", round(found.slowest, 1)),
        ("seconds", round(seconds)),
    ]
    print(name)
    print("\n".join(f"  {name:<34}{value:>6}" for name, value in rows))
    for problem in (*found.lost[:10], *found.twice[:10]):
        print(f"  {problem}")


async def soak(url: str, workers: int, kills: int, seed: int) -> tuple[Tally, float]:
    began = time.monotonic()
    async with soaking(fresh_world(), url, most=AT_A_TIME * kills + AT_A_TIME, seed=seed) as running_soak:
        found = await running_soak.run(workers, kills)
    return found, time.monotonic() - began


def everywhere(kills: int, seed: int, databases: Sequence[str]) -> bool:
    """Two workers on PostgreSQL, one on SQLite, as far as they are named."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # killed clients leave half a request behind
    kept = True
    if "postgresql" in databases:
        with running_postgres() as postgres:
            found, seconds = asyncio.run(soak(postgres.create("digests"), 2, kills, seed))
        show("PostgreSQL, two workers", found, seconds)
        kept = found.kept
    if "sqlite" in databases:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder).as_posix()}/parley.db"
            found, seconds = asyncio.run(soak(url, 1, kills, seed))
        show("SQLite, one worker", found, seconds)
        kept = kept and found.kept
    return kept
