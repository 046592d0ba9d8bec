"""From the model's markers (`[S3]`) to the numbers readers see (`[1]`), checked against what was really retrieved."""

import re
from collections.abc import Mapping

from bot.context import Citation
from bot.grounding.evidence import Passage, Retrieved

_MARKERS = re.compile(r"[ \t]*\[\s*(S\d{1,4}(?:\s*[,;]\s*S\d{1,4})*)\s*\]")
_PLAIN_NUMBER = re.compile(r"\[(\d{1,3})\](?!\()")
_OPEN_MARKER = re.compile(r"[ \t]*(?:\[(?:[\sS\d,;]*|\d+\]))?\Z")
ABSTRACT_CHARACTERS = 160
MOST_CITATIONS = 20


class Citations:
    """Numbers documents in the order they are first cited; one document, one number.

    Used on a growing text: `visible` is safe to show at any time, for a longer text it begins with what it was before.
    """

    def __init__(self, retrieved: Retrieved) -> None:
        self._retrieved = retrieved
        self._positions: dict[str, int] = {}
        self._first: dict[str, Passage] = {}

    def visible(self, text: str, *, final: bool = False) -> str:
        """The text with our numbers. Markers that were made up, and numbers that look like ours, are removed.

        Until `final`, an unfinished marker at the end is held back.
        """
        shown = text if final else _OPEN_MARKER.sub("", text)
        if "[" not in shown:
            return shown
        return _MARKERS.sub(self._number, _PLAIN_NUMBER.sub(r"(\1)", shown))

    def settled(self, text: str) -> int:
        """How many characters of a growing text look the same whatever follows: there it may be cut and shown in parts."""
        if "[" not in text:
            return len(text.rstrip(" \t"))
        unfinished = _OPEN_MARKER.search(text)
        return len(text) if unfinished is None else unfinished.start()

    def cited(self) -> tuple[Citation, ...]:
        """Only what the text cites, in order of position."""
        return tuple(
            Citation(
                position=position,
                title=self._first[id].document.title,
                link=self._first[id].document.link,
                abstract=_abstract(self._first[id].text),
                kind=self._first[id].document.kind,
                label=self._first[id].document.label,
            )
            for id, position in sorted(self._positions.items(), key=lambda entry: entry[1])
        )

    def labels(self) -> frozenset[str]:
        """All the labels of what the text cites."""
        cited = [self._first[id].document for id in self._positions]
        return frozenset(label for one in cited for label in one.labels)

    def positions(self) -> Mapping[str, int]:
        """The number of each cited document, by the document's id."""
        return dict(self._positions)

    def _number(self, match: re.Match[str]) -> str:
        positions: list[int] = []
        for marker in re.split(r"\s*[,;]\s*", match.group(1)):
            passage = self._retrieved.get(marker)
            if passage is None:
                continue
            position = self._position(passage)
            if position and position not in positions:
                positions.append(position)
        return (" " if positions and match.group(0)[0] in " \t" else "") + "".join(f"[{p}]" for p in positions)

    def _position(self, passage: Passage) -> int:
        id = passage.document.id
        if id not in self._positions:
            if len(self._positions) >= MOST_CITATIONS:
                return 0
            self._positions[id] = len(self._positions) + 1
            self._first[id] = passage
        return self._positions[id]


def _abstract(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= ABSTRACT_CHARACTERS else flat[: ABSTRACT_CHARACTERS - 1].rstrip() + "…"
