"""The stream of Anthropic's Messages API as text and one response, whichever door it came in by."""

from dataclasses import dataclass, field
from typing import Any

from providers.base import Message, Native, Part, Response, StopReason, Text, ToolCall, Usage
from providers.claude_citations import Markers
from providers.errors import Incomplete
from providers.transcript import clean, cleaned_json, parsed_arguments, unique_id
from providers.transport import failure

_REPLAYABLE = {"text", "thinking", "redacted_thinking", "tool_use"}
_STOPS = {
    "end_turn": StopReason.FINISHED,
    "stop_sequence": StopReason.FINISHED,
    "tool_use": StopReason.TOOL_CALLS,
    "max_tokens": StopReason.LENGTH,
    "refusal": StopReason.REFUSAL,
    "pause_turn": StopReason.PAUSED,
    "model_context_window_exceeded": StopReason.CONTEXT_OVERFLOW,
}


@dataclass
class Reading:
    """One answer being read. `from_event` takes the SDK's raw stream events and returns the text to show."""

    door: str
    who: str
    model: str
    prefix: str = ""
    taken: set[str] = field(default_factory=set)
    """Ids of calls the conversation has already."""
    request_id: str = ""
    _blocks: dict[int, dict[str, Any]] = field(default_factory=dict)
    _json: dict[int, str] = field(default_factory=dict)
    _usage: dict[str, Any] = field(default_factory=dict)
    _markers: Markers = field(default_factory=Markers)
    _text: str = ""
    _answered_by: str = ""
    _stop: str | None = None
    _ended: bool = False

    def from_event(self, event: Any) -> str:
        """Always by `.type`: an unknown event or block is built as some known class."""
        text = ""
        match event.type:
            case "message_start":
                self._answered_by = event.message.model
                self._count(event.message.usage)
            case "content_block_start":
                self._blocks[event.index] = event.content_block.model_dump(mode="json", exclude_none=True)
                text = self._markers.text(clean(str(self._blocks[event.index].get("text") or "")))
            case "content_block_delta" if event.index in self._blocks:
                text = self._delta(event.index, event.delta)
            case "content_block_stop":
                self._markers.end_block()
            case "message_delta":
                self._stop = event.delta.stop_reason or self._stop
                self._count(event.usage)
            case "message_stop":
                self._ended = True
                text = self._markers.end()
        self._text += text
        return text

    def whole(self, message: Any) -> None:
        """An answer that was not streamed, instead of its events."""
        self._answered_by, self._stop, self._ended = message.model, message.stop_reason, True
        self._count(message.usage)
        for index, block in enumerate(message.content):
            self._blocks[index] = block.model_dump(mode="json", exclude_none=True)
            if block.type == "text":
                self._text += self._markers.text(clean(block.text))
                for citation in self._blocks[index].get("citations") or []:
                    if citation.get("type") == "search_result_location":
                        self._markers.cite(str(citation.get("source")))
            self._markers.end_block()
        self._text += self._markers.end()

    def response(self) -> Response:
        """Raises Incomplete when the stream ended before its terminal event."""
        if not self._ended or self._stop is None:
            raise failure(self.who, Incomplete, request_id=self.request_id)
        parts: list[Part] = [Text(self._text)] if self._text else []
        for index, block in sorted(self._blocks.items()):
            if block.get("type") == "tool_use":
                arguments = parsed_arguments(self._json[index]) if self._json.get(index) else block.get("input") or {}
                id = unique_id(str(block.get("id", "")), self.taken)
                block.update(id=id, input=arguments)
                parts.append(ToolCall(id, clean(str(block.get("name", ""))), arguments))
        stop = _STOPS.get(self._stop, StopReason.FINISHED)
        if stop is StopReason.FINISHED and any(isinstance(part, ToolCall) for part in parts):
            stop = StopReason.TOOL_CALLS
        message = Message("assistant", tuple(parts), self._native())
        return Response(message, stop, self._answered_by or self.model, self._normal_usage(), self.request_id)

    def _delta(self, index: int, delta: Any) -> str:
        block = self._blocks[index]
        match delta.type:
            case "text_delta":
                block["text"] = block.get("text", "") + delta.text
                return self._markers.text(clean(delta.text))
            case "input_json_delta":
                self._json[index] = self._json.get(index, "") + delta.partial_json
            case "thinking_delta":
                block["thinking"] = block.get("thinking", "") + delta.thinking
            case "signature_delta":
                block["signature"] = block.get("signature", "") + delta.signature
            case "citations_delta":
                block.setdefault("citations", []).append(delta.citation.model_dump(mode="json"))
                if delta.citation.type == "search_result_location":
                    self._markers.cite(delta.citation.source)
        return ""

    def _count(self, usage: Any) -> None:
        # Cumulative, not additive: later figures replace earlier ones.
        self._usage |= usage.model_dump(mode="json", exclude_none=True)

    def _normal_usage(self) -> Usage:
        read = int(self._usage.get("cache_read_input_tokens", 0))
        written = int(self._usage.get("cache_creation_input_tokens", 0))
        details = self._usage.get("output_tokens_details") or {}
        return Usage(
            input=int(self._usage.get("input_tokens", 0)) + read + written,
            cache_read=read,
            cache_write=written,
            output=int(self._usage.get("output_tokens", 0)),
            reasoning=int(details.get("thinking_tokens", 0) or 0),
        )

    def _native(self) -> Native | None:
        content = [block for _, block in sorted(self._blocks.items())]
        thinking = [b for b in content if b.get("type") == "thinking"]
        if not any("thinking" in str(block.get("type")) for block in content):
            return None
        if any(b.get("type") not in _REPLAYABLE for b in content) or not all(b.get("signature") for b in thinking):
            return None
        content = [b for b in content if b.get("type") != "text" or str(b.get("text", "")).strip()]
        return Native(self.door, self.model, {"prefix": self.prefix, "content": cleaned_json(content)})
