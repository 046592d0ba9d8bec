"""Two models on one question, as people see them: side by side with their comparison, and an answer that another one checked."""

import pytest

from tests.browser.seat import Seat
from tests.e2e.test_two_heads import comparing, judging, saying

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


async def test_two_models_stand_side_by_side(seat: Seat) -> None:
    await seat.sees("Answered by claude-sonnet-5")
    seat.world.state["script"] = [
        saying("claude", "The Heron budget is **485,000 EUR** {485,000}. Tomas Lindgren approved it {485,000}."),
        saying(
            "gpt",
            "It rose from 460,000 EUR {460,000} to 485,000 EUR {485,000}. It is the last increase {last increase}.",
        ),
        comparing(
            "claude",
            agree=["The Heron budget is 485,000 EUR."],
            differ=[{"about": "History", "first": "not mentioned", "second": "460,000 EUR before"}],
            only_first=["Tomas Lindgren approved it."],
            only_second=["It is the last increase."],
        ),
    ]
    await seat.say("compare: What is the Heron budget now, and who approved it?")
    await seat.sees("Both compared")
    await seat.sees("It is the last increase.")
    await seat.picture("compare")


async def test_what_a_second_model_took_out_is_told(seat: Seat) -> None:

    draft = "Approved: the Heron budget is 485,000 EUR {485,000}. It also pays for a swimming pool {485,000}."
    seat.world.state["script"] = [
        saying("claude", draft),
        judging("gpt", {"swimming pool": {"verdict": "unsupported"}}),
    ]
    await seat.say("review: What is the Heron budget now?")
    await seat.sees("What gpt-5.6 changed")
    await seat.sees("checked 2 statements against the sources")
    await seat.picture("review")
