"""Claude's own citations as the `[S1]` markers that every provider writes, without saying a marker twice."""

import re

_MARKERS = re.compile(r"(?:\s*\[[^\[\]\s]{1,12}\])+")
_LONGEST_MARKER = 14


class Markers:
    """Text goes in as it streams, comes out with markers after the blocks that cite. Knows nothing of the SDK."""

    def __init__(self) -> None:
        self._block = ""
        self._cited: list[str] = []
        self._due: list[str] = []
        self._held = ""
        self._last = ""

    def text(self, delta: str) -> str:
        """What can be shown now: while a marker is due, text is held back until it is clear whether it brings its own."""
        self._block += delta
        if not self._due:
            return self._out(delta)
        self._held += delta
        probe = self._held.lstrip()
        if not probe or (probe.startswith("[") and "]" not in probe and len(probe) < _LONGEST_MARKER):
            return ""
        return self._settled()

    def cite(self, id: str) -> None:
        if id not in self._cited:
            self._cited.append(id)

    def end_block(self) -> None:
        self._due += [id for id in self._cited if f"[{id}]" not in self._block and id not in self._due]
        self._block, self._cited = "", []

    def end(self) -> str:
        return self._settled() if self._due else ""

    def _settled(self) -> str:
        own = _MARKERS.match(self._held)
        said = own.group() if own else ""
        missing = "".join(f"[{id}]" for id in self._due if f"[{id}]" not in said)
        if missing:
            missing = f"{missing} " if self._last.isspace() else f" {missing}"
        text, self._held, self._due = missing + self._held, "", []
        return self._out(text)

    def _out(self, text: str) -> str:
        self._last = text[-1:] or self._last
        return text
