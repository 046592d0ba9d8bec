"""What an OData $filter means: its expression tree and its value for one resource."""

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, assert_never

from infra.local.graph.call import parse_time

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}

Get = Callable[[tuple[str, ...]], Any]
"""Reads a property path of one resource; None where there is none."""


class ODataError(ValueError):
    """The expression is not well formed; the message says what."""


@dataclass(frozen=True, slots=True)
class Constant:
    value: str | bool | float | int | datetime | None


@dataclass(frozen=True, slots=True)
class Path:
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class In:
    left: "Expression"
    values: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Logical:
    operator: Literal["and", "or"]
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    part: "Expression"


@dataclass(frozen=True, slots=True)
class Lambda:
    kind: str
    path: Path
    variable: str
    body: "Expression | None"


Expression = Constant | Path | Function | Compare | In | Logical | Negation | Lambda


def properties(expression: Expression) -> list[str]:
    """Every path as written, in order, in lower case."""
    children: Iterable[Expression] = ()
    match expression:
        case Path(parts):
            return ["/".join(parts).lower()]
        case Function(_, children) | Logical(_, children):
            pass
        case Compare(_, left, right):
            children = (left, right)
        case In(child) | Negation(child):
            children = (child,)
        case Lambda(_, path):
            children = (path,)
        case Constant():
            pass
    return [name for child in children for name in properties(child)]


def evaluate(expression: Expression, get: Get) -> Any:
    """The expression's value for one resource."""
    match expression:
        case Constant(value):
            result: Any = value
        case Path(parts):
            result = get(parts)
        case Compare(name, left, right):
            result = _compare(name, evaluate(left, get), evaluate(right, get))
        case In(left, values):
            wanted = evaluate(left, get)
            result = any(_compare("eq", wanted, evaluate(value, get)) for value in values)
        case Logical(name, parts):
            test = all if name == "and" else any
            result = test(bool(evaluate(part, get)) for part in parts)
        case Negation(part):
            result = not evaluate(part, get)
        case Function(name, arguments):
            result = _function(name, [evaluate(argument, get) for argument in arguments])
        case Lambda():
            result = _lambda(expression, get)
        case _:
            assert_never(expression)
    return result


def follow(value: Any, parts: tuple[str, ...]) -> Any:
    """A path inside JSON, names compared without case. None where there is nothing."""
    for part in parts:
        if not isinstance(value, dict):
            return None
        value = next((inner for name, inner in value.items() if name.lower() == part.lower()), None)
    return value


def _lambda(expression: Lambda, get: Get) -> bool:
    elements = get(expression.path.parts) or []
    body = expression.body
    if body is None:
        return bool(elements)

    def holds(element: Any) -> bool:
        def inner(parts: tuple[str, ...]) -> Any:
            return follow(element, parts[1:]) if parts[0] == expression.variable else get(parts)

        return bool(evaluate(body, inner))

    return any(map(holds, elements)) if expression.kind == "any" else all(map(holds, elements))


def _function(name: str, values: list[Any]) -> Any:
    first = values[0]
    if first is None:
        return None if len(values) == 1 else False
    if name == "length":
        return len(str(first))
    if len(values) == 1:
        return str(first).lower() if name == "tolower" else str(first).upper()
    text, wanted = str(first).casefold(), str(values[1]).casefold()
    return {"contains": wanted in text, "startswith": text.startswith(wanted), "endswith": text.endswith(wanted)}[name]


def _compare(name: str, left: Any, right: Any) -> bool:
    left, right = _alike(left, right), _alike(right, left)
    if left is None or right is None:
        return (left is None and right is None) if name == "eq" else (left is not right) if name == "ne" else False
    try:
        return bool(COMPARISONS[name](left, right))
    except TypeError:
        return name == "ne"


def _alike(value: Any, other: Any) -> Any:
    """Dates are compared as moments whichever side is text; text without case, as Exchange and Entra do."""
    if isinstance(value, str) and isinstance(other, datetime):
        try:
            return parse_time(value)
        except ValueError:
            return value
    return value.casefold() if isinstance(value, str) else value
