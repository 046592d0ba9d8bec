"""The question that waits while a person signs in: the newest one only, and taken exactly once."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, delete, select

from bot.context import Incoming, Person, Sent
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.person_keys import Owned
from bot.store.references import flat, reference_from_json, reference_to_json
from bot.store.upsert import upsert


class Pending:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.pending

    async def save(self, person_id: str, question: Incoming) -> None:
        """Replaces the question that waited before. `question.value` must be JSON."""
        values = {"question": Owned(person_id, incoming_to_json(question)), "created": DatabaseNow()}
        await self._database.own([person_id])
        async with self._database.write() as connection:
            await connection.execute(upsert(self._database.dialect, self._table, {"person_id": person_id}, values))

    async def take(self, person_id: str, *, max_age: float = 3600.0) -> Incoming | None:
        """The question, for the first caller only; None when there is none or it is older than `max_age` seconds."""
        table = self._table
        statement = (
            delete(table)
            .where(table.c.person_id == person_id)
            .returning(table.c.question, (DatabaseNow() - table.c.created).label("age"))
        )
        row = await self._database.transaction(lambda connection: connection.execute(statement).one_or_none())
        if row is None or row.question is None or row.age > max_age:
            return None
        return incoming_from_json(row.question)

    async def withdraw(self, person_id: str, ids: Collection[str]) -> None:
        """The question was deleted: if it is the one that waits, nobody waits for its answer any more."""
        table = self._table
        mine = table.c.person_id == person_id

        def run(connection: Connection) -> None:
            question = connection.execute(select(table.c.question).where(mine)).scalar_one_or_none()
            if question is not None and question.get("id") in ids:
                connection.execute(delete(table).where(mine))

        await self._database.transaction(run)


def incoming_to_json(question: Incoming) -> dict[str, Any]:
    """JSON, for a row of the inbox or of this table."""
    return {
        **flat(question),
        "reference": reference_to_json(question.reference),
        **{name: [flat(one) for one in getattr(question, name)] for name in ("quoted", "people", "sent")},
    }


def incoming_from_json(value: Mapping[str, Any]) -> Incoming:
    """Of what `incoming_to_json` wrote; raises TypeError, KeyError or ValueError for anything else."""
    fixed = {
        "reference": reference_from_json(value["reference"]),
        "quoted": tuple(Sent(**quote) for quote in value["quoted"] if isinstance(quote, dict)),
        "people": tuple(Person(**person) for person in value.get("people", ())),
        "sent": tuple(Sent(**sent) for sent in value.get("sent", ())),
    }
    return Incoming(**{**value, **fixed})
