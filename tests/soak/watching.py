"""A process watched from outside for a long time: whether it grows."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from infra.local.postgres import PostgresServer

EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    at: float
    """Seconds since the watching began."""
    rss: float
    """MB."""
    files: int
    threads: int
    connections: int
    """Of all replicas, to the database."""


@dataclass(frozen=True, slots=True)
class Watched:
    first: float
    """MB, on the fitted line at the end of the warm-up."""
    last: float
    """MB, on the fitted line at the end."""
    files: tuple[int, int]
    threads: tuple[int, int]
    connections: int
    """The most there were."""

    @property
    def growth(self) -> float:
        """From the end of the warm-up to the end, as a share."""
        return self.last / self.first - 1


class Watcher:
    def __init__(self, pid: int, postgres: PostgresServer, database: str) -> None:
        self._process = psutil.Process(pid)
        self._postgres = postgres
        self._database = database
        self._began = time.monotonic()
        self.samples: list[Sample] = []

    async def watch(self) -> None:
        """Until it is cancelled."""
        count = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self._database}' AND backend_type = 'client backend'"
        while True:
            connections = int(await asyncio.to_thread(self._postgres.sql, count))
            files = len(self._process.net_connections("all")) + len(self._process.open_files())
            rss = self._process.memory_info().rss / 2**20
            at = time.monotonic() - self._began
            self.samples.append(Sample(at, rss, files, self._process.num_threads(), connections))
            await asyncio.sleep(EVERY_SECONDS)

    def watched(self, warm_up: float) -> Watched:
        """`warm_up`: seconds that do not count."""
        later = [sample for sample in self.samples if sample.at >= warm_up]
        first, last = fitted([sample.at for sample in later], [sample.rss for sample in later])
        return Watched(
            first, last,
            (later[0].files, later[-1].files), (later[0].threads, later[-1].threads),
            max(sample.connections for sample in self.samples),
        )  # fmt: skip


def fitted(times: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """The ends of the straight line with the least squares. Raises ValueError for fewer than two."""
    if len(times) < 2:
        raise ValueError("A line needs two points.")
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - middle) ** 2 for time in times)
    slope = sum((time - middle) * (value - mean) for time, value in zip(times, values, strict=True)) / spread
    return mean + slope * (times[0] - middle), mean + slope * (times[-1] - middle)
