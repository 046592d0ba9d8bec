"""What was said in a conversation, a row a turn. Saving a turn again replaces it, so a repeated turn is not told twice."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from bot.store.clock import DatabaseNow
from bot.store.database import Database
from bot.store.message_json import from_json, to_json
from bot.store.upsert import upsert
from providers.base import Message


class Transcripts:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._table = database.tables.transcripts

    async def save(self, conversation_id: str, turn_id: str, messages: Sequence[Message]) -> None:
        """All messages of the turn so far; `turn_id` is the activity's id. Call it after each append."""
        key = {"conversation_id": conversation_id, "turn_id": turn_id}
        values = {"messages": [to_json(message) for message in messages], "updated": DatabaseNow()}
        async with self._database.write() as connection:
            await connection.execute(upsert(self._database.dialect, self._table, key, values))

    async def load(self, conversation_id: str, *, turns: int, before: str = "") -> tuple[Message, ...]:
        """The messages of the newest `turns` turns, oldest first, the turn `before` left out (it is the one being worked on).

        Raises `bot.store.encryption.WrongKey` and `bot.store.message_json.MalformedTranscript`.
        """
        table = self._table
        statement = (
            select(table.c.messages)
            .where(table.c.conversation_id == conversation_id, table.c.turn_id != before)
            .order_by(table.c.seq.desc())
            .limit(turns)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).scalars().all()
        return tuple(from_json(message) for messages in reversed(rows) for message in messages)

    async def load_turn(self, conversation_id: str, turn_id: str) -> tuple[Message, ...]:
        """What an earlier attempt at this turn saved; empty when there was none. Errors as in `load`."""
        table = self._table
        statement = select(table.c.messages).where(
            table.c.conversation_id == conversation_id, table.c.turn_id == turn_id
        )
        async with self._database.read() as connection:
            messages = (await connection.execute(statement)).scalar_one_or_none()
        return tuple(from_json(message) for message in messages or ())

    async def delete(self, conversation_id: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(self._table).where(self._table.c.conversation_id == conversation_id))
