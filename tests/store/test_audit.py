"""The audit's rows: found by any of their marks, page by page, added up, and gone when their time has come."""

import time
from dataclasses import replace

from sqlalchemy import update

from bot.store.audit import Audit, Sum, Wanted
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.spending import Settled, Spending
from providers.base import Usage
from tests.store.test_spending import MONTH, ROW

OTHERS = (
    replace(ROW, at=2000.0, question_id="q2", outcome="stopped", estimated=True, cost=50, answered="", first_ms=None),
    replace(
        ROW, at=3000.0, person_id="ben", conversation_id="19:x;messageid=1", place="channel", name="gpt", cost=None
    ),
    replace(ROW, at=4000.0, tenant="other", usage=Usage(), cost=0, outcome="rate_limited", evidence=()),
)


async def fill(database: Database) -> Audit:
    spending = Spending(database)
    for row in (ROW, *OTHERS):
        await spending.settle(Settled(row, MONTH, ()))
    return Audit(database)


FOUND = [
    (Wanted(), (0, 1, 2, 3)),
    (Wanted(since=2000.0), (1, 2, 3)),
    (Wanted(until=2000.0), (0,)),
    (Wanted(person_id="ben"), (2,)),
    (Wanted(tenant="other"), (3,)),
    (Wanted(conversation_id="a:ida", questions=("q2", "q9")), (1,)),
    (Wanted(name="gpt"), (2,)),
    (Wanted(outcome="stopped"), (1,)),
    (Wanted(evidence="bb"), (0, 1, 2)),
    (Wanted(evidence="%"), ()),
]


async def test_rows_are_found(database: Database) -> None:
    audit = await fill(database)
    for wanted, found in FOUND:
        rows = [replace(row, id=0) for row in await audit.search(wanted)]
        assert rows == [(ROW, *OTHERS)[number] for number in found], wanted


async def test_rows_come_page_by_page_and_add_up(database: Database) -> None:
    audit = await fill(database)
    first = await audit.search(most=3)
    assert len(first) == 3
    assert [row.at for row in await audit.search(after=first[-1].id)] == [4000.0]
    assert [row.at async for row in audit.all()] == [1000.0, 2000.0, 3000.0, 4000.0]
    assert await audit.sum(Wanted()) == Sum(4, 350, 1, 1, Usage(300, 120, 30, 60, 15))
    assert await audit.sum(Wanted(person_id="nobody")) == Sum()


async def test_old_rows_and_counters_go(database: Database) -> None:
    audit, spending, now = await fill(database), Spending(database), time.time()
    await spending.settle(Settled(replace(ROW, at=now), MONTH, ("person:ida",)))
    assert await audit.sweep(35) == 4
    (left,) = await audit.search()
    assert (left.at, left.id) == (now, 5)
    assert await spending.spent(["person:ida"], MONTH) == {"person:ida": 300}
    table = database.tables.spending
    async with database.write() as connection:
        await connection.execute(update(table).values(updated=DatabaseNow() - 36 * 86400))
    assert await audit.sweep(35) == 0
    assert await spending.spent(["person:ida"], MONTH) == {}
