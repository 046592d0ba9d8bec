"""An answer is found by its message and by its question, private ones only by whom they were for; thumbs hang on it."""

from dataclasses import replace

from bot.context import Incoming, Person, Place, Reference, Sent
from bot.store.answers import Answers, Kept, Left, Read
from bot.store.database import Database
from bot.store.feedback import REACTION, THUMB, Feedback, Opinion
from providers.base import Usage

ANA, BEN = (Person(f"{name}-id", name, "t", f"29:{name}") for name in ("ana", "ben"))
THREAD = "19:channel@thread.tacv2;messageid=17"


def asked(turn_id: str, person: Person = ANA, conversation_id: str = THREAD, *, targeted: bool = False) -> Incoming:
    reference = Reference(conversation_id, Place.CHANNEL, "t", "https://service.example/", "28:bot", person)
    sent = (Sent("file", "plan.docx", download_url="https://download.example/x?token=1"),)
    return Incoming(turn_id, "What is the plan?", reference, sent=sent, targeted=targeted)


def kept(said: Incoming) -> Kept:
    return Kept(
        said, "It is this [1].", "claude", "claude-1", Usage(input=10, output=2),
        (Read("Plan.docx", "https://example.org/1", "word", "Tomas", "2026-11-01T00:00:00+00:00", "Ops", 1),),
        ("mail", "files"), ("plan",), (Left("Old.docx", "it is protected"),), (Left("chats", "no permission"),),
        suggestions=("Who wrote it?",),
    )  # fmt: skip


async def test_it_is_found_as_it_was_kept(database: Database) -> None:
    answers = Answers(database)
    await answers.save(THREAD, "m1", kept(asked("q1")))
    found = await answers.get(THREAD, "m1")
    assert found is not None
    assert (found.conversation_id, found.message_id) == (THREAD, "m1")
    assert replace(found.kept, created=0.0) == kept(asked("q1"))
    assert found.kept.created > 1_600_000_000
    assert found.kept.turn_id == "q1"
    assert await answers.by_turn(THREAD, "q1") == found
    assert await answers.get(THREAD, "m2") is None
    assert await answers.by_turn("19:other", "q1") is None


async def test_the_thread_may_be_missing_but_no_other_conversation_matches(database: Database) -> None:
    answers = Answers(database)
    await answers.save(THREAD, "m1", kept(asked("q1")))
    assert await answers.get("19:channel@thread.tacv2", "m1")
    assert await answers.get("19:channel", "m1") is None
    assert await answers.get("19:channel@thread_tacv2", "m1") is None
    assert await answers.get("%", "m1") is None


async def test_the_latest_is_private_to_its_person(database: Database) -> None:
    answers = Answers(database)
    await answers.save(THREAD, "m1", kept(asked("q1", BEN)))
    await answers.save(THREAD, "m2", kept(asked("q2", targeted=True)))
    mine, others = await answers.latest(THREAD, ANA.id), await answers.latest(THREAD, BEN.id)
    assert (mine and mine.message_id, others and others.message_id) == ("m2", "m1")


async def test_what_is_deleted_is_gone(database: Database) -> None:
    answers = Answers(database)
    for number, person in enumerate((ANA, ANA, BEN, BEN)):
        await answers.save(THREAD, f"m{number}", kept(asked(f"q{number}", person)))
    assert {a.message_id for a in await answers.of_person(ANA.id)} == {"m0", "m1"}
    await answers.delete_turn(THREAD, "q2")
    await answers.delete(THREAD, "m0")
    await answers.forget_person(ANA.id)
    assert not await answers.of_person(ANA.id)
    assert {a.message_id for a in await answers.of_person(BEN.id)} == {"m3"}
    await answers.delete_conversation(THREAD)
    assert not await answers.of_person(BEN.id)


async def test_the_last_thumb_of_a_person_counts(database: Database) -> None:
    feedback = Feedback(database)
    for liked, text in ((True, ""), (False, "wrong year")):
        await feedback.save(Opinion(THREAD, "m1", ANA.id, THUMB, liked, text))
    await feedback.save(Opinion(THREAD, "m1", ANA.id, REACTION, True, "heart"))
    await feedback.save(Opinion(THREAD, "m1", BEN.id, THUMB, True))
    found = {(one.person_id, one.kind): (one.liked, one.text) for one in await feedback.of_answer(THREAD, "m1")}
    assert found == {
        (ANA.id, THUMB): (False, "wrong year"), (ANA.id, REACTION): (True, "heart"), (BEN.id, THUMB): (True, ""),
    }  # fmt: skip
    await feedback.remove(THREAD, "m1", ANA.id, REACTION)
    assert [one.kind for one in await feedback.of_person(ANA.id)] == [THUMB]
    await feedback.forget_person(ANA.id)
    assert [one.person_id for one in await feedback.of_answer(THREAD, "m1")] == [BEN.id]
