"""The bot's token leaves for exact service hosts and documented paths only, and never follows a redirect."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot.outbound import Outbound
from bot.teams.attachments import Attachments
from graph.errors import Forbidden, ForeignLink, GraphError, NotFound, Unavailable, Unreadable

VIEW = "/emea/v3/attachments/a1/views/original"


@dataclass
class Tokens:
    rejected: list[str] = field(default_factory=list[str])

    async def connector_token(self) -> str:
        return f"bot-{len(self.rejected)}"

    def reject(self, token: str) -> None:
        self.rejected.append(token)


@dataclass
class Service:
    origin: str
    tokens: Tokens
    attachments: Attachments
    seen: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    answers: list[web.Response] = field(default_factory=list[web.Response])


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async def serve(request: web.Request) -> web.Response:
        found.seen.append((request.path, request.headers.get("Authorization", "")))
        return found.answers.pop(0)

    app = web.Application()
    app.add_routes([web.get("/{tail:.*}", serve)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"
    outbound, tokens = Outbound(ssl.create_default_context()), Tokens()
    found = Service(f"http://{host}", tokens, Attachments(outbound, tokens, frozenset({host})))
    yield found
    await outbound.aclose()
    await runner.cleanup()


async def test_fetched_with_the_bots_token(service: Service) -> None:
    service.answers = [web.Response(status=401), web.Response(body=b"PNG")]
    assert await service.attachments.fetch(f"{service.origin}{VIEW}", 100) == b"PNG"
    assert service.seen == [(VIEW, "Bearer bot-0"), (VIEW, "Bearer bot-1")]


@pytest.mark.parametrize(
    "url",
    [
        "{origin}/v3/conversations/x/members",
        "{origin}/v3/attachments/../conversations/views/original",
        "{origin}/v3/attachments/a1/views/original?redirect=x",
        "{origin}/v3/attachments/a1/views/original#x",
        "http://127.0.0.1:1" + VIEW,
        "http://169.254.169.254" + VIEW,
        "https://evil.trafficmanager.net" + VIEW,
        "https://user@127.0.0.1" + VIEW,
        "file:///etc/passwd",
        "",
    ],
)
async def test_nothing_is_sent_elsewhere(service: Service, url: str) -> None:
    with pytest.raises(ForeignLink):
        await service.attachments.fetch(url.replace("{origin}", service.origin), 100)
    assert not service.seen


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), Unavailable),
        (web.Response(status=404), NotFound),
        (web.Response(status=403), Forbidden),
        (web.Response(status=500), Unavailable),
        (web.Response(body=b"x" * 101), Unreadable),
    ],
)
async def test_other_answers(service: Service, answer: web.Response, error: type[GraphError]) -> None:
    service.answers = [answer]
    with pytest.raises(error):
        await service.attachments.fetch(f"{service.origin}{VIEW}", 100)
    assert len(service.seen) == 1
