"""The tenant starts, says where it is, and stops."""

import aiohttp
import pytest

from bot.settings import Settings
from infra.local.tenant import environment
from infra.local.world import Fault, World


async def test_its_environment_is_a_valid_product_configuration(tenant: World) -> None:
    known = {name: value for name, value in environment(tenant).items() if name.lower() in Settings.model_fields}
    settings = Settings.model_validate(
        {name.lower(): value for name, value in known.items()}
        | {"encryption_keys": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}
    )
    assert settings.graph_base_url == tenant.urls.graph
    assert settings.service_url_hosts == (tenant.urls.http.removeprefix("http://"),)


async def test_requests_are_recorded_and_faults_injected(tenant: World) -> None:
    tenant.faults.append(Fault("botframework", "GET *keys", status=200, body={"keys": []}))
    async with aiohttp.ClientSession() as session:
        answers = [
            await (await session.get(f"{tenant.urls.http}/botframework/v1/.well-known/keys")).json() for _ in range(2)
        ]
    assert [len(answer["keys"]) for answer in answers] == [0, 1]
    (first, _) = await tenant.wait_for("botframework", "GET */keys", count=2)
    assert first.status == 200


async def test_another_machine_cannot_be_reached() -> None:
    with pytest.raises(RuntimeError, match="another machine"):
        async with aiohttp.ClientSession() as session:
            await session.get("http://192.0.2.1/")
