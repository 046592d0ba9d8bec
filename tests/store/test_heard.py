"""What is heard is bounded, says what it says now, and goes: when it is deleted, when nobody wants us, after a week."""

from sqlalchemy import update

from bot.store.database import Database
from bot.store.heard import KEEP_SECONDS, LONGEST, MOST, Heard, Remark

THREAD = "19:c@thread.tacv2;messageid=17"


def remark(id: str, text: str, person_id: str = "ana-id") -> Remark:
    return Remark(id, person_id, "Ana", text)


async def test_it_is_kept_in_order_once_and_no_more_than_so_much(database: Database) -> None:
    heard = Heard(database)
    for number in range(MOST + 3):
        await heard.keep(THREAD, remark(f"{1000 + number}", f"Remark {number}"))
    await heard.keep(THREAD, remark("1010", "x" * (LONGEST + 1)))
    found = await heard.of(THREAD)
    assert [one.id for one in found] == [f"{1000 + number}" for number in range(3, MOST + 3)]
    assert len(found[7].text) == LONGEST
    assert (found[0].author, found[0].text, found[0].person_id) == ("Ana", "Remark 3", "ana-id")
    assert await heard.of("19:c@thread.tacv2;messageid=1") == []


async def test_an_edit_changes_what_was_heard_and_teaches_nothing_new(database: Database) -> None:
    heard = Heard(database)
    await heard.keep(THREAD, remark("1", "Monday"))
    assert await heard.replace(THREAD, remark("1", "Tuesday"))
    assert not await heard.replace(THREAD, remark("2", "Wednesday"))
    assert [one.text for one in await heard.of(THREAD)] == ["Tuesday"]


async def test_it_is_forgotten_by_message_place_and_person(database: Database) -> None:
    heard = Heard(database)
    other = "19:c%_@thread.tacv2;messageid=2"
    for place, id, person in ((THREAD, "1", "ana-id"), (THREAD, "2", "ben-id"), (other, "3", "ben-id")):
        await heard.keep(place, remark(id, "Something", person))
    await heard.forget(THREAD, "1")
    assert [one.id for one in await heard.of(THREAD)] == ["2"]
    await heard.forget_place("19:c@thread.tacv2")
    assert (await heard.of(THREAD), len(await heard.of(other))) == ([], 1)
    assert await heard.forget_person("ben-id") == 1
    assert await heard.of(other) == []


async def test_a_week_is_the_most(database: Database) -> None:
    heard, table = Heard(database), database.tables.heard
    for id in ("1", "2"):
        await heard.keep(THREAD, remark(id, "Something"))
    async with database.write() as connection:
        old = update(table).where(table.c.activity_id == "1")
        await connection.execute(old.values(created=table.c.created - KEEP_SECONDS - 1))
    assert [one.id for one in await heard.of(THREAD)] == ["2"]
