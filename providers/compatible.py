"""Any server that speaks OpenAI's Chat Completions (vLLM, Ollama, llama.cpp, gateways), through OpenAI's SDK.

Such servers differ in what they leave out, so nothing is asked of them that is not needed.
"""

import base64
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from providers.base import (
    Door,
    DoorSettings,
    Evidence,
    File,
    Image,
    Message,
    Part,
    Request,
    Response,
    StopReason,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from providers.capabilities import capabilities_of
from providers.errors import BadRequest, ConfigurationError, ContextTooLong, Incomplete
from providers.framing import RULES, framed, unmarked
from providers.gpt_request import UNNAMED, answer_format
from providers.listing import Standing, listing
from providers.schema import strict_schema
from providers.structured import told
from providers.transcript import call_ids, clean, legible, parsed_arguments, repaired, unique_id
from providers.transport import base_url, failure, http_client, request_id, translated

DOOR = "compatible"
SEES, OPENS = "+images", "+pdf"
"""After a model's name in MODELS: it takes pictures, or PDF files. Nothing such a server says would tell us."""
WHO = "The model server"
_STOPS = {
    "stop": StopReason.FINISHED,
    "tool_calls": StopReason.TOOL_CALLS,
    "function_call": StopReason.TOOL_CALLS,
    "length": StopReason.LENGTH,
    "content_filter": StopReason.REFUSAL,
}


def to_wire(request: Request, model: str) -> dict[str, Any]:
    """The body of `POST /chat/completions`, without `stream`."""
    messages = [item for message in repaired(request.messages) for item in _items(message)]
    # A server that does not bind its model ignores the form silently: the words are for it.
    system = clean(f"{told(request).system}\n\n{RULES}".strip())
    wire: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "system", "content": system}, *messages],
        "max_tokens": request.max_output_tokens,
        "stream_options": {"include_usage": True},
    }
    # Not every such server knows a tool_choice; none of them keeps a price for a changed beginning.
    if request.tools and request.tool_choice != "none":
        wire["tools"] = _tools(request)
    if request.schema:
        wire["response_format"] = {"type": "json_schema", "json_schema": answer_format(request.schema)}
    return wire


def _tools(request: Request) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = []
    for spec in sorted(request.tools, key=lambda spec: spec.name):
        schema, _ = strict_schema(spec.parameters)
        function = {"name": spec.name, "description": clean(spec.description), "parameters": schema}
        tools.append({"type": "function", "function": function})
    return tools


def _items(message: Message) -> list[dict[str, Any]]:
    if message.role == "assistant":
        calls = [_call(call) for call in message.tool_calls]
        return [{"role": "assistant", "content": message.text, **({"tool_calls": calls} if calls else {})}]
    items: list[dict[str, Any]] = []
    rest: list[Part] = []
    for part in message.parts:
        if isinstance(part, ToolResult):
            items.append({"role": "tool", "tool_call_id": part.call_id, "content": _output(part)})
            # A tool message takes text only.
            rest += [inner for inner in part.content if isinstance(inner, Image | File)]
        else:
            rest.append(part)
    return [*items, {"role": "user", "content": _content(rest)}] if rest else items


def _call(call: ToolCall) -> dict[str, Any]:
    written = json.dumps(dict(call.arguments), ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": written}}


def _output(result: ToolResult) -> str:
    texts = _texts(result.content)
    return "\n".join(["This call failed:", *texts] if result.is_error else texts) or "(empty)"


def _texts(parts: Iterable[Part]) -> list[str]:
    return [
        framed(part) if isinstance(part, Evidence) else unmarked(part.text)
        for part in parts
        if isinstance(part, Text | Evidence)
    ]


def _content(parts: list[Part]) -> str | list[dict[str, Any]]:
    text = "\n\n".join(_texts(parts))
    others = [part for part in parts if isinstance(part, Image | File)]
    if not others:
        # Many servers know no other form.
        return text
    written = [{"type": "text", "text": text}] if text else []
    return [*written, *map(_encoded, others)]


def _encoded(part: Image | File) -> dict[str, Any]:
    url = f"data:{part.media_type};base64,{base64.b64encode(part.data).decode()}"
    if isinstance(part, Image):
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "file", "file": {"filename": part.name.strip() or UNNAMED, "file_data": url}}


@dataclass
class _Call:
    index: int
    id: str
    name: str = ""
    arguments: str = ""


