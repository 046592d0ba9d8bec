"""References, token caches and waiting questions: one a conversation or person, whoever writes."""

import asyncio
from dataclasses import replace

import pytest

from bot.context import Incoming, Person, Place, Reference, Sent
from bot.store.database import Database
from bot.store.pending import Pending
from bot.store.references import References
from bot.store.token_cache import StaleVersion, TokenCache

ADA = Person(id="ada", name="Ada", tenant="t1", channel_id="29:ada")
BEN = Person(id="ben", name="Ben", tenant="t1", channel_id="29:ben")
CHAT = Reference(
    id="chat", place=Place.PERSONAL, tenant="t1", service_url="https://x/", bot_id="28:b", person=ADA, locale="de-DE"
)
GROUP = replace(CHAT, id="group", place=Place.GROUP)


async def test_the_newest_reference_of_a_conversation(database: Database) -> None:
    references = References(database)
    for reference in (CHAT, GROUP, replace(GROUP, person=BEN)):
        await references.save(reference)
    assert await References(database).load("group") == replace(GROUP, person=BEN)
    assert await references.personal("ada") == CHAT
    assert await references.personal("ben") is None
    await references.delete("chat")
    assert await references.load("chat") is None
    await references.save(CHAT)
    assert await references.load("chat") == CHAT


async def test_an_unchanged_reference_is_not_written_again(database: Database) -> None:
    references = References(database)
    await references.save(CHAT)
    await References(database).delete("chat")
    await references.save(CHAT)
    assert await references.load("chat") is None


async def test_of_two_refreshes_at_once_one_is_told_to_load_again(database: Database) -> None:
    cache = TokenCache(database)
    assert await cache.load("ada") == (b"", 0)
    firsts = await asyncio.gather(*(cache.save("ada", b"%d" % n, 0) for n in range(8)), return_exceptions=True)
    assert sorted(str(type(one).__name__) for one in firsts) == ["StaleVersion"] * 7 + ["int"]
    _, version = await cache.load("ada")
    assert await cache.save("ada", b"newer", version) == 2
    with pytest.raises(StaleVersion):
        await cache.save("ada", b"stale", version)
    assert await cache.load("ada") == (b"newer", 2)
    await cache.delete("ada")
    assert await cache.load("ada") == (b"", 0)


async def test_a_waiting_question_is_taken_exactly_once(database: Database) -> None:
    pending = Pending(database)
    question = Incoming(
        "a1",
        "What is due? \ud800",
        CHAT,
        {"button": [1, {"x": None}]},
        "r0",
        (Sent("message", id="1", text="one"),),
        people=(CHAT.person,),
    )
    await pending.save("ada", replace(question, text="an older one"))
    await pending.save("ada", question)
    taken = await asyncio.gather(*(pending.take("ada") for _ in range(8)))
    assert [one for one in taken if one is not None] == [question]
    assert await pending.take("ben") is None


async def test_a_question_from_long_ago_is_not_answered(database: Database) -> None:
    pending = Pending(database)
    await pending.save("ada", Incoming("a1", "What is due?", CHAT))
    await asyncio.sleep(0.05)
    assert await pending.take("ada", max_age=0.01) is None
    assert await pending.take("ada") is None
