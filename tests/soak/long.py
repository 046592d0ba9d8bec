"""`make soak-long`: half an hour of a company on two replicas and PostgreSQL: fifty conversations, digests all the time, and trouble.

One replica is killed or restarted every few minutes; the other lives through, and its memory is watched. What counts is what
people saw, read from the local tenant at the wire.
"""

import argparse
import asyncio
import itertools
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from infra.local.connector_state import connector_state
from infra.local.postgres import PostgresServer, running_postgres
from infra.local.vendors.script import Reply
from infra.local.world import Fault, World
from tests.conftest import fresh_world
from tests.e2e.digesters import Digesters, DigestTally
from tests.e2e.replicas import SAID, Office, hire, kind_of, office
from tests.soak.watching import Watched, Watcher
from tests.store.effects import all_finished

CONVERSATIONS = (30, 10, 10)
"""Personal chats, group chats, threads of a channel."""
READERS = 12
WARM_UP = 5 / 30
"""Of the time; what grows then is caches and pools being filled."""
MOST_GROWTH = 0.05
RESTART_SECONDS = 150.0
FAULT_SECONDS = 12.0
DIGEST_SECONDS = 45.0
MODELS = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"
NAME = "soaklong"
FAULTS = (
    Fault("connector", "P* */activities*", status=502, times=2),
    Fault("connector", "P* */activities*", status=429, headers={"Retry-After": "1"}, times=3),
    Fault("connector", "P* */activities*", kind="reset", times=2),
    Fault("connector", "P* */activities*", kind="cut", status=502, times=1),
    Fault("graph", "GET *", status=429, headers={"Retry-After": "1"}, times=4),
    Fault("graph", "GET *", status=503, times=4),
    Fault("claude", status=529, times=4),
    Fault("claude", kind="cut", after=3, times=2),
    Fault("openai", status=500, times=2),
    Fault("claude", kind="delay", seconds=3.0, times=3),
)


@dataclass(slots=True)
class Counted:
    asked: int = 0
    answered: int = 0
    apologised: int = 0
    both: int = 0
    """Got an apology after the answer: nobody heard that it had arrived."""
    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    told: Counter[str] = field(default_factory=Counter[str])
    """The beginnings of what apologies said."""


def counted(asked: Sequence[dict[str, Any]], world: World, apart: set[str]) -> Counted:
    """An apology is any other sentence in an answer's place: no answer may be missing without one, none may come twice."""
    found = Counted(len(asked))
    wanted = Counter(activity["conversation"]["id"] for activity in asked)
    seen: dict[str, Counter[str]] = {place: Counter() for place in wanted}
    for message in (m for place in connector_state(world).conversations.values() for m in place.messages):
        if message.author != "bot" or message.deleted or message.conversation_id in apart:
            continue
        kind = kind_of(message)
        kind = kind if kind in {"hello", "unfinished"} else "apology"
        if kind == "apology":
            found.told[message.text[:90].replace("\n", " ")] += 1
        seen.setdefault(message.conversation_id, Counter())[kind] += 1
    for place, kinds in seen.items():
        answers, apologies, owed = kinds["hello"], kinds["apology"], wanted[place]
        found.answered += min(answers, owed)
        found.apologised += min(apologies, max(0, owed - answers))
        found.both += max(0, apologies - max(0, owed - answers))
        found.lost += [place] * max(0, owed - answers - apologies)
        found.doubled += [place] * max(0, answers - owed)
    return found


