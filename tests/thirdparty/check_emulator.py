"""llmock, an emulator of the vendors' wires that we did not write: the same texts, tools and faults through our doors."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from providers.base import (
    DoorSettings,
    Evidence,
    Message,
    Provider,
    Request,
    Response,
    StopReason,
    Text,
    ToolResult,
    ToolSpec,
)
from providers.discover import open_models
from providers.errors import (
    AccessRefused,
    BadRequest,
    Incomplete,
    NetworkFailed,
    Overloaded,
    ProviderError,
    RateLimited,
    TimedOut,
)
from tests.thirdparty.servers import free_port, started

DOORS = {
    "claude": "claude=anthropic:claude-sonnet-5-5",
    "gpt": "gpt=openai:gpt-6.2-sol",
    "compatible": "compatible=compatible:llama",
    "foundry": "foundry=foundry:our-claude@claude-sonnet-5-5",
}
every_door = pytest.mark.parametrize("name", DOORS)
SCHEMA = {
    "type": "object",
    "properties": {"query": {"type": "string"}},
    "required": ["query"],
    "additionalProperties": False,
}
TOOLS = (ToolSpec("search_mail", "Searches mail.", SCHEMA), ToolSpec("search_files", "Searches files.", SCHEMA))
QUESTION = Request("Answer.", (Message("user", (Text("What is the budget of Falcon?"),)),), TOOLS, cache_key="k")


@dataclass
class Emulator:
    url: str

    def plan(self, *behaviours: dict[str, Any]) -> None:
        self._post("reset", {})
        self._post("scenario", {"behaviors": list(behaviours)})

    def requests(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/_llmock/requests", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["requests"]
            return found

    def environment(self) -> dict[str, str]:
        return {
            "ANTHROPIC_API_KEY": "k",
            "ANTHROPIC_BASE_URL": f"{self.url}/anthropic",
            "ANTHROPIC_FOUNDRY_API_KEY": "k",
            "ANTHROPIC_FOUNDRY_BASE_URL": f"{self.url}/anthropic",
            "OPENAI_API_KEY": "k",
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "COMPATIBLE_BASE_URL": f"{self.url}/v1",
        }

    def _post(self, what: str, body: dict[str, Any]) -> None:
        asked = urllib.request.Request(f"{self.url}/_llmock/{what}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(asked, timeout=10):
            pass


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    serve = ["serve", "--host", "127.0.0.1", "--port", str(port)]
    with started(["-c", "from llmock.cli import app; app()", *serve], url):
        yield Emulator(url)


@pytest.fixture
async def open_door(emulator: Emulator) -> AsyncIterator[Any]:
    opened: list[Provider] = []

    def opener(name: str, **options: Any) -> Provider:
        settings = DoorSettings(emulator.environment(), **{"read_timeout": 10.0, "retries": 2, **options})
        opened.extend(open_models([DOORS[name]], settings).values())
        return opened[-1]

    yield opener
    for provider in opened:
        await provider.aclose()


async def drained(provider: Provider, request: Request = QUESTION) -> tuple[list[str], Response]:
    parts = [part async for part in provider.stream(request)]
    *deltas, response = parts
    assert isinstance(response, Response)
    texts = [delta for delta in deltas if isinstance(delta, str)]
    assert "".join(texts) == response.message.text
    return texts, response


async def failing(provider: Provider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await drained(provider)
    return caught.value


@every_door
async def check_text(emulator: Emulator, open_door: Any, name: str) -> None:
    emulator.plan({"type": "reply", "text": "The budget of Falcon is 48,500 EUR, and that is all there is to say."})
    deltas, response = await drained(open_door(name))
    assert "48,500 EUR" in response.message.text
    assert len(deltas) > 1
    assert response.stop is StopReason.FINISHED
    assert response.usage.input > 0
    assert response.model


@every_door
async def check_a_tool_loop(emulator: Emulator, open_door: Any, name: str) -> None:
    calls = [{"name": name, "arguments": {"query": "falcon"}} for name in ("search_mail", "search_files")]
    emulator.plan({"type": "reply", "tool_calls": calls}, {"type": "reply", "text": "It is 48,500 EUR [S1]."})
    provider = open_door(name)
    _, first = await drained(provider)
    assert first.stop is StopReason.TOOL_CALLS
    assert [(call.name, dict(call.arguments)) for call in first.message.tool_calls] == [
        ("search_mail", {"query": "falcon"}),
        ("search_files", {"query": "falcon"}),
    ]
    found = Evidence("S1", "Falcon", "The budget of Falcon is 48,500 EUR.")
    results = Message("user", tuple(ToolResult(call.id, (found,)) for call in first.message.tool_calls))
    again = Request(QUESTION.system, (*QUESTION.messages, first.message, results), TOOLS)
    _, second = await drained(provider, again)
    assert second.message.text == "It is 48,500 EUR [S1]."
    assert second.stop is StopReason.FINISHED


@every_door
@pytest.mark.parametrize(
    ("status", "kind"), [(400, BadRequest), (401, AccessRefused), (403, AccessRefused), (404, BadRequest)]
)
async def check_refusals(emulator: Emulator, open_door: Any, name: str, status: int, kind: type[ProviderError]) -> None:
    emulator.plan({"type": "fail", "status": status, "times": None})
    assert type(await failing(open_door(name))) is kind
    assert len(emulator.requests()) == 1


@every_door
@pytest.mark.parametrize(
    ("status", "kind"), [(429, RateLimited), (500, Overloaded), (503, Overloaded), (529, Overloaded)]
)
async def check_trouble_that_stays(
    emulator: Emulator, open_door: Any, name: str, status: int, kind: type[ProviderError]
) -> None:
    emulator.plan({"type": "fail", "status": status, "times": None, "retry_after": 1})
    assert type(await failing(open_door(name, retries=1))) is kind
    assert len(emulator.requests()) == 2


@every_door
async def check_trouble_that_passes(emulator: Emulator, open_door: Any, name: str) -> None:
    emulator.plan({"type": "fail", "status": 429, "retry_after": 1}, {"type": "reply", "text": "At last it is here."})
    _, response = await drained(open_door(name))
    assert response.message.text == "At last it is here."
    assert len(emulator.requests()) == 2


@every_door
@pytest.mark.parametrize(
    ("kind", "errors"),
    [
        ("disconnect", (NetworkFailed, Incomplete)),
        ("truncate", (Incomplete,)),
        ("malformed", (Incomplete,)),
        ("stall", (TimedOut,)),
    ],
)
async def check_streams_that_break(
    emulator: Emulator, open_door: Any, name: str, kind: str, errors: tuple[type[ProviderError], ...]
) -> None:
    fault = {"type": "stream_fault", "kind": kind, "after_chunks": 3, "stall_seconds": 20.0}
    emulator.plan({"type": "reply", "text": "This will never be read to its end. " * 5}, fault)
    assert isinstance(await failing(open_door(name, read_timeout=1.0)), errors)
    assert len(emulator.requests()) == 1


@every_door
async def check_arguments_that_are_no_json(emulator: Emulator, open_door: Any, name: str) -> None:
    emulator.plan({"type": "tool_fault", "kind": "malformed_arguments"})
    _, response = await drained(open_door(name))
    assert all("_invalid_arguments" in call.arguments for call in response.message.tool_calls)
    assert response.message.tool_calls


@every_door
async def check_giving_up(emulator: Emulator, open_door: Any, name: str) -> None:
    emulator.plan(
        {"type": "reply", "text": "word " * 300},
        {"type": "stream_fault", "kind": "stall", "after_chunks": 3, "stall_seconds": 20.0},
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            await drained(open_door(name))
    emulator.plan({"type": "reply", "text": "Next."})
    assert (await drained(open_door(name)))[1].message.text == "Next."
