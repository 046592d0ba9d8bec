"""What was said in this conversation before."""

from bot.agent.history import MayUse, Past
from bot.services import Turn


async def history(turn: Turn, may_use: MayUse) -> Past:
    """Oldest first, within a budget. Errors: `bot.store.transcripts.Transcripts.recent`."""
    return await turn.services.history.load(turn.incoming.kept_under, before=turn.incoming.id, may_use=may_use)
