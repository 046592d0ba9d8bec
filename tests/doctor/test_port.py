"""A port that somebody else has, and one that is ours already."""

from aiohttp import web

from bot.doctor.finding import State
from tests.doctor.site import Site


async def test_somebody_else_listens_there(site: Site) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="Welcome!")

    app = web.Application()
    app.add_routes([web.get("/", page)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", site.values["port"]).start()
        await site.finds("port", f"Port {site.values['port']}", "Set PORT")
    finally:
        await runner.cleanup()


async def test_any_port(site: Site) -> None:
    assert (await site.examined("port", port=0))[0].state is State.OK
