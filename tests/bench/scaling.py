"""What a second replica brings, on one PostgreSQL, in one run.

Messages a second with a model that answers at once: a replica is one Python process, so one processor is what it can use. On a machine
of two, each replica is bound to one of them, in both cases; PostgreSQL and the load run on what is left, so this is the least it brings.

Answers a second with a model that takes twenty seconds, as models do: a replica writes a thousand answers at once, the others wait.
"""

import asyncio
import logging
import os
import statistics
import time
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import aiohttp
import psutil

from infra.local.postgres import running_postgres
from infra.local.tenant import running
from tests.bench.load import Rate, drive, sink
from tests.bench.parley import configuration
from tests.bench.running import CLAUDE, quiet_world, spawned
from tests.bench.streaming import WORD_SECONDS, WORDS, Stage, say, stage, until
from tests.bench.throughput import AT_ONCE, USERS

ROUNDS = 3
SECONDS = 8.0
PEOPLE = 2000
MOST_SECONDS = 300.0


async def measure(
    *, rounds: int = ROUNDS, seconds: float = SECONDS, users: int = USERS, at_once: int = AT_ONCE
) -> dict[int, list[Rate]]:
    """By number of replicas; both once a round, so that a machine that is busy for a while disturbs both."""
    rates: dict[int, list[Rate]] = {1: [], 2: []}
    with running_postgres(durable=True) as postgres:
        async with running(quiet_world()) as world:
            for number in range(rounds):
                for count, found in rates.items():
                    async with AsyncExitStack() as stack:
                        taker = await stack.enter_async_context(sink(world.company.tenant_id))
                        environ = configuration(
                            world, postgres.create(f"round{number}of{count}"),
                            SERVICE_URL_HOSTS=urlsplit(taker.url).netloc, BOT_OPENID_METADATA_URL=f"{taker.url}/openid",
                        )  # fmt: skip
                        replicas = [
                            await stack.enter_async_context(spawned("postgresql", taker.url, environ))
                            for _ in range(count)
                        ]
                        for place, (_, process) in enumerate(replicas):
                            bound(process, place)
                        (url, process), *others = replicas
                        found.append(
                            await drive(
                                taker, url, process, users=users, at_once=at_once, seconds=seconds, others=others
                            )
                        )
    return rates


async def crowd(replicas: int, people: int = PEOPLE) -> float:
    """Seconds until everybody's answer stands in Teams in full, when all of them ask within a few seconds."""
    world = quiet_world()
    with running_postgres(durable=True) as postgres:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(running(world))
            taker = await stack.enter_async_context(stage(world.company.tenant_id))
            environ = configuration(
                world, postgres.create("crowd"), MODELS=CLAUDE, SERVICE_URL_HOSTS=urlsplit(taker.url).netloc,
                BOT_OPENID_METADATA_URL=f"{taker.url}/openid", ANTHROPIC_BASE_URL=f"{taker.url}/claude",
            )  # fmt: skip
            bots = [await stack.enter_async_context(spawned("postgresql", taker.url, environ)) for _ in range(replicas)]
            session = await stack.enter_async_context(aiohttp.ClientSession())
            for number, (url, _) in enumerate(bots):
                await say(session, taker, url, people + number)
            await until(lambda: finished(taker) == len(bots), MOST_SECONDS)
            started = time.monotonic()
            for number in range(people):
                await say(session, taker, bots[number % len(bots)][0], number)
            await until(lambda: finished(taker) == people + len(bots), MOST_SECONDS)
            return time.monotonic() - started


def finished(taker: Stage) -> int:
    return sum(words >= WORDS for words in taker.shown.values())


def bound(process: int, place: int) -> None:
    """To one processor, where the system can do that."""
    if hasattr(psutil.Process, "cpu_affinity"):
        psutil.Process(process).cpu_affinity([place % (os.cpu_count() or 1)])


def report(rates: dict[int, list[Rate]]) -> str:
    lines = [f"{'replicas':10}{'messages/s':>12}{'of one':>9}{'CPU ms/message':>16}{'2xx p50 ms':>12}{'p99 ms':>9}"]
    one = statistics.median(rate.per_second for rate in rates[1])
    for count, found in rates.items():
        speed, cpu, p50, p99 = (
            statistics.median(values)
            for values in zip(
                *((r.per_second, r.cpu, r.acknowledged_p50, r.acknowledged_p99) for r in found), strict=True
            )
        )
        lines.append(f"{count:<10}{speed:12.0f}{speed / one:9.2f}{cpu:16.2f}{p50:12.0f}{p99:9.0f}")
    return "\n".join(lines)


async def main() -> None:
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    rates = await measure()
    print("\nScaling: the whole path on one PostgreSQL that flushes, each replica bound to one processor; medians")
    print(report(rates))
    print(f"\n{PEOPLE} people ask at once, and each answer is written in {WORDS * WORD_SECONDS:.0f} seconds")
    one, two = await crowd(1), await crowd(2)
    for count, seconds in ((1, one), (2, two)):
        print(
            f"{count} replica(s)   all answered after {seconds:4.0f} s   {PEOPLE / seconds:4.0f} answers/s   {one / seconds:.2f} of one"
        )


if __name__ == "__main__":
    asyncio.run(main())
