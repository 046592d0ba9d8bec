"""What a section of the admin page is made of: figures, tables and charts as plain values. How they look is decided elsewhere."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.context import Person
from bot.services import Services
from bot.store.database import Database

Unit = Literal["text", "count", "usd", "ms", "percent", "when", "day", "person", "code"]
"""usd: millionths of a US dollar; when: seconds since 1970; day: days since 1970, UTC; person: an Entra object id."""
Value = str | int | float | None
"""None: there is none, or it is not known."""
Look = Literal["lines", "bars", "stack"]
Tone = Literal["", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Tile:
    label: str
    value: Value
    unit: Unit = "count"
    note: str = ""
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    unit: Unit = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """With a `chart`, the first column names the points and every other one is a series; the table stays, for who reads it."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    chart: Look | None = None
    note: str = ""
    empty: str = "Nothing in this time."
    wide: bool = False
    """Takes the whole width of the page."""
    tones: Mapping[int, Tone] = field(default_factory=dict[int, Tone])
    """Of rows, by number."""


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A field of a form. With `options` one of them is chosen, else it is typed."""

    name: str
    label: str
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    """(value, what is shown)"""
    kind: Literal["text", "date", "hidden"] = "text"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    fields: Sequence[Choice]
    button: str


@dataclass(frozen=True, slots=True)
class Links:
    """(what it says, address)"""

    links: Sequence[tuple[str, str]]


Block = Tiles | Table | Note | Form | Links


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, UTC; the last one is today."""

    days: int
    since: float
    until: float

    @property
    def numbers(self) -> range:
        """Its days, counted since 1970."""
        return range(round(self.since / 86400), round(self.since / 86400) + self.days)


@dataclass(frozen=True, slots=True)
class View:
    """What a section looks at, for whom."""

    services: Services
    database: Database
    period: Period
    now: float
    person: Person
    query: Mapping[str, str]


class Unusable(ValueError):
    """What the address asks for can't be shown; a sentence says why."""


@dataclass(frozen=True, slots=True)
class Section:
    """`build` makes its blocks anew for each visit. Raises `Unusable`, `StoreError`."""

    title: str
    order: int
    build: Callable[[View], Awaitable[Sequence[Block]]]
    about: str = ""
    timed: bool = True
    """Whether it looks at a period that can be chosen."""
