"""A slash and a word that is no command: said so, instead of asking a model what it may mean."""

from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    await turn.conversation.stream().finish(Outgoing(turn.say("help.unknown", word=argument)))


COMMAND = Command(help="", run=run)
