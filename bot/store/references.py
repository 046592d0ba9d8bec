"""Where we may write later: the newest reference of every conversation, and of every person's personal chat."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select

from bot.context import Person, Place, Reference
from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.inbox_batch import padded
from bot.store.shared import Rank
from bot.store.upsert import upsert

REMEMBERED = 10_000  # about 10 MB of references; a forgotten one costs one write more


class References:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.references
        values: dict[str, Any] = {name: bindparam(name) for name in ("place", "person_id", "reference")}
        key: dict[str, Any] = {"conversation_id": bindparam("conversation_id")}
        self._upsert = upsert(database.dialect, self._table, key, {**values, "updated": DatabaseNow()})
        self._saving = database.writing.lane(self._save, Rank.REFERENCES)
        ids = self._table.c.conversation_id.in_(bindparam("ids", expanding=True))
        self._select = select(self._table.c.conversation_id, self._table.c.reference).where(ids)
        self._loading = database.reading.lane(self._load)
        self._written: OrderedDict[str, Reference] = OrderedDict()
        database.forgetting.add(self._forget)

    async def save(self, reference: Reference) -> None:
        """Call it for every activity: it writes only what is new to this process."""
        if self._written.get(reference.id) == reference:
            self._written.move_to_end(reference.id)
            return
        await self._saving(reference)
        self._written[reference.id] = reference
        if len(self._written) > REMEMBERED:
            self._written.popitem(last=False)

    def _save(self, connection: Connection, references: Sequence[Reference]) -> Sequence[None]:
        newest = {reference.id: reference for reference in references}
        rows = [
            {
                "conversation_id": id,
                "place": newest[id].place.value,
                "person_id": newest[id].person.id,
                "reference": reference_to_json(newest[id]),
            }
            for id in sorted(newest)  # in one order everywhere, so that two processes can't wait for each other's rows
        ]
        connection.execute(self._upsert, rows)
        return [None] * len(references)

    def _forget(self, person_id: str) -> None:
        for id in [id for id, reference in self._written.items() if reference.person.id == person_id]:
            del self._written[id]

    async def load(self, conversation_id: str) -> Reference | None:
        return await self._loading(conversation_id)

    def _load(self, connection: Connection, ids: Sequence[str]) -> Sequence[Reference | None]:
        rows: Any = connection.execute(self._select, {"ids": padded(sorted(set(ids)))})
        found = {id: reference_from_json(stored) for id, stored in rows}
        return [found.get(id) for id in ids]

    async def near(self, conversation_id: str) -> Reference | None:
        """`load`; for a thread or channel we have no reference of, that of another thread of the same channel, made to fit."""
        exact = await self.load(conversation_id)
        if exact is not None:
            return exact
        bare, table = conversation_id.partition(";")[0], self._table
        threads = table.c.conversation_id.startswith(f"{bare};", autoescape=True)
        where = (table.c.place == Place.CHANNEL.value) & ((table.c.conversation_id == bare) | threads)
        found = await self._one(select(table.c.reference).where(where).order_by(table.c.updated.desc()).limit(1))
        return None if found is None else replace(found, id=conversation_id)

    async def personal(self, person_id: str) -> Reference | None:
        """The personal chat of the person with this Entra object id; the newest, should there be several."""
        table = self._table
        where = (table.c.person_id == person_id) & (table.c.place == Place.PERSONAL.value)
        return await self._one(select(table.c.reference).where(where).order_by(table.c.updated.desc()).limit(1))

    async def delete(self, conversation_id: str) -> None:
        self._written.pop(conversation_id, None)
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.conversation_id == conversation_id))

    async def delete_place(self, bare_id: str) -> None:
        """A channel with all its threads, or a chat."""
        table = self._table
        for id in [id for id in self._written if id == bare_id or id.startswith(f"{bare_id};")]:
            del self._written[id]
        threads = table.c.conversation_id.startswith(f"{bare_id};", autoescape=True)
        async with self._database.write() as connection:
            await connection.execute(delete(table).where((table.c.conversation_id == bare_id) | threads))

    async def of_team(self, team_id: str) -> list[str]:
        """Ids, without threads, of the channels of a team that we know. Reads them all: teams end seldom."""
        table = self._table
        statement = select(table.c.conversation_id, table.c.reference).where(table.c.place == Place.CHANNEL.value)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        found = {row.conversation_id.partition(";")[0] for row in rows if row.reference.get("team_id") == team_id}
        return sorted(found)

    async def _one(self, statement: Select[tuple[Any]]) -> Reference | None:
        stored = await self._database.transaction(
            lambda connection: connection.execute(statement).scalar_one_or_none(), read=True
        )
        return None if stored is None else reference_from_json(stored)


def reference_to_json(reference: Reference) -> dict[str, Any]:
    return {**flat(reference), "place": reference.place.value, "person": flat(reference.person)}


def flat(one: Any) -> dict[str, Any]:
    """A dataclass by its fields' names, what it holds as it is: `dataclasses.asdict` copies all of it, at ten times the cost."""
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def reference_from_json(value: Mapping[str, Any]) -> Reference:
    """Of what `reference_to_json` wrote; raises TypeError, KeyError or ValueError for anything else."""
    return Reference(**{**value, "place": Place(value["place"]), "person": Person(**value["person"])})
