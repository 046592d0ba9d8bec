"""A question: whatever is no other command is answered from the person's own mail and documents."""

from dataclasses import replace

from bot.answer.asking import answer
from bot.answer.models import instead
from bot.choice import chosen_model
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    if not argument and not turn.incoming.sent and not turn.incoming.quoted:
        await turn.conversation.stream().finish(Outgoing(turn.say("answer.nothing_asked")))
        return
    chosen = await chosen_model(turn)
    asked = replace(turn.incoming, text=argument or turn.say("sent.this_question"))
    await answer(turn, asked, chosen.name, told=instead(chosen, turn.say))


COMMAND = Command(help="", run=run)
