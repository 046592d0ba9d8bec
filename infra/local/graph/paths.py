"""From a request line to segments: Graph's many spellings of one address brought to one."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

OPTIONS = {
    "select",
    "filter",
    "orderby",
    "top",
    "skip",
    "count",
    "search",
    "expand",
    "skiptoken",
    "deltatoken",
    "format",
}
CALLED = re.compile(r"([A-Za-z.]+)\((.*)\)", re.DOTALL)
NAMED = re.compile(r"(\w+)\s*=\s*('(?:[^']|'')*'|[^,]*)")


@dataclass(frozen=True, slots=True)
class Target:
    segments: list[str]
    arguments: dict[str, str]
    query: dict[str, str]


def parse(target: str) -> Target:
    """`target` is path and query below the version, as sent: still percent-encoded."""
    path, _, query = target.partition("?")
    segments: list[str] = []
    arguments: dict[str, str] = {}
    # An address by path keeps what stands between `root:` and the closing colon as it is: names may hold parentheses.
    by_path = False
    for raw in path.split("/"):
        text = unquote(raw)
        if not text:
            continue
        called = None if by_path else CALLED.fullmatch(text)
        if called is None:
            segments.append(text.removeprefix("microsoft.graph."))
        else:
            name, inside = called[1].removeprefix("microsoft.graph."), called[2]
            segments.append(name)
            named = NAMED.findall(inside)
            if named:
                arguments |= {key: _bare(value) for key, value in named}
            elif inside:
                segments.append(_bare(inside))
        if by_path and text.endswith(":"):
            by_path = False
        elif text.endswith(":"):
            by_path = True
    return Target(segments, arguments, _options(query))


def _bare(value: str) -> str:
    value = value.strip()
    return value[1:-1].replace("''", "'") if value.startswith("'") and value.endswith("'") and len(value) > 1 else value


def _options(query: str) -> dict[str, str]:
    """Option names may come with or without `$` and in any case; a repeated one keeps its last value."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        short = name.lstrip("$").lower()
        found[short if short in OPTIONS else name] = value
    return found
