"""Sign in on request, not only when a question needs it."""

from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    del argument
    if not turn.person.id:
        await turn.conversation.stream().finish(Outgoing(turn.say("sign_in.without_account")))
    elif await turn.services.sign_in.signed_in(turn.person):
        await turn.conversation.stream().finish(Outgoing(turn.say("sign_in.already")))
    else:
        await turn.services.ask_to_sign_in(turn, None)


COMMAND = Command(help="let me look into your mail and files", run=run, alone=True)
