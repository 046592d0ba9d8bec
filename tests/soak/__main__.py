"""`make soak`: hundreds of activities, each delivered up to four times to two replicas on PostgreSQL that are killed again and again."""

import argparse
import asyncio
import logging
import sys
import time

from infra.local.connector_state import connector_state
from tests.conftest import fresh_world
from tests.e2e.replicas import Office, Tally, office
from tests.postgres import running_postgres
from tests.soak.digests import everywhere
from tests.store.effects import all_finished

MINUTES = 5


async def soak(activities: int, kills: int, seed: int) -> tuple[Tally, float]:
    world = fresh_world()
    world.state["record_off"] = True
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # killed clients leave half a request behind
    with running_postgres() as postgres:
        async with office(world, postgres.create("soak"), most=activities, seed=seed) as running:
            started = time.perf_counter()
            delivering = asyncio.create_task(running.deliver(running.compose(activities)))
            await _kill_again_and_again(running, kills, activities)
            await delivering
            await all_finished(running.database, 60)
            found, seconds = running.tally(), time.perf_counter() - started
    found.strange += connector_state(world).violations
    return found, seconds


async def _kill_again_and_again(running: Office, kills: int, activities: int) -> None:
    """In turn, at even steps of the work; each comes back before the next one goes."""
    for kill in range(kills):
        await running.settled(activities * (kill + 1) // (kills + 2))
        await running.replicas[kill % 2].kill()
        await running.replicas[kill % 2].start()


def show(found: Tally, seconds: float, kills: int) -> None:
    rows = [
        ("admitted", found.admitted),
        ("answered once", found.answered),
        ("apologised for instead", found.apologised),
        ("answered, and an apology", found.both),
        ("given up after 3 deaths", found.given_up),
        ("beginnings left behind", found.remains),
        ("lost", len(found.lost)),
        ("answered twice", len(found.twice)),
        ("anything else said", len(found.strange)),
        ("kill -9", kills),
        ("seconds", round(seconds)),
    ]
    print("\n".join(f"{name:<26}{value:>6}" for name, value in rows))
    for name, places in (("lost", found.lost), ("twice", found.twice), ("strange", found.strange)):
        for place in places[:10]:
            print(f"  {name}: {place}")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description="Asked once, answered once, under kill -9."
    )
    parser.add_argument("--activities", type=int, default=500, help="said to the bot under kill -9; 0 for none")
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--digests", type=int, default=300, metavar="KILLS", help="kill -9 for digests; 0 for none")
    parser.add_argument(
        "--on", nargs="*", default=["postgresql", "sqlite"], choices=["postgresql", "sqlite"], help="of digests"
    )
    given = parser.parse_args()

    async def bounded() -> tuple[Tally, float]:
        async with asyncio.timeout(MINUTES * 60):
            return await soak(given.activities, given.kills, given.seed)

    kept = True
    if given.activities:
        found, seconds = asyncio.run(bounded())
        show(found, seconds, given.kills)
        kept = found.kept
    digests = not given.digests or everywhere(given.digests, given.seed, given.on)
    return 0 if kept and digests else 1


if __name__ == "__main__":
    sys.exit(main())
