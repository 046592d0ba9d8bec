"""The audit's rows on paper: which ones somebody asks for, and how they are written as JSON lines or CSV. No message is in them."""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from bot.cost.budgets import MICROS
from bot.routing.metered import evidence_id
from bot.store.audit import Row, Wanted

Form = Literal["jsonl", "csv"]
COLUMNS = (
    "at", "person_id", "tenant", "conversation_id", "place", "question_id", "purpose", "name", "asked", "answered", "door",
    "input", "cache_read", "cache_write", "output", "reasoning", "estimated", "cost_usd", "first_ms", "total_ms", "outcome",
    "evidence", "id",
)  # fmt: skip
_LINES_AT_ONCE = 200


def wanted(given: Mapping[str, str], words: Mapping[str, str] | None = None) -> Wanted:
    """From what somebody typed: since, until (days or moments, UTC), person, tenant, conversation, model, outcome, document (a link).

    `words`: what they know these names as. Raises ValueError with a sentence.
    """
    named = words or {}
    text = {name: given.get(name, "").strip() for name in _ASKED}
    if text["document"] and not text["tenant"]:
        raise ValueError(
            f"{named.get('document', 'document')} needs {named.get('tenant', 'tenant')}: documents are named anew in each tenant."
        )
    return Wanted(
        since=seconds(named.get("since", "since"), text["since"]),
        until=seconds(named.get("until", "until"), text["until"]),
        person_id=text["person"],
        tenant=text["tenant"],
        conversation_id=text["conversation"],
        name=text["model"].casefold(),
        outcome=text["outcome"],
        evidence=evidence_id(text["tenant"], text["document"]) if text["document"] else "",
    )


_ASKED = ("since", "until", "person", "tenant", "conversation", "model", "outcome", "document")


def seconds(name: str, text: str) -> float:
    """Since 1970; 0.0 for an empty text. Raises ValueError with a sentence that begins with `name`."""
    if not text:
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is a day such as 2026-11-01, or a moment such as 2026-11-01T08:30.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def shown(row: Row) -> Mapping[str, Any]:
    """In the order of `COLUMNS`. Amounts in US dollars, exact; no price known is None."""
    values = asdict(row)
    values |= values.pop("usage")
    cost = values.pop("cost")
    values["cost_usd"] = None if cost is None else f"{Decimal(cost) / MICROS:f}"
    values["at"] = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="milliseconds")
    return {name: values[name] for name in COLUMNS}


async def written(rows: AsyncIterator[Row], form: Form) -> AsyncIterator[str]:
    """The whole text in pieces of some lines."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n") if form == "csv" else None
    if writer is not None:
        writer.writeheader()
    lines = 0
    async for row in rows:
        if writer is not None:
            writer.writerow(_cells(shown(row)))
        else:
            out.write(json.dumps(shown(row), ensure_ascii=False) + "\n")
        lines += 1
        if lines % _LINES_AT_ONCE == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _cells(values: Mapping[str, Any]) -> dict[str, Any]:
    cells = {**values, "evidence": " ".join(values["evidence"])}
    # What begins like a formula would be one in a spreadsheet.
    return {
        name: f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@" and cell else cell
        for name, cell in cells.items()
    }
