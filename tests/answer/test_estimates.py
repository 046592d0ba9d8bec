"""What long work will cost is told before it begins, from the amount on that whoever runs us finds worth telling."""

from decimal import Decimal

import pytest

from bot.cost.prices import Price, Prices
from providers.base import StopReason
from tests.agent.fakes import says
from tests.answer.test_whole import PAGES, QUESTION, put
from tests.commands.desk import Desk

PRICE = Price(Decimal(2), Decimal(2), Decimal(2), Decimal(10))
FREE = Price(Decimal(0), Decimal(0), Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("tell_from", "price", "told"),
    [(10_000, PRICE, True), (10_000_000, PRICE, False), (0, None, False), (0, FREE, False)],
    ids=["worth it", "too little", "unknown", "free"],
)
async def test_reading_a_long_text_is_told_with_its_price(
    desk: Desk, tell_from: int, price: Price | None, *, told: bool
) -> None:
    ledger = desk.services.ledger
    ledger.tell_from, ledger.prices = tell_from, Prices({"scripted:*": price} if price else {})
    put(desk, "Annual report 2025.pdf", "\n\f\n".join(PAGES))
    desk.provider.replies += [
        says("- matter (p. 1) [S5]"),
        says("", StopReason.REFUSAL),
        says("- more [S7]"),
        says("Twenty."),
    ]
    await desk.says(QUESTION)
    (first, *_) = [status for status in desk.conversation.shown.statuses if "part" in status]
    assert first.startswith("Reading part 1 of 3…")
    assert first.endswith("(This may cost up to $0.040.)") == told
    assert ("cost" in first) == told
