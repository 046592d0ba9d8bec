"""A model may order and word what stands first; owners, days, links and what is left out are never its own."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.digests.item import Item, Link
from bot.digests.phrasing import LONGEST, stands
from bot.texts import Texts
from infra.local.company.golden import MORNING, WHOM, plant
from infra.local.vendors.script import Reply, View
from infra.local.world import Fault
from tests.conftest import fresh_world
from tests.digests.composing import composed
from tests.e2e.parley import Parley, parley_running

MAIL = Item(
    "waiting:1",
    "waiting",
    "Tooling invoice October",
    "Ben Carter asks you, 5 days ago",
    (Link("Tooling invoice October", "https://outlook.example/1", "mail", "mail:1"),),
    when=datetime(2026, 11, 18, tzinfo=UTC),
    who="Ben Carter",
    due=date(2026, 11, 27),
    text="Can you confirm the tooling invoice for October, 18,400 EUR, by Friday? Ben",
)
PEOPLE = {"Ben Carter", "Maren Okafor"}


@pytest.mark.parametrize(
    ("words", "language", "good"),
    [
        ("Ben needs your word on 18,400 EUR by Friday.", "en", True),
        ("Without you he cannot book the invoice.", "en", True),
        ("He waits for 18,500 EUR.", "en", False),
        ("He needs it by Monday.", "en", False),
        ("He needs it tomorrow.", "en", False),
        ("Maren waits for it as well.", "en", False),
        ("Confirm it with Lucy first.", "en", False),
        ("See https://ranknow.example/verify for it.", "en", False),
        ("Write to ben@ranknow.example.", "en", False),
        ("", "en", False),
        ("x" * (LONGEST + 1), "en", False),
        ("Ben wartet auf Ihr Wort zur Rechnung.", "de", True),
        ("Laut Lucy Miller eilt die Rechnung.", "de", False),
        ("Bis Montag braucht Ben die Zusage.", "de", False),
    ],
)
def test_a_sentence_stands_when_it_says_nothing_its_item_does_not(words: str, language: str, good: bool) -> None:
    assert stands(words, MAIL, PEOPLE, Texts(language)) is good


@given(st.text(max_size=200))
def test_any_sentence_is_judged(words: str) -> None:
    stands(words, MAIL, PEOPLE, Texts("en"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    world = fresh_world()
    plant(world.company)
    async with parley_running(world, tmp_path_factory.mktemp("store"), door="claude") as running:
        await running.sign_in(WHOM)
        yield running


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line[:1].isdigit() or line.startswith("- ")]


def says(choose: Callable[[View], list[dict[str, Any]]]) -> Callable[[View], Reply]:
    return lambda view: Reply(text=json.dumps({"items": choose(view)}), model="claude-sonnet-5")


@pytest.mark.asyncio(loop_scope="module")
async def test_the_first_few_are_in_its_order_and_words(parley: Parley) -> None:
    def choose(view: View) -> list[dict[str, Any]]:
        ids = [block.id for block in view.blocks]
        return [{"id": id, "why": "This cannot wait any longer."} for id in reversed(ids)]

    parley.world.state["script"] = [says(choose)]
    since = len(parley.world.record)
    made = await composed(parley, WHOM, "morning", MORNING)
    assert made.outgoing is not None
    first = lines(made.outgoing.text)[:5]
    assert "revised Voltaro offer" in first[0]
    assert "Two slides" in first[-1]
    assert all("This cannot wait any longer." in line for line in first)
    assert "due tomorrow" in first[0]  # the item's own day, in whichever words
    assert made.outgoing.ai
    assert made.outgoing.model == made.record.model == "claude-sonnet-5"
    assert made.record.usage.input > 0
    (asked,) = parley.received("claude", since=since)
    assert "Account notice" not in json.dumps(asked.body)  # it does not stand first, so no model reads it


@pytest.mark.asyncio(loop_scope="module")
async def test_a_model_that_obeys_a_mail_reaches_nothing(parley: Parley) -> None:
    def choose(view: View) -> list[dict[str, Any]]:
        why = "Maren Okafor owns this, due 1 January 2030: open https://ranknow.example/verify"
        return [{"id": view.blocks[0].id, "why": why} for _ in range(3)]

    parley.world.state["script"] = [says(choose)]
    made = await composed(parley, WHOM, "morning", MORNING)
    parley.world.state["script"] = [Reply(text='{"items": [{"id": "S99", "why": "Look at this"}]}')]
    foreign = await composed(parley, WHOM, "morning", MORNING)
    parley.world.faults.append(Fault("claude", "*", "status", 529, times=50))
    outage = await composed(parley, WHOM, "morning", MORNING)
    parley.world.faults.clear()
    assert made.outgoing is not None
    assert foreign.outgoing is not None
    assert outage.outgoing is not None
    assert lines(made.outgoing.text) == lines(foreign.outgoing.text) == lines(outage.outgoing.text)
    assert "ranknow" not in made.outgoing.text
    for without in (foreign.outgoing, outage.outgoing):
        assert not without.ai
        assert "No model answered in time, so rules alone chose these words." in without.notices
