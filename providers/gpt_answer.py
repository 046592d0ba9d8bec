"""The stream of OpenAI's Responses API as text and one response, whichever door it came in by."""

from dataclasses import dataclass, field
from typing import Any

from providers.base import Message, Native, Part, Response, StopReason, Text, ToolCall, Usage
from providers.errors import Incomplete
from providers.gpt_request import written_call
from providers.transcript import clean, cleaned_json, parsed_arguments, unique_id
from providers.transport import classified, failure


@dataclass
class Reading:
    """One answer being read. `from_event` takes the SDK's stream events and returns the text to show."""

    door: str
    who: str
    model: str
    taken: set[str] = field(default_factory=set)
    """Ids of calls the conversation has already."""
    request_id: str = ""
    _items: dict[int, Any] = field(default_factory=dict)
    _commentary: set[int] = field(default_factory=set)
    _text: str = ""
    _speaker: int | None = None
    _refused: bool = False
    _final: Any = None

    def from_event(self, event: Any) -> str:
        """Always by `.type`: an unknown event or item is built as some known class. Raises ProviderError."""
        match event.type:
            case "response.output_item.added":
                if getattr(event.item, "phase", None) == "commentary":
                    self._commentary.add(event.output_index)
            case "response.output_item.done":
                self._items[event.output_index] = event.item
            case "response.output_text.delta":
                return self._shown(event.output_index, clean(event.delta))
            case "response.refusal.delta":
                self._refused = True
                return self._shown(event.output_index, clean(event.delta))
            case "response.completed" | "response.incomplete" | "response.failed":
                self._final = event.response
            case "error":
                raise classified(
                    self.who,
                    kind=str(getattr(event, "type", "")),
                    code=event.code or "",
                    message=event.message or "",
                    request_id=self.request_id,
                )
        return ""

    def whole(self, response: Any) -> None:
        """An answer that was not streamed, instead of its events."""
        self._final = response
        for index, item in enumerate(response.output or []):
            if item.type != "message":
                continue
            if getattr(item, "phase", None) == "commentary":
                self._commentary.add(index)
            for part in item.content or []:
                self._refused = self._refused or part.type == "refusal"
                self._shown(index, clean(getattr(part, "text", None) or getattr(part, "refusal", None) or ""))

    def response(self) -> Response:
        """Raises Incomplete when the stream ended before its terminal event, and what a failed response names."""
        final = self._final
        if final is None or final.status not in {"completed", "incomplete", "failed"}:
            raise failure(self.who, Incomplete, request_id=self.request_id)
        if final.status == "failed":
            error = final.error
            code, message = (error.code or "", error.message or "") if error else ("", "")
            raise classified(self.who, code=code, message=message, request_id=self.request_id)
        parts: list[Part] = [Text(self._text)] if self._text else []
        native: list[dict[str, Any]] = []
        for item in [item for _, item in sorted(self._items.items())] or final.output or []:
            self._read_item(item, parts, native)
        opaque = any(item.get("type") == "reasoning" or item.get("phase") for item in native)
        message = Message(
            "assistant", tuple(parts), Native(self.door, self.model, cleaned_json(native)) if opaque else None
        )
        return Response(message, self._stop(final, parts), final.model or self.model, _usage(final), self.request_id)

    def _shown(self, index: int, delta: str) -> str:
        if index in self._commentary:
            return ""
        if self._speaker not in {None, index} and self._text:
            delta = "\n\n" + delta
        self._speaker = index
        self._text += delta
        return delta

    def _read_item(self, item: Any, parts: list[Part], native: list[dict[str, Any]]) -> None:
        match item.type:
            case "function_call":
                call = ToolCall(
                    unique_id(item.call_id or "", self.taken), clean(item.name), parsed_arguments(item.arguments or "")
                )
                parts.append(call)
                native.append(written_call(call))
            case "reasoning" if item.encrypted_content:
                # With nothing stored there, only the encrypted content means anything to OpenAI.
                summary = [{"type": "summary_text", "text": part.text} for part in item.summary or []]
                kept = {"type": "reasoning", "id": item.id, "summary": summary}
                native.append({**kept, "encrypted_content": item.encrypted_content})
            case "message":
                text = "".join(getattr(c, "text", None) or getattr(c, "refusal", None) or "" for c in item.content)
                phase = {"phase": item.phase} if getattr(item, "phase", None) else {}
                if text.strip():
                    native.append({"role": "assistant", "content": text, **phase})

    def _stop(self, final: Any, parts: list[Part]) -> StopReason:
        if final.status == "incomplete":
            reason = final.incomplete_details.reason if final.incomplete_details else None
            return StopReason.REFUSAL if reason == "content_filter" else StopReason.LENGTH
        if self._refused:
            return StopReason.REFUSAL
        called = any(isinstance(part, ToolCall) for part in parts)
        return StopReason.TOOL_CALLS if called else StopReason.FINISHED


def _usage(final: Any) -> Usage:
    usage = final.usage
    if usage is None:
        return Usage()
    inputs, outputs = usage.input_tokens_details, usage.output_tokens_details
    return Usage(
        input=usage.input_tokens or 0,
        cache_read=getattr(inputs, "cached_tokens", None) or 0,
        cache_write=getattr(inputs, "cache_write_tokens", None) or 0,
        output=usage.output_tokens or 0,
        reasoning=getattr(outputs, "reasoning_tokens", None) or 0,
    )
