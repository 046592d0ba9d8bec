"""Start to ready, against a process that only imports what a bot on botbuilder imports anyway."""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.tenant import running
from tests.bench.parley import configuration
from tests.bench.running import quiet_world

IMPORTS = "import aiohttp, botbuilder.core"
VENDORS = {
    "no vendor": "offline=offline:extract",
    "Claude": "claude=anthropic:claude-sonnet-5-5",
    "GPT": "gpt=openai:gpt-6.2-sol",
    "both": "claude=anthropic:claude-sonnet-5-5,gpt=openai:gpt-6.2-sol",
}
"""Each configuration imports the SDKs it needs, and no other."""


async def imports() -> float:
    """Seconds a process takes that imports and ends."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", IMPORTS)
    await process.wait()
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Start:
    seconds: float
    memory: float
    """MB resident when it listens."""


async def ready(settings: dict[str, str]) -> Start:
    """Until `python -m bot` listens: then everything is open and /readyz answers."""
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
    memory = psutil.Process(process.pid).memory_info().rss / 2**20
    process.terminate()
    await process.communicate()
    return Start(took, memory)


async def main(rounds: int = 5) -> None:
    bare = list[float]()
    starts: dict[str, list[Start]] = {name: [] for name in VENDORS}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with running(quiet_world()) as world:
            database = f"sqlite:///{(Path(folder) / 'parley.db').as_posix()}"
            given = {
                name: configuration(world, database, PORT="0", LOG_LEVEL="INFO", MODELS=models)
                for name, models in VENDORS.items()
            }
            keys = next(iter(given.values()))["ENCRYPTION_KEYS"]
            (
                await imports(),
                await ready(given["no vendor"] | {"ENCRYPTION_KEYS": keys}),
            )  # fills the disk's cache, makes the tables
            for _ in range(rounds):
                bare.append(await imports())
                for name, settings in given.items():
                    starts[name].append(await ready({**settings, "ENCRYPTION_KEYS": keys}))
    middle = statistics.median(bare)
    print("\nStart: whole processes, medians; the store exists already; memory is what is resident when it listens")
    print(f"import aiohttp, botbuilder.core              {middle:6.2f} s")
    for name, made in starts.items():
        seconds, memory = (
            statistics.median(values) for values in zip(*((s.seconds, s.memory) for s in made), strict=True)
        )
        title = f"python -m bot, until it listens, {name}"
        print(f"{title:43}  {seconds:6.2f} s   {seconds / middle:.2f} of it   {memory:4.0f} MB")


if __name__ == "__main__":
    asyncio.run(main())
