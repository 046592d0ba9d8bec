"""Stop: what was under way has been ended when the message came in; this says so, or that there was nothing."""

from bot.context import Outgoing
from bot.digests.standing import own_here
from bot.router import Command
from bot.services import Turn


async def run(turn: Turn, argument: str) -> None:
    """An answer is ended, and no digest: whoever meant those is told how."""
    del argument
    said = [turn.say("stop.stopped" if turn.has_stopped else "nothing_to_stop.said")]
    if not turn.has_stopped and (goes_on := await own_here(turn)):
        said.append(goes_on)
    await turn.conversation.stream().finish(Outgoing(" ".join(said)))


COMMAND = Command(help="end the answer I am working on", run=run, alone=True)
