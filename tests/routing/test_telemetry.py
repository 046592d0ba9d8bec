"""Spans and figures by the GenAI conventions, under the names the conventions' own package has; and never a word of content."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as names
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.trace import SpanKind, StatusCode

from bot.context import Incoming, Place, Reference
from bot.routing.caller import Caller, through
from bot.routing.telemetry import VENDORS, Telemetry, failed, hashed
from graph.wire.tracing import template, traced
from providers.discover import discover
from providers.errors import RateLimited
from tests.routing.test_metered import IDA, REQUEST, USED, Vendor, end

CONVERSATION = "19:canary@thread.tacv2;messageid=1"
SAID = Incoming("canary-id", "canary-question", Reference(CONVERSATION, Place.CHANNEL, "t", "", "", IDA))
KNOWN = {value for name, value in vars(names).items() if name.startswith("GEN_AI_")}


@dataclass
class Watching:
    spans: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.telemetry = Telemetry(self.tracers, self.meters)

    def model(self, vendor: Vendor) -> Any:
        caller = Caller(IDA, Place.CHANNEL, CONVERSATION, "canary-q", "answer", "claude")
        return through((self.telemetry,), vendor, caller)

    @property
    def ended(self) -> tuple[ReadableSpan, ...]:
        return self.spans.get_finished_spans()

    def figures(self) -> dict[str, list[Any]]:
        """Data points by metric."""
        data = self.reader.get_metrics_data()
        assert data is not None
        metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics]
        return {metric.name: list(metric.data.data_points) for metric in metrics}

    def told(self) -> str:
        return str([span.to_json() for span in self.ended]) + str(self.figures())


@pytest.fixture
def watching() -> Iterator[Watching]:
    watching = Watching()
    yield watching
    watching.tracers.shutdown()
    watching.meters.shutdown()


async def test_a_call_is_a_span_below_its_turn(watching: Watching) -> None:
    with watching.telemetry.turn(SAID):
        async for _ in watching.model(Vendor(["canary-answer", end()])).stream(REQUEST):
            pass
    call, turn = watching.ended
    assert (call.name, call.kind, turn.name) == ("chat claude-sonnet-5-5", SpanKind.CLIENT, "invoke_agent Parley")
    assert call.parent is not None
    assert call.parent.span_id == turn.context.span_id
    attributes = dict(call.attributes or {})
    assert attributes.pop("gen_ai.response.time_to_first_chunk") >= 0  # type: ignore[operator]
    assert attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-sonnet-5-5",
        "gen_ai.request.max_tokens": 1000,
        "gen_ai.request.stream": True,
        "gen_ai.conversation.id": hashed(CONVERSATION),
        "gen_ai.response.model": "claude-sonnet-5-5-20261015",
        "gen_ai.response.finish_reasons": ("finished",),
        "gen_ai.usage.input_tokens": USED.input,
        "gen_ai.usage.cache_read.input_tokens": USED.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": USED.cache_write,
        "gen_ai.usage.output_tokens": USED.output,
        "gen_ai.usage.reasoning.output_tokens": USED.reasoning,
        "parley.purpose": "answer",
        "parley.door": "anthropic",
    }
    figures = watching.figures()
    tokens = {point.attributes["gen_ai.token.type"]: point.sum for point in figures["gen_ai.client.token.usage"]}
    assert tokens == {"input": USED.input, "output": USED.output}
    assert figures["gen_ai.client.operation.duration"][0].attributes["gen_ai.response.model"] == end().model
    assert figures["parley.turn.duration"][0].attributes == {"parley.place": "channel"}
    written = {
        *(attributes),
        *(turn.attributes or {}),
        *(n for p in figures.values() for one in p for n in one.attributes),
    }
    assert {name for name in written if name.startswith("gen_ai.")} <= KNOWN
    known = {value for name, value in vars(gen_ai_metrics).items() if name.startswith("GEN_AI_")}
    assert {name for name in figures if name.startswith("gen_ai.")} <= known
    assert "canary" not in watching.told()


def test_every_door_has_the_conventions_name() -> None:
    values = {value.value for value in names.GenAiProviderNameValues}
    assert set(VENDORS.values()) <= values
    assert set(discover()) - set(VENDORS) == {"compatible", "offline"}


async def test_failures_are_named_by_their_kind_alone(watching: Watching) -> None:
    with pytest.raises(RateLimited):
        async for _ in watching.model(Vendor([RateLimited("canary", seconds=1)])).stream(REQUEST):
            pass
    with pytest.raises(ValueError, match="canary"), watching.telemetry.turn(SAID):
        raise ValueError("canary")
    with watching.telemetry.turn(SAID):
        failed(KeyError("canary"))
    call, raised, told = watching.ended
    assert [span.status.status_code for span in watching.ended] == [StatusCode.ERROR] * 3
    kinds = [(span.attributes or {})["error.type"] for span in (call, raised, told)]
    assert kinds == ["RateLimited", "ValueError", "KeyError"]
    assert not any(span.events for span in watching.ended)
    assert watching.figures()["gen_ai.client.operation.duration"][0].attributes["error.type"] == "RateLimited"
    assert "canary" not in watching.told()


async def test_a_stopped_call_ends_its_span(watching: Watching) -> None:
    pieces = watching.model(Vendor(["one ", "two", end()])).stream(REQUEST)
    assert await anext(pieces) == "one "
    assert isinstance(pieces, AsyncGenerator)
    await pieces.aclose()
    held = Vendor([end()], held=asyncio.Event())

    async def ask() -> None:
        async for _ in watching.model(held).stream(REQUEST):
            pass

    task = asyncio.create_task(ask())
    while not held.asked:  # noqa: ASYNC110 -- a list has no event
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    first, second = watching.ended
    assert (first.attributes or {})["parley.stopped"] is True
    assert first.status.status_code is second.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1.0/me/messages/AAMkcanary=/attachments", "/me/messages/{id}/attachments"),
        ("/v1.0/search/query", "/search/query"),
        ("/v1.0/drives/b!x/root:/canary/secret%20plan.docx", "/drives/{id}/{id}/{id}/{id}"),
        ("/v1.0/$batch", "/$batch"),
        ("/v1.0/users/canary@contoso.com", "/users/{id}"),
        ("/", "/"),
    ],
)
def test_an_address_tells_what_kind_of_thing_was_asked_for(path: str, shown: str) -> None:
    assert template(path) == shown


def test_a_request_to_graph_is_a_span(watching: Watching) -> None:
    tracer = watching.tracers.get_tracer("test")
    with watching.telemetry.turn(SAID):
        with traced("GET", "https://graph.microsoft.com/v1.0/me/messages?$search=canary", tracer) as answered:
            answered(200)
        with traced("GET", "https://graph.microsoft.com/v1.0/me", tracer) as answered:
            answered(429)
        with pytest.raises(OSError, match="canary"), traced("POST", "https://graph.microsoft.com/v1.0/me", tracer):
            raise OSError("canary")
    good, throttled, broken, turn = watching.ended
    assert (good.name, dict(good.attributes or {})) == (
        "GET /me/messages",
        {
            "http.request.method": "GET", "server.address": "graph.microsoft.com", "url.template": "/me/messages",
            "http.response.status_code": 200,
        },
    )  # fmt: skip
    assert [(span.attributes or {})["error.type"] for span in (throttled, broken)] == ["429", "OSError"]
    assert all(span.parent and span.parent.span_id == turn.context.span_id for span in (good, throttled, broken))
    assert "canary" not in watching.told()


def test_while_nobody_listens_nothing_stands_around_a_model() -> None:
    """In a process of its own: what listens is the process's, and is never taken back."""
    code = """
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from bot.routing.telemetry import Telemetry
telemetry, model = Telemetry(), type("Model", (), {"door": "d", "model": "m", "images": False})()
assert telemetry(model, None) is model
if {tracers}:
    trace.set_tracer_provider(TracerProvider(shutdown_on_exit=False))
else:
    metrics.set_meter_provider(MeterProvider(shutdown_on_exit=False))
assert telemetry(model, None) is not model
"""
    for tracers in ("True", "False"):
        subprocess.run([sys.executable, "-c", code.replace("{tracers}", tracers)], check=True)
