"""Stop, when there is nothing to stop; tests/e2e has the running answer."""

import pytest

from bot.app import router
from bot.commands import ask
from bot.interrupts import is_stop
from tests.commands.desk import Desk


@pytest.mark.parametrize("said", ["stop", "Stop!", "/stop", "Stopp.", "cancel", "hör auf"])
async def test_there_is_nothing_to_stop(desk: Desk, said: str) -> None:
    assert is_stop(said), "what is answered as a stop must end an answer too"
    assert "nothing to stop" in (await desk.says(said)).text
    assert not desk.provider.requests


@pytest.mark.parametrize("said", ["Stop: which pumps failed?", "stop the delivery to Kassel?"])
def test_a_question_about_stopping_is_a_question(said: str) -> None:
    assert router().route(said) == (ask.COMMAND, said)
