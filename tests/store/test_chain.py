"""The audit can only be added to: whatever is changed, deleted, inserted, swapped or cut off is found, and an erasure is not."""

import asyncio
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Table, delete, func, insert, select, update

from bot.store.audit import Audit, Row, values
from bot.store.chain import ERASED, PRIVATE, UNNAMED, Chain, anchor_mac, append
from bot.store.chain_ends import verify
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.personal import Personal
from bot.store.spending import Settled, Spending
from providers.base import Usage
from tests.store.test_spending import MONTH, ROW

PEOPLE = ("ida", "ben", "eva")


def row(number: int, chance: random.Random) -> Row:
    return replace(
        ROW, at=1_000_000.0 + number, person_id=chance.choice(PEOPLE), conversation_id=f"a:{number % 7}", question_id=f"q{number}",
        usage=Usage(number, number % 5, 0, 1, 0), cost=chance.choice((None, number, 0)), first_ms=chance.choice((None, 3)),
        evidence=(uuid.UUID(int=chance.getrandbits(128)).hex,),
    )  # fmt: skip


async def write(database: Database, rows: int, processes: int = 3, seed: int = 1) -> None:
    """By several processes, each in a chain of its own."""
    chance = random.Random(seed)
    spendings = [Spending(database) for _ in range(processes)]
    await asyncio.gather(
        *(spendings[number % processes].settle(Settled(row(number, chance), MONTH, ())) for number in range(rows))
    )


def flipped(column: str, value: Any, chance: random.Random) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bytes):
        place = chance.randrange(len(value))
        return value[:place] + bytes([value[place] ^ (1 << chance.randrange(8))]) + value[place + 1 :]
    if isinstance(value, str):
        return f"{value}x" if chance.random() < 0.5 or len(value) < 2 else value[:-1]
    if value is None:
        return b"x" * 16 if column in {"salt", "private", "seal"} else 7
    return value + chance.choice((-1, 1, 1000))


Tamper = Callable[[Connection, Table, random.Random, list[Mapping[str, Any]]], None]


def change(connection: Connection, audit: Table, chance: random.Random, rows: list[Mapping[str, Any]]) -> None:
    """Any column but the database's own number of the row, which says nothing."""
    one = chance.choice(rows)
    column = chance.choice([name for name in audit.c.keys() if name != "id"])  # noqa: SIM118 -- a collection of columns
    new = flipped(column, one[column], chance)
    connection.execute(update(audit).where(audit.c.id == one["id"]).values({column: new}))


def remove(connection: Connection, audit: Table, chance: random.Random, rows: list[Mapping[str, Any]]) -> None:
    connection.execute(delete(audit).where(audit.c.id == chance.choice(rows)["id"]))


def slip_in(connection: Connection, audit: Table, chance: random.Random, rows: list[Mapping[str, Any]]) -> None:
    """A copy of a row, or one of the forger's own, into a chain or beside all of them."""
    one = {name: value for name, value in chance.choice(rows).items() if name != "id"}
    one["number"] += chance.choice((0, 0, 1, 1000))
    one["chain"] = chance.choice((one["chain"], "", "f" * 24))
    one["cost"] = 1
    connection.execute(insert(audit).values(one))


def swap(connection: Connection, audit: Table, chance: random.Random, rows: list[Mapping[str, Any]]) -> None:
    """What two rows say, or their places, in one chain or two."""
    one, other = chance.sample(rows, 2)
    names = [name for name in audit.c.keys() if name not in {"id", "chain", "number"}]  # noqa: SIM118 -- as above
    if chance.random() < 0.5:
        names = ["chain", "number"]
    for here, there in ((one, other), (other, one)):
        found = {name: there[name] for name in names}
        connection.execute(update(audit).where(audit.c.id == here["id"]).values(found))


