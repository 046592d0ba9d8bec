"""One tenant and one bot for a whole file of tests where that is safe; people who need it are signed in."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.services import Services
from tests.conftest import fresh_world
from tests.e2e.parley import Parley, parley_running


@pytest.fixture(scope="module")
def door() -> str:
    """Which model answers; a file that wants another one overrides this."""
    return "offline"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(door: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    folder: Path = tmp_path_factory.mktemp("store")
    async with parley_running(fresh_world(), folder, door=door, refine=patient) as running:
        yield running


def patient(services: Services) -> Services:
    """A busy machine must not change what is found."""
    return replace(services, search_seconds=90.0)


@pytest.fixture(autouse=True)
def no_leftovers(request: pytest.FixtureRequest) -> None:
    """Scripts and faults belong to one test, and so does what they taught of a vendor."""
    if "parley" in request.fixturenames:
        parley = request.getfixturevalue("parley")
        parley.services.circuits._circuits.clear()
        world = parley.world
        world.state["script"] = []
        world.state["obedient"] = False
        world.faults.clear()
