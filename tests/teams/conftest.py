"""Fixtures over the wires of this folder."""

from collections.abc import AsyncGenerator

import pytest

from tests.teams.wires import Bench, bench


@pytest.fixture
async def endpoint() -> AsyncGenerator[Bench]:
    async with bench() as running:
        yield running
