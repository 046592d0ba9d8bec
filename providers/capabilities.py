"""What each model can do, from the table beside this file: a request is shaped to its model, never the other way round."""

import re
import tomllib
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Protocol, runtime_checkable

from providers.base import Effort, Request
from providers.errors import ConfigurationError
from providers.structured import bindable, told
from providers.transcript import legible

_ORDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_BARE = re.compile(r"(?:claude|gpt)(?:-.*|$)|^plain$")
_VERSION = re.compile(r"\d{8}|default|latest")
"""What Vertex AI writes after the @ of a model's own name."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One row of capabilities.toml, where the fields are described."""

    forced_tools: bool
    citations: bool
    structured: bool
    efforts: tuple[str, ...]
    thinking: Literal["optional", "always", "none"]
    images: bool
    pdf: bool
    max_input: int
    max_output: int

    def effort(self, wanted: Effort) -> str:
        """The model's own value nearest to the neutral one, rather more than less; empty when it knows none."""
        place = _ORDER.index(wanted)
        known = sorted(self.efforts, key=_ORDER.index)
        return next((value for value in known if _ORDER.index(value) >= place), known[-1] if known else "")


@runtime_checkable
class Described(Protocol):
    """A provider that says what its model can do."""

    capabilities: Capabilities


def capabilities_of(name: str, family: str = "") -> Capabilities:
    """Of the model with this name, as its vendor or a cloud writes it. One nobody described can what its `family` can."""
    bare = _BARE.search(name.casefold())
    return _row(bare.group() if bare else family)


def split(model: str) -> tuple[str, str]:
    """`deployment@capability` -> both; the second is empty without one. Raises ConfigurationError for a name that is not in the table."""
    name, mark, known_as = model.rpartition("@")
    if not mark or _VERSION.fullmatch(known_as):
        return model, ""
    if not name or not any(row and known_as.casefold().startswith(row) for row in _table()):
        rows = ", ".join(row for row in _table() if row)
        raise ConfigurationError(
            f"After the @ stands what the model can do, as the name of one it is like: {known_as!r} begins with none of {rows}."
        )
    return name, known_as


def shaped(request: Request, capabilities: Capabilities) -> Request:
    """The request without what the model cannot read, not asking for more than it can write, nor in a way it does not know."""
    if request.schema and not (capabilities.structured and bindable(request.schema)):
        request = told(request)
    messages = legible(request.messages, images=capabilities.images, pdf=capabilities.pdf)
    tokens = min(request.max_output_tokens, capabilities.max_output)
    return replace(request, messages=messages, max_output_tokens=tokens)


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("providers") / "capabilities.toml").read_text(encoding="utf-8"))


@cache
def _row(name: str) -> Capabilities:
    row: dict[str, Any] = {}
    for prefix in sorted(_table(), key=len):
        if name.startswith(prefix):
            row |= _table()[prefix]
    wanted = {field.name for field in fields(Capabilities)}
    return Capabilities(**{**{name: row[name] for name in wanted}, "efforts": tuple(row["efforts"])})
