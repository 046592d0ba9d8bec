"""The same question to two models at once, side by side."""

from dataclasses import replace

from bot.answer.comparing import compare
from bot.answer.models import instead
from bot.choice import chosen_model
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    """The model that answers here, and the next one."""
    if not argument and not turn.incoming.sent:
        await turn.conversation.stream().finish(Outgoing(turn.say("compare.how")))
        return
    chosen = await chosen_model(turn)
    asked = replace(turn.incoming, text=argument or turn.say("sent.this_question"))
    await compare(turn, asked, chosen.name, told=instead(chosen, turn.say))


COMMAND = Command(help="two models side by side, and where they differ", run=run)
"""`compare: question`."""
