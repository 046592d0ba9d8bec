"""The inbox: one row an activity, which is both the dedupe and the durability of what people said.

A row waits, is worked on by the one process that leases its conversation, and ends done or unknown. All writes of a
process go through one task that commits whatever has come together meanwhile in one transaction (group commit).
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, text, update

from bot.context import Superseded
from bot.store.clock import DatabaseNow, lapsed
from bot.store.database import Database, StoreUnavailable
from bot.store.encryption import WrongKey
from bot.store.entry import Entry, State, check_key
from bot.store.inbox_batch import Admission, Batch, BatchWriter, Mark, Outcome, Taken
from bot.store.replies import Replies
from bot.store.shared import Rank
from bot.store.tables import UNFINISHED

logger = logging.getLogger(__name__)

RETRY_SECONDS = (0.05, 0.2, 0.5, 1.0)
PRUNE_ROWS = 1000
CLOSE_SECONDS = 5.0


@dataclass(slots=True, eq=False)
class _Operation:
    done: asyncio.Future[BaseException | None]
    """Resolves to the failure, or None; a result and not an exception, since a cancelled caller never looks."""
    admission: Admission | None = None
    mark: Mark | None = None
    ends: str = ""
    """Conversation whose turn ends with `mark`."""


class Inbox:
    """`owner` names this run of this process and is never reused. `concurrency` bounds the conversations worked on at once."""

    def __init__(
        self,
        database: Database,
        *,
        owner: str,
        concurrency: int = 256,
        lease_seconds: float = 10.0,
        batch_size: int = 256,
    ) -> None:
        self.lease_seconds = lease_seconds
        self._database = database
        self.replies = Replies(database)
        self._owner = owner
        self._concurrency = concurrency
        self._batch_size = batch_size
        self._writer = BatchWriter(database.tables, database.dialect, owner, lease_seconds)
        self._writing = database.writing.lane(self._run_batches, Rank.INBOX)
        self._queue: deque[_Operation] = deque()
        self._wake = asyncio.Event()
        self._working: dict[str, int] = {}
        self._wanted: dict[str, None] = {}  # in the order they came
        self._task: asyncio.Task[None] | None = None
        self._taking = False
        self._on_taken: Callable[[Entry], None] | None = None

    def start(self, on_taken: Callable[[Entry], None]) -> None:
        """`on_taken` gets every row this process is to work on, one a conversation; it must end each with `finish`."""
        self._on_taken = on_taken
        self._taking = True
        self._task = asyncio.create_task(self._run(), name="inbox")

    async def admit(self, conversation_id: str, activity_id: str, activity: Mapping[str, Any]) -> None:
        """Returns when the row is durable; a duplicate returns as well and changes nothing.

        Raises ValueError for ids that are empty, longer than 1,024 bytes in UTF-8 or hold a NUL, and for an activity
        that is no JSON; `StoreUnavailable` when the database does not answer.
        """
        check_key(conversation_id)
        check_key(activity_id)
        try:
            encoded = json.dumps(activity, separators=(",", ":")).encode()
        except (TypeError, RecursionError) as error:
            raise ValueError("The activity can't be written as JSON.") from error
        await self._submit(admission=Admission(conversation_id, activity_id, encoded))

    async def placed(self, entry: Entry, reply_id: str) -> None:
        """From now on the answer is a PUT on `reply_id`. Raises `Superseded`, `StoreUnavailable`, ValueError for a bad id."""
        check_key(reply_id)
        await self._submit(mark=Mark(entry.seq, entry.attempt, State.WORKING.value, reply_id, blank=False))

    async def sending(self, entry: Entry, reply_id: str, state: State = State.SENDING) -> None:
        """Announces a post that can't be repeated. Raises `Superseded`, `StoreUnavailable`."""
        await self._submit(mark=Mark(entry.seq, entry.attempt, state.value, reply_id, blank=False))

    async def finish(self, entry: Entry, state: State, reply_id: str = "", *, keep: bool = False) -> None:
        """Ends the turn, forgets the activity (unless `keep`) and hands the conversation's next row to `on_taken`.

        Raises `Superseded` when another process owns the row (this one is rid of it), `StoreUnavailable` when it may be tried again.
        """
        mark = Mark(entry.seq, entry.attempt, state.value, reply_id, blank=not keep)
        await self._submit(mark=mark, ends=entry.conversation_id)

    def abandon(self, entry: Entry) -> None:
        """The row stays as it is and is swept up later, by this process or another one. For when it can't even be marked."""
        if self._working.get(entry.conversation_id) == entry.seq:
            del self._working[entry.conversation_id]

    async def sweep(self) -> None:
        """Finds unfinished rows nobody works on (a process died, a wake-up was lost) and takes what this process can carry."""
        inbox, leases = self._database.tables.inbox, self._database.tables.leases
        free = or_(
            leases.c.conversation_id.is_(None),
            lapsed(leases.c.expires),
            leases.c.owner == self._owner,
        )
        statement = (
            select(inbox.c.conversation_id)
            .outerjoin(leases, leases.c.conversation_id == inbox.c.conversation_id)
            .where(text(UNFINISHED), free)
            .group_by(inbox.c.conversation_id)
            .order_by(func.min(inbox.c.seq))
            .limit(2 * self._concurrency)  # our own, at most `concurrency` of them, are among these
        )
        async with self._database.read() as connection:
            found = (await connection.execute(statement)).scalars().all()
        for conversation_id in found:
            if conversation_id not in self._working:
                self._wanted.setdefault(conversation_id)
        if self._wanted and len(self._working) < self._concurrency:
            self._wake.set()

    async def heartbeat(self) -> None:
        """Extends every lease of this process, in one statement."""
        if not self._working:
            return
        leases = self._database.tables.leases
        ours = select(leases.c.conversation_id).where(leases.c.owner == self._owner)
        locked = ours.order_by(leases.c.conversation_id).with_for_update()
        statement = update(leases).where(leases.c.conversation_id.in_(locked))
        async with self._database.write() as connection:
            await connection.execute(statement.values(expires=DatabaseNow() + self.lease_seconds))

    async def prune(self, older_than: float) -> int:
        """Deletes rows that ended more than `older_than` seconds ago, at most 1,000 at once; returns how many."""
        inbox = self._database.tables.inbox
        limit = DatabaseNow() - older_than
        cut_off = (inbox.c.state == State.UNKNOWN.value) & (inbox.c.admitted < limit)  # died while apologising
        old = select(inbox.c.seq).where(or_(inbox.c.finished < limit, cut_off)).limit(PRUNE_ROWS)
        async with self._database.write() as connection:
            return (await connection.execute(delete(inbox).where(inbox.c.seq.in_(old)))).rowcount

    def stop_taking(self) -> None:
        """Rows are still admitted and finished, but no new ones are begun here."""
        self._taking = False

    async def aclose(self) -> None:
        """Hands everything that is not finished over to whoever sweeps next. Call it when no turn runs any more."""
        self.stop_taking()
        task, self._task = self._task, None
        if task is None:
            return
        self._wake.set()
        await asyncio.wait({task}, timeout=CLOSE_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for operation in self._queue:
            _settle(operation, StoreUnavailable("The bot is stopping."))
        self._queue.clear()
        await self._hand_over()

    async def _hand_over(self) -> None:
        inbox, leases = self._database.tables.inbox, self._database.tables.leases
        begun = (inbox.c.owner == self._owner) & (inbox.c.state == State.WORKING.value)
        async with self._database.write() as connection:
            await connection.execute(delete(leases).where(leases.c.owner == self._owner))
            # A clean stop is not the turn's fault, so it does not count as an attempt.
            given_back = {"state": State.WAITING.value, "owner": "", "attempt": inbox.c.attempt - 1}
            await connection.execute(update(inbox).where(begun).values(given_back))

    async def _submit(self, *, admission: Admission | None = None, mark: Mark | None = None, ends: str = "") -> None:
        if self._task is None:
            raise StoreUnavailable("The inbox is not running.")
        error = await self._enqueue(admission=admission, mark=mark, ends=ends)
        if error is not None:
            raise error

    def _enqueue(
        self, *, admission: Admission | None = None, mark: Mark | None = None, ends: str = ""
    ) -> asyncio.Future[BaseException | None]:
        operation = _Operation(asyncio.get_running_loop().create_future(), admission, mark, ends)
        self._queue.append(operation)
        self._wake.set()
        return operation.done

    async def _run(self) -> None:
        while self._task is not None or self._queue:
            await self._wake.wait()
            self._wake.clear()
            operations = [self._queue.popleft() for _ in range(min(len(self._queue), self._batch_size))]
            await self._commit(operations)
            if self._queue:
                self._wake.set()

    async def _commit(self, operations: list[_Operation]) -> None:
        batch = self._compose(operations)
        (outcome,) = await asyncio.gather(self._write(batch), return_exceptions=True)
        if isinstance(outcome, Outcome):
            self._apply(operations, batch, outcome)
        elif isinstance(outcome, StoreUnavailable) or len(operations) < 2:
            logger.error("inbox: a batch of %d was not written: %s", len(operations), type(outcome).__name__)
            for operation in operations:
                _settle(operation, outcome)
        else:  # one of them is at fault: the others must not suffer for it
            for operation in operations:
                await self._commit([operation])

    def _compose(self, operations: list[_Operation]) -> Batch:
        admissions = [operation.admission for operation in operations if operation.admission]
        marks = [operation.mark for operation in operations if operation.mark]
        ending = {operation.ends: None for operation in operations if operation.ends}
        for admission in admissions:
            if admission.conversation_id not in self._working:
                self._wanted.setdefault(admission.conversation_id)
        take: list[str] = []
        if self._taking:
            room = max(0, self._concurrency - len(self._working) + len(ending))
            waiting = [name for name in self._wanted if name not in self._working]
            take = [*ending, *waiting][:room]
        held = {one.conversation_id for one in admissions if one.conversation_id in self._working}
        return Batch({*take, *ending, *held}, admissions, marks, take, {*take, *ending})

    async def _write(self, batch: Batch) -> Outcome:
        for pause in (*RETRY_SECONDS, None):
            try:
                return await self._writing(batch)
            except StoreUnavailable:
                # Safe to repeat, even when the commit itself was cut off: every statement is idempotent or fenced.
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    def _run_batches(self, connection: Connection, batches: Sequence[Batch]) -> list[Outcome]:
        return [self._writer.run(connection, batch) for batch in batches]

    def _apply(self, operations: list[_Operation], batch: Batch, outcome: Outcome) -> None:
        for conversation_id in batch.take:
            self._wanted.pop(conversation_id, None)
        for operation in operations:
            if operation.ends:
                self._working.pop(operation.ends, None)
            fenced = operation.mark is not None and operation.mark.seq in outcome.fenced
            _settle(operation, Superseded("Another process owns this turn now.") if fenced else None)
        activities = {(one.conversation_id, one.activity_id): one.activity for one in reversed(batch.admissions)}
        for row in outcome.taken:
            self._working[row.conversation_id] = row.seq
            stored = outcome.stored.get(row.seq)
            self._begin(row, stored, activities.get((row.conversation_id, row.activity_id), b"{}"))
        if self._taking and self._wanted and len(self._working) < self._concurrency:
            self._wake.set()

    def _begin(self, row: Taken, stored: bytes | None, admitted: bytes) -> None:
        activity = admitted if stored is None else self._open(stored)
        entry = Entry(
            row.seq,
            row.conversation_id,
            row.activity_id,
            json.loads(activity or b"{}"),
            row.attempt,
            row.reply_id,
            row.state == State.SENDING.value,
        )
        if activity is None:
            logger.error("turn %s opens with none of the ENCRYPTION_KEYS; its row is kept as unknown", entry.reference)
            mark = Mark(entry.seq, entry.attempt, State.UNKNOWN.value, entry.reply_id, blank=False)
            self._enqueue(mark=mark, ends=entry.conversation_id)
        elif self._on_taken is not None:
            self._on_taken(entry)

    def _open(self, stored: bytes) -> bytes | None:
        try:
            return self._database.cipher.decrypt(stored)
        except WrongKey:
            return None


def _settle(operation: _Operation, error: BaseException | None) -> None:
    if not operation.done.done():  # else its caller was cancelled
        operation.done.set_result(error)
