"""Each test has an installation of its own, in order."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.local.world import World
from tests.doctor.site import Site, site_running
from tests.postgres import postgres_server

__all__ = ["postgres_server"]  # a fixture: pytest finds it by this import


@pytest.fixture
async def site(tenant: World, tmp_path: Path) -> AsyncIterator[Site]:
    async with site_running(tenant, tmp_path) as site:
        yield site
