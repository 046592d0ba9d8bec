"""What a vendor's own list says of a model: asked once, beside the first messages, so that a wrong name is said before people meet it."""

import re
from collections.abc import AsyncIterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Protocol, runtime_checkable

from providers.capabilities import Capabilities

_DATED = re.compile(r"-\d{8}")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")


class Standing(Enum):
    UNKNOWN = "unknown"
    """Not asked yet, not reachable, or a door without a list."""
    LISTED = "listed"
    UNLISTED = "unlisted"
    DEPRECATED = "deprecated"
    """Answers still, but not for ever."""
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Listing:
    standing: Standing
    capabilities: Capabilities


@runtime_checkable
class Listed(Protocol):
    """A provider whose vendor can be asked."""

    standing: Standing

    async def refresh(self) -> None:
        """Takes over what the vendor says. Raises `ProviderError`; then everything stays as it was."""
        ...


async def listing(models: AsyncIterable[Any], name: str, known: Capabilities) -> Listing:
    """`models`: the SDK's own, any page. A name without a date stands for the one with it; what the list leaves out stays as known."""
    async for model in models:
        id = str(getattr(model, "id", ""))
        if id == name or (id.startswith(name) and _DATED.fullmatch(id[len(name) :])):
            return Listing(_standing(getattr(model, "lifecycle", None)), _said(model, known))
    return Listing(Standing.UNLISTED, known)


def _standing(lifecycle: object) -> Standing:
    return {"deprecated": Standing.DEPRECATED, "retired": Standing.RETIRED}.get(str(lifecycle), Standing.LISTED)


def _said(model: Any, known: Capabilities) -> Capabilities:
    """OpenAI says nothing but the name; Anthropic what follows, and what nobody checked on its way here."""
    says = getattr(model, "capabilities", None)
    effort = getattr(says, "effort", None)
    levels = tuple(level for level in _EFFORTS if _supported(getattr(effort, level, None), known=False))
    return replace(
        known,
        citations=known.citations and _supported(getattr(says, "citations", None), known=True),
        structured=_supported(getattr(says, "structured_outputs", None), known=known.structured),
        images=_supported(getattr(says, "image_input", None), known=known.images),
        pdf=_supported(getattr(says, "pdf_input", None), known=known.pdf),
        efforts=levels if _supported(effort, known=False) and levels else known.efforts,
        max_input=_tokens(getattr(model, "max_input_tokens", None), known.max_input),
        max_output=_tokens(getattr(model, "max_tokens", None), known.max_output),
    )


def _supported(part: Any, *, known: bool) -> bool:
    said = getattr(part, "supported", None)
    return said if isinstance(said, bool) else known


def _tokens(said: object, known: int) -> int:
    return said if isinstance(said, int) and said > 0 else known
