"""The database goes away and comes back: nothing is lost, nothing is repeated, no task of ours has died."""

import asyncio
import contextlib
from collections import Counter
from urllib.parse import urlsplit

import pytest

from bot.context import Receipt
from bot.store.database import Database, StoreUnavailable
from bot.store.entry import Entry
from bot.store.inbox import Inbox
from bot.turns import Turns
from tests.postgres import PostgresServer, free_port


class Cable:
    """Between us and PostgreSQL; can be cut."""

    def __init__(self, to: int) -> None:
        self.port = free_port()
        self._to = to
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def connect(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
        ends = {writer, there_writer}
        self._writers |= ends
        await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))
        self._writers -= ends


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


async def test_postgresql_gone_for_a_while(postgres_server: PostgresServer, key: str) -> None:
    address = urlsplit(postgres_server.create("outage"))
    cable = Cable(postgres_server.port)
    await cable.connect()
    database = await Database.open(address._replace(netloc=f"parley@127.0.0.1:{cable.port}").geturl(), [key])
    answered: Counter[str] = Counter()
    go_on, last_is_answered = asyncio.Event(), asyncio.Event()

    async def answer(entry: Entry, receipt: Receipt) -> None:
        await receipt.placed(f"r-{entry.activity_id}")
        await go_on.wait()
        answered[entry.activity_id] += 1
        if len(answered) == 21:
            last_is_answered.set()

    async def apologise(entry: Entry, receipt: Receipt) -> None:
        raise AssertionError("nothing was uncertain")

    turns = Turns(Inbox(database, owner="one", lease_seconds=0.5), answer, apologise, sweep_seconds=0.1)
    await turns.start()
    for number in range(20):
        await turns.admit(f"c{number}", f"a{number}", {})

    await cable.cut()
    go_on.set()  # twenty turns end while nobody can write it down
    with pytest.raises(StoreUnavailable):
        await database.ping()
    with pytest.raises(StoreUnavailable):
        await turns.admit("c20", "a20", {})
    await cable.connect()

    await database.ping()
    await turns.admit("c20", "a20", {})
    await asyncio.wait_for(last_is_answered.wait(), 20)
    await turns.aclose(20)
    assert answered == {f"a{number}": 1 for number in range(21)}
    async with database.read() as connection:
        states = (await connection.exec_driver_sql("SELECT DISTINCT state FROM inbox")).scalars().all()
    assert states == ["done"]
    await database.aclose()
    await cable.cut()
    postgres_server.drop("outage")
