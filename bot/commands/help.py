"""What can you do?"""

import functools

from bot import commands
from bot.context import Outgoing
from bot.discover import discover
from bot.router import Command
from bot.services import Turn

TEXT = """\
I answer questions from your own mail and documents, and show where each answer comes from.

Just ask, for example:
- What did we agree with our supplier about delivery dates?
- Which mails from this week still wait for my answer?
- What does the travel policy say about hotels?

In a channel or group chat, mention me. There I only use what everybody in the conversation may open; \
for your own mail, ask me in our personal chat.

You can also say:
"""


@functools.cache
def text() -> str:
    """With every command that has a word of help, so that a new one needs no second file."""
    found = discover(commands, "COMMAND", Command)
    return TEXT + "\n".join(f"- **{name.replace('_', ' ')}**: {c.help}" for name, c in found.items() if c.help)


async def run(turn: Turn, argument: str) -> None:
    del argument
    await turn.conversation.stream().finish(Outgoing(text()))


COMMAND = Command(help="this text", run=run, also=("hilfe", "?", "what can you do"))
