"""What every model vendor looks like from here: one `Request` in, text deltas and one `Response` out.

No vendor type leaves its own file. What we do not understand of a vendor's answer (thinking signatures, encrypted
reasoning) rides opaquely in `Message.native` and goes back only to the vendor and model that made it.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Protocol

INVALID_ARGUMENTS = "_invalid_arguments"


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """`data` is the encoded file; `media_type` one of image/png, image/jpeg, image/gif, image/webp."""

    data: bytes
    media_type: str


PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class File:
    """A whole document for the model to read by itself: some read PDF; of any other type a model is told that there was one."""

    data: bytes
    media_type: str = PDF
    name: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage that was retrieved: data for the model, never an instruction. `id` (`S1`, `S2`, ...) is what the model cites as `[S1]`."""

    id: str
    title: str
    text: str
    link: str = ""
    detail: str = ""
    """One line for the model: author, date, place."""
    labels: frozenset[str] = frozenset()
    """Sensitivity labels of what it is from: never sent, but checked before it is."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """`id` is ours: `[A-Za-z0-9_-]{1,64}`, unique in its conversation, accepted by every vendor.

    When the model wrote arguments that are no JSON object, `arguments` is `{INVALID_ARGUMENTS: what it wrote}`:
    the loop answers such a call with an error result, and the model tries again.
    """

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResult:
    call_id: str
    content: tuple["Text | Evidence | Image | File", ...]
    is_error: bool = False


Part = Text | Image | File | Evidence | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Native:
    """A vendor's own form of an assistant message, replayed only to the same `door` and `model`."""

    door: str
    model: str
    payload: Any
    """JSON-serialisable."""


@dataclass(frozen=True, slots=True)
class Message:
    """`assistant` messages hold Text and ToolCall parts; `user` messages hold the rest.

    Every ToolCall is answered by a ToolResult in the next user message.
    """

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]
    native: Native | None = None

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """`parameters` is a JSON schema in the subset both vendors take strictly: every property required, no additional ones."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AnswerSchema:
    """The answer as one JSON object of this form; `providers.structured.parsed` reads it.

    `schema` is in the subset both vendors take strictly, as a tool's parameters are. `name`: `[A-Za-z0-9_-]{1,64}`.
    """

    name: str
    schema: Mapping[str, Any]


Effort = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Request:
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_output_tokens: int = 4096
    effort: Effort = "low"
    tool_choice: Literal["auto", "none"] = "auto"
    """`none`: the tools stay in the request, for what the vendor keeps of its beginning, but none may be called."""
    schema: AnswerSchema | None = None
    """Claude cites nothing natively in such an answer (its API refuses both at once), and a model that cannot be bound is told."""
    cache_key: str = ""
    """Groups requests that share a prefix (OpenAI `prompt_cache_key`)."""
    user_hash: str = ""
    """Opaque per-person id for the vendors' abuse monitoring; never a name or an address."""
    labels: frozenset[str] = frozenset()
    """Sensitivity labels of what its texts and pictures are made of, those of `Evidence` aside: never sent, but checked before."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts. `input` is the whole prompt, cached parts included, whatever the vendor's own convention."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input + other.input,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.output + other.output,
            self.reasoning + other.reasoning,
        )


class StopReason(Enum):
    FINISHED = "finished"
    TOOL_CALLS = "tool_calls"
    LENGTH = "length"
    REFUSAL = "refusal"
    PAUSED = "paused"
    CONTEXT_OVERFLOW = "context_overflow"


@dataclass(frozen=True, slots=True)
class Response:
    """The end of a stream. `model` is the model that really answered, as the vendor's response names it."""

    message: Message
    stop: StopReason
    model: str
    usage: Usage = field(default_factory=Usage)
    request_id: str = ""
    batched: bool = False
    """It waited in a batch, and is charged as such."""


class Provider(Protocol):
    """One configured model behind one vendor's door."""

    door: str
    model: str
    images: bool
    """Whether the model sees pictures; one that does not is told that there were some."""

    def stream(self, request: Request) -> AsyncIterator[str | Response]:
        """Yields text deltas, then exactly one `Response`. Raises `providers.errors.ProviderError` and nothing else."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Door:
    """What a provider file exports as `PROVIDER`. The vendor's SDK is imported inside `open` only."""

    name: str
    open: Callable[[str, "DoorSettings"], Provider]
    """(model, settings) -> provider. Raises `ConfigurationError` with a sentence when a key is missing."""
    help: str = ""


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """What a door may need; keys and URLs as the vendors' own environment variables name them."""

    environment: Mapping[str, str]
    """Only the vendors' variables (ANTHROPIC_*, OPENAI_*, ...)."""
    ca_bundle: str = ""
    """PEM file trusted in addition to the system's store."""
    read_timeout: float = 60.0
    """Seconds without a byte before a stream counts as stalled."""
    retries: int = 2
    """How often an SDK asks again by itself before the first byte of an answer."""
    capability: str = ""
    """The model whose capabilities the opened one has, where its own name (a deployment's) does not tell."""
