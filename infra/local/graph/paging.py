"""Collections: filter, order, page, select. Every list Graph answers with goes through here."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from infra.local.graph.call import Answer, Call, Refused
from infra.local.graph.errors import bad_request
from infra.local.graph.odata import ODataError, evaluate, follow
from infra.local.graph.odata_parser import parse_filter, parse_orderby

SAFE = "$,()':/"
"""Left as written in next links, as Graph does."""

Row = TypeVar("Row")
Render = Callable[[Any, list[str]], dict[str, Any]]
"""(row, wanted properties; empty means the default ones) -> JSON."""


@dataclass(slots=True)
class Listing:
    """How one kind of resource is listed. `get` reads one property of a row without rendering all of it."""

    render: Render
    get: Callable[[Any, str], Any]
    default_top: int = 100
    max_top: int = 1000
    ignore: frozenset[str] = field(default_factory=frozenset[str])
    """Options without effect here."""


def of_json(rows: Sequence[dict[str, Any]], call: Call, *, context: str, top: int = 100, max_top: int = 1000) -> Answer:
    """A listing of rows that are already rendered."""
    return listed(call, rows, Listing(chosen, _property, top, max_top), context=context)


def chosen(row: dict[str, Any], select: list[str]) -> dict[str, Any]:
    """Only the selected properties, besides annotations, which always come."""
    if not select:
        return row
    wanted = {name.partition("/")[0].lower() for name in select}
    return {name: value for name, value in row.items() if name.lower() in wanted or name.startswith("@")}


def single(call: Call, row: dict[str, Any], context: str) -> Answer:
    return applied(
        call, Answer({"@odata.context": f"{call.base}/$metadata#{context}/$entity", **chosen(row, call.select())})
    )


def listed(call: Call, rows: Sequence[Row], how: Listing, *, context: str) -> Answer:
    rows = filtered(call, rows, how)
    start, top = _start(call), call.page_size(how.default_top, how.max_top)
    page = rows[start : start + top]
    body: dict[str, Any] = {"@odata.context": f"{call.base}/$metadata#{context}"}
    if call.flag("count"):
        body["@odata.count"] = len(rows)
    if start + top < len(rows):
        body["@odata.nextLink"] = next_link(call, start + top)
    select = call.select()
    body["value"] = [how.render(row, select) for row in page]
    return applied(call, Answer(body))


def filtered(call: Call, rows: Sequence[Row], how: Listing) -> list[Row]:
    """By `$filter`, then in the order of `$orderby`."""
    found = list(rows)
    try:
        if "filter" in call.query and "filter" not in how.ignore:
            wanted = parse_filter(call.query["filter"])
            found = [row for row in found if evaluate(wanted, _getter(row, how))]
        if "orderby" in call.query and "orderby" not in how.ignore:
            for path, descending in reversed(parse_orderby(call.query["orderby"])):
                _sort(found, path, how, descending=descending)
    except ODataError as error:
        raise bad_request(f"Invalid filter clause: {error}") from error
    return found


def _sort(rows: list[Any], path: tuple[str, ...], how: Listing, *, descending: bool) -> None:
    rows.sort(key=lambda row: _key(_getter(row, how)(path)), reverse=descending)


def applied(call: Call, answer: Answer) -> Answer:
    if call.prefer:
        answer.headers["Preference-Applied"] = call.preference_applied
    return answer


def next_link(call: Call, start: int, name: str = "skiptoken") -> str:
    token = base64.urlsafe_b64encode(f"page:{start}".encode()).decode().rstrip("=")
    return link(call, {name: token})


def link(
    call: Call, extra: dict[str, str], *, drop: frozenset[str] = frozenset({"skip", "skiptoken", "deltatoken"})
) -> str:
    """This request's own address with other options."""
    path = call.target.partition("?")[0]
    kept = {f"${name}" if name.islower() else name: value for name, value in call.query.items() if name not in drop}
    added = {f"${name}": value for name, value in extra.items()}
    return f"{call.base}{path}?{urlencode({**kept, **added}, safe=SAFE, quote_via=quote)}"


def _start(call: Call) -> int:
    token = call.query.get("skiptoken")
    if token is None:
        skip = call.query.get("skip", "0")
        if not skip.isdecimal():
            raise bad_request(f"Invalid value '{skip}' for $skip query option found.")
        return int(skip)
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        return int(text.removeprefix("page:"))
    except (ValueError, binascii.Error) as error:
        raise Refused(400, "BadRequest", "The $skiptoken is not valid.") from error


def _property(row: dict[str, Any], name: str) -> Any:
    return follow(row, (name,))


def _getter(row: Any, how: Listing) -> Callable[[tuple[str, ...]], Any]:
    return lambda parts: follow(how.get(row, parts[0]), parts[1:])


def _key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value.casefold() if isinstance(value, str) else value if value is not None else 0)
