"""Starting over forgets this conversation and no other."""

from dataclasses import replace

from tests.agent.fakes import says
from tests.commands.desk import PERSONAL, Desk


async def test_what_was_said_is_forgotten_here_only(desk: Desk) -> None:
    desk.provider.replies += [says("First."), says("Second."), says("Third."), says("Fourth.")]
    await desk.says("What is the budget of Heron?")
    desk.reference = replace(PERSONAL, id="chat-2")
    await desk.says("Who runs the plant in Kassel?")

    desk.reference = PERSONAL
    assert "forgotten" in (await desk.says("new")).text
    await desk.says("Which supplier makes castings?")
    assert "Heron" not in desk.evidence

    desk.reference = replace(PERSONAL, id="chat-2")
    await desk.says("Which supplier makes castings?")
    assert "Kassel" in desk.evidence


async def test_nothing_to_forget_is_no_fault(desk: Desk) -> None:
    assert "forgotten" in (await desk.says("New.")).text
