"""Where in a TOML file something stands, since the parser tells no line once it understood the file."""

import re
from collections.abc import Sequence

_HEADER = re.compile(r"\s*\[\[?\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*(?:\.|$)""")


def line_of(text: str, place: Sequence[str | int]) -> int:
    """1-based line of `place` (`("rules", 2, "places")`: in the third [[rules]]), or of the nearest thing around it; 0 for none."""
    path = list(place)
    lines = text.splitlines()
    best = 0
    start, rest = 0, path
    for length in range(len(path), 0, -1):
        found = _header(lines, path[:length])
        if found:
            start, rest = found, path[length:]
            best = found
            break
    key = next((part for part in rest if isinstance(part, str)), "")
    if key:
        for number in range(start, len(lines)):
            if _HEADER.fullmatch(lines[number]):
                break
            if re.match(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""", lines[number]):
                return number + 1
    return best


def _header(lines: Sequence[str], path: Sequence[str | int]) -> int:
    """The line of [a.b] for ("a", "b"), of the third [[a]] for ("a", 2)."""
    wanted = [str(part) for part in path if isinstance(part, str)]
    nth = path[-1] if isinstance(path[-1], int) else 0
    for number, line in enumerate(lines, 1):
        match = _HEADER.fullmatch(line)
        if match and _parts(match["name"]) == wanted:
            if nth == 0:
                return number
            nth -= 1
    return 0


def _parts(name: str) -> list[str]:
    return ["".join(found) for found in _PART.findall(name)]
