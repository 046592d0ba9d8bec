"""However much was said around a question: its beginning and its newest part are given, in order and within bounds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.background.thread import MOST_CHARACTERS, ROOT_CHARACTERS, _within_budget, thread
from bot.context import Incoming, Place, Reference, Sent
from bot.labels import LabelRules, Rule
from bot.policy.rules import Policy
from bot.services import Services, Turn
from bot.store.answers import Kept
from bot.store.heard import Remark
from bot.store.provenance import Provenance
from graph.base import Document
from tests.commands.conftest import desk
from tests.commands.desk import PERSONAL, Conversation, Desk

__all__ = ["desk"]
START = datetime(2026, 11, 22, 9, tzinfo=UTC)
CHANNEL = replace(PERSONAL, id="19:c@thread.tacv2;messageid=17", place=Place.CHANNEL, timezone="Europe/Berlin")


def said(number: int, text: str) -> Document:
    at = START + timedelta(minutes=number)
    return Document(f"thread:{number}", "thread", "chat", "Ana", "https://example.org", "Ana", at, text)


@given(st.lists(st.integers(0, 3 * MOST_CHARACTERS), max_size=25))
def test_the_beginning_and_the_newest_part_fit(sizes: list[int]) -> None:
    talk = [said(number, "x" * size) for number, size in enumerate(sizes)]
    kept = _within_budget(talk, "thread:0")
    assert sum(len(document.text) for document in kept) <= MOST_CHARACTERS
    assert [document.id for document in kept] == sorted((d.id for d in kept), key=lambda id: int(id.partition(":")[2]))
    if talk:
        assert kept[0].id == "thread:0"
        assert kept[0].text == talk[0].text[:ROOT_CHARACTERS]
        assert kept[-1].id == talk[-1].id


def turn(services: Services, reference: Reference, *, quoted: tuple[Sent, ...] = ()) -> Turn:
    async def keep_for_later() -> None: ...

    said_now = Incoming("99", "And then?", reference, quoted=quoted)
    return Turn(said_now, Conversation(reference, None), services, keep_for_later)


async def test_without_graph_what_was_heard_is_told_by_the_readers_clock_and_the_question_is_not(desk: Desk) -> None:
    services = desk.services
    for id, text in (("98", "We wait for Elena."), ("99", "And then?")):
        await services.heard.keep(CHANNEL.id, Remark(id, "ana-id", "Ana Ruiz", text))
    known = await thread(turn(services, CHANNEL))
    [document] = known.documents
    assert (document.text, document.author, document.kind) == ("We wait for Elena.", "Ana Ruiz", "chat")
    assert (
        document.title == f"Ana Ruiz, {document.modified.astimezone(START.tzinfo) + timedelta(hours=1):%Y-%m-%d %H:%M}"
    )
    assert document.link.startswith("https://teams.microsoft.com/l/message/19%3Ac%40thread.tacv2/98?")
    assert document.link.endswith("&parentMessageId=17")


async def test_quotes_are_known_also_in_private_where_nothing_else_is(desk: Desk) -> None:
    quote = Sent("message", id="1763805600123", text="Seven.", author="Ana Ruiz")
    strange = Sent("message", id="9" * 40, text="Eight.")
    known = await thread(turn(desk.services, PERSONAL, quoted=(quote, strange)))
    assert [(document.text, document.author) for document in known.documents] == [
        ("Seven.", "Ana Ruiz"),
        ("Eight.", ""),
    ]
    assert known.documents[0].modified == datetime(2025, 11, 22, 10, 0, 0, 123000, tzinfo=UTC)
    assert known.documents[1].title.startswith("Somebody, 2026-11-22")
    assert known.notes == ()


async def test_an_answer_of_ours_that_is_quoted_keeps_the_labels_of_what_it_was_made_from(desk: Desk) -> None:
    asked = Incoming("17", "What is the plan?", PERSONAL)
    await desk.services.answers.save(PERSONAL.id, "18", Kept(asked, "The plan.", "claude", "claude", label="Secret"))
    await desk.services.transcripts.save(PERSONAL.id, "17", (), Provenance(frozenset({"Secret", "Inner"})))
    quoted = (Sent("message", id="18", text="The plan."), Sent("message", id="20", text="My plan."))
    minding = replace(desk.services, policy=Policy(labels=LabelRules.of((), {"Inner": Rule(doors=())})))
    ours, theirs = (await thread(turn(minding, PERSONAL, quoted=quoted))).documents
    assert (set(ours.labels), theirs.labels) == ({"Secret", "Inner"}, ())
    ours, _ = (await thread(turn(desk.services, PERSONAL, quoted=quoted))).documents
    assert ours.labels == ()
