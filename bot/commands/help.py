"""What can you do?"""

from bot.context import Outgoing
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
- **new**: start over, I forget what we talked about here
- **sign in**, **sign out**: let me look into your mail and files, or stop it
- **help**: this text"""


async def run(turn: Turn, argument: str) -> None:
    del argument
    await turn.conversation.stream().finish(Outgoing(TEXT))


COMMAND = Command(help="what I can do", run=run, also=("hilfe", "?", "what can you do"))
