"""Pinned words go with every later question of the conversation, as they were said."""

from tests.agent.fakes import says
from tests.commands.desk import Desk


async def test_words_and_the_last_answer_can_be_pinned(desk: Desk) -> None:
    assert "nothing here yet" in (await desk.says("pin that")).text
    desk.provider.replies += [says("The budget is 485,000 EUR."), says("Later.")]
    await desk.says("What is the budget of Heron?")
    assert "word for word" in (await desk.says("pin that")).text
    await desk.says("pin: deliveries go to Kassel")
    await desk.says("What else?")
    assert "485,000 EUR" in desk.evidence
    assert "- deliveries go to Kassel" in desk.evidence
    assert "deliveries go to Kassel" in (await desk.says("memory")).text


async def test_there_is_an_end_to_pinning(desk: Desk) -> None:
    for number in range(40):
        await desk.says(f"pin: number {number}")
    assert "can't pin more" in (await desk.says("pin: one more")).text
