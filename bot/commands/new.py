"""Start over: forget this conversation."""

from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    del argument
    await turn.services.transcripts.delete(turn.incoming.kept_under)
    await turn.conversation.stream().finish(Outgoing(turn.say("new.done")))


COMMAND = Command(help="start over: I forget what we talked about here", run=run, alone=True)
