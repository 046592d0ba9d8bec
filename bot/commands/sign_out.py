"""Forget the person's tokens."""

from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    del argument
    await turn.services.sign_in.sign_out(turn.person)
    await turn.conversation.stream().finish(Outgoing(turn.say("sign_in.signed_out")))


COMMAND = Command(help="stop me from looking into your mail and files", run=run, alone=True)