def cut_off(connection: Connection, audit: Table, chance: random.Random, rows: list[Mapping[str, Any]]) -> None:
    chain = chance.choice(rows)["chain"]
    mine = [one for one in rows if one["chain"] == chain]
    last = max(one["number"] for one in mine)
    gone = chance.randrange(1, min(20, len(mine)) + 1)
    connection.execute(delete(audit).where(audit.c.chain == chain, audit.c.number > last - gone))


def blot_out(connection: Connection, audit: Table, chance: random.Random, rows: list[Mapping[str, Any]]) -> None:
    """As if somebody had been erased."""
    one = chance.choice([one for one in rows if one["person_id"] != ERASED])
    salt = chance.choice((None, b"", chance.randbytes(32)))
    connection.execute(update(audit).where(audit.c.id == one["id"]).values(**UNNAMED, salt=salt))


KINDS: tuple[Tamper, ...] = (change, change, change, remove, slip_in, swap, cut_off, blot_out)


async def tampered(database: Database, trials: int) -> tuple[int, list[str]]:
    """How many of so many acts, each undone afterwards, were found; and those that were not."""
    heads, audit, key = database.tables.protection.heads, database.tables.audit, database.audit_key

    def run(connection: Connection) -> tuple[int, list[str]]:
        rows: list[Mapping[str, Any]] = [dict(one) for one in connection.execute(select(audit)).mappings()]
        found, missed = 0, list[str]()
        assert verify(connection, audit, heads, key) == []
        for trial in range(trials):
            chance, kind = random.Random(trial), KINDS[trial % len(KINDS)]
            with connection.begin_nested() as point:
                kind(connection, audit, chance, rows)
                if verify(connection, audit, heads, key):
                    found += 1
                else:
                    missed.append(f"{kind.__name__} {trial}")
                point.rollback()
        assert verify(connection, audit, heads, key) == []
        return found, missed

    return await database.transaction(run)


async def test_whatever_is_done_to_a_row_is_found(database: Database) -> None:
    await write(database, 60)
    await Personal(database).erase("eva")
    assert await tampered(database, 160) == (160, [])


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_each_of_a_thousand_is_found(database: Database) -> None:
    await write(database, 1000)
    await Personal(database).erase("eva")
    assert await tampered(database, 1000) == (1000, [])


async def test_an_erasure_leaves_a_chain_that_holds_and_says_that_it_was_one(database: Database) -> None:
    await write(database, 50)
    audit = Audit(database)
    mine = sum(one.person_id == "ida" for one in await audit.search())
    await Personal(database).erase("ida")
    assert await audit.verify([], 365) == ([], 51)
    rows = await audit.search()
    erased = [one for one in rows if one.person_id == ERASED and one.purpose != "erasure"]
    assert len(erased) == mine
    assert {(one.conversation_id, one.question_id, one.evidence) for one in erased} == {(ERASED, "", ())}
    assert [(one.purpose, one.usage.input) for one in rows if one.purpose == "erasure"] == [("erasure", mine)]


async def test_retention_takes_from_the_beginning_and_leaves_an_anchor(database: Database) -> None:
    await write(database, 30)
    table = database.tables.audit
    audit = Audit(database)
    heads = await audit.heads()
    now = await database.transaction(lambda c: float(c.execute(select(DatabaseNow())).scalar_one()), read=True)
    # Days cannot be moved without breaking seals, so the reach of the sweep is.
    days = (now - (1_000_000.0 + 14.5)) / 86400.0
    assert await audit.sweep(days) == 15
    assert await audit.verify(heads, days) == ([], 15)
    spending = Spending(database)
    await spending.settle(Settled(ROW, MONTH, ()))
    assert (await audit.verify(heads, 365))[0] == []

    def begin(connection: Connection) -> None:
        first = connection.execute(select(func.min(table.c.number)).where(table.c.chain == heads[0].chain)).scalar_one()
        connection.execute(delete(table).where(table.c.chain == heads[0].chain, table.c.number == first))

    await database.transaction(begin)
    assert [fault.what for fault in (await audit.verify([], 365))[0]] == ["rows before number 7 were deleted"]