@dataclass
class Reading:
    """One answer being read. `from_event` takes the SDK's chunks and returns the text to show."""

    model: str
    taken: set[str] = field(default_factory=set)
    """Ids of calls the conversation has already."""
    request_id: str = ""
    _text: str = ""
    _calls: list[_Call] = field(default_factory=list)
    _usage: Usage = field(default_factory=Usage)
    _answered_by: str = ""
    _finish: str | None = None
    _refused: bool = False

    def from_event(self, chunk: Any) -> str:
        self._answered_by = chunk.model or self._answered_by
        if chunk.usage is not None:
            self._usage = _usage(chunk.usage)
        text = ""
        for choice in chunk.choices or []:
            self._finish = choice.finish_reason or self._finish
            if choice.delta is None:
                continue
            text += clean(choice.delta.content or "")
            if refusal := getattr(choice.delta, "refusal", None):
                self._refused = True
                text += clean(refusal)
            for call in choice.delta.tool_calls or []:
                self._read_call(call)
        self._text += text
        return text

    def response(self) -> Response:
        """Raises Incomplete when the stream ended without a finish reason."""
        if self._finish is None:
            raise failure(WHO, Incomplete, request_id=self.request_id)
        parts: list[Part] = [Text(self._text)] if self._text else []
        for call in self._calls:
            id = unique_id(call.id, self.taken)
            parts.append(ToolCall(id, clean(call.name), parsed_arguments(call.arguments)))
        stop = _STOPS.get(self._finish, StopReason.FINISHED)
        if stop is StopReason.FINISHED and self._calls:
            stop = StopReason.TOOL_CALLS
        if self._refused:
            stop = StopReason.REFUSAL
        message = Message("assistant", tuple(parts))
        return Response(message, stop, self._answered_by or self.model, self._usage, self.request_id)

    def _read_call(self, delta: Any) -> None:
        index = delta.index or 0
        known = next((call for call in reversed(self._calls) if call.index == index), None)
        # Some servers number every call 0: a new id is a new call.
        if known is None or (delta.id and known.id and delta.id != known.id):
            known = _Call(index, delta.id or "")
            self._calls.append(known)
        known.id = known.id or delta.id or ""
        if delta.function is not None:
            known.name = known.name or delta.function.name or ""
            known.arguments += delta.function.arguments or ""


def _usage(usage: Any) -> Usage:
    inputs, outputs = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input=usage.prompt_tokens or 0,
        cache_read=getattr(inputs, "cached_tokens", None) or 0,
        output=usage.completion_tokens or 0,
        reasoning=getattr(outputs, "reasoning_tokens", None) or 0,
    )


class Compatible:
    """One client for all of the process's requests to one model."""

    door = DOOR

    def __init__(self, client: Any, model: str, *, images: bool = False, pdf: bool = False) -> None:
        self._client = client
        self.model = model
        self.images = images
        self.standing = Standing.UNKNOWN
        self._pdf = pdf
        self._binds = True
        """Whether the server takes a form for the answer; it says no once."""

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        # A server whose model has no eyes refuses the whole request.
        request = replace(request, messages=legible(request.messages, images=self.images, pdf=self._pdf))
        reading = Reading(self.model, call_ids(request.messages))
        with translated(WHO):
            async with await self._opened(request) as chunks:
                reading.request_id = request_id(chunks.response.headers)
                async for chunk in chunks:
                    if text := reading.from_event(chunk):
                        yield text
        yield reading.response()

    async def refresh(self) -> None:
        """As `providers.listing.Listed`; such servers say no more than a name."""
        with translated(WHO):
            found = await listing(self._client.models.list(), self.model, capabilities_of(""))
        self.standing = found.standing

    async def _opened(self, request: Request) -> Any:
        """The stream, asked for once more in words alone when the server refuses the form of the answer."""
        if request.schema is None or not self._binds:
            return await self._asked(told(request))
        try:
            with translated(WHO):
                return await self._asked(request)
        except ContextTooLong:
            raise
        except BadRequest:
            stream = await self._asked(told(request))
            self._binds = False
            return stream

    async def _asked(self, request: Request) -> Any:
        return await self._client.chat.completions.create(**to_wire(request, self.model), stream=True)

    async def aclose(self) -> None:
        await self._client.close()


def open_compatible(model: str, settings: DoorSettings) -> Compatible:
    if not settings.environment.get("COMPATIBLE_BASE_URL", "").strip():
        raise ConfigurationError(f"The door {DOOR!r} needs COMPATIBLE_BASE_URL, which is not set.")
    url = base_url(settings, "COMPATIBLE_BASE_URL")
    import httpx2  # noqa: PLC0415 -- comes with the SDK
    import openai  # noqa: PLC0415 -- 0.6 s and 39 MiB: only where this door is configured

    key = settings.environment.get("COMPATIBLE_API_KEY", "").strip() or "none"
    http = http_client(openai, httpx2, settings, url)
    client = openai.AsyncOpenAI(api_key=key, base_url=url, max_retries=settings.retries, http_client=http)
    can: set[str] = set()
    while mark := next((mark for mark in (SEES, OPENS) if model.endswith(mark)), ""):
        model = model.removesuffix(mark)
        can.add(mark)
    return Compatible(client, model, images=SEES in can, pdf=OPENS in can)


PROVIDER = Door(
    DOOR,
    open_compatible,
    "A server with OpenAI's Chat Completions: COMPATIBLE_BASE_URL, optionally COMPATIBLE_API_KEY; model+images sees "
    "pictures, model+pdf reads PDF files.",
)
