"""Cuts a long text where a reader would: between paragraphs, then items, sentences, words; never inside what belongs together."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

Fits = Callable[[str], bool]
"""Whether a text fits one message. When it holds for a text, it holds for every beginning of it."""

_FENCE = re.compile(r"^(?P<indent> {0,3}|(?:>? ?){0,6})(?P<fence>`{3,9})(?P<info>[^`\n]{0,60})$", re.MULTILINE)
_BORDERS = (
    re.compile(r"\n{2,9}(?=[^\s>])"),  # paragraphs at the margin
    re.compile(r"\n{1,9}(?=[-*+] |\d{1,9}[.)] )"),  # items of the outermost list
    re.compile(r"\n{2,9}"),
    re.compile(r"\n{1,9}(?=[ ]{1,20}(?:[-*+]|\d{1,9}[.)]) )"),
    re.compile(r"\n{1,9}"),
    re.compile(r"(?<=[.!?…:;])[\"'”’)\]*_]{0,5}(?:\[\d{1,3}\]){0,20}\s+|[。！？；](?:\[\d{1,3}\]){0,20}"),
    re.compile(r"\s+"),
)
# Not to be cut: citation markers from what they stand behind, links, mentions, entities, code, emphasis, escaped signs.
_WHOLE = re.compile(
    r"\s{0,3}(?:\[\d{1,3}\])+"
    r"|\[[^\[\]\n]{0,300}\]\([^()\s]{0,2000}\)"
    r"|<at>[^<\n]{0,200}</at>|&(?:#\w{1,8}|\w{2,8});|\\[^\w\s]"
    r"|(?P<code>`{1,8})[^`\n]{1,300}(?P=code)"
    r"|\*\*[^*\n]{1,300}\*\*|\*[^*\s][^*\n]{0,300}\*"
)
_LOOKAHEAD = 40
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Part:
    """`text` is a piece of the original; `before` and `after` open and close again a code block that had to be cut."""

    text: str
    before: str = ""
    after: str = ""

    @property
    def shown(self) -> str:
        inside = self.text if self.before else self.text.lstrip(" ")
        return f"{self.before}{inside}{self.after}"


def split(text: str, fits: Fits) -> list[Part]:
    """At least one part. The parts' `text` joined is exactly `text`; what they show fits, unless a single letter does not."""
    fences = _fences(text)
    whole = [match.span() for match in _WHOLE.finditer(text)]
    spare = max((fence.closing for fence in fences), key=len, default="")
    parts: list[Part] = []
    start = 0
    while not fits((before := _opening(fences, start)) + text[start:]) and len(text) - start > 1:
        end = _cut(text, start, _longest(text, start, fits, before, spare), fences, whole)
        inside = next((fence for fence in fences if fence.inner <= end < fence.last), None)
        after = inside.closing.lstrip("\n" if text[end - 1] == "\n" else "") if inside else ""
        parts.append(Part(text[start:end], before, after))
        start = end
    return [*parts, Part(text[start:], before)] if start < len(text) or not parts else parts


@dataclass(frozen=True, slots=True)
class _Fence:
    """A code block: from the first letter of its opening line to behind its closing line."""

    start: int
    inner: int
    last: int
    end: int
    opening: str
    closing: str


def _fences(text: str) -> list[_Fence]:
    found: list[_Fence] = []
    lines = _FENCE.finditer(text)
    for first in lines:
        marks = first["fence"]
        end = last = len(text)
        for line in lines:
            if line["fence"].startswith(marks) and not line["info"].strip():
                end, last = line.end(), line.start()
                break
        closing = f"{first['indent']}{marks}"
        found.append(_Fence(first.start(), first.end() + 1, last, end, f"{first[0]}\n", f"\n{closing}"))
    return found


def _opening(fences: list[_Fence], at: int) -> str:
    return next((fence.opening for fence in fences if fence.inner <= at < fence.last), "")


def _longest(text: str, start: int, fits: Fits, before: str, after: str) -> int:
    """How far a part from `start` may reach; at least one letter, so that splitting ends."""
    low, high = start + 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(before + text[start:middle] + after) else (low, middle - 1)
    return low


def _cut(text: str, start: int, most: int, fences: list[_Fence], whole: list[tuple[int, int]]) -> int:
    least = start + (most - start) // 3
    for border in _BORDERS:
        matches = border.finditer(text, start, most + _LOOKAHEAD)
        places = [match.end() for match in matches if least <= match.end() <= most]
        for place in reversed(places):
            if not any(fence.start < place < fence.end for fence in fences) and not _inside(whole, place):
                return place
    inside = next((fence for fence in fences if fence.start < most < fence.end), None)
    if inside is not None:
        if inside.start > start and inside.end - inside.start <= most - start:
            return inside.start  # better a short part than a cut block
        line = text.rfind("\n", max(start, inside.inner) + 1, most) + 1
        return line if line > max(start, inside.inner) else _letter(text, start, most)
    held = _inside(whole, most)
    return held if held > start else _letter(text, start, most)


def _inside(whole: list[tuple[int, int]], place: int) -> int:
    """Where that begins which a cut at `place` would tear apart; 0 when it would tear nothing."""
    index = bisect_right(whole, (place, -1)) - 1
    return whole[index][0] if index >= 0 and whole[index][0] < place < whole[index][1] else 0


def _letter(text: str, start: int, most: int) -> int:
    """Not between the signs that make up one letter or emoji (an approximation of Unicode Standard Annex 29)."""
    for place in range(most, max(start, most - 40), -1):
        if not _joined(text, place):
            return place
    return most


def _joined(text: str, place: int) -> bool:
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    flags = 0
    while flags < place and "\U0001f1e6" <= text[place - 1 - flags] <= "\U0001f1ff":
        flags += 1
    return (
        unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or _JOINER in {before, after}
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or "\U000e0020" <= after <= "\U000e007f"
        or (flags % 2 == 1 and "\U0001f1e6" <= after <= "\U0001f1ff")
        or (before == "\r" and after == "\n")
    )
