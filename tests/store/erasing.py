"""A company's worth of stored messages with words nobody else has, and where such words are looked for afterwards."""

import asyncio
import hashlib
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, select, type_coerce

from bot.context import Incoming, Person, Place, Reference
from bot.store.answers import Answers, Kept, Read
from bot.store.database import Database
from bot.store.encryption import Encrypted
from bot.store.heard import Heard, Remark
from bot.store.inbox import Inbox
from bot.store.memories import Memories
from bot.store.preferences import Preferences
from bot.store.references import References
from bot.store.spending import Settled, Spending
from bot.store.token_cache import TokenCache
from bot.store.transcripts import Transcripts
from providers.base import Message, Text
from tests.store.test_personal import fill_digests
from tests.store.test_spending import MONTH, ROW

TEAM = "19:ops@thread.tacv2;messageid=1"
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Somebody:
    id: str
    word: str
    """In everything they wrote, were answered and had remembered."""
    name: str
    mail: str

    @property
    def chat(self) -> str:
        return f"a:{self.id}"

    @property
    def canaries(self) -> tuple[str, ...]:
        return self.word, self.name, self.mail, self.id


def people(count: int, seed: int) -> list[Somebody]:
    chance = random.Random(seed)
    made = []
    for number in range(count):
        id, tail = str(uuid.UUID(int=chance.getrandbits(128))), f"{chance.getrandbits(48):012x}"
        made.append(
            Somebody(id, f"zebra{number}x{tail}", f"Quagga{number} von{tail}", f"okapi{number}.{tail}@contoso.example")
        )
    return made


async def company(database: Database, everybody: list[Somebody], messages: int) -> None:
    """So many messages, a third of them in a team; and for each person one of everything else. Written side by side."""
    stores = Transcripts(database), Answers(database), Spending(database)
    await database.own([one.id for one in everybody])
    for start in range(0, messages, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, messages))
        await asyncio.gather(*(_message(stores, everybody[number % len(everybody)], number) for number in numbers))
    for one in everybody:
        await _rest(database, one)


async def _message(stores: tuple[Transcripts, Answers, Spending], one: Somebody, number: int) -> None:
    transcripts, answers, spending = stores
    where = place(one, TEAM if number % 3 == 0 else one.chat)
    turn = f"t{number}"
    asked = Incoming(turn, f"Where is {one.word}?", where)
    said = (
        Message("user", (Text(f"{one.name}: {asked.text}"),)),
        Message("assistant", (Text(f"{one.word} is at {one.mail}"),)),
    )
    kept = Kept(
        asked, f"{one.word} is here", "claude", "claude-5", read=(Read(f"{one.word}.docx", "https://x/", "file"),)
    )
    call = replace(ROW, person_id=one.id, conversation_id=where.id, question_id=turn, place=where.place.value)
    await transcripts.save(where.id, turn, said, person_id=one.id)
    await answers.save(where.id, f"m{number}", kept)
    await spending.settle(Settled(call, MONTH, (f"person:{one.id}",)))


def place(one: Somebody, id: str) -> Reference:
    kind = Place.PERSONAL if id == one.chat else Place.CHANNEL
    return Reference(
        id, kind, "tenant", "https://service.example/", "28:bot", Person(one.id, one.name, "tenant", f"29:{one.id}")
    )


async def _rest(database: Database, one: Somebody) -> None:
    await References(database).save(place(one, one.chat))
    await References(database).save(place(one, TEAM))
    await Memories(database).add(f"person:{one.id}", one.id, one.name, f"likes {one.word}", "t4")
    await Heard(database).keep(TEAM, Remark(f"r-{one.word[:9]}", one.id, one.name, one.word))
    await Preferences(database).set(f"person:{one.id}", "language", one.word)
    await TokenCache(database).save(one.id, f"token of {one.mail} {one.word}".encode(), 0)
    await fill_digests(database, one.id, one.chat, one.word)


async def deliver(database: Database, one: Somebody) -> None:
    """An activity as Teams sends it, which stays in the inbox until it is answered."""
    inbox = Inbox(database, owner="o")
    inbox.start(lambda entry: None)
    await inbox.admit(one.chat, "a1", {"text": one.word, "from": {"aadObjectId": one.id, "name": one.name}})
    await inbox.aclose()


Rows = dict[tuple[str, str], str]
"""(table, digest of all cells as they are stored) -> the plain cells."""


async def rows(database: Database) -> Rows:
    def read(connection: Connection) -> Rows:
        found: Rows = {}
        for table in database.tables.metadata.sorted_tables:
            columns = [
                type_coerce(column, LargeBinary).label(column.name) if isinstance(column.type, Encrypted) else column
                for column in table.columns
            ]
            for row in connection.execute(select(*columns)):
                found[table.name, digest(row)] = " ".join(str(cell) for cell in row if not isinstance(cell, bytes))
        return found

    return await database.transaction(read, read=True)


def digest(row: Any) -> str:
    return hashlib.sha256(repr(tuple(row)).encode()).hexdigest()


def files_with(folder: Path, canaries: tuple[str, ...]) -> list[tuple[str, str]]:
    """(file, canary) of all files below, whatever they hold."""
    wanted = [canary.encode() for canary in canaries]
    return [
        (path.name, canary.decode())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for canary in wanted
        if any(canary in piece for piece in _pieces(path, len(canary)))
    ]


def _pieces(path: Path, overlap: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        before = b""
        while piece := file.read(1 << 24):
            yield before + piece
            before = piece[-overlap:]
