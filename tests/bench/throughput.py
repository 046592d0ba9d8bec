"""Messages a second through the whole path, against a bare aiohttp handler and stock botbuilder, in one run."""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from infra.local.tenant import running
from tests.bench.load import Rate, drive, sink
from tests.bench.parley import configuration
from tests.bench.running import quiet_world, spawned
from tests.postgres import running_postgres

BARE = "bare aiohttp"
KINDS = {
    BARE: "bare",
    "the same on uvloop": "bare-uvloop",
    "stock botbuilder": "botbuilder",
    "parley, SQLite": "sqlite",
    "parley, PostgreSQL": "postgresql",
}
USERS = 2000
"""Conversations: enough that Teams' limit for one of them (60 messages in 30 seconds) is never what is measured."""
AT_ONCE = 64


async def measure(
    kinds: Sequence[str] = tuple(KINDS.values()),
    *,
    rounds: int = 3,
    seconds: float = 6.0,
    users: int = USERS,
    at_once: int = AT_ONCE,
) -> dict[str, list[Rate]]:
    """Every kind once a round, so that a machine that is busy for a while disturbs all of them."""
    rates: dict[str, list[Rate]] = {kind: [] for kind in kinds}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        postgres = stack.enter_context(running_postgres(durable=True)) if "postgresql" in kinds else None
        async with running(quiet_world()) as world:
            for number in range(rounds):
                for kind in kinds:
                    async with sink(world.company.tenant_id) as taker:
                        database = f"sqlite:///{(folder / f'{number}.db').as_posix()}"
                        if kind == "postgresql" and postgres is not None:
                            database = postgres.create(f"round{number}")
                        environ = configuration(
                            world, database,
                            SERVICE_URL_HOSTS=urlsplit(taker.url).netloc, BOT_OPENID_METADATA_URL=f"{taker.url}/openid",
                        )  # fmt: skip
                        async with spawned(kind, taker.url, environ) as (url, process):
                            rates[kind].append(
                                await drive(taker, url, process, users=users, at_once=at_once, seconds=seconds)
                            )
    return rates


def report(rates: dict[str, list[Rate]]) -> str:
    def middle(kind: str, figure: str) -> float:
        return statistics.median(float(getattr(rate, figure)) for rate in rates[kind])

    lines = [
        f"{'':20}{'messages/s':>12}{'of bare':>9}{'CPU ms/message':>16}{'of bare':>9}{'2xx p50 ms':>12}{'p99 ms':>9}"
    ]
    for name, kind in KINDS.items():
        if kind not in rates:
            continue
        speed, cpu = middle(kind, "per_second"), middle(kind, "cpu")
        share = speed / middle("bare", "per_second") if "bare" in rates else 0.0
        times = cpu / middle("bare", "cpu") if "bare" in rates else 0.0
        acknowledged = middle(kind, "acknowledged_p50"), middle(kind, "acknowledged_p99")
        lines.append(
            f"{name:20}{speed:12.0f}{share:9.2f}{cpu:16.2f}{times:9.1f}{acknowledged[0]:12.0f}{acknowledged[1]:9.0f}"
        )
    return "\n".join(lines)


async def main() -> None:
    rates = await measure()
    print("\nThroughput: received, verified, admitted, routed, answered by a model that answers at once; medians")
    print(report(rates))


if __name__ == "__main__":
    asyncio.run(main())
