"""Two at once: each with its own ending, both stopped by one word; and a comparison that says no more than both answers."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent import council
from bot.agent.council import Difference
from bot.agent.loop import Cause, Finished, Outcome, Stopped
from bot.context import StopRequested
from bot.stopping import Stopping
from providers.base import Message, Request, Text, Usage
from providers.errors import Overloaded

FIRST = "The budget is 485,000 EUR [S1]. Tomas approved it."
SECOND = "The budget is 450,000 EUR [S2]. The pilot starts on 3 May."


def finished(text: str) -> Outcome:
    return Finished((), text, "m", Usage(1, output=2))


async def says(stop: Stopping) -> Outcome:
    async with stop.scope():
        return finished("I.")


async def fails(stop: Stopping) -> Outcome:
    del stop
    raise Overloaded("Busy.")


def waiting(began: asyncio.Event) -> council.Speaking:
    async def waits(stop: Stopping) -> Outcome:
        began.set()
        try:
            async with stop.scope():
                await asyncio.Event().wait()
        except StopRequested:
            return Stopped((), Cause.STOPPED, "I was", "m", Usage(5, output=1))
        raise AssertionError

    return waits


async def test_one_that_fails_leaves_the_other() -> None:
    (first, second), stopped = await council.heard([fails, says], Stopping())
    assert isinstance(first, Overloaded)
    assert isinstance(second, Finished)
    assert not stopped


async def test_both_are_stopped_and_keep_what_they_cost() -> None:
    began, stopping = [asyncio.Event(), asyncio.Event()], Stopping()
    work = asyncio.create_task(council.heard([waiting(began[0]), waiting(began[1])], stopping))
    await asyncio.gather(*(event.wait() for event in began))
    assert stopping.request()
    outcomes, stopped = await work
    assert stopped
    assert [one.usage.output for one in outcomes if isinstance(one, Stopped)] == [1, 1]


async def test_what_is_no_failure_of_a_model_ends_both() -> None:
    began = asyncio.Event()

    async def breaks(stop: Stopping) -> Outcome:
        del stop
        await began.wait()
        raise LookupError

    with pytest.raises(LookupError):
        await council.heard([waiting(began), breaks], Stopping())


def test_the_request_holds_the_answers_and_nothing_else() -> None:
    like = Request("s", (Message("user", (Text("secret"),)),), cache_key="t", user_hash="u")
    sent = council.request("What is the budget?", FIRST, SECOND, language="Deutsch", like=like)
    assert "secret" not in str(sent)
    assert "Deutsch" in sent.system
    assert FIRST in str(sent.messages)
    assert (sent.cache_key, sent.user_hash) == ("t", "u")


def compared(**form: Any) -> council.Comparison | None:
    return council.parsed(json.dumps(form), FIRST, SECOND)


def test_points_have_the_figures_of_their_answers() -> None:
    found = compared(
        agree=["Both name a budget [S1].", "Both say 900 EUR."],
        differ=[
            {"about": "the sum", "first": "485,000 EUR", "second": "450,000 EUR"},
            {"about": "the sum", "first": "450,000 EUR", "second": "485,000 EUR"},
            {"about": "same", "first": "Equal.", "second": "equal"},
            {"about": "x"},
            "x",
        ],
        only_first=["Tomas approved it.", "It starts on 3 May.", 5],
        only_second=["It starts on 3 May."],
    )
    assert found is not None
    assert found.agree == ("Both name a budget.",)
    assert found.differ == (Difference("the sum", "485,000 EUR", "450,000 EUR"),)
    assert found.only_first == ("Tomas approved it.",)
    assert found.only_second == ("It starts on 3 May.",)


@given(st.text() | st.recursive(st.none() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["agree", "differ", "only_first", "about", "first", "second"]), x)).map(json.dumps))  # fmt: skip
def test_whatever_the_writer_writes_is_read_or_left_out(text: str) -> None:
    found = council.parsed(text, FIRST, SECOND)
    assert found is None or found


@pytest.mark.parametrize("text", ["", "They agree.", "{}", '{"agree": []}', '{"agree": ["Both say 900."]}'])
def test_what_says_nothing_is_no_comparison(text: str) -> None:
    assert council.parsed(text, FIRST, SECOND) is None
