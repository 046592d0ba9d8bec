"""What was said in this conversation before."""

from bot.services import Turn
from providers.base import Message


async def history(turn: Turn) -> tuple[Message, ...]:
    """Oldest first, within a budget. Errors: `bot.store.transcripts.Transcripts.recent`."""
    return await turn.services.history.load(turn.incoming.kept_under, before=turn.incoming.id)
