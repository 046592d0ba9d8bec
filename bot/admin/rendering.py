"""Blocks become HTML, by one template that escapes every value; numbers, amounts and times are written here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from importlib.resources import files
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound

from bot.admin.section import Block, Section, Unit, Value
from bot.context import Person
from bot.cost.budgets import MICROS
from bot.signin.browser import headers, style_hash

PERIODS = (7, 30, 90)
FIRST = "overview"
"""The section at /admin itself."""
NUMBERS = frozenset({"count", "usd", "ms", "percent"})
_FILES = files("bot.admin").joinpath("page")
_STYLE = _FILES.joinpath("gate.css").read_text(encoding="utf-8")
"""Inline: who is not let in gets no other file."""
HEADERS = {
    **headers(f"script-src 'self'; style-src 'self' {style_hash(_STYLE)}; img-src 'self'; form-action 'self'"),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DAY = 86400


class Gate(Enum):
    """What somebody sees who is not let in: (status, title, sentence, whether to offer another account)."""

    CLOSED = (401, "Parley for administrators", "Sign in with your work account to see how Parley is doing.", False)
    STRANGER = (
        403,
        "This page is not for you",
        "You are signed in, but you are not in the administrators' group of Parley. Whoever looks after that group can add you.",
        True,
    )
    STALE = (400, "This sign-in is over", "It took too long, or began in another browser. Please sign in again.", False)
    DECLINED = (403, "You declined", "Without your consent Parley can't tell whether you are an administrator.", True)
    CONSENT = (
        403,
        "A permission is missing",
        "Your organisation does not let you agree to the permission this takes. An administrator of Entra can grant it.",
        True,
    )
    DOWN = (
        503,
        "Microsoft does not answer",
        "I can't ask whether you are an administrator. Try again in a minute.",
        False,
    )
    FAILED = (502, "The sign-in did not work", "Microsoft refused it. The bot's app registration may be wrong.", True)
    LEFT = (200, "You are signed out", "Your session here has ended. Your sign-in at Microsoft goes on.", False)
    UNAVAILABLE = (503, "The database does not answer", "Nothing can be shown right now. Try again in a minute.", False)
    NOWHERE = (404, "There is no such page", "The address leads nowhere.", False)


class _Loader(BaseLoader):
    """The package's own files, wherever it is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        del environment
        found = _FILES.joinpath(template)
        if not found.is_file():
            raise TemplateNotFound(template)
        return found.read_text(encoding="utf-8"), template, None


@dataclass(frozen=True, slots=True)
class Shown:
    """A page about to be written."""

    section: Section
    path: str
    sections: Mapping[str, Section]
    blocks: Sequence[Block]
    days: int
    person: Person
    names: Mapping[str, str]
    """Of people, by object id."""
    ask_names: bool
    """There are ids without a name, and the person could let us look them up."""
    now: float


def page(shown: Shown) -> web.Response:
    kinds = [type(block).__name__ for block in shown.blocks]
    text = _templates.get_template("page.html").render(
        shown=shown, periods=PERIODS, kinds=kinds, first=FIRST, numbers=NUMBERS
    )
    return _html(text, 200)


def gate(why: Gate) -> web.Response:
    status, title, text, other = why.value
    return _html(_gate(title, text, other=other, again=why is not Gate.NOWHERE), status)


def unusable(sentence: str) -> web.Response:
    return _html(_gate("This can't be shown", sentence, other=False, again=False), 400)


def _gate(title: str, text: str, *, other: bool, again: bool) -> str:
    return _templates.get_template("gate.html").render(title=title, text=text, other=other, again=again, style=_STYLE)


def _html(text: str, status: int) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)


def written(value: Value, unit: Unit, names: Mapping[str, str] | None = None) -> str:
    """As people read it; what is not known is a dash."""
    if value is None or value == "":
        return "–"
    if unit == "person":
        return (names or {}).get(str(value), str(value))
    if isinstance(value, str):
        return value
    return _number(value, unit)


def _number(value: float, unit: Unit) -> str:
    match unit:
        case "usd":
            return _dollars(value)
        case "ms":
            return f"{value:,.0f} ms" if value < 10_000 else f"{value / 1000:,.1f} s"
        case "percent":
            return f"{value:.1f} %"
        case "when":
            return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"
        case "day":
            return f"{datetime.fromtimestamp(value * DAY, UTC):%Y-%m-%d}"
        case _:
            return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _dollars(micros: float) -> str:
    """Cents, and more digits where cents would hide it."""
    amount = Decimal(int(micros)) / MICROS
    return f"${amount:,.2f}" if amount == 0 or abs(amount) >= Decimal("0.1") else f"${amount:,.4f}"


def plain(value: Value, unit: Unit) -> str:
    """What a chart draws of a cell; empty where there is nothing."""
    if value is None or isinstance(value, str):
        return ""
    return f"{value / MICROS:.6f}" if unit == "usd" else f"{value:g}"


def short(value: Value, unit: Unit) -> str:
    """Of a point on a chart's axis."""
    if unit == "day" and isinstance(value, int | float):
        return f"{datetime.fromtimestamp(value * DAY, UTC):%d %b}"
    return written(value, unit)


def people_in(blocks: Iterable[Block]) -> set[str]:
    """The object ids that a page names."""
    found: set[str] = set()
    for block in blocks:
        columns = getattr(block, "columns", ())
        at = [number for number, column in enumerate(columns) if column.unit == "person"]
        for row in getattr(block, "rows", ()) if at else ():
            found |= {str(row[number]) for number in at if row[number]}
    return found


def _environment() -> Environment:
    made = Environment(
        loader=_Loader(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"written": written, "plain": plain, "short": short, "query": urlencode}
    return made


_templates = _environment()
