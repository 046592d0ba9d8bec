"""What stands between the bot and the Agents Playground, because the Playground can't show suggested actions beside an answer.

Teams shows a message's markdown, its citations and its suggested actions. The Playground (0.2.28) drops the first two
where it finds the third, and in a channel it shows "Invalid message". So suggestions travel apart from the answer: in
the personal chat as a message of their own, in shared places not at all. Everything else passes unchanged.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

PATH = "/_connector"
PERSONAL = "personal-chat-id"
NEXT = "What next?"
_MAX_BODY = 4 * 1024 * 1024
_DROPPED = {"host", "content-length", "transfer-encoding", "connection"}


@asynccontextmanager
async def forwarding(port: int, target: str) -> AsyncGenerator[str]:
    """Forwards to the Playground at origin `target`; yields the service URL the bot shall be told."""
    async with aiohttp.ClientSession() as session:

        async def forward(request: web.Request) -> web.Response:
            body, after = apart(await request.read(), personal=request.path.endswith(f"/{PERSONAL}/activities"))
            url = f"{target}{request.path_qs}"
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
            async with session.request(request.method, url, data=body, headers=headers) as answer:
                given = await answer.read()
            if after and answer.status < 300:
                async with session.post(url, json=after):
                    pass
            return web.Response(body=given, status=answer.status, content_type=answer.content_type)

        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_route("*", f"{PATH}/{{rest:.*}}", forward)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.25, handle_signals=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield f"http://127.0.0.1:{port}{PATH}"
        finally:
            await runner.cleanup()


def apart(body: bytes, *, personal: bool) -> tuple[bytes, dict[str, Any]]:
    """An activity without its suggestions, and the message that shows them, empty where there is none."""
    try:
        activity = json.loads(body)
    except ValueError:
        return body, {}
    if not isinstance(activity, dict) or "suggestedActions" not in activity:
        return body, {}
    suggested = activity.pop("suggestedActions")
    after = {
        "type": "message",
        "text": NEXT,
        "textFormat": "plain",
        "from": activity.get("from"),
        "conversation": activity.get("conversation"),
        "suggestedActions": suggested,
    }
    return json.dumps(activity).encode(), after if personal else {}
