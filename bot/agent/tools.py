"""The contract of a tool: what the model may call. One tool is one file in `bot/tools` with one constant, `TOOL`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from providers.base import Evidence, Text, ToolSpec

Content = tuple[Text | Evidence, ...]


class Toolbox(Protocol):
    """What tools work with. It belongs to one turn and carries the asker's rights and the audience's limits."""

    async def search(self, question: str, only: Sequence[str] = ()) -> Content:
        """Passages for a question from all sources, or only those named."""
        ...

    async def read(self, passage_id: str) -> Content: ...


@dataclass(frozen=True, slots=True)
class Tool:
    """`run` gets what the model sent, unchecked; it raises `ToolError` with a sentence for the model."""

    spec: ToolSpec
    run: Callable[[Toolbox, Mapping[str, Any]], Awaitable[Content]]
    writes: bool = False
    """Changes something in the world: runs only after the person approved exactly this call."""


class ToolError(Exception):
    """Told to the model as the tool's result, so that it can try another way."""
