"""OpenTelemetry: a span for each turn and each model call, and their figures, by the GenAI conventions. Content never.

Names are those of the conventions as `opentelemetry-semantic-conventions` 0.66b2 has them (a test compares). Without an SDK
in the process all of this does nothing; `bot.exporting` starts one.
"""

import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from bot.context import Incoming, Place
from bot.routing.caller import Caller
from providers.base import Provider, Request, Response
from providers.errors import ProviderError

SCOPE = "parley"
VENDORS: Mapping[str, str] = {
    "anthropic": "anthropic",
    "bedrock": "aws.bedrock",
    "vertex": "gcp.vertex_ai",
    "foundry": "azure.ai.inference",
    "openai": "openai",
    "azure": "azure.ai.openai",
}
"""`gen_ai.provider.name` by door; of other doors it is the door's own name."""
_TOKENS = tuple(float(4**power) for power in range(14))
_SECONDS = tuple(0.01 * 2**power for power in range(14))
_STAND_INS = ("opentelemetry.trace", "opentelemetry.metrics")
Value = str | int | float | bool | tuple[str, ...]


class Telemetry:
    """One for the process. Without providers, OpenTelemetry's own of the process, whenever they are set."""

    def __init__(
        self,
        tracers: TracerProvider | None = None,
        meters: MeterProvider | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._own = tracers is not None or meters is not None
        self._tracer = trace.get_tracer(SCOPE, tracer_provider=tracers)
        meter = metrics.get_meter(SCOPE, meter_provider=meters)
        self._monotonic = monotonic
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._seconds = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._first = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time to receive the first chunk of a streamed answer.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._turns = meter.create_histogram(
            "parley.turn.duration", "s", "Time from taking up a message to the end of its answer.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )  # fmt: skip

    def __call__(self, inner: Provider, caller: Caller) -> Provider:
        """A `bot.routing.caller.Step`: none at all while nobody listens, since each costs something for every word."""
        return inner if not self._own and _nobody_listens() else _Traced(inner, caller, self)

    @contextmanager
    def turn(self, said: Incoming) -> Iterator[Span]:
        """All that is done for one message is below its span."""
        place = Place.PERSONAL if said.targeted else said.reference.place
        attributes: dict[str, Value] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "Parley",
            "gen_ai.conversation.id": hashed(said.kept_under),
            "parley.place": place.value,
        }
        started = self._monotonic()
        with self._tracer.start_as_current_span(
            "invoke_agent Parley", kind=SpanKind.INTERNAL, attributes=attributes,
            record_exception=False, set_status_on_exception=False,  # texts of exceptions may quote what people wrote
        ) as span:  # fmt: skip
            failure = ""
            try:
                yield span
            except BaseException as error:
                failure = type(error).__name__
                _fail(span, failure)
                raise
            finally:
                told = {"parley.place": place.value, **({"error.type": failure} if failure else {})}
                self._turns.record(self._monotonic() - started, told)

    @contextmanager
    def call(self, model: Provider, caller: Caller, request: Request) -> "Iterator[_Call]":
        """The span of one model call; not current, since its pieces are consumed elsewhere."""
        vendor = VENDORS.get(model.door, model.door)
        common: dict[str, Value] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": vendor,
            "gen_ai.request.model": model.model,
        }
        attributes: dict[str, Value] = {
            **common,
            "gen_ai.request.max_tokens": request.max_output_tokens,
            "gen_ai.request.stream": True,
            "gen_ai.conversation.id": hashed(caller.conversation),
            "parley.purpose": caller.purpose,
            "parley.door": model.door,
        }
        span = self._tracer.start_span(f"chat {model.model}", kind=SpanKind.CLIENT, attributes=attributes)
        call = _Call(span, common, self._monotonic(), self._monotonic)
        try:
            yield call
        except ProviderError as error:
            call.common["error.type"] = type(error).__name__
            _fail(span, type(error).__name__)
            raise
        except GeneratorExit:
            if call.response is None:
                span.set_attribute("parley.stopped", value=True)
            raise
        finally:
            self._measure(call)
            span.end()

    def _measure(self, call: "_Call") -> None:
        self._seconds.record(self._monotonic() - call.started, call.common)
        if call.first is not None:
            self._first.record(call.first, call.common)
        if call.response is not None:
            usage = call.response.usage
            for kind, count in (("input", usage.input), ("output", usage.output)):
                self._tokens.record(count, {**call.common, "gen_ai.token.type": kind})


class _Call:
    def __init__(self, span: Span, common: dict[str, Value], started: float, now: Callable[[], float]) -> None:
        self.common, self.started, self._span, self._now = common, started, span, now
        self.first: float | None = None
        self.response: Response | None = None

    def heard(self, piece: str | Response) -> None:
        if self.first is None:
            self.first = self._now() - self.started
            self._span.set_attribute("gen_ai.response.time_to_first_chunk", self.first)
        if not isinstance(piece, Response):
            return
        self.response, usage = piece, piece.usage
        self.common["gen_ai.response.model"] = piece.model
        self._span.set_attributes(
            {
                "gen_ai.response.model": piece.model,
                "gen_ai.response.finish_reasons": (piece.stop.value,),
                "gen_ai.usage.input_tokens": usage.input,
                "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
                "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
                "gen_ai.usage.output_tokens": usage.output,
                "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
            }
        )


class _Traced:
    def __init__(self, inner: Provider, caller: Caller, telemetry: Telemetry) -> None:
        self.door, self.model, self.images = inner.door, inner.model, inner.images
        self._inner, self._caller, self._telemetry = inner, caller, telemetry

    async def stream(self, request: Request) -> AsyncGenerator[str | Response]:
        """As the inner provider's."""
        with self._telemetry.call(self, self._caller, request) as call:
            pieces = self._inner.stream(request)
            try:
                async for piece in pieces:
                    call.heard(piece)
                    yield piece
            finally:
                if isinstance(pieces, AsyncGenerator):
                    await pieces.aclose()

    async def aclose(self) -> None:
        await self._inner.aclose()


def _nobody_listens() -> bool:
    """Whether the process has only the stand-ins that OpenTelemetry's API brings along, which drop everything."""
    providers = (trace.get_tracer_provider(), metrics.get_meter_provider())
    return all(type(one).__module__.startswith(_STAND_INS) for one in providers)


def failed(error: BaseException) -> None:
    """Marks the turn that is under way: its failure becomes a sentence, and no exception leaves it."""
    _fail(trace.get_current_span(), type(error).__name__)


def _fail(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


def hashed(id: str) -> str:
    """The same for the same conversation, and nobody's address."""
    return hashlib.sha256(id.encode()).hexdigest()[:16]
