"""The audit can only be added to: each row carries a seal over itself and the row before it, made with a key only we have.

One chain a writing process, so that replicas need no lock in common. What is about a person is sealed through a salted digest:
an erasure removes it, and puts a mark in the salt's place that only we can make. The chain's end is kept apart (`audit_heads`),
so that rows cut off at the end are missed; what retention deletes at the beginning moves an anchor there.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from bot.store.clock import DatabaseNow

KEY_ID = "audit"
"""Of the row of `person_keys` that holds the key: wrapped like a person's, and nobody's."""
ERASED = "erased"
"""Where somebody's ids were."""
PRIVATE = ("person_id", "conversation_id", "question_id", "evidence")
COVERED = (
    "at", "tenant", "place", "purpose", "name", "asked", "answered", "door", "input", "cache_read", "cache_write", "output",
    "reasoning", "estimated", "cost", "first_ms", "total_ms", "outcome",
)  # fmt: skip
UNNAMED: Mapping[str, Any] = {"person_id": ERASED, "conversation_id": ERASED, "question_id": "", "evidence": ""}
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Chain:
    """Where the next row goes."""

    key: bytes
    id: str
    number: int = 0
    seal: bytes = b""

    @staticmethod
    def begin(key: bytes) -> "Chain":
        return Chain(key, secrets.token_hex(12))

    def extended(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], "Chain"]:
        """The rows as they are written, and the chain once they are."""
        chain, sealed = self, list[dict[str, Any]]()
        for row in rows:
            salt = secrets.token_bytes(16)
            link = {"chain": chain.id, "number": chain.number + 1, "salt": salt, "private": private(salt, row)}
            seal = sealed_as(self.key, chain.seal, {**row, **link})
            sealed.append({**row, **link, "seal": seal})
            chain = replace(chain, number=chain.number + 1, seal=seal)
        return sealed, chain

    def head(self) -> dict[str, Any]:
        """Its row of `audit_heads`, but for the anchor."""
        return {"chain": self.id, "number": self.number, "seal": self.seal, "mac": head_mac(self.key, self)}


def private(salt: bytes, row: Mapping[str, Any]) -> bytes:
    return _mac(salt, b"private", [row[name] for name in PRIVATE])


def sealed_as(key: bytes, before: bytes, row: Mapping[str, Any]) -> bytes:
    """`before`: the seal of the row before it; empty for the first."""
    fields = [row["chain"], row["number"], row["private"].hex(), *(row[name] for name in COVERED)]
    return _mac(key, b"row" + before, fields)


def erased_mark(key: bytes, seal: bytes) -> bytes:
    """What stands in the salt's place of a row that we ourselves took the person out of."""
    return _mac(key, b"erased" + seal, [])


def head_mac(key: bytes, chain: Chain) -> bytes:
    return _mac(key, b"head" + chain.seal, [chain.id, chain.number])


def anchor_mac(key: bytes, chain: str, first: int, anchor: bytes) -> bytes:
    return _mac(key, b"anchor" + anchor, [chain, first])


def _mac(key: bytes, begin: bytes, fields: list[Any]) -> bytes:
    return hmac.digest(key, begin + json.dumps(fields, separators=(",", ":")).encode(), hashlib.sha256)


def append(
    connection: Connection, audit: Table, heads: Table, chain: Chain, rows: Sequence[Mapping[str, Any]]
) -> Chain:
    """Writes rows, and where the chain ends now; returns what to go on with next time.

    `chain` may come from a transaction that was undone, or of which nobody heard whether it happened: its end is not where it
    should be then, and another chain is begun.
    """
    sealed, now = chain.extended(rows)
    there = (heads.c.chain == chain.id) & (heads.c.number == chain.number)
    moved = update(heads).where(there).values(**now.head(), updated=DatabaseNow())
    if not chain.number or not connection.execute(moved).rowcount:
        sealed, now = Chain.begin(chain.key).extended(rows)
        connection.execute(insert(heads).values(**now.head(), **_start(now), updated=DatabaseNow()))
    connection.execute(insert(audit), sealed)
    return now


def _start(chain: Chain) -> dict[str, Any]:
    """The anchor of a chain nothing of which was deleted."""
    return {"first": 1, "anchor": b"", "anchor_mac": anchor_mac(chain.key, chain.id, 1, b"")}


def unname(connection: Connection, audit: Table, key: bytes, person_id: str) -> int:
    """Takes a person out of their rows; how many those were. What was spent stays spent."""
    mine = select(audit.c.id, audit.c.seal).where(audit.c.person_id == person_id).limit(_PAGE)
    count = 0
    while rows := connection.execute(mine).all():
        for id, seal in rows:
            mark = None if seal is None else erased_mark(key, seal)
            connection.execute(update(audit).where(audit.c.id == id).values(**UNNAMED, salt=mark))
        count += len(rows)
    return count


def open_key(connection: Connection, person_keys: Table, audit: Table, heads: Table) -> bytes:
    """The key, made where there is none yet: then what was written before is chained, once."""
    find = select(person_keys.c.wrapped).where(person_keys.c.key_id == KEY_ID)
    found = connection.execute(find).scalar_one_or_none()
    if found is not None:
        return bytes(found)
    key = secrets.token_bytes(32)
    connection.execute(insert(person_keys).values(key_id=KEY_ID, wrapped=key, created=DatabaseNow()))
    _adopt(connection, audit, heads, Chain.begin(key))
    return key


def _adopt(connection: Connection, audit: Table, heads: Table, chain: Chain) -> None:
    last, columns = 0, (audit.c.id, *(audit.c[name] for name in (*PRIVATE, *COVERED)))
    page = select(*columns).where(audit.c.chain == "").order_by(audit.c.id).limit(_PAGE)
    while rows := connection.execute(page.where(audit.c.id > last)).mappings().all():
        sealed, chain = chain.extended([{name: row[name] for name in (*PRIVATE, *COVERED)} for row in rows])
        for row, link in zip(rows, sealed, strict=True):
            chained = {name: link[name] for name in ("chain", "number", "salt", "private", "seal")}
            connection.execute(update(audit).where(audit.c.id == row["id"]).values(chained))
        last = rows[-1]["id"]
    if chain.number:
        connection.execute(insert(heads).values(**chain.head(), **_start(chain), updated=DatabaseNow()))
