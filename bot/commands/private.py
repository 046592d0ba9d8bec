"""Answer me privately: the question that was asked in a shared place, answered for its asker alone from all they may read."""

from bot.context import Outgoing, Place
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    await turn.conversation.stream().finish(Outgoing(await _asked(turn, argument)))


async def _asked(turn: Turn, argument: str) -> str:
    """Only the person's own question: what somebody else asked is theirs to ask again."""
    here = turn.incoming
    if here.reference.place is Place.PERSONAL:
        return turn.say("privacy.already_private")
    if not turn.person.id:
        return turn.say("privacy.no_account")
    asked = argument.strip()
    if not asked:
        answers = await turn.services.answers.of_person(turn.person.id)
        asked = next((a.kept.question for a in answers if a.conversation_id == here.kept_under), "")
    if not asked:
        return turn.say("privacy.nothing_asked")
    if not await turn.services.ask_privately(turn, asked):
        return turn.say("privacy.no_personal_chat")
    return turn.say("privacy.look_there")


COMMAND = Command(
    help="answer my last question in our private chat, from all I may read",
    run=run,
    also=("privately", "answer me privately", "privat", "privat antworten"),
)
"""Named like this so that the button under an answer and the typed words are the same."""
