"""The SQL of one inbox transaction: many admissions, marks and releases at once, in an order that can't deadlock.

Per conversation everything is serialised by its row in `leases`, which is locked before any row of the inbox is touched
and in the order of conversation ids. Under READ COMMITTED that closes the gap between "nothing more waits, release" and
"admitted, somebody holds it": whoever locks the lease second sees what the first one wrote.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Integer,
    LargeBinary,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    text,
    type_coerce,
    update,
)

from bot.store.clock import DatabaseNow, lapsed
from bot.store.tables import UNFINISHED, Tables
from bot.store.upsert import insert_in

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Admission:
    conversation_id: str
    activity_id: str
    activity: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """What becomes of a row. `attempt` is the fence: the row must still be ours, in the attempt we took it for."""

    seq: int
    attempt: int
    state: str
    reply_id: str
    blank: bool
    """The row is finished: its activity is forgotten, its ids stay for the dedupe."""


@dataclass(frozen=True, slots=True)
class Batch:
    lock: Collection[str]
    """Conversations whose lease is claimed or, when it is ours, locked."""
    admissions: Sequence[Admission]
    marks: Sequence[Mark]
    take: Collection[str]
    """Conversations of which the oldest unfinished row is wanted."""
    release: Collection[str]
    """Conversations whose lease is given back unless a row of them is taken."""


@dataclass(frozen=True, slots=True)
class Taken:
    seq: int
    conversation_id: str
    activity_id: str
    attempt: int
    state: str
    reply_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    fenced: frozenset[int] = frozenset()
    """Marked rows that were not ours any more."""
    taken: tuple[Taken, ...] = ()
    stored: Mapping[int, bytes] = field(default_factory=dict)
    """Encrypted activities, by row, of the taken rows that were not admitted in this batch."""


class BatchWriter:
    """Statements are built once; lists are padded to powers of two, so that the drivers' prepared statements are few."""

    def __init__(self, tables: Tables, dialect: str, owner: str, lease_seconds: float) -> None:
        self._owner = owner
        self._tables = tables
        self._insert = insert_in(dialect)
        now = DatabaseNow()
        leases, inbox = tables.leases, tables.inbox
        claim = self._insert(leases).values(
            conversation_id=bindparam("b_conversation"), owner=owner, expires=now + lease_seconds
        )
        self._claim = claim.on_conflict_do_update(
            index_elements=[leases.c.conversation_id],
            set_={"owner": claim.excluded.owner, "expires": claim.excluded.expires},
            where=or_(leases.c.owner == claim.excluded.owner, lapsed(leases.c.expires)),
        )
        self._admit = (
            self._insert(inbox)
            .values(state="waiting", owner="", attempt=0, reply_id="", admitted=now, activity=bindparam("activity"))
            .values(conversation_id=bindparam("conversation_id"), activity_id=bindparam("activity_id"))
            .on_conflict_do_nothing(index_elements=[inbox.c.conversation_id, inbox.c.activity_id])
        )
        seqs = inbox.c.seq.in_(bindparam("seqs", expanding=True, type_=Integer))
        self._fence = select(inbox.c.seq, inbox.c.attempt).where(seqs, inbox.c.owner == owner).order_by(inbox.c.seq)
        self._fence = self._fence.with_for_update()
        mark = update(inbox).where(inbox.c.seq == bindparam("b_seq"))
        marked = mark.values(state=bindparam("b_state"), reply_id=bindparam("b_reply"))
        self._mark = marked
        self._finish = marked.values(activity=None, finished=now)
        self._load = select(inbox.c.seq, type_coerce(inbox.c.activity, LargeBinary)).where(seqs)
        self._build_take()

    def _build_take(self) -> None:
        leases, inbox = self._tables.leases, self._tables.inbox
        conversations = bindparam("conversations", expanding=True, type_=inbox.c.conversation_id.type)
        ours = leases.c.conversation_id.in_(conversations) & (leases.c.owner == self._owner)
        candidate = inbox.alias("candidate")
        oldest = (
            select(func.min(candidate.c.seq))
            .join(leases, leases.c.conversation_id == candidate.c.conversation_id)
            .where(ours, text(UNFINISHED))
            .group_by(candidate.c.conversation_id)
        )
        self._take = (
            update(inbox)
            .where(inbox.c.seq.in_(oldest))
            .values(
                owner=self._owner,
                attempt=inbox.c.attempt + 1,
                state=case((inbox.c.state == "sending", "sending"), else_="working"),
            )
            .returning(
                inbox.c.seq,
                inbox.c.conversation_id,
                inbox.c.activity_id,
                inbox.c.attempt,
                inbox.c.state,
                inbox.c.reply_id,
            )
        )
        self._release = delete(leases).where(ours)

    def run(self, connection: Connection, batch: Batch) -> Outcome:
        """Leases first, rows after: the order the module's docstring relies on."""
        if batch.lock:
            connection.execute(self._claim, [{"b_conversation": name} for name in sorted(batch.lock)])
        if batch.admissions:
            rows = sorted(batch.admissions, key=lambda admission: admission.conversation_id)
            connection.execute(self._admit, [_row(admission) for admission in rows])
        fenced = self._run_marks(connection, batch.marks) if batch.marks else frozenset[int]()
        taken: tuple[Taken, ...] = ()
        if batch.take:
            result = connection.execute(self._take, {"conversations": padded(sorted(batch.take))})
            taken = tuple(Taken(*row) for row in result)
        idle = set(batch.release) - {row.conversation_id for row in taken}
        if idle:
            connection.execute(self._release, {"conversations": padded(sorted(idle))})
        return Outcome(fenced, taken, self._load_others(connection, batch, taken))

    def _run_marks(self, connection: Connection, marks: Sequence[Mark]) -> frozenset[int]:
        found = connection.execute(self._fence, {"seqs": padded([mark.seq for mark in marks])})
        ours = {(row.seq, row.attempt) for row in found}
        passed = [mark for mark in marks if (mark.seq, mark.attempt) in ours]
        for statement, blank in ((self._mark, False), (self._finish, True)):
            rows = [
                {"b_seq": mark.seq, "b_state": mark.state, "b_reply": mark.reply_id}
                for mark in passed
                if mark.blank is blank
            ]
            if rows:
                connection.execute(statement, rows)
        return frozenset(mark.seq for mark in marks if (mark.seq, mark.attempt) not in ours)

    def _load_others(self, connection: Connection, batch: Batch, taken: Sequence[Taken]) -> Mapping[int, bytes]:
        here = {(admission.conversation_id, admission.activity_id) for admission in batch.admissions}
        missing = [row.seq for row in taken if row.attempt > 1 or (row.conversation_id, row.activity_id) not in here]
        if not missing:
            return {}
        result = connection.execute(self._load, {"seqs": padded(missing)})
        return {seq: activity for seq, activity in result if activity is not None}


def _row(admission: Admission) -> dict[str, Any]:
    return {
        "conversation_id": admission.conversation_id,
        "activity_id": admission.activity_id,
        "activity": admission.activity,
    }


def padded(values: list[Value]) -> list[Value]:
    """Repeats the last value up to the next power of two; only for lists where a repetition changes nothing."""
    size = 1 << max(len(values) - 1, 0).bit_length()
    return values + values[-1:] * (size - len(values))
