"""A whole document or thread, asked for by name: in full where it fits, from notes where it does not, and under every rule."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.context import Place
from bot.labels import LabelRules, Rule
from bot.policy.rules import Policy
from graph.base import Document
from providers.base import Evidence, Request, StopReason, Usage
from providers.errors import AccessRefused
from tests.agent.fakes import says
from tests.commands.desk import NOW, PERSONAL, SOFIA, Desk

PAGES = [f"Page {n} of the report speaks of matter {n}. " + f"Word{n} and more words. " * 120 for n in range(1, 21)]
QUESTION = "Please summarise the whole annual report 2025"


def put(desk: Desk, title: str, text: str, *, label: str = "", truncated: bool = False) -> Document:
    document = desk.shelf.put(title, text)
    desk.shelf.documents[document.id] = replace(document, kind="pdf", label=label, truncated=truncated)
    return desk.shelf.documents[document.id]


def given(request: Request) -> list[Evidence]:
    return [part for part in request.messages[-1].parts if isinstance(part, Evidence)]


async def test_what_fits_is_given_in_full(desk: Desk) -> None:
    put(desk, "Annual report 2025.pdf", "\n\f\n".join(PAGES[:10]))
    put(desk, "Report on pumps 2025.pdf", "The annual pumps.")
    desk.provider.replies.append(says("It is about ten matters (p. 1) [S7]."))
    said = await desk.says(QUESTION)
    (request,) = desk.provider.requests
    pieces = given(request)
    assert {piece.title for piece in pieces} == {"Annual report 2025.pdf"}
    assert all(sum(f"matter {n}." in piece.text for piece in pieces) == 1 for n in range(1, 11))
    assert "[page 7]" in str(pieces)
    assert "page 10" in pieces[-1].detail
    assert [one.title for one in said.citations] == ["Annual report 2025.pdf"]
    assert "Reading part" not in str(desk.conversation.shown.statuses)


async def test_what_does_not_fit_is_read_in_parts(desk: Desk) -> None:
    put(desk, "Annual report 2025.pdf", "\n\f\n".join(PAGES), truncated=True)
    desk.provider.replies += [says("- matter (p. 1) [S5]"), says("", StopReason.REFUSAL), says("- more (p. 20) [S7]")]
    desk.provider.replies.append(says("Twenty matters (p. 20) [S7]."))
    said = await desk.says(QUESTION)
    *parts, last = desk.provider.requests
    texts = [given(request)[0] for request in parts]
    assert [piece.id for piece in texts] == ["S5", "S6", "S7"]
    assert all(sum(f"matter {n}." in piece.text for piece in texts) == 1 for n in range(1, 21))
    assert [piece.text for piece in given(last)] == ["- matter (p. 1) [S5]", "- more (p. 20) [S7]"]
    assert "notes that you took" in str(last.messages[-1].parts)
    assert said.text == "Twenty matters (p. 20) [1]."
    assert said.notices == (
        "Not used: Annual report 2025.pdf (it is longer than what I can read; I read its beginning only).",
        "Not used: Annual report 2025.pdf, pages 9–16 (the model could not read this part; the answer does without it).",
    )
    shown = [status for status in desk.conversation.shown.statuses if "part" in status]
    assert (shown[0], shown[-1]) == ("Reading part 1 of 3…", "Reading part 3 of 3…")
    (answer,) = await desk.services.answers.of_person(SOFIA.id)
    assert answer.kept.usage == Usage(input=40, output=8)


async def test_a_thread_is_read_from_its_first_mail_on(desk: Desk) -> None:
    for day in (2, 0, 1):
        document = desk.shelf.put("RE: Heron launch date", f"Mail {day}: the launch of Heron.")
        moment = NOW + timedelta(days=day)
        desk.shelf.documents[document.id] = replace(document, kind="mail", thread="t1", modified=moment)
    desk.shelf.put("Heron launch.docx", "Another document.")
    desk.provider.replies.append(says("Moved twice [S3]."))
    await desk.says("Fasse bitte den Mailverlauf Heron launch date zusammen")
    assert [piece.text[:6] for piece in given(desk.provider.requests[0])] == ["Mail 0", "Mail 1", "Mail 2"]


@pytest.mark.parametrize(
    "question",
    [
        "What does the annual report 2025 say about pumps?",
        "Summarise what Ana wrote about pumps and castings in 2025",
        "Give me an overview of our suppliers",
    ],
)
async def test_other_questions_get_passages(desk: Desk, question: str) -> None:
    put(desk, "Annual report 2025.pdf", "\n\f\n".join(PAGES) + "\n\npumps castings suppliers")
    desk.provider.replies.append(says("Little."))
    await desk.says(question)
    (request,) = desk.provider.requests
    assert sum(len(piece.text) for piece in given(request)) < 25_000


async def test_no_part_of_what_a_rule_keeps_back_is_read(desk: Desk) -> None:
    put(desk, "Annual report 2025.pdf", "canary " * 9000, label="Secret")
    desk.services = replace(desk.services, policy=Policy(labels=LabelRules(("Secret",), {"secret": Rule(doors=())})))
    desk.provider.replies.append(says("I may not."))
    said = await desk.says(QUESTION)
    assert "canary" not in str(desk.provider.requests)
    assert "Secret" in str(said.notices)


async def test_no_part_of_what_not_everybody_may_open_is_read(desk: Desk) -> None:
    put(desk, "Annual report 2025.pdf", "canary " * 9000)
    desk.reference, desk.members = replace(PERSONAL, place=Place.GROUP), frozenset({SOFIA.id, "guest-id"})
    desk.shelf.readable_by = frozenset({SOFIA.id})
    desk.provider.replies.append(says("I did not find it."))
    await desk.says(QUESTION)
    assert "canary" not in str(desk.provider.requests)


async def test_a_model_that_only_quotes_takes_no_notes(desk: Desk) -> None:
    put(desk, "Annual report 2025.pdf", "\n\f\n".join(PAGES))
    desk.provider.door = "offline"
    desk.provider.replies.append(says("A quote [S1]."))
    await desk.says(QUESTION)
    assert len(desk.provider.requests) == 1


async def test_a_wrong_key_is_the_routers_to_tell(desk: Desk) -> None:
    put(desk, "Annual report 2025.pdf", "\n\f\n".join(PAGES))
    desk.provider.replies += [AccessRefused("The key is wrong.")] * 3
    said = await desk.says(QUESTION)
    assert not said.citations
    assert said.text
