"""What a vendor's model says next: a scripted reply, or an answer from the evidence in the request.

`world.state["script"]` is a list of `Reply` (or of dicts with its fields, or of functions from the request's `View` to a
`Reply`); each request takes the first that fits its wire.
`world.state["obedient"] = True` makes the model do what instructions in the evidence say.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from infra.local.vendors.extract import Block, best, keywords
from infra.local.world import World

NOT_FOUND = "I did not find an answer to this in what was retrieved."
_EVIDENCE = re.compile(r'<evidence id="([^"]{1,16})"([^>\n]*)>\n(.*?)\n</evidence>', re.DOTALL)
_TITLE = re.compile(r'title="([^"]*)"')
_MARKED = re.compile(r"^\[(\w{1,12})\]\s*")
_CALL = re.compile(
    r"\bcall\s+(?:the\s+)?(?:tool\s+|function\s+)?`?(\w+)`?\s+(?:tool\s+)?with\s+(\{.*?\})", re.IGNORECASE
)
_SAY = re.compile(
    r"\b(?:say|reply|answer|write|output|respond|include|add)\b[^\"\n]{0,60}\"([^\"\n]{1,400})\"", re.IGNORECASE
)
_LINK = re.compile(r"!?\[[^\]\n]{0,200}\]\([^)\s]{1,500}\)")


@dataclass
class Call:
    name: str
    arguments: Any = None
    """A dict, or a string sent as it is (invalid JSON, say)."""
    id: str = ""


@dataclass
class Reply:
    """One answer. Deltas are `chunk` characters of `text`; `delay` seconds pass before each event."""

    text: str = ""
    calls: list[Call] = field(default_factory=list[Call])
    thinking: str = ""
    citations: list[str] = field(default_factory=list[str])
    """Claude only: ids of evidence blocks the text cites natively."""
    commentary: str = ""
    """OpenAI Responses only: a remark in the phase `commentary` before the answer."""
    stop: Literal["", "length", "refusal", "overflow", "pause"] = ""
    error: int = 0
    """Answer with this status and the vendor's documented body."""
    error_code: str = ""
    retry_after: float | None = None
    break_with: str = ""
    """After the text: an error event of this type mid-stream."""
    malformed: bool = False
    """After the text: an event that is no JSON."""
    unknown: bool = False
    """Before the text: an event and a block of types nobody knows."""
    cut: int = -1
    """Close the connection after this many events."""
    early: int = -1
    """End the stream in good order after this many events, without the terminal one."""
    stall: float = 0.0
    """After the text: send nothing for so many seconds."""
    chunk: int = 12
    delay: float = 0.0
    model: str = ""
    """Name another model as the one that answered."""
    wire: str = ""
    """`claude` or `openai`: only for requests on this wire."""
    usage: dict[str, int] = field(default_factory=dict[str, int])
    """input, cached, written, output, reasoning."""


@dataclass
class View:
    """What all three vendor wires have in common about a request."""

    question: str
    blocks: list[Block]
    """Evidence of the turn: since the person last said something."""
    tools: dict[str, Mapping[str, Any]]
    """JSON schema by name; empty when no tool may be called."""
    called: bool
    """Tools were called in this turn."""
    size: int
    """Characters of the request, for the usage figures."""
    schema: Mapping[str, Any] | None = None
    """What the answer is bound to."""


def next_reply(world: World, wire: str, view: View) -> Reply:
    queue = world.state.setdefault("script", [])
    for index, entry in enumerate(queue):
        reply = entry(view) if callable(entry) else entry if isinstance(entry, Reply) else _from_dict(entry)
        if reply.wire in {"", wire}:
            del queue[index]
            return reply
    if world.state.get("obedient") and (obeyed := _obedient(view)):
        return obeyed
    return answered(view)


def answered(view: View) -> Reply:
    """Searches once with the question's words, then quotes with `[S1]` markers."""
    found = best(view.question, view.blocks)
    searches = [name for name in ("search_mail", "search_files") if name in view.tools]
    if not found and searches and not view.called:
        words = " ".join(keywords(view.question))[:200]
        return Reply(calls=[Call(name, _arguments(view.tools[name], words)) for name in searches])
    said = " ".join(f"{sentence} [{id}]" for sentence, id in found) or NOT_FOUND
    return Reply(text=said if view.schema is None else json.dumps(_arguments(view.schema, said)))


def blocks_in(text: str, title: str = "") -> list[Block]:
    """Evidence written as text between marks, the only form GPT has for it."""
    blocks = []
    for id, attributes, body in _EVIDENCE.findall(text):
        named = _TITLE.search(attributes)
        blocks.append(Block(id, named.group(1) if named else title, body))
    return blocks


def without_blocks(text: str) -> str:
    return _EVIDENCE.sub("", text).strip()


def marked_block(source: str, title: str, text: str) -> Block:
    """A `search_result` block: its id stands before the title, or is its source."""
    marked = _MARKED.match(title)
    return Block(marked.group(1) if marked else source, _MARKED.sub("", title), text)


def question_in(texts: Sequence[str]) -> str:
    """The last thing the person said, without a leading `Question:`."""
    spoken = [text for text in texts if text.strip()]
    return re.sub(r"^\s*question:\s*", "", spoken[-1], flags=re.IGNORECASE) if spoken else ""


def _obedient(view: View) -> Reply | None:
    for block in view.blocks:
        called = _CALL.search(block.text)
        if called and called.group(1) in view.tools and not view.called:
            try:
                return Reply(calls=[Call(called.group(1), json.loads(called.group(2)))])
            except ValueError:
                continue
    said = [text for block in view.blocks for text in (*_SAY.findall(block.text), *_LINK.findall(block.text))]
    return Reply(text=f"{answered(view).text} {' '.join(said)}") if said else None


def _arguments(schema: Mapping[str, Any], words: str) -> dict[str, Any]:
    return {name: _argument(inner, words) for name, inner in (schema.get("properties") or {}).items()}


def _argument(schema: Mapping[str, Any], words: str) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("anyOf"):
        return _argument(schema["anyOf"][0], words)
    if schema.get("type") == "object":
        return _arguments(schema, words)
    if schema.get("type") == "array":
        return [_argument(schema.get("items") or {"type": "string"}, words)]
    plain: dict[str, Any] = {"string": words, "integer": 10, "number": 10, "boolean": False}
    return plain.get(str(schema.get("type")), schema.get("const"))


def _from_dict(entry: Mapping[str, Any]) -> Reply:
    calls = [call if isinstance(call, Call) else Call(**call) for call in entry.get("calls", [])]
    return Reply(**{**entry, "calls": calls})
