"""OData's $filter, $orderby and $expand as text, as much of them as Graph takes on the resources served here."""

import re
from collections.abc import Callable
from typing import Literal, TypeVar

from infra.local.graph.call import parse_time
from infra.local.graph.odata import (
    COMPARISONS,
    Compare,
    Constant,
    Expression,
    Function,
    In,
    Lambda,
    Logical,
    Negation,
    ODataError,
    Path,
)

MAX_DEPTH = 40
TOKEN = re.compile(
    r"""\s*(?:
        '(?P<text>(?:[^']|'')*)'
      | (?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+\- ]\d\d:\d\d)?)?(?![\w-]))
      | (?P<guid>[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_@$][\w.@$]*(?:/[A-Za-z_@$][\w.@$]*)*)
      | (?P<sign>[(),:])
    )""",
    re.VERBOSE,
)
FUNCTIONS = {"contains": 2, "startswith": 2, "endswith": 2, "tolower": 1, "toupper": 1, "length": 1}
Deep = TypeVar("Deep")


def parse_filter(text: str) -> Expression:
    """Raises `ODataError`."""
    parser = _Parser(text)
    expression = parser.either()
    parser.end()
    return expression


def parse_orderby(text: str) -> list[tuple[tuple[str, ...], bool]]:
    """(path, descending) pairs. Raises `ODataError`."""
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([A-Za-z_][\w/]*)(?:\s+(asc|desc))?\s*", part, re.IGNORECASE)
        if match is None:
            raise ODataError(f"Syntax error in $orderby: '{part.strip()}'.")
        found.append((tuple(match[1].split("/")), (match[2] or "").lower() == "desc"))
    return found


def parse_expand(text: str) -> dict[str, str]:
    """Name in lower case -> its options as written between parentheses."""
    found: dict[str, str] = {}
    for match in re.finditer(r"([\w./]+)(?:\(((?:[^()]|\([^()]*\))*)\))?", text):
        found[match[1].lower().rpartition("graph.")[2]] = match[2] or ""
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._at = 0
        self._depth = 0
        self._next: tuple[str, str] = ("", "")
        self._advance()

    def _advance(self) -> tuple[str, str]:
        current = self._next
        if self._at >= len(self._text):
            self._next = ("", "")
            return current
        match = TOKEN.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            raise ODataError(f"Syntax error at position {self._at} in '{self._text}'.")
        self._at = match.end()
        self._next = (match.lastgroup, match[match.lastgroup])
        return current

    def end(self) -> None:
        if self._next[0]:
            raise ODataError(f"Syntax error at position {self._at} in '{self._text}'.")

    def _word(self, *words: str) -> bool:
        return self._next[0] == "name" and self._next[1].lower() in words

    def _take(self, sign: str) -> None:
        if self._next != ("sign", sign):
            raise ODataError(f"'{sign}' expected at position {self._at} in '{self._text}'.")
        self._advance()

    def either(self) -> Expression:
        return self._chain("or", lambda: self._chain("and", self._negation))

    def _chain(self, word: Literal["and", "or"], part: Callable[[], Expression]) -> Expression:
        parts = [part()]
        while self._word(word):
            self._advance()
            parts.append(part())
        return parts[0] if len(parts) == 1 else Logical(word, tuple(parts))

    def _negation(self) -> Expression:
        if self._word("not"):
            self._advance()
            return Negation(self._deeper(self._negation))
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._operand()
        if self._word("in"):
            self._advance()
            return In(left, self._list())
        if self._word(*COMPARISONS):
            name = self._advance()[1].lower()
            return Compare(name, left, self._operand())
        return left

    def _list(self) -> tuple[Expression, ...]:
        self._take("(")
        values = [self._operand()]
        while self._next == ("sign", ","):
            self._advance()
            values.append(self._operand())
        self._take(")")
        return tuple(values)

    def _operand(self) -> Expression:
        if self._next == ("sign", "("):
            self._advance()
            inner = self._deeper(self.either)
            self._take(")")
            return inner
        kind, text = self._advance()
        if kind == "name":
            return self._named(text)
        if kind == "text":
            return Constant(text.replace("''", "'"))
        if kind == "guid":
            return Constant(text)
        if kind == "number":
            return Constant(float(text) if "." in text else int(text))
        if kind == "time":
            try:
                return Constant(parse_time(text))
            except ValueError as error:
                raise ODataError(f"'{text}' is not a date.") from error
        raise ODataError(f"An expression was expected at position {self._at} in '{self._text}'.")

    def _named(self, text: str) -> Expression:
        lowered = text.lower()
        if lowered in {"true", "false", "null"}:
            return Constant({"true": True, "false": False, "null": None}[lowered])
        if self._next != ("sign", "("):
            return Path(tuple(text.split("/")))
        path, _, last = text.rpartition("/")
        if path and last.lower() in {"any", "all"}:
            return self._quantified(last.lower(), Path(tuple(path.split("/"))))
        arguments = self._deeper(self._list)
        if FUNCTIONS.get(lowered) != len(arguments):
            raise ODataError(f"An unknown function with name '{text}' was found.")
        return Function(lowered, arguments)

    def _quantified(self, kind: str, path: Path) -> Expression:
        self._take("(")
        if self._next == ("sign", ")"):
            self._advance()
            return Lambda(kind, path, "", None)
        variable = self._advance()[1]
        self._take(":")
        body = self._deeper(self.either)
        self._take(")")
        return Lambda(kind, path, variable, body)

    def _deeper(self, parse: Callable[[], Deep]) -> Deep:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ODataError("The node count limit of '100' has been exceeded.")
        result = parse()
        self._depth -= 1
        return result
