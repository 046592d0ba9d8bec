"""The Keyword Query Language as Outlook and SharePoint read it: a space means AND, words match whole, `*` matches a beginning."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from infra.local.graph.call import parse_time
from infra.local.graph.index import normalise

MAX_DEPTH = 40
TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\))
      | (?P<property>[A-Za-z]\w*)(?P<operator>:|>=|<=|<>|=|>|<)(?=[^\s/:=])
      | "(?P<quoted>[^"]*)"(?P<quotedstar>\*?)
      | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)


class KqlError(ValueError):
    """The query is not well formed; the message says where."""


@dataclass(frozen=True, slots=True)
class Term:
    """`text` matched in `property` (empty: the default ones)."""

    text: str
    property: str = ""
    operator: str = ":"
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"


Node = Term | And | Or | Not


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["(", ")", "AND", "OR", "NOT", "term"]
    term: Term | None = None
    property: str = ""
    """Set on `(` for `from:(a OR b)`."""


def parse(text: str, properties: frozenset[str]) -> Node:
    """`properties` in lower case; `word:word` with another name in front is text. An empty query matches everything. Raises `KqlError`."""
    return _Parser(_tokens(text, properties)).parse()


def terms(node: Node) -> list[Term]:
    """The terms that may be shown as hits: those under a NOT are left out."""
    if isinstance(node, Term):
        return [node]
    if isinstance(node, Not):
        return []
    return [term for part in node.parts for term in terms(part)]


def matches(node: Node, test: Callable[[Term], bool]) -> bool:
    if isinstance(node, Term):
        return test(node)
    if isinstance(node, Not):
        return not matches(node.part, test)
    if isinstance(node, And):
        return all(matches(part, test) for part in node.parts)
    return any(matches(part, test) for part in node.parts)


def in_text(term: Term, prepared: str) -> bool:
    """Whether a term's words stand in prepared text, in this order and next to each other."""
    wanted = normalise(term.text).rstrip()
    if wanted == "":
        return False
    if not term.prefix:
        return f"{wanted} " in prepared
    # The last word was folded to its singular; a beginning must also match as written.
    raw = f"{wanted.rpartition(' ')[0]} {term.text.casefold().split()[-1].rstrip('*')}" if term.text.split() else wanted
    return wanted in prepared or raw in prepared


def in_range(term: Term, moment: datetime, now: datetime) -> bool:
    """Date properties: `>=2026-11-01`, `2026-11-01..2026-11-30`, a day, or `today`, `yesterday`, `this week`, `last month` and so on."""
    low, high = _span(term.text.strip('"'), now)
    tests: dict[str, Callable[[], bool]] = {
        ">": lambda: moment >= high,
        ">=": lambda: moment >= low,
        "<": lambda: moment < low,
        "<=": lambda: moment < high,
        "<>": lambda: not low <= moment < high,
    }
    return tests.get(term.operator, lambda: low <= moment < high)()


def _span(text: str, now: datetime) -> tuple[datetime, datetime]:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    week = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    last_month = (month - timedelta(days=1)).replace(day=1)
    next_month = (month + timedelta(days=32)).replace(day=1)
    year = month.replace(month=1)
    named = {
        "today": (today, today + timedelta(days=1)),
        "yesterday": (today - timedelta(days=1), today),
        "this week": (week, week + timedelta(days=7)),
        "last week": (week - timedelta(days=7), week),
        "this month": (month, next_month),
        "last month": (last_month, month),
        "this year": (year, year.replace(year=year.year + 1)),
        "last year": (year.replace(year=year.year - 1), year),
    }
    if text.lower() in named:
        return named[text.lower()]
    first, separator, last = text.partition("..")
    low, high = _moment(first)
    return (low, _moment(last)[1]) if separator else (low, high)


def _moment(text: str) -> tuple[datetime, datetime]:
    try:
        moment = parse_time(text)
        return moment, moment + (timedelta(days=1) if len(text) <= 10 else timedelta(seconds=1))
    except (ValueError, OverflowError) as error:
        raise KqlError(f"'{text[:40]}' is not a date.") from error


def _tokens(text: str, properties: frozenset[str]) -> list[_Token]:
    found: list[_Token] = []
    position, text = 0, text.rstrip()
    pending = ("", ":")
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise KqlError(f"Syntax error: character '{text[position]}' is not valid at position {position}.")
        position = match.end()
        name = match["property"]
        if name is not None and pending[0] == "" and name.lower() in properties:
            pending = (name.lower(), match["operator"])
            continue
        if name is not None:
            # Not a property of this entity: the whole run is text, as in `10:30` or a link.
            rest = re.compile(r'[^\s()"]+').match(text, match.start(name and "property"))
            position = rest.end() if rest else position
            found.append(_Token("term", Term(rest.group() if rest else name, *pending)))
        else:
            found.append(_token(match, pending))
        pending = ("", ":")
    if pending[0]:
        raise KqlError(f"Syntax error: property '{pending[0]}' has no value.")
    return found


def _token(match: re.Match[str], pending: tuple[str, str]) -> _Token:
    if match["open"]:
        return _Token("(", property=pending[0])
    if match["close"]:
        return _Token(")")
    if match["quoted"] is not None:
        return _Token("term", Term(match["quoted"], *pending, prefix=bool(match["quotedstar"])))
    word = match["word"]
    if pending[0] == "" and word in {"AND", "OR", "NOT"}:
        return _Token("AND" if word == "AND" else "OR" if word == "OR" else "NOT")
    return _Token("term", Term(word.rstrip("*"), *pending, prefix=word.endswith("*")))


class _Parser:
    """Recursive descent: OR binds loosest, then AND (written or by a space), then NOT."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def parse(self) -> Node:
        if not self._tokens:
            return And(())
        node = self._either("")
        if self._at < len(self._tokens):
            raise KqlError("Syntax error: ')' without '('.")
        return node

    def _peek(self) -> str:
        return self._tokens[self._at].kind if self._at < len(self._tokens) else ""

    def _either(self, inherited: str) -> Node:
        parts = [self._both(inherited)]
        while self._peek() == "OR":
            self._at += 1
            parts.append(self._both(inherited))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self, inherited: str) -> Node:
        parts = [self._single(inherited)]
        while self._peek() in {"AND", "NOT", "term", "("}:
            if self._peek() == "AND":
                self._at += 1
            parts.append(self._single(inherited))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _single(self, inherited: str) -> Node:
        if self._at >= len(self._tokens):
            raise KqlError("Syntax error: the query ends where a word was expected.")
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "NOT":
            return Not(self._nested(lambda: self._single(inherited)))
        if token.kind == "(":
            node = self._nested(lambda: self._either(token.property or inherited))
            if self._peek() != ")":
                raise KqlError("Syntax error: '(' without ')'.")
            self._at += 1
            return node
        if token.term is None:
            raise KqlError(f"Syntax error: '{token.kind}' where a word was expected.")
        return self._term(token.term, inherited)

    def _term(self, term: Term, inherited: str) -> Node:
        if inherited and not term.property:
            term = Term(term.text, inherited, ":", term.prefix)
        if not term.property and len(term.text) > 1 and term.text[0] in "+-":
            bare = Term(term.text[1:], "", ":", term.prefix)
            return Not(bare) if term.text[0] == "-" else bare
        return term

    def _nested(self, parse: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise KqlError("The query is nested too deeply.")
        node = parse()
        self._depth -= 1
        return node
