"""Every model call, looked up: by person, model, outcome, days, and the document it was given."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from bot.admin.outcomes import MEANINGS
from bot.admin.section import Block, Choice, Column, Form, Links, Section, Table, Tone, Unusable, View
from bot.auditing import wanted
from bot.store.audit import Audit, Row, Wanted

MOST = 50
EXPORT = "/admin/audit/export"
LONGEST = 2000
WORDS = {"since": "From", "until": "Before", "document": "Document"}
_KEPT = ("since", "until", "person", "model", "outcome", "evidence")


def asked(query: Mapping[str, str], tenant: str) -> Wanted:
    """What an address of this page asks for. Raises `Unusable`."""
    given = {name: query.get(name, "").strip() for name in (*_KEPT, "document")}
    if any(len(text) > LONGEST or "\x00" in text for text in given.values()):
        raise Unusable("What you search for is too long.")
    if given["evidence"] and not re.fullmatch(r"[0-9a-f]{16}", given["evidence"]):
        raise Unusable("That is no document of the audit.")
    try:
        found = wanted({**given, "tenant": tenant if given["document"] else ""}, WORDS)
    except ValueError as error:
        raise Unusable(str(error)) from error
    return replace(found, evidence=found.evidence or given["evidence"])


def address(query: Mapping[str, str], rows: Wanted) -> str:
    """The same search as a query. A document is in it by what the audit calls it: its link may tell what it is about."""
    kept = {name: query.get(name, "").strip() for name in _KEPT} | {"evidence": rows.evidence}
    return urlencode({name: text for name, text in kept.items() if text})


async def build(view: View) -> Sequence[Block]:
    rows = asked(view.query, view.person.tenant)
    before = view.query.get("before", "")
    last = int(before) if re.fullmatch(r"\d{1,18}", before) else 0
    found = await Audit(view.database).newest(rows, before=last, most=MOST + 1)
    same = address(view.query, rows)
    links = [("Export as CSV", f"{EXPORT}.csv?{same}"), ("Export as JSON lines", f"{EXPORT}.jsonl?{same}")]
    if last:
        links.insert(0, ("Newest", f"?{same}"))
    if len(found) > MOST:
        links.insert(0, ("Older", f"?{same}&before={found[MOST - 1].id}"))
    return [_form(view, rows), _table(found[:MOST]), Links(links)]


def _form(view: View, rows: Wanted) -> Form:
    typed = {name: view.query.get(name, "").strip() for name in _KEPT}
    anything = ("", "any")
    fields = [
        Choice("person", "Person", typed["person"], hint="Entra object id"),
        Choice("model", "Model", typed["model"], [anything, *((name, name) for name in view.services.models)]),
        Choice("outcome", "Outcome", typed["outcome"], [anything, *((name, name) for name in MEANINGS)]),
        Choice("since", "From", typed["since"], kind="date"),
        Choice("until", "Before", typed["until"], kind="date"),
        Choice("document", "Document", hint=_known(rows)),
    ]
    if rows.evidence:
        fields.append(Choice("evidence", "", rows.evidence, kind="hidden"))
    return Form(fields, "Search")


def _known(rows: Wanted) -> str:
    return f"now {rows.evidence}; paste another link" if rows.evidence else "link to a file or mail"


def _table(found: Sequence[Row]) -> Table:
    columns = [
        Column("When", "when"), Column("Person", "person"), Column("Place"), Column("For"), Column("Model"),
        Column("Answered by", "code"), Column("Outcome", "code"), Column("Read", "count"), Column("Written", "count"),
        Column("Cost", "usd"), Column("First", "ms"), Column("Whole", "ms"), Column("Documents", "count"),
    ]  # fmt: skip
    rows = [
        (
            row.at, row.person_id, row.place, row.purpose, row.name, row.answered, row.outcome, row.usage.input,
            row.usage.output, row.cost, row.first_ms, row.total_ms, len(row.evidence),
        )
        for row in found
    ]  # fmt: skip
    tones = {number: _tone(row.outcome) for number, row in enumerate(found)}
    return Table("Model calls", columns, rows, empty="No model call is like that.", wide=True, tones=tones)


def _tone(outcome: str) -> Tone:
    return "" if outcome in {"answered", "called_tools", "stopped"} else "warn"


SECTION = Section(
    "Audit", 9, build,
    "A row for each model call, newest first. There is no word of what was asked, found or answered in it; documents are "
    "named by a fingerprint that whoever has the link can look up.",
    timed=False,
)  # fmt: skip
