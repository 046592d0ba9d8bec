"""A whole digest from the local tenant: what it says, from where, what it leaves out, and how it ends where it can't be made."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bot.digests.compose import compose
from bot.digests.work import NotNow
from bot.store.run import NOW
from graph.errors import SignInNeeded
from tests.conftest import fresh_world
from tests.digests.composing import composed, work_for
from tests.e2e.parley import Parley, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")

FRIDAY = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    async with parley_running(fresh_world(), tmp_path_factory.mktemp("store")) as running:
        await running.sign_in("Sofia")
        yield running


async def test_a_morning_has_what_is_new_and_then_nothing(parley: Parley) -> None:
    first = await composed(parley, "Sofia", "morning", FRIDAY)
    assert first.outgoing is not None
    text = first.outgoing.text
    assert text.startswith("**Friday 20 November: your day**")
    assert "11:00 [1:1 Priya and Sofia](https://" in text
    assert "shared with you by Elena Marchetti" in text
    assert set(first.record.read) == {"calendar", "mail", "chats", "channels", "files"}
    assert first.record.failed == ()
    assert first.outgoing.links
    again = await composed(
        parley, "Sofia", "morning", FRIDAY + timedelta(minutes=10), cursors=first.cursors, options={"empty": "silent"}
    )
    assert again.outgoing is None
    line = await composed(parley, "Sofia", "morning", FRIDAY, cursors=first.cursors, options={"empty": "line"})
    assert line.outgoing is not None
    assert line.outgoing.text == "Nothing new since last time."
    now = work_for(parley, "Sofia", "morning", FRIDAY, cursors=first.cursors, options={"empty": "silent"})
    asked = await compose(replace(now, run=replace(now.run, slot=f"{NOW}1")))
    assert asked.outgoing is not None, "who asks for it now is not left waiting"


async def test_a_question_on_a_schedule_is_answered_like_any_other(parley: Parley) -> None:
    made = await composed(parley, "Sofia", "prompt", FRIDAY, prompt="What is the budget of Heron?")
    assert made.outgoing is not None
    assert made.outgoing.ai
    assert made.outgoing.citations
    assert "485,000 EUR" in made.outgoing.text
    assert made.record.model == made.outgoing.model != ""
    assert made.record.usage.input > 0


@pytest.mark.parametrize("kind", ["morning", "catch_up", "meeting_prep", "prompt"])
async def test_without_a_sign_in_nothing_is_made(parley: Parley, kind: str) -> None:
    with pytest.raises(SignInNeeded):
        await composed(parley, "Jonas", kind, FRIDAY, prompt="What is the budget of Heron?")


async def test_a_kind_that_is_gone_pauses_it(parley: Parley) -> None:
    with pytest.raises(NotNow, match="kind"):
        await composed(parley, "Sofia", "horoscope", FRIDAY)
