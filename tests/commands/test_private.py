"""A question taken aside: only the person's own, and never from where we are alone already. tests/e2e/test_sharing.py has the rest."""

from dataclasses import replace

from bot.context import Place
from bot.services import Turn
from tests.agent.fakes import says
from tests.commands.desk import PERSONAL, SOFIA, Desk

GROUP = replace(PERSONAL, id="19:heron@thread.v2", place=Place.GROUP)


def listening(desk: Desk) -> list[str]:
    asked: list[str] = []

    async def ask_privately(turn: Turn, question: str) -> bool:
        del turn
        asked.append(question)
        return True

    desk.services = replace(desk.services, ask_privately=ask_privately)
    return asked


async def test_the_persons_last_question_is_taken_aside(desk: Desk) -> None:
    asked = listening(desk)
    desk.provider.replies += [says("I don't know."), says("Nor do I.")]
    desk.reference, desk.members = GROUP, frozenset({SOFIA.id, "hiro"})
    assert "not asked me anything" in (await desk.says("answer me privately")).text
    await desk.says("What is the budget of Heron?")
    await desk.says("Who runs the plant in Kassel?")
    assert "private chat" in (await desk.says("answer me privately")).text
    assert "private chat" in (await desk.says("private: what did I earn?")).text
    assert asked == ["Who runs the plant in Kassel?", "what did I earn?"]

    other = replace(SOFIA, id="hiro", name="Hiro")
    desk.reference = replace(GROUP, person=other)
    assert "not asked me anything" in (await desk.says("answer me privately")).text


async def test_alone_there_is_nothing_to_take_aside(desk: Desk) -> None:
    asked = listening(desk)
    assert "alone here" in (await desk.says("answer me privately")).text
    assert asked == []
