"""Reads the company's texts: prose in plain files under `texts/`, several pieces a file, each under a `=== title` line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
_MARK = "=== "


@dataclass(slots=True)
class Section:
    title: str
    fields: dict[str, str] = field(default_factory=dict[str, str])
    """The `key: value` lines directly under the title."""
    body: str = ""


def text_of(name: str) -> str:
    """`name` is a path below `texts/`, with slashes."""
    return files("infra.local.company").joinpath("texts", *name.split("/")).read_text(encoding="utf-8")


def pieces(name: str) -> Iterator[tuple[str, list[str]]]:
    """Title and lines of every piece in a file."""
    title, lines = "", list[str]()
    for line in text_of(name).splitlines():
        if line.startswith(_MARK):
            if title:
                yield title, lines
            title, lines = line.removeprefix(_MARK), []
        else:
            lines.append(line)
    if title:
        yield title, lines


def sections(name: str, keys: frozenset[str]) -> Iterator[Section]:
    """Pieces whose first lines are `key: value`, for the keys named."""
    for title, lines in pieces(name):
        section = Section(title)
        rest = 0
        for line in lines:
            key, colon, value = line.partition(": ")
            if not colon or key not in keys:
                break
            section.fields[key] = value
            rest += 1
        section.body = "\n".join(lines[rest:]).strip("\n")
        yield section


def moment(text: str) -> datetime:
    """`2026-11-20 09:00` on the clock in Berlin, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)
