"""A real, small language model (SmolLM2-135M on llama.cpp) answers a question from evidence, through both vendors' SDKs and wires."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from providers.base import DoorSettings, Evidence, Message, Provider, Request, Response, StopReason, Text
from providers.discover import open_models
from providers.errors import ProviderError
from tests.thirdparty.servers import started

DOORS = {
    "anthropic": "small=anthropic:smollm2@plain",
    "openai": "small=openai:smollm2@plain",
    "compatible": "small=compatible:smollm2",
}
every_door = pytest.mark.parametrize("name", DOORS)
LEAVE = Evidence(
    "S1", "Leave policy", "All employees get 25 days of annual leave. Requests go to the line manager.", detail="HR"
)
LAPTOPS = Evidence("S2", "Laptops", "Laptops are replaced every four years. The service desk is in room 114.")
QUESTION = "How many days of annual leave do employees get?"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("model") / "address"
    script = Path(__file__).with_name("model_server.py")
    with started([str(script), str(place)], place) as address:
        yield address


@pytest.fixture
async def small(url: str, request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    environment = {
        "ANTHROPIC_API_KEY": "k",
        "ANTHROPIC_BASE_URL": url,
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": f"{url}/v1",
        "COMPATIBLE_BASE_URL": f"{url}/v1",
    }
    provider = open_models([DOORS[request.param]], DoorSettings(environment, read_timeout=60.0))["small"]
    yield provider
    await provider.aclose()


def asked(*evidence: Evidence, tokens: int = 60) -> Request:
    said = Message("user", (*evidence, Text(f"Question: {QUESTION}")))
    return Request("You answer questions from the evidence you are given.", (said,), max_output_tokens=tokens)


async def drained(provider: Provider, request: Request) -> tuple[list[str], Response, float]:
    deltas: list[str] = []
    began, first = time.monotonic(), 0.0
    async for part in provider.stream(request):
        if isinstance(part, Response):
            assert "".join(deltas) == part.message.text
            return deltas, part, first
        first = first or time.monotonic() - began
        deltas.append(part)
    raise AssertionError("There was no response.")


@pytest.mark.parametrize("small", DOORS, indirect=True)
async def check_a_grounded_question(small: Provider) -> None:
    # In the one text of Chat Completions, a model this small mixes two documents up.
    evidence = (LEAVE,) if small.door == "compatible" else (LEAVE, LAPTOPS)
    deltas, response, first = await drained(small, asked(*evidence))
    print(f"\n    {small.door}: {response.message.text!r} ({first:.1f} s to the first word, {response.usage})")
    assert "25" in response.message.text
    assert len(deltas) > 3
    assert response.stop in {StopReason.FINISHED, StopReason.LENGTH}
    assert response.usage.input > 50
    assert response.usage.output > 3


@pytest.mark.parametrize("small", DOORS, indirect=True)
async def check_the_answer_rests_on_the_evidence(small: Provider) -> None:
    other = Evidence("S1", "Leave policy", LEAVE.text.replace("25", "31"))
    _, response, _ = await drained(small, asked(other))
    assert "31" in response.message.text


@pytest.mark.parametrize("small", DOORS, indirect=True)
async def check_an_answer_that_is_cut(small: Provider) -> None:
    _, response, _ = await drained(small, asked(LEAVE, tokens=16))
    assert response.stop in {StopReason.LENGTH, StopReason.FINISHED}


@pytest.mark.parametrize("small", DOORS, indirect=True)
async def check_a_prompt_that_does_not_fit(small: Provider) -> None:
    with pytest.raises(ProviderError) as caught:
        await drained(small, asked(Evidence("S1", "Long", "word " * 12_000)))
    print(f"\n    {small.door}: {type(caught.value).__name__}: {caught.value}")


@pytest.mark.parametrize("small", DOORS, indirect=True)
async def check_giving_up_frees_the_model(small: Provider) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await drained(
                small,
                Request("", (Message("user", (Text("Count from 1 to 2000, in words."),)),), max_output_tokens=4000),
            )
    _, response, _ = await drained(small, asked(LEAVE))
    assert response.message.text
