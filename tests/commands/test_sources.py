"""Sources shows what was read, searched and left out, and titles to nobody who could not have seen them with the answer."""

import json
from dataclasses import replace

from bot.commands import sources
from bot.context import Place
from graph.errors import Forbidden
from tests.agent.fakes import says
from tests.commands.desk import PERSONAL, SOFIA, Desk

BUDGET = "The Heron budget is 485,000 EUR. Tomas approved it in November."
QUESTION = "What is the budget of Heron?"


async def test_it_lists_what_was_read_and_searched(desk: Desk) -> None:
    document = desk.shelf.put("Heron_budget [v2].xlsx", BUDGET)
    desk.shelf.put("Heron notes.docx", "The Heron budget was discussed with Tomas.")
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    first = await desk.says(QUESTION)
    assert "Sources" in first.suggestions
    said = await desk.says("Sources")
    assert said.card is not None
    shown = json.dumps(said.card, ensure_ascii=False)
    assert "Heron_budget [v2].xlsx" in shown
    assert "by Tomas Lindgren · 2026-11-22" in shown
    assert "read, not cited" in shown
    assert document.link in shown
    assert document.link in said.links
    assert "files for: " in shown


async def test_it_says_what_was_not_searched_and_why_in_their_language(desk: Desk) -> None:
    desk.reference = replace(PERSONAL, locale="de-DE")
    desk.shelf.fails = Forbidden("no", status=403)
    desk.provider.replies.append(says("Das weiß ich nicht."))
    await desk.says(QUESTION)
    shown = json.dumps((await desk.says("Quellen")).card, ensure_ascii=False)
    assert "Dateien: Sie haben dafür keine Berechtigung" in shown


async def test_without_an_answer_there_is_nothing(desk: Desk) -> None:
    assert "no answer of mine" in (await desk.says("sources")).text


async def test_whoever_joined_since_sees_no_titles(desk: Desk) -> None:
    members = frozenset({SOFIA.id, "ben-id"})
    desk.reference, desk.members, desk.shelf.readable_by = replace(PERSONAL, place=Place.GROUP), members, members
    desk.shelf.put("Heron budget.xlsx", BUDGET)
    desk.provider.replies.append(says("It is 485,000 EUR [S1]."))
    await desk.says(QUESTION)
    assert (await desk.says("sources")).card is not None
    for now in (members | {"new-id"}, None):
        desk.members = now
        said = await desk.says("sources")
        assert said.card is None
        assert "somebody has joined" in said.text


def test_it_is_a_command() -> None:
    assert sources.COMMAND.help