class Life:
    """Everybody who does something in that company, each a task of its own."""

    def __init__(self, running: Office, digests: Digesters, dice: random.Random, ends: float) -> None:
        self._running = running
        self._digests = digests
        self._dice = dice
        self._ends = ends
        self.killed = 0
        self.restarted = 0

    async def lived(self) -> None:
        async with asyncio.TaskGroup() as group:
            for person, chat in self._places():
                group.create_task(self._talk(person, chat))
            for work in (self._readers, self._trouble, self._restarts, self._models):
                group.create_task(work())

    def _places(self) -> list[tuple[str, str]]:
        company, (chats, groups, threads) = self._running.world.company, CONVERSATIONS
        one = next(chat for chat in company.chats if chat.kind == "group")
        copies = [replace(one, id=f"19:soak{number:028x}@thread.v2") for number in range(groups)]
        company.chats.extend(copies)
        channel = next(channel for channel in company.channels if channel.kind == "standard")
        found = [(next(self._running.newcomers), "personal") for _ in range(chats)]
        found += [(chat.members[0], chat.id) for chat in copies]
        return found + [("sofia", channel.id)] * threads

    async def _rests(self, least: float, most: float) -> bool:
        """Whether there is time left after it."""
        await asyncio.sleep(min(self._dice.uniform(least, most), max(0.0, self._ends - time.monotonic())))
        return time.monotonic() < self._ends

    async def _talk(self, person: str, chat: str) -> None:
        thread: str | None = None
        for number in itertools.count(self._dice.randrange(2)):
            if not await self._rests(8.0, 24.0):
                return
            said = self._running.teams.compose(person, "hello", chat, thread=thread)
            thread = thread or (said["id"] if chat.endswith("@thread.tacv2") else None)
            self._running.asked.append(said)
            await self._running.until_taken(said, number)

    async def _models(self) -> None:
        script = self._running.world.state["script"]
        while True:
            while len(script) < 300:
                script.append(Reply(SAID, chunk=8, delay=self._dice.choice((0.0, 0.02, 0.2))))
            if not await self._rests(1.0, 1.0):
                return

    async def _readers(self) -> None:
        while self._ends - time.monotonic() > DIGEST_SECONDS:
            await self._digests.ask()
            await self._rests(DIGEST_SECONDS, DIGEST_SECONDS)

    async def _trouble(self) -> None:
        faults = self._running.world.faults
        while await self._rests(FAULT_SECONDS / 2, FAULT_SECONDS * 1.5):
            faults[:] = [fault for fault in faults if fault.times > 0]
            faults.append(replace(self._dice.choice(FAULTS)))
        faults.clear()

    async def _restarts(self) -> None:
        replica = self._running.replicas[1]
        while await self._rests(RESTART_SECONDS / 2, RESTART_SECONDS * 1.5):
            if self.killed <= self.restarted:
                await replica.kill()
                self.killed += 1
            else:
                await replica.stop()
                self.restarted += 1
            await asyncio.sleep(2.0)
            await replica.start()


async def soak(postgres: PostgresServer, minutes: float, seed: int) -> bool:
    """Whether everything promised was kept."""
    world, dice = fresh_world(), random.Random(seed)
    readers = hire(world, READERS, first=9000)
    url = postgres.create(NAME)
    async with office(world, url, most=CONVERSATIONS[0] + 1, seed=seed, MODELS=MODELS) as running:
        world.state |= {"rates_off": False, "record_off": True}
        digests = Digesters(world, running.teams, running.database, readers)
        running.apart |= await digests.sign_in()
        life = Life(running, digests, dice, time.monotonic() + minutes * 60)
        watcher = Watcher(running.replicas[0].process.pid, postgres, NAME)
        watching = asyncio.create_task(watcher.watch())
        await life.lived()
        await all_finished(running.database, 120)
        told = await digests.settled(180)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        found = counted(running.asked, world, running.apart)
        watched = watcher.watched(minutes * 60 * WARM_UP)
        show(found, told, watched, life, minutes)
        violations = connector_state(world).violations
        for problem in (*found.lost[:5], *found.doubled[:5], *told.lost[:5], *told.twice[:5], *violations[:5]):
            print(f"  {problem}")
    kept = told.kept and not (found.lost or found.doubled or violations)
    return kept and watched.growth < MOST_GROWTH


def show(found: Counted, told: DigestTally, watched: Watched, life: Life, minutes: float) -> None:
    rows: list[tuple[str, object]] = [
        ("minutes", f"{minutes:g}"),
        ("messages taken (2xx)", found.asked),
        ("answered", found.answered),
        ("apologised for instead", found.apologised),
        ("answered, and an apology", found.both),
        ("lost", len(found.lost)),
        ("doubled", len(found.doubled)),
        ("digests due", told.asked),
        *((f"digests {state}", count) for state, count in sorted(told.states.items())),
        ("digests lost", len(told.lost)),
        ("digests doubled", len(told.twice)),
        ("empty beginnings, all listed", told.empty),
        ("kill -9 of the other replica", life.killed),
        ("restarts of the other replica", life.restarted),
        ("RSS after warm-up, MB", f"{watched.first:.1f}"),
        ("RSS at the end, MB", f"{watched.last:.1f}"),
        ("growth after warm-up, linear fit", f"{watched.growth:+.1%}"),
        ("open files, after warm-up / end", f"{watched.files[0]} / {watched.files[1]}"),
        ("threads, after warm-up / end", f"{watched.threads[0]} / {watched.threads[1]}"),
        ("connections to PostgreSQL, most", watched.connections),
    ]
    print("\n".join(f"{name:<36}{value!s:>10}" for name, value in rows))
    for words, count in found.told.most_common(8):
        print(f"  {count:>4} x {words}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.long", description="Half an hour of life and trouble.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # killed clients leave half a request behind
    with running_postgres() as postgres:
        kept = asyncio.run(soak(postgres, given.minutes, given.seed))
    print("Kept." if kept else "BROKEN.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
