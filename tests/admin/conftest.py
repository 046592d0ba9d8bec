"""One admin page a test, beside a running local tenant."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.local.world import World
from tests.admin.visiting import House, house


@pytest.fixture
async def admins(tenant: World, tmp_path: Path) -> AsyncIterator[House]:
    tenant.state["rates_off"] = True
    async with house(tenant, tmp_path) as built:
        yield built
