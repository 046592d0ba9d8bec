"""The beginning and the end of each of the audit's chains: what retention deletes, what is kept apart, and whether all of it holds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update

from bot.store.chain import COVERED, PRIVATE, UNNAMED, Chain, anchor_mac, erased_mark, head_mac, private, sealed_as

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ended when somebody looked. `updated`: seconds since 1970."""

    chain: str
    number: int
    seal: str
    updated: float


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not hold. `row`: the id in `audit`; 0 where there is none."""

    chain: str
    number: int
    row: int
    what: str


@dataclass(slots=True)
class _Walk:
    """Through one chain."""

    head: Mapping[str, Any]
    number: int
    seal: bytes


def cut(connection: Connection, audit: Table, heads: Table, key: bytes, before: float) -> int:
    """Deletes rows from before, from the beginning of each chain on: an anchor stands for them. How many they were."""
    old = select(audit.c.chain).where(audit.c.at < before).distinct()
    gone = int(connection.execute(delete(audit).where(audit.c.at < before, audit.c.chain == "")).rowcount)
    for chain in sorted(one for one in connection.execute(old).scalars() if one):
        gone += _cut_one(connection, audit, heads, key, chain, before)
    # A chain that nothing is left of, and that nobody writes to any more.
    connection.execute(delete(heads).where(heads.c.first > heads.c.number, heads.c.updated < before))
    return gone


def _cut_one(connection: Connection, audit: Table, heads: Table, key: bytes, chain: str, before: float) -> int:
    mine = audit.c.chain == chain
    kept = connection.execute(select(func.min(audit.c.number)).where(mine, audit.c.at >= before)).scalar_one()
    head = connection.execute(select(heads).where(heads.c.chain == chain)).mappings().one_or_none()
    if head is None:
        return 0  # the verifier says so; nothing is deleted that nobody vouches for
    first = int(head["number"] + 1 if kept is None else kept)
    last = select(audit.c.seal).where(mine, audit.c.number == first - 1)
    anchor = connection.execute(last).scalars().first()
    if first <= head["first"] or anchor is None:
        return 0
    done = connection.execute(delete(audit).where(mine, audit.c.number < first))
    moved = {"first": first, "anchor": anchor, "anchor_mac": anchor_mac(key, chain, first, anchor)}
    connection.execute(update(heads).where(heads.c.chain == chain).values(moved))
    return int(done.rowcount)


def ends(connection: Connection, heads: Table) -> list[Head]:
    rows = connection.execute(select(heads).order_by(heads.c.chain)).mappings()
    return [Head(row["chain"], row["number"], row["seal"].hex(), row["updated"]) for row in rows]


def verify(
    connection: Connection, audit: Table, heads: Table, key: bytes, known: Sequence[Head] = (), since: float = 0.0
) -> list[Fault]:
    """Everything that was changed, deleted, inserted or cut off.

    `known`: heads that were kept elsewhere. Chains that ended before `since` may have been deleted by retention.
    """
    found: list[Fault] = []
    stored = {row["chain"]: dict(row) for row in connection.execute(select(heads)).mappings()}
    for one in known:
        found += _missed(connection, audit, stored.get(one.chain), one, since)
    for chain in connection.execute(select(audit.c.chain).distinct()).scalars().all():
        if chain not in stored:
            rows = connection.execute(select(audit.c.id, audit.c.number).where(audit.c.chain == chain))
            found += [Fault(chain, row.number, row.id, "stands in no chain that we began") for row in rows]
    for chain, head in sorted(stored.items()):
        found += _walked(connection, audit, key, chain, head)
    return found


def _missed(
    connection: Connection, audit: Table, head: Mapping[str, Any] | None, known: Head, since: float
) -> Iterator[Fault]:
    if head is None:
        if known.updated >= since:
            yield Fault(known.chain, known.number, 0, "the whole chain is gone")
        return
    if head["number"] < known.number:
        yield Fault(known.chain, known.number, 0, "the chain ends before the end that was kept")
    at = select(audit.c.seal).where(audit.c.chain == known.chain, audit.c.number == known.number)
    seal = connection.execute(at).scalars().first()
    if head["first"] <= known.number <= head["number"] and (seal is None or seal.hex() != known.seal):
        yield Fault(known.chain, known.number, 0, "is not the row that was there when its end was kept")


def _walked(connection: Connection, audit: Table, key: bytes, chain: str, head: Mapping[str, Any]) -> Iterator[Fault]:
    if head["mac"] != head_mac(key, Chain(key, chain, head["number"], head["seal"])):
        yield Fault(chain, head["number"], 0, "the record of the chain's end was changed")
    if head["anchor_mac"] != anchor_mac(key, chain, head["first"], head["anchor"]):
        yield Fault(chain, head["first"], 0, "the record of the chain's beginning was changed")
    walk = _Walk(head, head["first"] - 1, head["anchor"])
    last = (0, 0)
    page = select(audit).where(audit.c.chain == chain).order_by(audit.c.number, audit.c.id).limit(_PAGE)
    while rows := connection.execute(_after(page, audit, last)).mappings().all():
        for row in rows:
            yield from _step(walk, key, dict(row))
        last = (rows[-1]["number"], rows[-1]["id"])
    if walk.number < head["number"]:
        yield Fault(chain, walk.number + 1, 0, f"rows up to {head['number']} are cut off at the end")


def _after(page: Any, audit: Table, last: tuple[int, int]) -> Any:
    number, id = last
    if not id:
        return page
    return page.where((audit.c.number > number) | ((audit.c.number == number) & (audit.c.id > id)))


def _step(walk: _Walk, key: bytes, row: Mapping[str, Any]) -> Iterator[Fault]:
    chain, number = row["chain"], row["number"]
    fault: Callable[[str], Fault] = lambda what: Fault(chain, number, row["id"], what)  # noqa: E731 -- three words, used five times
    if number <= walk.number or number > walk.head["number"]:
        yield fault("was inserted")
        return
    if number > walk.number + 1:
        yield Fault(chain, walk.number + 1, 0, f"rows before number {number} were deleted")
    elif not _holds(key, walk.seal, row):
        yield fault("was changed, or the one before it")
    if wrong := _private(key, row):
        yield fault(wrong)
    if number == walk.head["number"] and row["seal"] != walk.head["seal"]:
        yield fault("is not the row the chain ended with")
    walk.number, walk.seal = number, row["seal"] or b""


def _holds(key: bytes, before: bytes, row: Mapping[str, Any]) -> bool:
    if row["private"] is None or row["seal"] is None:
        return False
    values = {name: row[name] for name in ("chain", "number", "private", *COVERED)}
    return bool(sealed_as(key, before, values) == row["seal"])


def _private(key: bytes, row: Mapping[str, Any]) -> str:
    """What is wrong with its fields about a person; empty where nothing is."""
    if row["salt"] is None or row["seal"] is None:
        return "lost what vouches for its person"
    if row["private"] == private(row["salt"], {name: row[name] for name in PRIVATE}):
        return ""
    if row["salt"] != erased_mark(key, row["seal"]):
        return "names somebody or something else than it did"
    return "" if all(row[name] == value for name, value in UNNAMED.items()) else "was erased, and written to since"
