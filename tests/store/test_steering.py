"""What was changed about a digest: once each, taken back one by one, and gone with the digest."""

from bot.store.database import Database
from bot.store.steering import MOST, Steering, Wish
from bot.store.subscriptions import Subscription, Subscriptions

ANA = {"who": "Ana Ribeiro"}


async def test_the_same_wish_is_one_and_its_opposite_takes_its_place(database: Database) -> None:
    steering = Steering(database)
    for _ in range(2):
        await steering.save(Wish("s1", "ida", "more", ANA))
    await steering.save(Wish("s1", "ida", "snooze", {"id": "mail:1"}, until=5.0, details={"title": "x"}))
    await steering.save(Wish("s2", "ida", "more", ANA))
    assert [(wish.kind, wish.about) for wish in await steering.of("s1")] == [
        ("more", ANA),
        ("snooze", {"id": "mail:1"}),
    ]
    await steering.save(Wish("s1", "ida", "less", ANA))
    found = await steering.of("s1")
    assert {wish.kind for wish in found} == {"less", "snooze"}
    snoozed = next(wish for wish in found if wish.kind == "snooze")
    assert (snoozed.until, snoozed.details, snoozed.owner) == (5.0, {"title": "x"}, "ida")
    assert await steering.undo("s1", snoozed.id)
    assert not await steering.undo("s1", snoozed.id)
    await steering.clear("s1")
    assert not await steering.of("s1")
    assert len(await steering.of("s2")) == 1


async def test_there_is_an_end_to_it_and_it_goes_with_the_digest(database: Database) -> None:
    steering, subscriptions = Steering(database), Subscriptions(database)
    asked = await subscriptions.save(Subscription("ida", "t", "a:ida", "morning", {}))
    for number in range(MOST + 3):
        await steering.save(Wish(asked.id, "ida", "done", {"id": f"mail:{number}"}))
    assert len(await steering.of(asked.id)) == MOST
    await subscriptions.delete(asked.id)
    assert not await steering.of(asked.id)
