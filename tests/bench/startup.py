"""Start to ready, against a process that only imports what a bot on botbuilder imports anyway."""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from infra.local.tenant import running
from tests.bench.parley import configuration
from tests.bench.running import quiet_world

IMPORTS = "import aiohttp, botbuilder.core"


async def imports() -> float:
    """Seconds a process takes that imports and ends."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", IMPORTS)
    await process.wait()
    return time.perf_counter() - began


async def ready(settings: dict[str, str]) -> float:
    """Seconds until `python -m bot` listens: then everything is open and /readyz answers."""
    environ = {**os.environ, **settings}  # noqa: TID251 -- a program that starts another
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", env=environ, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    async for line in process.stderr:
        if b"listening on" in line:
            break
    took = time.perf_counter() - began
    process.terminate()
    await process.communicate()
    return took


async def main(rounds: int = 5) -> None:
    bare, bots = list[float](), list[float]()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with running(quiet_world()) as world:
            database = f"sqlite:///{(Path(folder) / 'parley.db').as_posix()}"
            settings = configuration(world, database, PORT="0", LOG_LEVEL="INFO")
            await imports(), await ready(settings)  # fills the disk's cache, and makes the tables
            for _ in range(rounds):
                bare.append(await imports())
                bots.append(await ready(settings))
    middle, ours = statistics.median(bare), statistics.median(bots)
    print("\nStart: whole processes, medians; the store exists already")
    print(f"import aiohttp, botbuilder.core   {middle:6.2f} s")
    print(f"python -m bot, until it listens   {ours:6.2f} s   {ours / middle:.2f} of it")


if __name__ == "__main__":
    asyncio.run(main())
