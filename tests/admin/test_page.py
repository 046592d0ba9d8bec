"""How the page is written: what is hostile stays text, what others wrote is what it was, and every outcome has its words."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from bot.admin.outcomes import AGAINST_VENDOR, FINE, MEANINGS
from bot.admin.rendering import FIRST, Shown, page, written
from bot.admin.section import (
    Block,
    Choice,
    Column,
    Form,
    Links,
    Note,
    Period,
    Section,
    Table,
    Tile,
    Tiles,
    Unit,
    Unusable,
    View,
)
from bot.admin.sections.audit import address, asked
from bot.admin.tables import MOST_SERIES, OTHERS, by_day, changed, percentile
from bot.answer.failover import FOLLOWED
from bot.context import Person
from bot.cost.budgets import OverBudget
from bot.policy.rules import NotPermitted
from bot.routing.breaker import CircuitOpen
from bot.routing.metered import STOPPED, evidence_id, outcome_of
from bot.store.figures import DAY
from infra.vendored import FOLDER, SHA256, VERSION
from providers.base import StopReason
from providers.errors import ProviderError
from tests.admin.visiting import ADMIN, SECTIONS, House
from tests.store.test_figures import fill
from tests.store.test_spending import ROW

HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>"
ID = "20a3b3da-c3a5-5168-b73c-64d19384f26c"


async def nothing(_: View) -> Sequence[Block]:
    return []


def test_whatever_is_shown_stays_text() -> None:
    table = Table(
        HOSTILE, [Column(HOSTILE, "person"), Column(HOSTILE, "code"), Column(HOSTILE)], [(ID, HOSTILE, HOSTILE), (HOSTILE, "", "")],
        "stack", HOSTILE,
    )  # fmt: skip
    blocks: list[Block] = [
        Tiles([Tile(HOSTILE, HOSTILE, "text", HOSTILE)]), table, replace(table, chart=None), replace(table, rows=[], empty=HOSTILE),
        Note(HOSTILE), Form([Choice(HOSTILE, HOSTILE, HOSTILE, [(HOSTILE, HOSTILE)]), Choice("x", "x", HOSTILE, hint=HOSTILE)], HOSTILE),
        Links([(HOSTILE, f"/admin?{HOSTILE}")]),
    ]  # fmt: skip
    section = Section(HOSTILE, 0, nothing, HOSTILE)
    sections = {FIRST: section, HOSTILE: section}
    made = page(
        Shown(section, "/admin", sections, blocks, 30, Person(ID, HOSTILE, "t"), {ID: HOSTILE}, ask_names=True, now=0.0)
    )
    assert made.text is not None
    assert made.text.count("&lt;script&gt;alert") > 20
    assert "<script>alert" not in made.text
    assert "<img src=x" not in made.text
    assert made.text.count("<script") == 2, "our own two files"


def test_the_charts_library_is_the_file_that_was_looked_at() -> None:
    content = (FOLDER / "chart.umd.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256
    assert f"Chart.js v{VERSION}".encode() in content[:200]
    assert "MIT" in (FOLDER / "LICENSE-chart.js").read_text(encoding="utf-8")
    assert SHA256 in (FOLDER / "SOURCE.md").read_text(encoding="utf-8")


def test_no_page_needs_another_host() -> None:
    for name in ("page.css", "page.js", "page.html", "gate.html", "gate.css"):
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert "http" not in text, name


def every_error(kind: type[ProviderError] = ProviderError) -> Iterator[type[ProviderError]]:
    yield kind
    for one in kind.__subclasses__():
        yield from every_error(one)


def test_every_outcome_there_can_be_has_its_words() -> None:
    assert {CircuitOpen, OverBudget, NotPermitted} <= set(every_error())
    ours = [kind for kind in every_error() if not kind.__module__.startswith("tests.")]
    outcomes = {outcome_of(kind.__new__(kind)) for kind in ours}
    outcomes |= {reason.value for reason in StopReason} - {"finished", "tool_calls"} | {
        "answered",
        "called_tools",
        STOPPED,
    }
    assert outcomes <= MEANINGS.keys(), outcomes - MEANINGS.keys()


def test_what_speaks_against_a_vendor_is_what_another_model_goes_on_after() -> None:
    followed = {
        outcome_of(kind.__new__(kind))
        for kind in every_error()
        if issubclass(kind, FOLLOWED) and "tests" not in kind.__module__
    }
    assert followed == set(AGAINST_VENDOR)
    assert not FINE & followed


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (None, "usd", "–"), (0, "usd", "$0.00"), (2100, "usd", "$0.0021"), (1_234_560_000, "usd", "$1,234.56"), (650, "ms", "650 ms"),
        (12_345, "ms", "12.3 s"), (1234, "count", "1,234"), (2.5, "percent", "2.5 %"), (0.0, "when", "1970-01-01 00:00:00"),
        (20_000, "day", "2024-10-04"), ("x", "person", "x"), ("", "text", "–"), (0, "count", "0"),
    ],
)  # fmt: skip
def test_figures_are_written_for_people(value: str | float | None, unit: Unit, words: str) -> None:
    assert written(value, unit) == words


def test_no_day_is_left_out_and_small_series_share_one() -> None:
    period = Period(3, 100.0 * DAY, 103.0 * DAY)
    entries = [(100, f"s{number}", 10.0 + number) for number in range(MOST_SERIES + 2)] + [(102, "s1", 1.5)]
    table = by_day("x", period, entries)
    assert [row[0] for row in table.rows] == [100, 101, 102]
    assert [column.title for column in table.columns][-1] == OTHERS
    assert len(table.columns) == 1 + MOST_SERIES
    amounts = [cell for row in table.rows for cell in row[1:]]
    assert sum(amount for amount in amounts if isinstance(amount, int | float)) == sum(amount for *_, amount in entries)
    gaps = by_day("x", period, [(101, "a", 5.0)], gaps=True)
    assert [row[1] for row in gaps.rows] == [None, 5, None]
    assert by_day("x", period, []).rows == []


def test_percentiles_and_changes() -> None:
    counts = [(10, 50), (100, 45), (1000, 5)]
    assert [percentile(counts, share) for share in (0.5, 0.51, 0.95, 0.99)] == [10, 100, 100, 1000]
    assert percentile([], 0.5) is None
    assert [changed(110, 100), changed(100, 100), changed(5, 0)] == [
        "+10 % against the time before",
        "as in the time before",
        "",
    ]


@pytest.mark.parametrize(
    "query", [{"since": "never"}, {"evidence": "../x"}, {"person": "x" * 3000}, {"person": "a\x00b"}], ids=str
)
def test_what_cant_be_searched_is_told(query: dict[str, str]) -> None:
    with pytest.raises(Unusable):
        asked(query, "tenant")


def test_a_document_is_searched_by_its_fingerprint() -> None:
    link = "https://contoso.example/secret%20plan.docx"
    rows = asked({"document": link, "model": "Claude"}, "tenant")
    assert (rows.evidence, rows.name, rows.tenant) == (evidence_id("tenant", link), "claude", "tenant")
    assert address({"document": link, "model": "Claude"}, rows) == f"model=Claude&evidence={rows.evidence}"


async def test_hostile_rows_are_shown_as_they_are_and_run_nowhere(admins: House) -> None:
    now = admins.services.now().timestamp()
    row = replace(
        ROW, at=now, person_id=HOSTILE, conversation_id=HOSTILE, place="channel", question_id=HOSTILE, name=HOSTILE[:30],
        answered="=cmd|x", outcome="<b>bold</b>",
    )  # fmt: skip
    await fill(admins.core.database, [row] * 3)
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    for section in SECTIONS:
        seen = await visitor.get(
            f"/admin/{section}", params={"person": "<x>", "model": '"><x>'} if section == "audit" else {}
        )
        assert seen.status == 200, section
        for part in ("<script>alert", "<img src=x", "<b>bold", "<x>"):
            assert part not in seen.text, section
    assert "&lt;b&gt;bold" in (await visitor.get("/admin/failures")).text
    assert "'=cmd|x" in (await visitor.get("/admin/audit/export.csv")).text


async def test_strange_addresses_are_answered_in_words(admins: House) -> None:
    visitor = admins.visitor()
    await visitor.sign_in(ADMIN)
    for path, status in {
        "/admin?days=1000000000": 200, "/admin?days=-1": 200, "/admin?days=x": 200, "/admin/audit?before=x": 200,
        "/admin/audit?before=999999999999999999": 200, "/admin/people?person=x": 400, "/admin/audit?until=13": 400,
        "/admin/audit?since=9999-12-31": 200, "/admin/assets/SOURCE.md": 404, "/admin/assets/..%2Faccess.py": 404,
        "/admin/__init__": 404, "/admin/cost/": 404,
    }.items():  # fmt: skip
        assert (await visitor.get(path)).status == status, path
