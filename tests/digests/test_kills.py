"""A digest stands there once, whenever its process dies and whatever Teams' answers get lost; a weakened build is found out."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from infra.local.world import World
from tests.digests.making import QUICK
from tests.postgres import PostgresServer, postgres_server
from tests.soak.digests import Soak, soaking

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import

WORST = ("ready:after", "placed:before", "placed:after", "delivered:before", "plan:after", "begin:after")
"""The points that tell a build with its checks from one without."""


def on_sqlite(world: World, folder: Path, *, seed: int) -> AbstractAsyncContextManager[Soak]:
    return soaking(world, f"sqlite:///{(folder / 'parley.db').as_posix()}", most=200, seed=seed)


async def test_six_deaths_lose_nothing_and_repeat_nothing(world: World, tmp_path: Path) -> None:
    async with on_sqlite(world, tmp_path, seed=1) as soak:
        found = await soak.run(2, len(WORST), WORST, QUICK)
    assert (found.lost, found.twice, found.unlisted) == ([], [], 0)
    assert found.kills.total() == len(WORST)


async def test_a_build_that_forgets_what_it_delivered_is_found_out(world: World, tmp_path: Path) -> None:
    async with on_sqlite(world, tmp_path, seed=2) as soak:
        found = await soak.run_weak(QUICK)
    assert found.twice
    assert not found.kept


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_forty_deaths_of_two_workers_on_postgresql(world: World, postgres_server: PostgresServer) -> None:
    async with soaking(world, postgres_server.create("digests"), most=200, seed=3) as soak:
        found = await soak.run(2, 40)
    assert (found.lost, found.twice, found.unlisted) == ([], [], 0)


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_twenty_deaths_of_one_worker_on_sqlite(world: World, tmp_path: Path) -> None:
    async with on_sqlite(world, tmp_path, seed=4) as soak:
        found = await soak.run(1, 20)
    assert (found.lost, found.twice, found.unlisted) == ([], [], 0)
    assert found.slowest < 10
