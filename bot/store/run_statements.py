"""Statements about single runs, built once for each form and run for many runs in one transaction: building and committing them
one by one was most of what the store took of a digest."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Update, bindparam, func, select, update

from bot.store.database import Database
from bot.store.run import PLAIN, Run, State, from_row
from bot.store.shared import Rank

Value = TypeVar("Value")
_Item = tuple[str, Callable[[Connection], Any]]


class RunStatements:
    """Of one process. Raises `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._table = table = database.tables.digests.runs
        self._writing = database.writing.lane(_in_order, Rank.DIGESTS)
        self._reading = database.reading.lane(_in_order)
        self._changes: dict[tuple[tuple[State, ...], tuple[str, ...]], Update] = {}
        self.mine: ColumnElement[bool] = (table.c.subscription_id == bindparam("b_id")) & (
            table.c.slot == bindparam("b_slot")
        )
        self.whole: Select[Any] = select(*(table.c[name] for name in PLAIN), table.c.record, table.c.content).where(
            self.mine
        )
        begun = {"state": "composing", "tries": table.c.tries + 1}
        self._begin = (
            update(table)
            .where(self.mine, table.c.state.in_(("due", "composing")))
            .values(begun | {"started": func.coalesce(table.c.started, bindparam("b_now"))})
        )

    async def write(self, subscription_id: str, work: Callable[[Connection], Value]) -> Value:
        """With what others write at the same moment; of one subscription in the order they came."""
        done: Value = await self._writing((subscription_id, work))
        return done

    async def read(self, work: Callable[[Connection], Value]) -> Value:
        done: Value = await self._reading(("", work))
        return done

    def begin(self, connection: Connection, subscription_id: str, slot: str, now: float) -> Run | None:
        key = {"b_id": subscription_id, "b_slot": slot}
        begun = connection.execute(self._begin, key | {"b_now": now}).rowcount
        return self.one(connection, subscription_id, slot) if begun else None

    def one(self, connection: Connection, subscription_id: str, slot: str) -> Run | None:
        found: Any = connection.execute(self.whole, {"b_id": subscription_id, "b_slot": slot}).mappings().first()
        return None if found is None else from_row(found)

    def change(self, connection: Connection, run: Run, was: Sequence[State], values: Mapping[str, Any]) -> bool:
        """Whether the run was in one of these states."""
        form = (tuple(was), tuple(values))
        statement = self._changes.get(form)
        if statement is None:
            statement = self._changes[form] = self._change(*form)
        key = {"b_id": run.subscription_id, "b_slot": run.slot}
        return bool(
            connection.execute(statement, key | {f"v_{name}": value for name, value in values.items()}).rowcount
        )

    def _change(self, was: tuple[State, ...], names: tuple[str, ...]) -> Update:
        table = self._table
        values = {name: bindparam(f"v_{name}", type_=table.c[name].type) for name in names}
        return update(table).where(self.mine, table.c.state.in_(was)).values(values)


def _in_order(connection: Connection, group: Sequence[_Item]) -> list[Any]:
    """By subscription, as everybody does: nobody waits in a circle."""
    done = dict[int, Any]()
    for place in sorted(range(len(group)), key=lambda place: group[place][0]):
        done[place] = group[place][1](connection)
    return [done[place] for place in range(len(group))]
