"""The servers that throughput compares, each in a process of its own: `python -m tests.bench.servers KIND SINK_URL SETTINGS`.

`bare`: an aiohttp handler that makes the same two HTTP calls and checks nothing. `botbuilder`: an echo bot on the stock
CloudAdapter, which checks the token as we do. `sqlite`, `postgresql`: the product, with a model that answers at once.
"""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from botbuilder.core import TurnContext
from botbuilder.core.teams import TeamsActivityHandler
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botframework.connector.auth import AppCredentials

from bot.app import WARMING, create_app
from bot.digests.service import Arranged
from bot.process import new_event_loop, settle
from tests.bench.composing import compose
from tests.bench.load import APP_ID, TENANT
from tests.bench.parley import parley_app, settings, vendors


def bare(sink: str) -> web.Application:
    app = web.Application()

    async def session(app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            app["client"] = client
            yield

    async def handle(request: web.Request) -> web.Response:
        said = await request.json()
        asyncio.get_running_loop().create_task(answer(request.app["client"], said)).add_done_callback(
            lambda task: task.result()
        )
        return web.Response(status=202)

    async def answer(client: aiohttp.ClientSession, said: dict[str, dict[str, str]]) -> None:
        url = f"{sink}/connector/v3/conversations/{said['conversation']['id']}/activities"
        async with client.post(url, json={"type": "message", "text": said["text"]}) as response:
            await response.read()

    app.cleanup_ctx.append(session)
    app.router.add_post("/api/messages", handle)
    return app


class _Configuration:
    CHANNEL_SERVICE = ""
    APP_ID = APP_ID
    APP_PASSWORD = "secret"
    APP_TYPE = "SingleTenant"
    APP_TENANTID = TENANT
    TO_BOT_FROM_CHANNEL_TOKEN_ISSUER = "https://api.botframework.com"
    TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL = ""
    TO_CHANNEL_FROM_BOT_OAUTH_SCOPE = "https://api.botframework.com"


class _Echo(TeamsActivityHandler):  # type: ignore[misc]  # botbuilder carries no types
    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await turn_context.send_activity(turn_context.activity.text)


class _FixedCredentials(AppCredentials):  # type: ignore[misc]  # botbuilder carries no types
    """Fetching the bot's own token is not what is measured."""

    def get_access_token(self, force_refresh: bool = False) -> str:
        del force_refresh
        return "token"


class _FixedCredentialsFactory:
    async def is_valid_app_id(self, app_id: str) -> bool:
        return app_id == APP_ID

    async def is_authentication_disabled(self) -> bool:
        return False

    async def create_credentials(self, app_id: str, *arguments: object, **named: object) -> AppCredentials:
        del arguments, named
        return _FixedCredentials(app_id=app_id)


def stock(sink: str) -> web.Application:
    _Configuration.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL = f"{sink}/openid"
    authentication = ConfigurationBotFrameworkAuthentication(
        _Configuration(), credentials_factory=_FixedCredentialsFactory()
    )
    adapter, bot = CloudAdapter(authentication), _Echo()

    async def handle(request: web.Request) -> web.Response:
        answer: web.Response = await adapter.process(request, bot)
        return answer

    app = web.Application()
    app.router.add_post("/api/messages", handle)
    return app


async def main(kind: str, sink: str, environ: dict[str, str]) -> None:
    logging.basicConfig(level=logging.WARNING)
    match kind:
        case "bare" | "bare-uvloop":
            app = bare(sink)
        case "botbuilder":
            app = stock(sink)
        case "digests":
            app = await create_app(settings(environ), vendors(environ), digests=Arranged(compose))
        case _:
            app = await parley_app(environ)
            settle()
            app[WARMING].add_done_callback(lambda _: settle())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the caller closes it
    await runner.cleanup()


if __name__ == "__main__":
    # As `python -m bot` does it; the others as their makers' own examples do it.
    loop = new_event_loop if sys.argv[1] in {"sqlite", "postgresql", "bare-uvloop", "digests"} else None
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
