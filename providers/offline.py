"""The door without a vendor: answers by quoting the evidence. No key, no network, the same answer every time."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from providers.base import (
    AnswerSchema,
    Door,
    DoorSettings,
    Evidence,
    Message,
    Part,
    Request,
    Response,
    StopReason,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
)
from providers.quoting import best_quotes, question_words
from providers.transcript import call_ids, repaired, unique_id

DOOR = "offline"
SIGNATURE = "(The offline model answered by quoting its sources; it does not reason.)"
NOTHING_FOUND = "Nothing was found that answers this question."
GREETING = "Hello! Ask me something that your mail or documents may answer, and I will quote it with its source."
FEW_WORDS = 4
_PREFIX = re.compile(r"^\s*(?:question|frage)\s*:\s*", re.IGNORECASE)
_WORDS = re.compile(r"\S+\s*|\s+")


class Offline:
    door = DOOR
    images = False

    def __init__(self, model: str) -> None:
        self.model = model

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        if _evidence(request.messages):
            # Scoring large evidence takes tens of milliseconds, which other people's turns must not wait for.
            response = await asyncio.to_thread(answer, request, self.model)
        else:
            response = answer(request, self.model)
        for word in _WORDS.findall(response.message.text):
            yield word
        yield response

    async def aclose(self) -> None:
        pass


def answer(request: Request, model: str) -> Response:
    """Quotes with `[S1]` markers; when nothing fits and search tools were not asked yet, calls to them."""
    turn = _turn(repaired(request.messages))
    question = _question(turn)
    quotes = best_quotes(question, _evidence(turn))
    asked_already = any(message.tool_calls for message in turn)
    searches = [spec for spec in request.tools if spec.name.startswith("search") and request.tool_choice == "auto"]
    if not quotes and searches and not asked_already:
        taken = call_ids(request.messages)
        calls = tuple(_call(spec, question, taken) for spec in searches)
        return Response(Message("assistant", calls), StopReason.TOOL_CALLS, model, _usage(request, ""))
    # A few words, and offered neither evidence nor tools: a greeting or thanks, which nobody searches for.
    small_talk = not request.tools and not asked_already and not _evidence(turn) and len(question.split()) <= FEW_WORDS
    said = "\n\n".join(f"{quote.text} [{quote.evidence}]" for quote in quotes) or (
        GREETING if small_talk else NOTHING_FOUND
    )
    text = f"{said}\n\n{SIGNATURE}" if request.schema is None else _filled(request.schema, said)
    return Response(Message("assistant", (Text(text),)), StopReason.FINISHED, model, _usage(request, text))


def _turn(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """From the last message in which the person said something."""
    for start in range(len(messages) - 1, -1, -1):
        if messages[start].role == "user" and any(isinstance(part, Text) for part in messages[start].parts):
            return messages[start:]
    return messages[-1:]


def _question(turn: tuple[Message, ...]) -> str:
    texts = [part.text for part in turn[0].parts if isinstance(part, Text)]
    return _PREFIX.sub("", texts[-1]) if texts else ""


def _evidence(turn: Sequence[Message]) -> list[Evidence]:
    found: dict[str, Evidence] = {}
    for part in (part for message in turn for part in message.parts):
        inner: tuple[Part, ...] = part.content if isinstance(part, ToolResult) else (part,)
        for evidence in inner:
            if isinstance(evidence, Evidence):
                found.setdefault(evidence.id, evidence)
    return list(found.values())


def _call(spec: ToolSpec, question: str, taken: set[str]) -> ToolCall:
    words = " ".join(question_words(question))[:200]
    properties = spec.parameters.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    arguments = {name: _argument(schema, words) for name, schema in properties.items()}
    return ToolCall(unique_id("offline", taken), spec.name, arguments)


def _argument(schema: Any, words: str) -> Any:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if isinstance(schema, Mapping) and schema.get("enum"):
        return schema["enum"][0]
    plain = {"string": words, "array": [words], "integer": 10, "number": 10, "boolean": False, "object": {}}
    return plain.get(kind) if isinstance(kind, str) else None


def _filled(form: AnswerSchema, said: str) -> str:
    """The quotes in every place that takes text; nothing where judgement would be needed."""
    return json.dumps(_value(form.schema, said), ensure_ascii=False)


def _value(schema: Any, said: str) -> Any:
    if not isinstance(schema, Mapping):
        return None
    if schema.get("enum"):
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("anyOf"):
        return _value(schema["anyOf"][-1], said)
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        return {name: _value(inner, said) for name, inner in properties.items()}
    plain = {"string": said, "array": [], "integer": 0, "number": 0, "boolean": False, "object": {}}
    kind = schema.get("type")
    return plain.get(kind) if isinstance(kind, str) else None


def _usage(request: Request, text: str) -> Usage:
    """Estimated at four characters a token, so that what counts tokens has something to count."""
    parts = [part for message in request.messages for part in message.parts]
    inner = [c for part in parts for c in (part.content if isinstance(part, ToolResult) else (part,))]
    size = sum(len(part.text) for part in inner if isinstance(part, Text | Evidence))
    return Usage(input=(size + len(request.system)) // 4, output=len(text) // 4)


def open_offline(model: str, settings: DoorSettings) -> Offline:
    """Needs nothing of `settings`."""
    return Offline(model)


PROVIDER = Door(DOOR, open_offline, "Quotes the most relevant sentences. No key, no network.")
