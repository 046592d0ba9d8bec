"""Counting and setting aside: a hard stop holds over many processes, what a dead one set aside comes back, and sums agree."""

import asyncio
import random
import uuid
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from bot.store.audit import Audit, Row, Wanted
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.spending import Ahead, Limited, Refusal, Settled, Spending
from providers.base import Usage

MONTH = "2026-11"
ROW = Row(
    at=1000.0, person_id="ida", tenant="t", conversation_id="a:ida", place="personal", question_id="q1", purpose="answer",
    name="claude", asked="claude-x", answered="claude-x-1", door="anthropic", usage=Usage(100, 40, 10, 20, 5), estimated=False,
    cost=300, first_ms=12, total_ms=34, outcome="answered", evidence=("aa", "bb"),
)  # fmt: skip


def ahead(most: int, *limited: Limited, month: str = MONTH) -> Ahead:
    return Ahead(uuid.uuid4().hex, month, most, limited)


async def pay(spending: Spending, one: Ahead, cost: int, *, reserved: bool = True) -> None:
    owners = tuple(sorted(limited.owner for limited in one.owners))
    await spending.settle(Settled(replace(ROW, cost=cost), one.month, owners, one.id if reserved else ""))


async def test_what_does_not_fit_is_refused_until_something_is_given_back(database: Database) -> None:
    spending, ida = Spending(database), Limited("person:ida", 1000, 1)
    first, second = ahead(600, ida), ahead(600, ida)
    assert await spending.reserve(first) is False, "far from its end, a budget needs no reservation"
    near = replace(ida, at_once=25)
    assert await spending.reserve(replace(first, owners=(near,))) is True
    assert await spending.reserve(replace(second, owners=(near,))) == Refusal("person:ida")
    await pay(spending, first, 150)
    assert await spending.spent(["person:ida", "person:ben"], MONTH) == {"person:ida": 150}
    assert await spending.reserve(replace(second, owners=(near,))) is True
    await pay(spending, second, 850)
    assert await spending.reserve(ahead(1, near)) == Refusal("person:ida")
    assert await spending.reserve(ahead(600, near, month="2026-12")) is True
    assert await spending.reserve(ahead(1)) is False


async def test_the_narrowest_budget_decides_and_a_refusal_sets_nothing_aside(database: Database) -> None:
    spending = Spending(database)
    ida, all_of_us = Limited("person:ida", 5000, 25), Limited("organisation:t", 1000, 1000)
    assert await spending.reserve(ahead(900, ida, all_of_us)) is True
    assert await spending.reserve(ahead(900, ida, all_of_us)) == Refusal("organisation:t")
    assert await spending.reserve(ahead(4100, ida)) is True


async def test_what_a_dead_process_set_aside_comes_back(database: Database) -> None:
    spending, ida = Spending(database), Limited("person:ida", 1000, 25)
    lost = ahead(900, ida)
    assert await spending.reserve(lost) is True
    assert await spending.reserve(ahead(900, ida)) == Refusal("person:ida")
    table = database.tables.reservations
    async with database.write() as connection:
        await connection.execute(update(table).values(expires=DatabaseNow() - 1))
    assert await spending.reserve(ahead(900, ida)) is True
    await pay(spending, lost, 70)  # it was not dead after all
    assert await spending.spent(["person:ida"], MONTH) == {"person:ida": 70}
    async with database.write() as connection:
        await connection.execute(update(table).values(expires=DatabaseNow() - 90_000))
    await Audit(database).sweep(365)
    async with database.read() as connection:
        assert (await connection.execute(select(table))).all() == []


async def test_concurrent_spending_never_passes_the_stop(database: Database, url: str, key: str) -> None:
    """Two processes, many people, one organisation: no call costs more than was set aside for it."""
    other = await Database.open(url, [key])
    random_ = random.Random(5)
    limit, most, passed, refused = 10_000, 400, 0, 0

    async def call(number: int) -> None:
        nonlocal passed, refused
        spending = stores[number % 2]
        one = ahead(most, Limited(f"person:{number % 7}", 3000, 25), Limited("organisation:t", limit, 1000))
        answer = await spending.reserve(one)
        if isinstance(answer, Refusal):
            refused += 1
            return
        assert answer is True
        await asyncio.sleep(random_.random() / 100)
        await pay(spending, one, random_.randint(most // 2, most))
        passed += 1

    stores = (Spending(database), Spending(other))
    try:
        await asyncio.gather(*(call(number) for number in range(120)))
        spent = await stores[0].spent([f"person:{n}" for n in range(7)] + ["organisation:t"], MONTH)
    finally:
        await other.aclose()
    total = spent.pop("organisation:t")
    assert passed
    assert refused
    assert total <= limit
    assert all(amount <= 3000 for amount in spent.values())
    assert total == sum(spent.values()) == (await Audit(database).sum(Wanted(tenant="t"))).cost
    assert (await Audit(database).sum(Wanted())).calls == passed


async def test_a_mark_is_told_once_a_month(database: Database) -> None:
    spending = Spending(database)
    marks = {"person:ida": ((750, 75), (900, 90))}

    async def spend(cost: int, *, month: str = MONTH, told: bool = True) -> dict[str, int]:
        settled = Settled(replace(ROW, cost=cost), month, ("person:ida",), "", marks if told else None)
        return dict(await spending.settle(settled))

    assert await spend(700) == {}
    assert await spend(60, told=False) == {}
    assert sorted(map(str, await asyncio.gather(*(spend(1) for _ in range(5))))) == [
        "{'person:ida': 75}",
        "{}",
        "{}",
        "{}",
        "{}",
    ]
    assert await spend(1) == {}
    assert await spend(500) == {"person:ida": 90}
    assert await spend(500) == {}
    assert await spend(950, month="2026-12") == {"person:ida": 90}


async def test_a_row_that_cannot_be_written_counts_nothing(database: Database) -> None:
    spending, ida = Spending(database), Limited("person:ida", 1000, 25)
    one = ahead(900, ida)
    await spending.reserve(one)
    nothing: Any = None
    broken = replace(ROW, outcome=nothing)
    with pytest.raises(Exception, match="refused"):
        await spending.settle(Settled(broken, MONTH, ("person:ida",), one.id))
    assert await spending.spent(["person:ida"], MONTH) == {"person:ida": 0}
    assert await spending.reserve(ahead(900, ida)) == Refusal("person:ida")
    async with database.write() as connection:
        await connection.execute(delete(database.tables.reservations))
    assert await spending.reserve(ahead(900, ida)) is True
