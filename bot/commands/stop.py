"""Stop: what was under way has been ended when the message came in; this says so, or that there was nothing."""

from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    del argument
    text = turn.say("stop.stopped" if turn.has_stopped else "nothing_to_stop.said")
    await turn.conversation.stream().finish(Outgoing(text))


COMMAND = Command(help="end the answer I am working on", run=run, alone=True)
