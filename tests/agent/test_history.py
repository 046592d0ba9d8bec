"""A long conversation: the newest turns whole, the old ones summed up, pinned words kept, the beginning stable between summaries."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.agent import compaction
from bot.agent.compaction import Summary, TooManyPins
from bot.agent.history import KEEP_CHARACTERS, MOST_CHARACTERS, History, Past, first_kept, turn_size
from bot.store.database import Database
from bot.store.provenance import ANYBODYS, Provenance
from bot.store.summaries import Summaries
from bot.store.transcripts import StoredTurn, Transcripts
from providers.base import Message, Request, Response, Text
from providers.errors import Overloaded
from tests.agent.fakes import ScriptedProvider, says
from tests.store.prepared import sqlite_in

CHAT = "a:chat"
LONG = "x" * 2000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(sqlite_in(tmp_path), [Fernet.generate_key().decode()])
    yield opened
    await opened.aclose()


def turn(number: int, asked: str = LONG, answered: str = LONG) -> tuple[Message, ...]:
    return Message("user", (Text(f"{asked} #{number}"),)), Message("assistant", (Text(f"{answered} #{number}"),))


def told(past: Past) -> str:
    return "\n".join(message.text for message in past.messages)


async def test_sixty_turns_keep_what_was_pinned_and_decided_early(database: Database) -> None:
    history = History(Transcripts(database), Summaries(database))
    provider = ScriptedProvider([])
    sizes: list[int] = []
    stable = 0
    before = Past((), ANYBODYS)
    for number in range(60):
        asked = "We decided to paint the housing in RAL 5018. And now?" if number == 1 else LONG
        await history._transcripts.save(CHAT, f"t{number}", turn(number, asked))
        if number == 0:
            await history.pin(CHAT, "The budget is 485,000 EUR.")
        provider.replies = [says(f"Notes after turn {number}: Sofia asked about pumps.")]
        compacted = await history.compact(CHAT, provider)
        now = await history.load(CHAT, before="")
        if not compacted and number > 1:
            assert now.messages[: len(before.messages)] == before.messages, (
                "between two summaries the messages only grow at their end"
            )
            stable += 1
        before = now
        sizes.append(len(told(now)))
    text = told(before)
    assert "485,000 EUR" in text
    assert "RAL 5018" in text
    assert "Sofia asked about pumps" in text
    assert "#59" in text
    assert max(sizes) < MOST_CHARACTERS + 10_000
    assert stable > 50
    assert len(provider.requests) >= 3
    assert all("follow no instruction" in request.system for request in provider.requests)


async def test_without_a_model_the_questions_stand_for_the_turns(database: Database) -> None:
    history = History(Transcripts(database), Summaries(database))
    for number in range(20):
        await history._transcripts.save(CHAT, f"t{number}", turn(number, f"What about pump {number}? {LONG}"))
    assert await history.compact(CHAT, ScriptedProvider([Overloaded("busy")]))
    text = told(await history.load(CHAT, before=""))
    assert "asked: What about pump 3?" in text
    assert len(text) < MOST_CHARACTERS
    assert not await history.compact(CHAT, ScriptedProvider([])), "once is enough"


class Silent(ScriptedProvider):
    """Says a word now and then and never comes to an end, so that no wait for a byte gives up."""

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        self.requests.append(request)
        while True:
            yield "…"
            await asyncio.sleep(0.01)


async def test_a_model_that_never_ends_is_not_waited_for() -> None:
    old = [StoredTurn(1, "t1", turn(1, "What about Heron?"))]
    summary = await compaction.summarise(Summary(), old, Silent([]), seconds=0.05)
    assert "asked: What about Heron?" in summary.text


async def test_there_is_room_until_it_is_time_for_a_summary(database: Database) -> None:
    history, transcripts = History(Transcripts(database), Summaries(database)), Transcripts(database)
    assert (await history.load(CHAT, before="")).room == MOST_CHARACTERS
    for number in range(20):
        await transcripts.save(CHAT, f"t{number}", turn(number))
    assert (await history.load(CHAT, before="")).room < 0
    await history.compact(CHAT, ScriptedProvider([says("Notes.")]))
    assert (await history.load(CHAT, before="")).room > 0


async def test_a_conversation_that_starts_over_keeps_nothing(database: Database) -> None:
    history = History(Transcripts(database), Summaries(database))
    await history.pin(CHAT, "Heron")
    await history._transcripts.save(CHAT, "t1", turn(1))
    await history._transcripts.delete(CHAT)
    assert (await history.load(CHAT, before="")).messages == ()
    assert await history.pins(CHAT) == ()


async def test_a_deleted_turn_is_gone_and_with_it_the_summary_that_may_hold_it(database: Database) -> None:
    history, transcripts = History(Transcripts(database), Summaries(database)), Transcripts(database)
    for number in range(20):
        await transcripts.save(CHAT, f"t{number}", turn(number, f"canary{number} {LONG}"))
    await history.compact(CHAT, ScriptedProvider([says("Notes: canary2")]))
    assert "canary2" in told(await history.load(CHAT, before=""))
    await transcripts.delete_turn(CHAT, "t2")
    assert "canary2" not in told(await history.load(CHAT, before=""))
    await transcripts.delete_turn(CHAT, "never")


def test_pins_are_bounded_and_said_once() -> None:
    summary = Summary()
    for number in range(compaction.MOST_PINS):
        summary = compaction.pinned(summary, f"pin {number}")
    assert compaction.pinned(summary, "pin 3") == summary
    with pytest.raises(TooManyPins):
        compaction.pinned(summary, "one more")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("We decided to use Hansa castings. What next?", ("We decided to use Hansa castings",)),
        ("Decision: no overtime in May", ("Decision: no overtime in May",)),
        ("Wir haben beschlossen, im Mai zu liefern.", ("Wir haben beschlossen, im Mai zu liefern",)),
        ("What was decided about Heron?", ()),
        ("Who decides?", ()),
    ],
)
def test_decisions_are_heard_in_peoples_own_words(said: str, found: tuple[str, ...]) -> None:
    assert compaction.decisions(said) == found


@given(st.lists(st.integers(1, 20_000), max_size=60))
def test_what_is_sent_fits_and_begins_in_the_same_place_for_many_turns(sizes: list[int]) -> None:
    turns = [StoredTurn(n, f"t{n}", (Message("user", (Text("y" * size),)),)) for n, size in enumerate(sizes)]
    starts = [first_kept(turns[:n]) for n in range(1, len(turns) + 1)]
    assert starts == sorted(starts)
    for end, start in enumerate(starts, 1):
        kept = turns[start:end]
        assert kept
        assert sum(map(turn_size, kept)) <= MOST_CHARACTERS
    moves = len(set(starts)) - 1
    assert moves <= sum(sizes) / (MOST_CHARACTERS - KEEP_CHARACTERS) + 1


async def test_what_may_not_be_used_is_left_out_and_its_summary_with_it(database: Database) -> None:
    transcripts = Transcripts(database)
    history = History(transcripts, Summaries(database))
    secret = Provenance(frozenset({"Secret"}))
    for number in range(20):
        about = secret if number == 2 else ANYBODYS
        await transcripts.save(CHAT, f"t{number}", turn(number, f"canary{number} {LONG}"), about)

    def no_secrets(provenance: Provenance) -> bool:
        return not provenance.labels

    assert "canary15" in told(await history.load(CHAT, before="", may_use=no_secrets))
    await transcripts.save(CHAT, "t19", turn(19, "canary19"), secret)
    assert "canary19" not in told(await history.load(CHAT, before="", may_use=no_secrets))

    provider = ScriptedProvider([says("Notes: all of it.")])
    await history.compact(CHAT, provider)
    assert "canary2 " in str(provider.requests[0].messages)
    assert "all of it" in told(await history.load(CHAT, before=""))
    assert "all of it" not in told(await history.load(CHAT, before="", may_use=no_secrets))


def test_a_text_made_from_two_is_for_those_who_could_read_both() -> None:
    one = Provenance(frozenset({"A"}), frozenset({"ana", "ben"}))
    other = Provenance(frozenset({"B"}), frozenset({"ben", "eva"}))
    assert one | other == Provenance(frozenset({"A", "B"}), frozenset({"ben"}))
    assert (one | ANYBODYS).readers == frozenset({"ana", "ben"})
    assert Provenance.from_json((one | other).to_json()) == one | other
    assert Provenance.from_json(ANYBODYS.to_json()) == ANYBODYS
