"""Messages a second through the whole path, against a bare aiohttp handler and stock botbuilder, in one run."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.bench.load import Rate, Sink, drive, sink

KINDS = ("bare", "botbuilder", "parley")


@asynccontextmanager
async def server(kind: str, taker: Sink) -> AsyncGenerator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.servers", kind, taker.url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.stdin.close()
        await process.wait()


async def measure(users: int = 64, seconds: float = 8.0) -> dict[str, Rate]:
    rates: dict[str, Rate] = {}
    for kind in KINDS:
        async with sink() as taker, server(kind, taker) as url:
            rates[kind] = await drive(taker, url, users=users, seconds=seconds)
    return rates


async def main() -> None:
    rates = await measure()
    print("\nThroughput: messages a second, received, verified, admitted, routed, answered (64 people at once)")
    print(f"{'':12}{'msg/s':>8}{'of bare':>9}{'ack p50 ms':>12}{'ack p99 ms':>12}")
    for kind, rate in rates.items():
        share = rate.per_second / rates["bare"].per_second
        print(f"{kind:12}{rate.per_second:8.0f}{share:9.2f}{rate.acknowledged_p50:12.1f}{rate.acknowledged_p99:12.1f}")


if __name__ == "__main__":
    asyncio.run(main())
