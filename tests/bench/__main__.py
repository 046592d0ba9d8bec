"""`python -m tests.bench [PART ...]`: every figure of docs/performance.md in one run, or only the parts that are named."""

import argparse
import asyncio
import platform

import psutil

from tests.bench import (
    caching,
    crowd,
    delay,
    digests,
    documents,
    failover,
    grounding,
    memory,
    scaling,
    stalls,
    startup,
    streaming,
    throughput,
)


async def run(parts: list[str]) -> None:
    works = {
        "throughput": throughput.main,
        "delay": delay.main,
        "startup": startup.main,
        "memory": memory.main,
        "streaming": streaming.main,
        "scaling": scaling.main,
        "stalls": stalls.main,
        "crowd": crowd.main,
        "grounding": grounding.main,
        "caching": caching.main,
        "failover": failover.main,
        "digests": digests.main,
    }
    for name, work in works.items():
        if name in parts:
            await work()


def main() -> None:
    names = [
        "throughput",
        "delay",
        "startup",
        "memory",
        "streaming",
        "scaling",
        "stalls",
        "crowd",
        "grounding",
        "caching",
        "failover",
        "digests",
        "documents",
    ]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures Parley on this machine.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: {', '.join(names)}; all when none is named")
    parts = parser.parse_args().parts or names
    if unknown := set(parts) - set(names):
        parser.error(f"there is no part named {', '.join(sorted(unknown))}")
    memory_size = psutil.virtual_memory().total / 2**30
    print(f"{platform.platform()}, Python {platform.python_version()}, {psutil.cpu_count()} CPUs, {memory_size:.0f} GB")
    print(f"Load of the machine before: {psutil.getloadavg()[0]:.1f}")
    asyncio.run(run(parts))
    if "documents" in parts:
        print("\nDocuments: files read or refused with a reason, and the words of the expected texts that were found")
        folder = documents.SHARED if documents.SHARED.is_dir() else documents.COPIED
        print(documents.report(*asyncio.run(documents.measure(folder.resolve()))))


if __name__ == "__main__":
    main()
