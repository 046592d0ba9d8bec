"""A question's way: evidence into the request, checked citations out of the answer, and an honest account of what went wrong."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from bot.agent.loop import Limits
from bot.context import Citation, Person, Place, StopRequested
from bot.texts import Texts
from bot.tools import read, search_files
from graph.errors import ConsentRequired, Forbidden, GraphError, SignInNeeded, Throttled, Unavailable
from providers.base import Evidence, Request, Response, StopReason, ToolResult, Usage
from tests.agent.fakes import calls, says
from tests.commands.desk import PERSONAL, SOFIA, Desk

BUDGET = "The Heron budget is 485,000 EUR. Tomas approved it in November."
QUESTION = "What is the budget of Heron?"


def evidence_of(request: Request) -> list[Evidence]:
    return [part for part in request.messages[-1].parts if isinstance(part, Evidence)]


async def test_evidence_goes_in_and_the_answer_comes_out_with_its_source(desk: Desk) -> None:
    document = desk.shelf.put("Heron budget.xlsx", BUDGET)
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    said = await desk.says(QUESTION)

    (piece,) = evidence_of(desk.provider.requests[0])
    assert (piece.id, piece.title, piece.text) == ("S1", "Heron budget.xlsx", BUDGET)
    assert "Tomas Lindgren" in piece.detail
    assert said.text == "It is 485,000 EUR [1]."
    assert said.citations == (Citation(1, "Heron budget.xlsx", document.link, BUDGET, "word"),)
    assert (said.model, said.ai, said.notices) == ("scripted-1-2026", True, ())
    assert "".join(desk.conversation.shown.deltas) == said.text
    assert "Searching" in desk.conversation.shown.statuses[0]


async def test_the_model_hears_when_where_and_who_but_no_ids(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, timezone="Asia/Singapore")
    desk.provider.replies.append(says("Hm."))
    await desk.says(QUESTION)
    request = desk.provider.requests[0]
    assert "Sunday, 22 November 2026, 17:30" in desk.evidence
    assert "Sofia Almeida is asking in a personal chat" in desk.evidence
    assert SOFIA.id not in desk.evidence + request.system + request.user_hash
    assert len(request.user_hash) == 32


@pytest.mark.parametrize("zone", ["Middle/Earth", "../../etc/passwd", ""])
async def test_an_unknown_time_zone_is_utc(desk: Desk, zone: str) -> None:
    desk.reference = replace(PERSONAL, timezone=zone)
    desk.provider.replies.append(says("Hm."))
    await desk.says(QUESTION)
    assert "09:30 (UTC)" in desk.evidence


async def test_markers_that_were_made_up_are_removed(desk: Desk) -> None:
    desk.shelf.put("Heron budget.xlsx", BUDGET)
    desk.provider.replies.append(says("It is 485,000 EUR [S1][S9], says [4] and [S7]."))
    said = await desk.says(QUESTION)
    assert said.text == "It is 485,000 EUR [1], says (4) and."
    assert [citation.position for citation in said.citations] == [1]


async def test_nothing_found_says_what_was_searched(desk: Desk) -> None:
    desk.provider.replies.append(says("I did not find it."))
    said = await desk.says("Who is our insurance broker?")
    assert not said.citations
    (notice,) = said.notices
    assert notice.startswith("I searched files for: insurance, broker")
    assert "found nothing" in desk.evidence


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Unavailable("down", status=503), "Microsoft could not answer"),
        (Throttled("slow", seconds=30), "asked us to wait"),
        (Forbidden("no", status=403), "no permission"),
    ],
)
async def test_a_failed_source_is_named_to_the_person_and_the_model(desk: Desk, error: GraphError, words: str) -> None:
    desk.shelf.fails = error
    desk.provider.replies.append(says("I cannot say."))
    said = await desk.says(QUESTION)
    assert any("I could not search files" in notice and words in notice for notice in said.notices)
    assert "could not be searched just now: files" in desk.evidence


async def test_what_not_everybody_may_open_stays_out_of_a_shared_place(desk: Desk) -> None:
    desk.shelf.put("Layoffs.docx", "The Linden plan closes the plant.")
    desk.reference, desk.members = replace(PERSONAL, place=Place.GROUP), frozenset({SOFIA.id, "guest-id"})
    desk.shelf.readable_by = frozenset({SOFIA.id})
    desk.provider.replies.append(says("I did not find it [S1]."))
    said = await desk.says("What is the Linden plan?")
    assert "closes the plant" not in desk.evidence
    assert "Layoffs" not in desk.evidence + str(said)
    assert not said.citations
    assert any("not everybody here may see" in notice for notice in said.notices)
    assert "Answer me privately" in said.suggestions

    desk.provider.replies.append(says("Nor now."))
    again = await desk.says("And what does the Linden plan say of Kassel?")
    assert "Answer me privately" in again.suggestions
    assert not any("not everybody here may see" in notice for notice in again.notices), "once in a row is enough"


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (StopReason.LENGTH, "cut off"),
        (StopReason.REFUSAL, "declined"),
        (StopReason.CONTEXT_OVERFLOW, "too long for the model"),
    ],
)
async def test_an_answer_that_is_not_whole_says_so(desk: Desk, stop: StopReason, words: str) -> None:
    desk.provider.replies.append(says("Half of it", stop))
    said = await desk.says(QUESTION)
    assert said.text == "Half of it"
    assert words in said.notices[0]


@dataclass
class Slow:
    """Says something, then nothing more until it is cancelled."""

    door: str = "slow"
    model: str = "slow-1"
    images: bool = True
    requests: list[Request] = field(default_factory=list[Request])

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        self.requests.append(request)
        yield "So far"
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        pass


async def test_the_deadline_keeps_what_was_said(desk: Desk) -> None:
    desk.services = replace(desk.services, models={"slow": Slow()}, limits=Limits(seconds=0.2, writing=0.1))
    said = await desk.says(QUESTION)
    assert said.text == "So far"
    assert "took too long" in said.notices[0]


async def test_stop_ends_it_with_what_was_said(desk: Desk) -> None:
    desk.stop = StopRequested()
    desk.provider.replies.append(says("A long answer that nobody wants."))
    said = await desk.says(QUESTION)
    assert (said.text, said.notices, said.suggestions) == ("A", ("Stopped.",), ())
    assert not desk.conversation.shown.deltas


async def test_a_follow_up_is_searched_with_the_question_before(desk: Desk) -> None:
    desk.shelf.put("Heron budget.xlsx", BUDGET)
    desk.provider.replies += [says("It is 485,000 EUR [S1]."), says("Tomas did [S1].")]
    await desk.says(QUESTION)
    desk.shelf.asked.clear()
    await desk.says("And who approved?")

    searched = " ".join(word.casefold() for query in desk.shelf.asked for word in (*query.all_of, *query.any_of))
    assert "hero" in searched
    assert "approv" in searched
    told = [message.text for message in desk.provider.requests[1].messages]
    assert told[0] == QUESTION
    assert told[1] == "It is 485,000 EUR [1]."


async def test_evidence_is_not_remembered(desk: Desk) -> None:
    desk.shelf.put("Heron budget.xlsx", "The code word is canary-7f3a.")
    desk.provider.replies += [says("Yes."), says("No.")]
    await desk.says(QUESTION)
    desk.shelf.documents.clear()
    await desk.says("Which supplier makes castings in Italy?")
    assert "canary-7f3a" not in desk.evidence


async def test_the_model_may_search_and_read_on(desk: Desk) -> None:
    desk.shelf.put("Heron budget.xlsx", BUDGET)
    desk.services = replace(desk.services, tools={"search_files": search_files.TOOL, "read": read.TOOL})
    desk.provider.replies += [calls("search_files", text="Let me look.", query="Heron"), says("485,000 EUR [S1].")]
    said = await desk.says(QUESTION)
    assert [spec.name for spec in desk.provider.requests[0].tools] == ["read", "search_files"]
    (result,) = desk.provider.requests[1].messages[-1].parts
    assert isinstance(result, ToolResult)
    assert [piece.id for piece in result.content if isinstance(piece, Evidence)] == ["S1"]
    assert said.text == "Let me look.\n\n485,000 EUR [1]."
    assert any("Searching further" in status for status in desk.conversation.shown.statuses)


@pytest.mark.parametrize(
    "error", [SignInNeeded("ended"), ConsentRequired("ask", scopes=("Files.Read.All",))], ids=["ended", "consent"]
)
async def test_a_grant_that_ends_in_the_middle_keeps_the_question(desk: Desk, error: SignInNeeded) -> None:
    desk.shelf.fails = error
    said = await desk.says(QUESTION)
    assert desk.kept == [QUESTION]
    assert [needed for _, needed in desk.asked_to_sign_in] == [error]
    assert not said.text
    assert not desk.provider.requests


async def test_nobody_signed_in_keeps_the_question_before_anything_is_shown(desk: Desk) -> None:
    desk.sign_in.grants.clear()
    await desk.says(QUESTION)
    assert desk.kept == [QUESTION]
    assert not desk.conversation.shown.statuses


async def test_a_guest_without_an_account_gets_a_sentence(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, place=Place.GROUP, person=Person("", "Guest", "tenant-1", "29:guest"))
    assert (await desk.says(QUESTION)).text == Texts.of("en")("sign_in.without_account")
    assert not desk.sign_in.asked
    assert not desk.kept


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u00a0"])
async def test_an_empty_message_is_asked_back(desk: Desk, text: str) -> None:
    said = await desk.says(text)
    assert "What would you like to know" in said.text
    assert not desk.provider.requests


async def test_without_sources_it_is_a_conversation_only(desk: Desk) -> None:
    desk.services = replace(desk.services, sources={}, tools={"search_files": search_files.TOOL})
    desk.provider.replies.append(says("Hello."))
    assert (await desk.says("Tell me something about pumps")).text == "Hello."
    assert not desk.sign_in.asked
    assert not desk.provider.requests[0].tools


async def test_what_an_answer_was_made_from_is_kept_with_it(desk: Desk) -> None:
    document = desk.shelf.put("Heron budget.xlsx", BUDGET)
    desk.shelf.put("Heron minutes.docx", "The Heron budget was on the agenda.")
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    said = await desk.says(QUESTION)
    (answer,) = await desk.services.answers.of_person(SOFIA.id)
    kept = answer.kept
    assert (answer.message_id, kept.turn_id, kept.question) == ("answer-1", "turn-1", QUESTION)
    assert (kept.text, kept.model, kept.answered_by, kept.ending) == (said.text, "scripted", "scripted-1-2026", "")
    assert kept.usage == Usage(input=10, output=2)
    first = kept.read[0]
    assert (first.title, first.link, first.position) == (document.title, document.link, 1)
    assert [read.position for read in kept.read] == [1, 0]
    assert kept.searched == ("files",)
    assert kept.suggestions == said.suggestions
    assert said.suggestions == (
        "What does “Heron minutes.docx” say about this?", "Who wrote “Heron budget.xlsx”, and when?", "Sources",
    )  # fmt: skip


async def test_a_stopped_answer_is_kept_with_what_it_cost(desk: Desk) -> None:
    desk.stop = StopRequested()
    desk.provider.replies.append(says("A long answer that nobody wants."))
    await desk.says(QUESTION)
    (answer,) = await desk.services.answers.of_person(SOFIA.id)
    assert (answer.kept.ending, answer.kept.text) == ("stopped", "A")
    assert answer.kept.usage.input > 0


async def test_small_talk_has_nothing_hanging_on_it(desk: Desk) -> None:
    desk.provider.replies.append(says("Hello!"))
    assert (await desk.says("Hello")).suggestions == ()


async def test_notices_are_in_the_persons_language(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, locale="de-DE")
    desk.shelf.fails = Throttled("slow", seconds=30)
    desk.provider.replies.append(says("Das weiß ich", StopReason.LENGTH))
    said = await desk.says(QUESTION)
    assert said.notices[0].startswith("Die Antwort wurde abgeschnitten")
    assert said.notices[1].startswith("Ich konnte Dateien nicht durchsuchen: Microsoft bittet um Geduld")
    assert said.language == "de"
