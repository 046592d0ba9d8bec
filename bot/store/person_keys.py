"""A data key for each person, wrapped by the ENCRYPTION_KEYS: with the key gone, what was encrypted under it is gone too,

wherever copies of it lie: in a backup, in PostgreSQL's log, in pages of a file that were never overwritten. Keys are kept
unwrapped in memory for minutes only, and no statement is added to a message: whoever wrote a moment ago is known already.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import DontWrapMixin

from bot.store.clock import DatabaseNow
from bot.store.upsert import insert_once

PREFIX = b"p1:"
ID_LENGTH = 16
MOST = 10_000
SECONDS = 600.0
"""How long a key is used without asking the database for it again, and how many are held at most: about 10 MB."""
_GRACE_SECONDS = 60.0
"""A key that is good when a statement is built is there while the statement runs."""
_AT_ONCE = 500

_connection: ContextVar[Connection | None] = ContextVar("parley_connection", default=None)


class KeyMissing(Exception):
    """No row for a key that something stored is under. Its message names no content."""


class NotReady(DontWrapMixin, Exception):
    """Something of a person is to be written whose key is not in memory: make it, and write again."""

    def __init__(self, person_id: str) -> None:
        super().__init__("A person's key was not made before something of theirs was written.")
        self.person_id = person_id


class Erased(Exception):
    """The key was thrown away on purpose: what it protected counts as deleted."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A value for an encrypted column that belongs to one person; with an empty id, to nobody in particular."""

    person_id: str
    value: Any


@dataclass(frozen=True, slots=True)
class _Held:
    id: str
    person_id: str
    key: Fernet | None
    """None: erased."""
    loaded: float


@contextmanager
def using(connection: Connection) -> Generator[None]:
    """Keys that are not in memory are read through this connection meanwhile."""
    token = _connection.set(connection)
    try:
        yield
    finally:
        _connection.reset(token)


class PersonKeys:
    """What this process holds of them. `table`: `person_keys`, whose `wrapped` opens by itself. Never raises for erased people."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._table: Table | None = None
        self._by_id: OrderedDict[str, _Held] = OrderedDict()
        self._ids: dict[str, str] = {}

    def attach(self, table: Table) -> None:
        self._table = table

    def seal(self, person_id: str, data: bytes) -> bytes:
        """Raises `NotReady` when the key is not here (`bot.store.database.Database.own` makes it)."""
        held = self._by_id.get(self._ids.get(person_id, ""))
        if held is None and (connection := _connection.get()) is not None:
            self._load(connection, self._columns().person_id == person_id)
            held = self._by_id.get(self._ids.get(person_id, ""))
        if held is None or held.key is None:
            raise NotReady(person_id)
        return PREFIX + held.id.encode() + b":" + held.key.encrypt(data)

    def open(self, token: bytes) -> bytes:
        """Raises `Erased`, `KeyMissing` and cryptography's `InvalidToken`."""
        id = key_id(token)
        held = self._by_id.get(id)
        if held is None and (connection := _connection.get()) is not None:
            self._load(connection, self._columns().key_id == id)
            held = self._by_id.get(id)
        if held is None:
            raise KeyMissing("Stored data is under a person's key that the table person_keys does not hold.")
        if held.key is None:
            raise Erased("This person's data was erased.")
        return held.key.decrypt(token[len(PREFIX) + ID_LENGTH + 1 :])

    def fetch(self, connection: Connection, tokens: Iterable[bytes]) -> None:
        """Reads the keys that these tokens need, all in one go."""
        good = self._clock() - SECONDS
        wanted = sorted({key_id(token) for token in tokens if is_personal(token) and not self._fresh(token, good)})
        for start in range(0, len(wanted), _AT_ONCE):
            self._load(connection, self._columns().key_id.in_(wanted[start : start + _AT_ONCE]))

    def holds(self, person_id: str) -> bool:
        """For whoever looks at what memory still has."""
        return person_id in self._ids

    def unknown(self, people: Collection[str]) -> list[str]:
        """Those whose key is not in memory, or has been for long; in one order everywhere."""
        good = self._clock() - SECONDS
        found: list[str] = []
        for person_id in people:
            held = self._by_id.get(self._ids.get(person_id, ""))
            if held is not None and held.loaded > good and held.key is not None:
                self._by_id.move_to_end(held.id)
            elif person_id:
                found.append(person_id)
        return sorted(set(found))

    def load(self, connection: Connection, people: Collection[str]) -> None:
        """Raises nothing for people without a key."""
        self._load(connection, self._columns().person_id.in_(sorted(people)))

    def forget(self, person_id: str) -> None:
        """Erased, here or by another process."""
        self._by_id.pop(self._ids.pop(person_id, ""), None)

    def sweep(self) -> None:
        """Drops what has not been asked for from the database for long."""
        old = self._clock() - SECONDS - _GRACE_SECONDS
        for held in [held for held in self._by_id.values() if held.loaded < old]:
            self._drop(held)

    def _load(self, connection: Connection, where: Any) -> None:
        columns, now = self._columns(), self._clock()
        for id, person_id, wrapped in connection.execute(
            select(columns.key_id, columns.person_id, columns.wrapped).where(where)
        ):
            self._hold(_Held(id, person_id or "", None if wrapped is None else Fernet(wrapped), now))

    def _hold(self, held: _Held) -> None:
        self._by_id[held.id] = held
        self._by_id.move_to_end(held.id)
        if held.key is not None:
            self._ids[held.person_id] = held.id
        while len(self._by_id) > MOST:
            self._drop(next(iter(self._by_id.values())))

    def _drop(self, held: _Held) -> None:
        del self._by_id[held.id]
        if self._ids.get(held.person_id) == held.id:
            del self._ids[held.person_id]

    def _fresh(self, token: bytes, good: float) -> bool:
        held = self._by_id.get(key_id(token))
        return held is not None and held.loaded > good

    def _columns(self) -> Any:
        assert self._table is not None, "the keys have no table"
        return self._table.c


def is_personal(token: bytes) -> bool:
    return token.startswith(PREFIX)


def key_id(token: bytes) -> str:
    return token[len(PREFIX) : len(PREFIX) + ID_LENGTH].decode(errors="replace")


def make_keys(connection: Connection, table: Table, people: Sequence[str]) -> None:
    """For those who have none; in one order everywhere, so that no two processes wait for each other."""
    rows = [
        {
            "key_id": secrets.token_urlsafe(12),
            "person_id": person_id,
            "wrapped": Fernet.generate_key(),
            "created": DatabaseNow(),
        }
        for person_id in sorted(people)
    ]
    for row in rows:
        connection.execute(insert_once(connection.dialect.name, table, {"person_id": row.pop("person_id")}, row))
