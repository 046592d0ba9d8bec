"""What stands between the bot and the Agents Playground (0.2.28), because it says less than Teams does, in two places.

Teams shows a message's Markdown, its citations and its suggested actions. The Playground drops the first two where it
finds the third, and in a channel it shows "Invalid message": so suggestions travel apart from the answer, in the
personal chat as a message of their own, in shared places not at all. And its thumbs don't say which message they are
about, and give the reason bare: so the last answer with thumbs in that conversation is named in `replyToId`, and the
reason wrapped, as Teams does it. All else passes unchanged.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import aiohttp
from aiohttp import web

PERSONAL = "personal-chat-id"
CONNECTOR, MESSAGES = "/_connector", "/api/messages"
NEXT = "What next?"
_MAX_BODY = 4 * 1024 * 1024
_DROPPED = {"host", "content-length", "transfer-encoding", "connection"}


@dataclass(slots=True)
class Between:
    """Forwards both ways, with what it knows of the answers that went through."""

    session: aiohttp.ClientSession
    playground: str
    """Origin, as is `bot`."""
    bot: str
    answers: dict[str, str] = field(default_factory=dict[str, str])
    """The last answer with thumbs, by conversation."""

    async def to_playground(self, request: web.Request) -> web.Response:
        activity = _parsed(await request.read())
        place = unquote(request.match_info["conversation"])
        suggested = activity.pop("suggestedActions", None)
        answer = await self._forward(request, self.playground, activity)
        if answer.status < 300 and "feedbackLoop" in (activity.get("channelData") or {}):
            self.answers[place] = _id(activity, answer) or request.match_info.get("activity", "")
        if answer.status < 300 and suggested and place == PERSONAL:
            apart = {
                "type": "message", "text": NEXT, "textFormat": "plain", "from": activity.get("from"),
                "conversation": activity.get("conversation"), "suggestedActions": suggested,
            }  # fmt: skip
            url = f"{self.playground}{CONNECTOR}/v3/conversations/{PERSONAL}/activities"
            async with self.session.post(url, json=apart):
                pass
        return answer

    async def to_bot(self, request: web.Request) -> web.Response:
        activity = _parsed(await request.read())
        if activity.get("name") == "message/submitAction" and not activity.get("replyToId"):
            activity["replyToId"] = self.answers.get(str(activity["conversation"]["id"]), "")
            rated = activity["value"]["actionValue"]
            rated["feedback"] = json.dumps({"feedbackText": rated.get("feedback") or ""})
        return await self._forward(request, self.bot, activity)

    async def unchanged(self, request: web.Request) -> web.Response:
        return await self._forward(request, self.playground, _parsed(await request.read()))

    async def _forward(self, request: web.Request, origin: str, activity: Mapping[str, Any]) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        body = json.dumps(activity).encode() if activity else await request.read()
        url = f"{origin}{request.raw_path}"
        async with self.session.request(request.method, url, data=body, headers=headers) as answer:
            given = await answer.read()
        return web.Response(body=given, status=answer.status, content_type=answer.content_type)


@asynccontextmanager
async def between(port: int, *, playground: str, bot: str) -> AsyncGenerator[str]:
    """Runs at loopback on `port`; yields its origin.

    The Playground finds the bot at its `MESSAGES`, the bot the Playground at `CONNECTOR`.
    """
    async with aiohttp.ClientSession(auto_decompress=True) as session:
        here = Between(session, playground, bot)
        activities = CONNECTOR + "/v3/conversations/{conversation}/activities"
        app = web.Application(client_max_size=_MAX_BODY)
        app.add_routes(
            [
                web.post(MESSAGES, here.to_bot),
                web.post(activities, here.to_playground),
                web.post(activities + "/{activity}", here.to_playground),
                web.put(activities + "/{activity}", here.to_playground),
                web.route("*", CONNECTOR + "/{rest:.*}", here.unchanged),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.25, handle_signals=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield f"http://127.0.0.1:{port}"
        finally:
            await runner.cleanup()


def _id(activity: Mapping[str, Any], answer: web.Response) -> str:
    """A stream keeps the id of its first step, which its last one names."""
    streamed = [str(entity["streamId"]) for entity in activity.get("entities") or () if entity.get("streamId")]
    given = _parsed(answer.body if isinstance(answer.body, bytes) else b"")
    return next(iter(streamed), "") or str(given.get("id") or "")


def _parsed(body: bytes) -> dict[str, Any]:
    """Empty for what is no activity."""
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
