"""An answer that another model has checked, statement by statement, before anybody sees it."""

from dataclasses import replace

from bot.answer.models import instead
from bot.answer.reviewing import review
from bot.choice import chosen_model
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    """The model that answers here drafts, and the next one checks."""
    if not argument and not turn.incoming.sent:
        await turn.conversation.stream().finish(Outgoing(turn.say("review.how")))
        return
    chosen = await chosen_model(turn)
    asked = replace(turn.incoming, text=argument or turn.say("sent.this_question"))
    await review(turn, asked, chosen.name, told=instead(chosen, turn.say))


COMMAND = Command(help="an answer that a second model has checked against the sources", run=run)
"""`review: question`."""