async def test_a_chain_that_is_gone_with_its_end_is_found_against_ends_that_were_kept(database: Database) -> None:
    await write(database, 30)
    audit, tables = Audit(database), database.tables
    known = await audit.heads()
    chain = known[1].chain

    def drop(connection: Connection) -> None:
        connection.execute(delete(tables.audit).where(tables.audit.c.chain == chain))
        connection.execute(delete(tables.protection.heads).where(tables.protection.heads.c.chain == chain))

    await database.transaction(drop)
    assert (await audit.verify([], 365))[0] == [], "the database alone cannot tell"
    assert [fault.what for fault in (await audit.verify(known, 365))[0]] == ["the whole chain is gone"]


async def test_whoever_has_the_key_can_forge_but_not_what_was_kept_elsewhere(database: Database) -> None:
    """Written anew from the beginning, with the right key: it holds in itself."""
    await write(database, 10, processes=1)
    audit, tables, key = Audit(database), database.tables, database.audit_key
    known = await audit.heads()

    def forge(connection: Connection, with_key: bytes) -> None:
        chain = Chain(with_key, known[0].chain)
        connection.execute(delete(tables.audit))
        connection.execute(delete(tables.protection.heads))
        append(
            connection, tables.audit, tables.protection.heads, chain, [values(replace(ROW, cost=1)) for _ in range(10)]
        )
        own = select(tables.protection.heads.c.chain)
        named = {"chain": known[0].chain, "anchor_mac": anchor_mac(with_key, known[0].chain, 1, b"")}
        connection.execute(
            update(tables.protection.heads).where(tables.protection.heads.c.chain.in_(own)).values(named)
        )

    await database.transaction(lambda connection: forge(connection, b"guessed" * 5))
    assert (await audit.verify([], 365))[0] != []
    await database.transaction(lambda connection: forge(connection, key))
    assert (await audit.verify(known, 365))[0] != []


async def test_a_transaction_that_was_undone_breaks_no_chain(database: Database) -> None:
    """The process goes on in a new chain, since it can't know."""
    spending = Spending(database)
    await spending.settle(Settled(ROW, MONTH, ()))
    with pytest.raises(ZeroDivisionError):
        await database.transaction(lambda connection: (spending._settle(connection, [Settled(ROW, MONTH, ())]), 1 / 0))
    await spending.settle(Settled(ROW, MONTH, ()))
    await spending.settle(Settled(ROW, MONTH, ()))
    assert await Audit(database).verify([], 365) == ([], 3)
    assert sorted(head.number for head in await Audit(database).heads()) == [1, 2]


async def test_rows_of_before_the_chains_are_chained_once(url: str, key: str) -> None:
    database = await Database.open(url, [key])
    await write(database, 25, processes=1)
    tables = database.tables
    async with database.write() as connection:
        bare = {"chain": "", "number": 0, "salt": None, "private": None, "seal": None}
        await connection.execute(update(tables.audit).values(bare))
        erased = tables.audit.c.id == 3
        await connection.execute(update(tables.audit).where(erased).values({**UNNAMED, "conversation_id": "a:1"}))
        await connection.execute(delete(tables.protection.heads))
        await connection.execute(delete(tables.person_keys).where(tables.person_keys.c.key_id == "audit"))
    await database.aclose()
    database = await Database.open(url, [key])
    assert await Audit(database).verify([], 365) == ([], 25)
    await database.aclose()
    database = await Database.open(url, [key])
    rows = (await Audit(database).search(most=100))[2]
    assert {name: getattr(rows, name) for name in PRIVATE} == {**UNNAMED, "conversation_id": "a:1", "evidence": ()}
    async with database.write() as connection:
        await connection.execute(insert(tables.audit).values({**values(ROW), "chain": "", "number": 0}))
    await database.aclose()
    database = await Database.open(url, [key])
    assert [fault.what for fault in (await Audit(database).verify([], 365))[0]] == ["stands in no chain that we began"]
    await database.aclose()
