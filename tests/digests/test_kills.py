"""A digest stands there once, whenever its process dies and whatever Teams' answers get lost; a weakened build is found out."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from infra.local.world import World
from tests.digests.making import QUICK
from tests.postgres import PostgresServer, postgres_server
from tests.soak.digests import Soak, soaking

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import

DEATHS = 30
"""Of each of the two; `make soak` has ten times as many."""
BACK_TO_WORK = 10.0
"""Seconds."""


def on_sqlite(world: World, folder: Path, *, seed: int) -> AbstractAsyncContextManager[Soak]:
    return soaking(world, f"sqlite:///{(folder / 'parley.db').as_posix()}", most=200, seed=seed)


@pytest.mark.timeout(300)
async def test_thirty_deaths_of_two_workers_on_postgresql(world: World, postgres_server: PostgresServer) -> None:
    async with soaking(world, postgres_server.create("digests"), most=200, seed=3) as soak:
        found = await soak.run(2, DEATHS, pace=QUICK)
    assert (found.lost, found.twice, found.unlisted) == ([], [], 0)
    assert found.kills.total() == DEATHS
    assert found.slowest < BACK_TO_WORK


@pytest.mark.timeout(300)
async def test_thirty_deaths_of_one_worker_on_sqlite(world: World, tmp_path: Path) -> None:
    async with on_sqlite(world, tmp_path, seed=4) as soak:
        found = await soak.run(1, DEATHS, pace=QUICK)
    assert (found.lost, found.twice, found.unlisted) == ([], [], 0)
    assert found.kills.total() == DEATHS
    assert found.slowest < BACK_TO_WORK


async def test_a_build_that_forgets_what_it_delivered_is_found_out(world: World, tmp_path: Path) -> None:
    async with on_sqlite(world, tmp_path, seed=2) as soak:
        found = await soak.run_weak(QUICK)
    assert found.twice
    assert not found.kept
