"""What administrators allow: counted over a person's digests of the month, and nothing else of theirs."""

from dataclasses import replace

from bot.cost.caps import Caps
from bot.digests.caps import cost_of, used_up
from bot.store.run import Run
from bot.store.spending import Settled
from tests.commands.conftest import desk
from tests.commands.desk import NOW, SOFIA, Desk
from tests.store.test_spending import ROW

__all__ = ["desk"]  # a fixture: pytest finds it by this import
RUN = Run(
    "s1", "2026-11-22T08:30", SOFIA.id, "tenant-1", "chat-1", NOW.timestamp() - 60, attempt=1, started=NOW.timestamp()
)


async def spend(desk: Desk, cost: int | None, *, days_ago: float = 0.0, **more: str) -> None:
    row = replace(ROW, at=NOW.timestamp() - days_ago * 86400, person_id=SOFIA.id, cost=cost, **more)  # type: ignore[arg-type]  # -- names and ids
    await desk.services.ledger.spending.settle(Settled(row, "2026-11", ()))


async def test_digests_of_this_month_count_and_questions_do_not(desk: Desk) -> None:
    desk.services = replace(desk.services, caps=Caps(dollars=0.5))
    await spend(desk, 400_000, purpose="digest", question_id=RUN.activity_id)
    await spend(desk, 400_000, purpose="answer", question_id="t1")
    await spend(desk, 400_000, purpose="digest", question_id="old", days_ago=40)
    assert not await used_up(desk.services, SOFIA.id)
    await spend(desk, 100_000, purpose="digest", question_id=replace(RUN, attempt=0).activity_id)
    assert await used_up(desk.services, SOFIA.id)
    assert not await used_up(desk.services, "somebody-else")
    desk.services = replace(desk.services, caps=Caps())
    assert not await used_up(desk.services, SOFIA.id), "without a cap of their own"


async def test_a_run_costs_what_all_its_tries_did(desk: Desk) -> None:
    assert await cost_of(desk.services, RUN) == 0
    await spend(desk, 400_000, purpose="digest", question_id=RUN.activity_id)
    await spend(desk, 100_000, purpose="digest", question_id=replace(RUN, attempt=0).activity_id)
    assert await cost_of(desk.services, RUN) == 500_000
    await spend(desk, None, purpose="digest", question_id=RUN.activity_id)
    assert await cost_of(desk.services, RUN) is None
