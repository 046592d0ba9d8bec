"""What the person put into the message besides words: files, images, forwarded messages, links."""

from bot.background.known import Known
from bot.services import Turn


async def sent(turn: Turn) -> Known:
    """Nothing yet."""
    del turn
    return Known()
