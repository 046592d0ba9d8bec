"""What was said around the question, in the thread or chat it stands in."""

from bot.background.known import Known
from bot.services import Turn


async def thread(turn: Turn) -> Known:
    """Nothing yet."""
    del turn
    return Known()
