"""What became of activities that were admitted before: read only, from what the inbox remembers for a week."""

from sqlalchemy import or_, select

from bot.store.database import Database


class Replies:
    """Raises `StoreUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, conversation_id: str, activity_id: str) -> bool:
        """Whether this activity was admitted, by any process."""
        inbox = self._database.tables.inbox
        statement = select(inbox.c.seq).where(
            inbox.c.conversation_id == conversation_id, inbox.c.activity_id == activity_id
        )
        async with self._database.read() as connection:
            return (await connection.execute(statement)).first() is not None

    async def parts(self, conversation_id: str, message_id: str) -> tuple[str, ...]:
        """Ids of the messages that follow the one a long answer begins with."""
        inbox = self._database.tables.inbox
        begins = inbox.c.reply_id.startswith(f"{message_id} ", autoescape=True)
        statement = select(inbox.c.reply_id).where(
            inbox.c.conversation_id == conversation_id, or_(inbox.c.reply_id == message_id, begins)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(statement)).scalars().all()
        return tuple(id for ids in found for id in ids.split()[1:])
