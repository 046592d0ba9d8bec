"""A question: whatever is no other command is answered from the person's own mail and documents."""

import asyncio
from dataclasses import replace

from bot.answer.models import instead
from bot.answer.modes import answer_as, mode_here
from bot.choice import chosen_model
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    if not argument and not turn.incoming.sent and not turn.incoming.quoted:
        await turn.conversation.stream().finish(Outgoing(turn.say("answer.nothing_asked")))
        return
    chosen, mode = await asyncio.gather(chosen_model(turn), mode_here(turn))
    asked = replace(turn.incoming, text=argument or turn.say("sent.this_question"))
    await answer_as(mode, turn, asked, chosen.name, told=instead(chosen, turn.say), chosen=chosen)


COMMAND = Command(help="", run=run)
