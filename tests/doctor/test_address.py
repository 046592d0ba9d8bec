"""PUBLIC_URL that is missing, leads nowhere, or to somebody else."""

from contextlib import closing
from socket import socket

import pytest
from aiohttp import web

from bot.doctor.finding import State
from infra.local.postgres import free_port
from tests.doctor.site import Site, served, told, trusting


async def test_somebody_else_answers(site: Site) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="Welcome to nginx!")

    async with served([web.get("/healthz", page)], site.folder / "other") as (url, authority):
        bundle = trusting(site.world, authority, site.folder / "both.pem")
        await site.finds("address", "not this bot", "HOST and PORT", public_url=url, ca_bundle=bundle)


async def test_nothing_answers_before_the_first_start(site: Site) -> None:
    url = f"https://localhost:{free_port()}"
    await site.finds("address", "python -m bot serve", state=State.WARNING, public_url=url)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_nothing_answers_though_a_bot_runs_here(site: Site, host: str) -> None:
    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    app = web.Application()
    app.add_routes([web.get("/healthz", alive)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", site.values["port"]).start()
        await site.finds(
            "address", "Nothing answers", "PUBLIC_URL", public_url=f"https://localhost:{free_port()}", host=host
        )
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("url", "words"), [(None, "PUBLIC_URL is not set"), ("https://localhost:3978", "address of this machine")]
)
async def test_people_cannot_come(site: Site, url: str | None, words: str) -> None:
    found = await site.examined("address", public_url=url, login_base_url="https://login.microsoftonline.com")
    assert found[0].state is State.WRONG
    assert words in told(found)
    assert "Set PUBLIC_URL" in told(found)


async def test_the_proxy_says_that_nothing_is_behind_it(site: Site) -> None:
    async def gone(_: web.Request) -> web.Response:
        return web.Response(status=502)

    async with served([web.get("/healthz", gone)], site.folder / "other") as (url, authority):
        bundle = trusting(site.world, authority, site.folder / "both.pem")
        with closing(socket()) as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
            found = await site.examined("address", public_url=url, ca_bundle=bundle, port=port)
    assert found[0].state is State.WRONG
    assert "status 502" in told(found)
