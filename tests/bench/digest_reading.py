"""What one digest takes of Graph and of a model, made by the real composer from a company's mail, chats and files."""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.digests.compose import compose
from bot.digests.work import Composed
from infra.local.company.golden import MORNING, WHOM, plant
from infra.local.entra_state import entra_state
from tests.conftest import fresh_world
from tests.digests.composing import at, work_for
from tests.e2e.parley import Parley, parley_running

KIND = "morning"


@dataclass(frozen=True, slots=True)
class Taken:
    """Of one digest."""

    requests: int
    """HTTP requests to Graph; a JSON batch is one."""
    parts: int
    """What Graph's limits count: each request of a batch for itself."""
    calls: int
    """Of a model."""
    fresh: int
    """Tokens in that no cache had."""
    cached: int
    out: int
    items: int
    seconds: float


async def measure() -> tuple[list[Taken], list[Taken]]:
    """(everybody's first digest, the one of the next day)"""
    world = fresh_world()
    plant(world.company)
    consents = entra_state(world).consents
    people = [person.given_name for person in world.company.people if person.id not in consents]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with parley_running(world, Path(folder), door="claude") as parley:
            await parley.sign_in(WHOM)
            first, second = list[Taken](), list[Taken]()
            for name in [WHOM, *(one for one in people if one != WHOM)]:
                await parley.sign_in(name)
                taken, found = await _made(parley, name, 0, {})
                first.append(taken)
                second.append((await _made(parley, name, 1, found.cursors))[0])
            return first, second


async def _made(parley: Parley, name: str, days: int, cursors: Any) -> tuple[Taken, Composed]:
    record = parley.world.record
    before, now = len(record), MORNING + timedelta(days=days)
    work = work_for(parley, name, KIND, now, cursors=cursors)
    work = replace(
        work, since=(now - timedelta(days=1)).timestamp() if days else None, services=at(parley.services, now)
    )
    began = time.perf_counter()
    found = await compose(work)
    seconds = time.perf_counter() - began
    graph = [one for one in record[before:] if one.wire == "graph"]
    models = [one for one in record[before:] if one.wire == "claude"]
    parts = sum(len(one.body["requests"]) if one.path.endswith("/$batch") else 1 for one in graph)
    usage = found.record.usage
    fresh, cached = usage.input + usage.cache_write, usage.cache_read
    return Taken(len(graph), parts, len(models), fresh, cached, usage.output, found.record.items, seconds), found


def report(name: str, taken: Sequence[Taken]) -> str:
    def row(label: str, values: Sequence[float]) -> str:
        return f"    {label:<34}{statistics.median(values):>8.1f}{max(values):>8.1f}"

    told = [one for one in taken if one.items]
    return "\n".join(
        (
            f"  {name}: {len(taken)} people, {len(told)} had news{'':<14}median     max",
            row("requests to Graph", [one.requests for one in taken]),
            row("of these, as Graph counts them", [one.parts for one in taken]),
            row("calls of a model", [one.calls for one in taken]),
            row("tokens in, fresh", [one.fresh for one in taken]),
            row("tokens in, from a cache", [one.cached for one in taken]),
            row("tokens out", [one.out for one in taken]),
            row("lines", [one.items for one in taken]),
            row("seconds, the tenant's own included", [one.seconds for one in taken]),
        )
    )


async def main() -> None:
    first, second = await measure()
    print("\nA morning brief by the real composer")
    print(report("the first one", first))
    print(report("on the next day", second))
