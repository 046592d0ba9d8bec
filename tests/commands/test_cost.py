"""*cost* says what was spent, to whom it concerns, and what of it nobody knows."""

from dataclasses import replace

import pytest

from bot.context import Place
from bot.cost.budgets import Budgets
from bot.routing.metered import Metering
from bot.store.audit import Row
from bot.store.spending import Settled
from providers.base import Usage
from tests.agent.fakes import says
from tests.commands.cards import words
from tests.commands.desk import NOW, PERSONAL, SOFIA, Desk

CHANNEL = replace(PERSONAL, id="19:ops@thread.tacv2;messageid=1", place=Place.CHANNEL)
SPENT = Row(
    at=NOW.timestamp(), person_id=SOFIA.id, tenant=SOFIA.tenant, conversation_id="chat-1", place="personal",
    question_id="q", purpose="answer", name="scripted", asked="x", answered="x", door="scripted",
    usage=Usage(10, output=5), estimated=False, cost=0, first_ms=1, total_ms=2, outcome="answered",
)  # fmt: skip


async def spend(desk: Desk, row: Row, *owners: str) -> None:
    await desk.services.ledger.spending.settle(Settled(row, "2026-11", owners))


async def test_before_anything_was_spent(desk: Desk) -> None:
    text = words(await desk.says("cost"))
    assert "Last answer here: nothing yet" in text
    assert "This conversation: nothing yet" in text
    assert "You, this month: nothing yet" in text
    assert "By the prices of 2026-" in text
    assert "Everybody" not in text


@pytest.mark.parametrize("said", ["cost", "Costs", "what did that cost?", "/cost", "Was hat das gekostet?", "Kosten"])
async def test_it_adds_up_what_concerns_one(desk: Desk, said: str) -> None:
    desk.services = replace(desk.services, steps=(Metering(desk.services.ledger),))
    desk.provider.replies = [says("Hello.")]
    await desk.says("hello")
    (asked,) = await desk.services.ledger.audit.search()
    assert asked.cost is None
    await spend(desk, replace(SPENT, cost=20_000, question_id=asked.question_id))
    await spend(desk, replace(SPENT, cost=1_000_000))
    await spend(desk, replace(SPENT, cost=5_000_000, conversation_id="other"))
    await spend(desk, replace(SPENT, cost=9_000_000, at=NOW.timestamp() - 30 * 86400, estimated=True))
    await spend(desk, replace(SPENT, cost=7_000_000, person_id="ben", conversation_id="other"))
    text = words(await desk.says(said))
    assert "Last answer here: $0.020" in text
    assert "This conversation: $10.02" in text
    assert "You, this month: $6.02" in text
    assert "1 call besides, to a model whose price I don't know." in text
    assert "Partly estimated" in text
    assert not desk.provider.replies


async def test_budgets_and_administrators(desk: Desk) -> None:
    ledger = desk.services.ledger
    ledger.budgets = Budgets.read({"person": 20, "organisation": 50, "administrators": [SOFIA.id]})
    await spend(desk, replace(SPENT, cost=15_100_000))
    await spend(desk, replace(SPENT, cost=7_000_000, person_id="ben", conversation_id="other"))
    text = words(await desk.says("cost"))
    assert "You, this month: $15.10 of $20.00 (75 %)" in text
    assert "Everybody, this month: $22.10 of $50.00 (44 %)" in text
    desk.reference = replace(PERSONAL, locale="de")
    assert "Sie, in diesem Monat: 15,10 $ von 20,00 $ (75 %)" in words(await desk.says("Kosten"))


async def test_a_channel_learns_nothing_of_a_person(desk: Desk) -> None:
    desk.reference = CHANNEL
    desk.services.ledger.budgets = Budgets.read({"conversation": 10, "administrators": [SOFIA.id]})
    place, other = "conversation:19:ops@thread.tacv2", "19:ops@thread.tacv2;messageid=9"
    await spend(desk, replace(SPENT, cost=1_000_000, conversation_id=CHANNEL.id), place)
    await spend(desk, replace(SPENT, cost=2_000_000, conversation_id=other), place)
    text = words(await desk.says("cost"))
    assert "This conversation: $1.00" in text
    assert "This channel or chat, this month: $3.00 of $10.00 (30 %)" in text
    assert "You, this month" not in text
    assert "Everybody" not in text
    assert "I say in our personal chat" in text


async def test_only_unknown_prices_are_unknown(desk: Desk) -> None:
    await spend(desk, replace(SPENT, cost=None))
    assert "You, this month: unknown: no price was given for the model" in words(await desk.says("cost"))
