"""A thousand people due at one moment, with Teams' limits on: how long it takes, what the limits alone would take, and who else waits.

What is composed for the thousand is a stand-in that asks the model once; what the real composer takes is counted beside it.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bot.store.database import Database
from bot.store.references import References
from bot.store.subscriptions import Subscription, Subscriptions
from bot.teams.activities import reference
from infra.local.connector_state import connector_state
from infra.local.teams import TeamsClient
from infra.local.tenant import running
from infra.local.vendors.script import Reply, View
from infra.local.world import World
from tests.bench import digest_reading
from tests.bench.parley import configuration
from tests.bench.running import CLAUDE, spawned
from tests.conftest import fresh_world
from tests.digests.making import schedule

PEOPLE = 1000
TALKERS = 5
CALLS_A_DIGEST = 2
"""A message that is placed, and the digest put into it."""
CALLS_A_SECOND = 50
"""Teams, of one app in one tenant."""
AHEAD = 20.0
"""Seconds before they are due, in which people talk undisturbed."""
MODEL_SECONDS = 0.5
SAID = "Your morning in five lines. " * 20


@dataclass(frozen=True, slots=True)
class Measured:
    people: int
    begun: float
    """Seconds from the due time to the first digest."""
    finished: float
    """Seconds from the due time to the last."""
    twice: int
    refused: int
    """Calls that Teams answered 429."""
    before: Sequence[float]
    during: Sequence[float]
    """Seconds from a message to its answer."""
    tokens: float
    cpu: float
    """The bot's processor seconds for each digest."""

    calls: int
    """To Teams from the due time on, people's answers included."""

    @property
    def least(self) -> float:
        """Seconds the limits alone take for so many."""
        return self.people * CALLS_A_DIGEST / CALLS_A_SECOND

    @property
    def least_with_talk(self) -> float:
        """The same, with what people were answered meanwhile."""
        return self.calls / CALLS_A_SECOND


async def measure(people: int = PEOPLE) -> Measured:
    world = fresh_world()
    world.state |= {"script": [_reply] * (people * 2), "record_off": False}
    everybody = _hire(world, people + TALKERS)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{(Path(folder) / 'parley.db').as_posix()}"
        async with _bot(world, url) as (teams, process, database):
            due = (time.time() + AHEAD) // 60 * 60 + 60
            asked = await _ask(teams, database, everybody[:people], due)
            talking = [asyncio.create_task(_talk(teams, person)) for person in everybody[people:]]
            await asyncio.sleep(max(0.0, due - time.time()))
            cpu = sum(process.cpu_times()[:2])
            times = await _all_there(world, {one.id for one in asked}, people * 2.0)
            cpu = sum(process.cpu_times()[:2]) - cpu
            for task in talking:
                task.cancel()
            talked = [one for found in await asyncio.gather(*talking, return_exceptions=True) for one in _heard(found)]
            return _measured(world, asked, due, times, cpu, talked)


@asynccontextmanager
async def _bot(world: World, url: str) -> AsyncGenerator[tuple[TeamsClient, psutil.Process, Database]]:
    async with running(world):
        environ = configuration(world, url, MODELS=CLAUDE)
        async with spawned("digests", "", environ) as (address, pid), TeamsClient(world, address) as teams:
            database = await Database.open(url, [environ["ENCRYPTION_KEYS"]])
            try:
                yield teams, psutil.Process(pid), database
            finally:
                await database.aclose()


async def _ask(teams: TeamsClient, database: Database, people: Sequence[str], due: float) -> list[Subscription]:
    times = schedule(datetime.fromtimestamp(due, UTC))
    found: list[Subscription] = []
    for id in people:
        here = reference(teams.compose(id, "hello"))
        await References(database).save(here)
        asked = Subscription(id, here.tenant, here.id, "morning", times, next_due=due)
        found.append(await Subscriptions(database).save(asked))
    return found


def _hire(world: World, count: int) -> list[str]:
    """People with nothing but a personal chat; returns their object ids."""
    someone = world.person("sofia")
    people = [
        replace(someone, id=f"00000000-0000-4000-8000-{number:012d}", teams_id=f"29:newcomer-{number}",
                given_name=f"Newcomer{number}", mail=f"newcomer{number}@tidewell.example")
        for number in range(count)
    ]  # fmt: skip
    world.company.people.extend(people)
    return [person.id for person in people]


async def _talk(teams: TeamsClient, person: str) -> list[tuple[float, float]]:
    """(when, seconds until the answer), until it is cancelled."""
    found = list[tuple[float, float]]()
    try:
        while True:
            at = time.time()
            await teams.answer_to(await teams.say(person, "help"), timeout=60, quiet=0.0)
            found.append((at, time.time() - at))
            await asyncio.sleep(2.5)
    except asyncio.CancelledError:
        return found


async def _all_there(world: World, wanted: set[str], patience: float) -> list[float]:
    deadline = time.time() + patience
    seen: dict[str, float] = {}
    while len(seen) < len(wanted) and time.time() < deadline:
        for conversation in list(connector_state(world).conversations.values()):
            for message in conversation.messages:
                id = message.text.partition(" ")[0]
                if id in wanted and id not in seen:
                    seen[id] = (message.changed_at or message.at).timestamp()
        await asyncio.sleep(0.25)
    return sorted(seen.values())


def _measured(
    world: World,
    asked: Sequence[Subscription],
    due: float,
    times: Sequence[float],
    cpu: float,
    talked: Sequence[tuple[float, float]],
) -> Measured:
    texts = Counter(m.text.partition(" ")[0] for c in connector_state(world).conversations.values() for m in c.messages)
    calls = [r for r in world.record if r.wire == "connector"]
    model = [r for r in world.record if r.wire == "claude"]
    end = times[-1] if times else due
    return Measured(
        len(times),
        times[0] - due if times else 0.0,
        end - due,
        sum(count > 1 for id, count in texts.items() if id in {one.id for one in asked}),
        sum(r.status == 429 for r in calls),
        [seconds for at, seconds in talked if at < due - 1],
        [seconds for at, seconds in talked if due <= at <= end],
        len(model) / max(1, len(times)),
        cpu / max(1, len(times)),
        sum(due <= r.at.timestamp() <= end for r in calls),
    )


def _heard(found: object) -> list[tuple[float, float]]:
    return found if isinstance(found, list) else []


def _reply(view: View) -> Reply:
    del view
    return Reply(SAID, chunk=200, delay=MODEL_SECONDS / (len(SAID) / 200))


async def main() -> None:
    found = await measure(int(os.environ.get("BENCH_PEOPLE", PEOPLE)))  # noqa: TID251 -- a switch of the bench alone
    print(f"\nDigests: {found.people} people due at one moment, Teams' limits on")
    print(f"  first one {found.begun:.1f} s after, last one {found.finished:.1f} s after they were due")
    print(f"  the limits alone: {found.least:.0f} s; ratio {found.finished / max(1.0, found.least):.2f}")
    print(
        f"  with the answers to people: {found.least_with_talk:.0f} s; "
        f"ratio {found.finished / max(1.0, found.least_with_talk):.2f}"
    )
    print(
        f"  shown twice: {found.twice}; calls refused by Teams: {found.refused}; processor {1000 * found.cpu:.0f} ms each"
    )
    for name, seconds in (("before", found.before), ("meanwhile", found.during)):
        if seconds:
            print(
                f"  answers to people {name}: median {1000 * statistics.median(seconds):.0f} ms, longest {max(seconds):.2f} s"
            )
    await digest_reading.main()
