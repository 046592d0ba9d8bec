"""`$batch`: 57 parts with inner 429s and shuffled answers come back complete, in order, and only the failed ones are sent again."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from graph.client import Graph, GraphClient
from graph.errors import NotFound
from graph.wire.batches import Part
from tests.graph.conftest import Time


class BatchServer:
    """Answers parts in random order; `throttled` names parts that get one 429 first, `failures` those with a lasting status."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []
        self.throttled: dict[str, str] = {}
        self.failures: dict[str, int] = {}
        self.dice = random.Random(7)

    async def answer(self, request: web.Request) -> web.Response:
        parts = (await request.json())["requests"]
        self.rounds.append([part["url"] for part in parts])
        answers = [self._part(part) for part in parts]
        self.dice.shuffle(answers)
        return web.json_response({"responses": [answer for answer in answers if answer]})

    def _part(self, part: dict[str, Any]) -> dict[str, Any]:
        url = part["url"]
        if url in self.throttled:
            return {"id": part["id"], "status": 429, "headers": {"Retry-After": self.throttled.pop(url)}, "body": {}}
        if url in self.failures:
            return {"id": part["id"], "status": self.failures[url], "body": {"error": {"code": "gone"}}}
        return {"id": part["id"], "status": 200, "body": {"asked": url}}


@pytest.fixture
def batches() -> BatchServer:
    return BatchServer()


@pytest.fixture
async def graph(batches: BatchServer, time: Time) -> AsyncIterator[Graph]:
    app = web.Application()
    app.router.add_post("/v1.0/$batch", batches.answer)
    async with TestServer(app) as server:
        client = GraphClient(str(server.make_url("/v1.0")), monotonic=time.monotonic, sleep=time.sleep)

        async def token(scopes: tuple[str, ...], claims: str | None) -> str:
            return "token"

        yield client.for_person("p", token)
        await client.aclose()


async def test_57_parts_with_7_throttled_ones(graph: Graph, batches: BatchServer, time: Time) -> None:
    parts = [Part(f"/me/messages/{number}") for number in range(57)]
    batches.throttled = {parts[number].url: str(1 + number % 3) for number in range(0, 56, 8)}
    again = set(batches.throttled)
    answers = await graph.batch(parts)
    assert [answer.json()["asked"] for answer in answers] == [part.url for part in parts]
    assert [len(urls) for urls in batches.rounds] == [20, 20, 17, 7]
    assert set(batches.rounds[3]) == again
    assert sum(time.slept) >= 3


async def test_a_lasting_failure_belongs_to_its_part(graph: Graph, batches: BatchServer) -> None:
    batches.failures = {"/b": 404}
    first, second = await graph.batch([Part("/a"), Part("/b")])
    assert first.json() == {"asked": "/a"}
    with pytest.raises(NotFound):
        second.json()


async def test_a_write_is_not_repeated_after_an_unknown_failure(graph: Graph, batches: BatchServer) -> None:
    batches.failures = {"/w": 503}
    (answer,) = await graph.batch([Part("/w", "POST", body={"x": 1})])
    assert answer.status == 503
    assert len(batches.rounds) == 1


async def test_no_parts_need_no_call(graph: Graph, batches: BatchServer) -> None:
    assert await graph.batch([]) == []
    assert batches.rounds == []
