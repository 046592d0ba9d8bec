"""A meeting's transcript (WebVTT with speakers) as what each person said: who speaks on is one paragraph.

Source: https://www.w3.org/TR/webvtt1/ and https://learn.microsoft.com/graph/api/calltranscript-get (speakers as voice spans)
"""

import html
import re
from dataclasses import dataclass

MAX_TURN = 1200
"""Characters of one paragraph: passages are cut between paragraphs."""
_TIMES = re.compile(r"\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,]\d{1,3}\s*-->")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]{1,200})>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,300}>")


@dataclass(frozen=True, slots=True)
class Turn:
    """`second` since the recording began."""

    second: int
    speaker: str
    text: str

    def line(self) -> str:
        clock = f"{self.second // 3600:02}:{self.second // 60 % 60:02}:{self.second % 60:02}"
        return f"[{clock}] {self.speaker}: {self.text}"


def turns(source: str) -> list[Turn]:
    """Never fails: what is no cue is left out."""
    found: list[Turn] = []
    second, inside = 0, False
    for line in source.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        match = _TIMES.match(line)
        if match:
            hours, minutes, seconds = (int(part or 0) for part in match.groups())
            second, inside = hours * 3600 + minutes * 60 + seconds, True
        elif not line.strip():
            inside = False
        elif inside:
            _add(found, second, line)
    return found


def _add(found: list[Turn], second: int, line: str) -> None:
    voice = _VOICE.search(line)
    text = " ".join(html.unescape(_TAG.sub("", line)).split())
    last = found[-1] if found else None
    # A line without a voice goes on with the one before it.
    speaker = " ".join(html.unescape(voice.group(1)).split()) if voice else last.speaker if last else "Somebody"
    if not text:
        return
    if last is not None and last.speaker == speaker and len(last.text) + len(text) < MAX_TURN:
        found[-1] = Turn(last.second, speaker, f"{last.text} {text}")
    else:
        found.append(Turn(second, speaker, text))
