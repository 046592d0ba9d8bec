"""Every model call is written down once, whatever becomes of it, with what it cost; and none is made that no budget has room for."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection

from bot.context import Person, Place
from bot.cost.budgets import OverBudget, Warned
from bot.policy.rules import NotPermitted
from bot.routing.caller import Caller, Purpose, through
from bot.routing.ledger import Ledger
from bot.routing.metered import Metering, evidence_id, most_tokens
from bot.store.audit import Row
from bot.store.database import Database
from providers.base import Evidence, Image, Message, Provider, Request, Response, StopReason, Text, ToolResult, Usage
from providers.errors import Incomplete, NetworkFailed, RateLimited

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
IDA = Person("ida", "Ida Canary", "t")
SECRET = "canary-question"
PASSAGE = Evidence("S1", "canary-title", "canary-passage", "https://contoso.example/canary-link")
REQUEST = Request(
    "be brief",
    (
        Message("user", (PASSAGE, Image(b"x", "image/png"), Text(SECRET))),
        Message("user", (ToolResult("c1", (PASSAGE, Evidence("S2", "canary-mail", "text"))),)),
    ),
    max_output_tokens=1000,
)
USED = Usage(input=1000, cache_read=500, cache_write=100, output=200, reasoning=50)
COST = 400 * 2 + 100 + 250 + 2000  # 0.20 dollars a million read from the cache, 2.50 written, 10 put out


@dataclass
class Vendor:
    """Says what it is told, piece by piece; an exception is raised in its place. `held` stops it before its first piece."""

    pieces: Sequence[str | Response | Exception]
    held: asyncio.Event | None = None
    door: str = "anthropic"
    model: str = "claude-sonnet-5-5"
    images: bool = True
    asked: list[Request] = field(default_factory=list[Request])
    closed: int = 0

    async def stream(self, request: Request) -> AsyncGenerator[str | Response]:
        self.asked.append(request)
        try:
            if self.held is not None:
                await self.held.wait()
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.closed += 1

    async def aclose(self) -> None:
        pass


def end(
    stop: StopReason = StopReason.FINISHED, usage: Usage = USED, model: str = "claude-sonnet-5-5-20261015"
) -> Response:
    return Response(Message("assistant", (Text("canary-answer"),)), stop, model, usage)


@dataclass
class Books:
    database: Database
    ledger: Ledger

    def model(self, vendor: Provider, purpose: Purpose = "answer", **more: Any) -> tuple[Provider, Caller]:
        values: dict[str, Any] = {"place": Place.PERSONAL, "conversation": "a:ida", "person": IDA, **more}
        caller = Caller(question="q1", purpose=purpose, model="claude", **values)
        return through((Metering(self.ledger),), vendor, caller), caller

    async def rows(self) -> list[Row]:
        return await self.ledger.audit.search()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite:///{(tmp_path / 'parley.db').as_posix()}", [Fernet.generate_key().decode()])
    yield database
    await database.aclose()


@pytest.fixture
def books(database: Database) -> Books:
    return Books(database, Ledger.of(database, [], lambda: NOW))


def with_budgets(database: Database, **budgets: Any) -> Books:
    return Books(database, Ledger.of(database, [Vendor([])], lambda: NOW, budgets=budgets))


async def drained(model: Provider) -> list[str | Response]:
    return [piece async for piece in model.stream(REQUEST)]


async def test_an_answer_is_written_down_without_a_word_of_it(books: Books) -> None:
    model, _ = books.model(Vendor(["one ", "two", end()]))
    assert (model.door, model.model, model.images) == ("anthropic", "claude-sonnet-5-5", True)
    assert [piece for piece in await drained(model) if isinstance(piece, str)] == ["one ", "two"]
    (row,) = await books.rows()
    assert (row.at, row.person_id, row.tenant, row.conversation_id) == (NOW.timestamp(), "ida", "t", "a:ida")
    assert (row.place, row.question_id, row.purpose, row.name) == ("personal", "q1", "answer", "claude")
    assert (row.asked, row.answered, row.door) == ("claude-sonnet-5-5", "claude-sonnet-5-5-20261015", "anthropic")
    assert (row.usage, row.estimated, row.cost, row.outcome) == (USED, False, COST, "answered")
    assert row.first_ms is not None
    assert 0 <= row.first_ms <= row.total_ms
    assert row.evidence == (evidence_id("t", "https://contoso.example/canary-link"), evidence_id("t", "canary-mail"))
    assert "canary" not in str(row)
    assert await books.ledger.spending.spent(["person:ida", "organisation:t"], "2026-11") == {
        "person:ida": COST,
        "organisation:t": COST,
    }


@pytest.mark.parametrize(
    ("pieces", "outcome", "estimated"),
    [
        ([end(StopReason.TOOL_CALLS)], "called_tools", False),
        (["x", end(StopReason.LENGTH)], "length", False),
        ([end(StopReason.REFUSAL)], "refusal", False),
        ([RateLimited("canary", seconds=3)], "rate_limited", False),
        ([NotPermitted("rule", "claude")], "not_permitted", False),
        (["one two three", NetworkFailed("canary")], "network_failed", True),
        (["one two three", Incomplete("canary")], "incomplete", True),
    ],
)
async def test_each_ending_has_its_name(
    books: Books, pieces: list[str | Response | Exception], outcome: str, *, estimated: bool
) -> None:
    vendor = Vendor(pieces)
    model, _ = books.model(vendor)
    if isinstance(pieces[-1], Exception):
        with pytest.raises(type(pieces[-1])):
            await drained(model)
    else:
        await drained(model)
    (row,) = await books.rows()
    assert (row.outcome, row.estimated, vendor.closed) == (outcome, estimated, 1)
    if isinstance(pieces[0], Exception):
        assert (row.usage, row.cost, row.first_ms) == (Usage(), 0, None)
    else:
        assert row.cost


async def test_one_that_is_stopped_is_estimated(books: Books) -> None:
    vendor = Vendor(["one two three four ", "five", end()])
    model, _ = books.model(vendor, "summary")
    pieces = model.stream(REQUEST)
    assert await anext(pieces) == "one two three four "
    assert isinstance(pieces, AsyncGenerator)
    await pieces.aclose()
    held = Vendor([end()], held=asyncio.Event())
    task = asyncio.create_task(drained(books.model(held)[0]))
    while not held.asked:  # noqa: ASYNC110 -- a list has no event
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await books.ledger.aclose()
    first, second = await books.rows()
    assert (first.outcome, first.estimated, first.usage.output, first.purpose) == ("stopped", True, 4, "summary")
    assert 0 < first.usage.input <= most_tokens(REQUEST)
    assert (second.outcome, second.estimated, second.first_ms) == ("stopped", True, None)
    assert (vendor.closed, held.closed) == (1, 1)


async def test_an_unknown_price_is_unknown_and_not_nothing(books: Books) -> None:
    await drained(books.model(Vendor([end(model="llama-9")], model="llama-9"))[0])
    await drained(books.model(Vendor([end(model="claude-opus-5-5")], model="our-deployment"))[0])
    unknown, known = await books.rows()
    assert unknown.cost is None
    assert known.cost == 400 * 4 + 100 + 500 + 4000
    with pytest.raises(ValueError, match="anthropic:llama-9 costs"):
        Ledger.of(books.database, [Vendor([], model="llama-9")], lambda: NOW, budgets={"person": 5})


async def test_a_store_that_fails_costs_the_row_and_not_the_answer(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    model, _ = books.model(Vendor(["hello", end()]))
    pieces = model.stream(REQUEST)
    assert await anext(pieces) == "hello"
    async with books.database.write() as connection:
        await connection.exec_driver_sql("DROP TABLE audit")
    assert isinstance(await anext(pieces), Response)
    await books.ledger.aclose()
    assert "was not written down: StoreError" in caplog.text
    assert "canary" not in caplog.text


async def test_over_its_budget_nothing_is_asked(database: Database) -> None:
    books = with_budgets(database, person=0.029, raised_by="Mara")
    first, second = Vendor([end()]), Vendor([end()])
    await drained(books.model(first)[0])
    for _ in range(4):
        await drained(books.model(Vendor([end()]))[0])
    with pytest.raises(OverBudget) as raised:
        await drained(books.model(second)[0])
    assert (raised.value.kind, raised.value.limit, raised.value.raised_by) == ("person", 29_000, "Mara")
    assert raised.value.ends == datetime(2026, 12, 1, tzinfo=UTC)
    assert not second.asked
    last = (await books.rows())[-1]
    assert (last.outcome, last.cost, last.usage) == ("over_budget", 0, Usage())
    other = Vendor([end()])
    await drained(books.model(other, person=Person("ben", "Ben", "t"))[0])
    assert other.asked


async def test_calls_at_once_stay_below_the_stop(database: Database) -> None:
    """The money of twenty is asked for at the same moment; what each really costs comes later, and is less."""
    books = with_budgets(database, organisation=0.10)
    going = asyncio.Event()
    vendors = [Vendor([end()], held=going) for _ in range(20)]
    tasks = [
        asyncio.create_task(drained(books.model(v, person=Person(f"p{n}", "", "t"))[0])) for n, v in enumerate(vendors)
    ]
    while sum(task.done() for task in tasks) + sum(len(vendor.asked) for vendor in vendors) < 20:  # noqa: ASYNC110 -- a list has no event
        await asyncio.sleep(0.001)
    going.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [one for one in ended if isinstance(one, OverBudget)]
    assert 0 < len(refused) < 20
    spent = await books.ledger.spending.spent(["organisation:t"], "2026-11")
    assert spent["organisation:t"] == COST * (20 - len(refused)) <= 100_000
    assert sum(row.cost or 0 for row in await books.rows()) == spent["organisation:t"]


async def test_owners_are_warned_once_where_it_is_their_business(database: Database) -> None:
    books = with_budgets(database, person=0.005, conversation=0.0042, organisation=100)
    channel: dict[str, Any] = {"place": Place.CHANNEL, "conversation": "19:x@thread.tacv2;messageid=5"}
    request = Request("", (Message("user", (Text("hi"),)),), max_output_tokens=1)

    async def ask(purpose: Purpose = "answer", **more: Any) -> list[Warned]:
        model, caller = books.model(Vendor([end()]), purpose, **more)
        async for _ in model.stream(request):
            pass
        return caller.tally.warned

    assert await ask(**channel) == [Warned("conversation", 75, 4200)]
    counted = await books.ledger.spending.spent(["conversation:19:x@thread.tacv2"], "2026-11")
    assert list(counted.values()) == [COST]
    model, caller = books.model(Vendor([end(usage=Usage(input=100, output=80))]))
    async for _ in model.stream(request):
        pass
    assert caller.tally.warned == [Warned("person", 75, 5000)]
    assert await ask("summary") == []
    with pytest.raises(OverBudget):
        await ask()


class Counted(Database):
    """Counts its transactions by whether they write."""

    writes = 0
    reads = 0

    async def transaction(self, work: Callable[[Connection], Any], *, read: bool = False) -> Any:
        self.reads += read
        self.writes += not read
        return await super().transaction(work, read=read)


@pytest.mark.parametrize(
    ("budgets", "writes", "reads"),
    [({}, 1, 0), ({"person": 20, "organisation": 500}, 1, 1), ({"person": 0.2, "organisation": 500}, 2, 1)],
    ids=["none", "far", "near"],
)
async def test_a_call_costs_one_write_unless_a_budget_is_near_its_end(
    tmp_path: Path, budgets: dict[str, float], writes: int, reads: int
) -> None:
    database = await Counted.open(f"sqlite:///{(tmp_path / 'parley.db').as_posix()}", [Fernet.generate_key().decode()])
    assert isinstance(database, Counted)
    try:
        books = with_budgets(database, **budgets)
        await drained(books.model(Vendor(["one", end()]))[0])
        await books.ledger.aclose()
        assert (database.writes, database.reads) == (writes, reads)
    finally:
        await database.aclose()
