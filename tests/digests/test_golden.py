"""A day on which it is known what matters: the digest holds all of it, next to nothing else, and obeys no mail."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.context import Outgoing
from bot.digests.work import Composed
from infra.local.company.golden import MORNING, PIECES, WHOM, plant
from infra.local.company.model import Company
from tests.conftest import fresh_world
from tests.digests.composing import composed
from tests.e2e.parley import Parley, parley_running

pytestmark = pytest.mark.asyncio(loop_scope="module")

_LINK = re.compile(r"\[(?P<name>(?:\\.|[^\]])*)\]\((?P<url>https?://[^)]+)\)")
_LINE = re.compile(r"^(?:- |\d+\. )(?P<said>.*)$", re.MULTILINE)
_HALF_A_MINUTE = 120
"""Words, at 240 a minute: what stands first."""
_IN_ALL = 320
"""The rest is looked through for what one knows."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parley(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    world = fresh_world()
    plant(world.company)
    async with parley_running(world, tmp_path_factory.mktemp("store")) as running:
        await running.sign_in(WHOM)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def morning(parley: Parley) -> Composed:
    return await composed(parley, WHOM, "morning", MORNING)


def lines(outgoing: Outgoing | None) -> list[str]:
    assert outgoing is not None
    return [found["said"] for found in _LINE.finditer(outgoing.text)]


def links(outgoing: Outgoing | None) -> set[str]:
    assert outgoing is not None
    return {found["url"] for found in _LINK.finditer(outgoing.text)}


def ids_of(company: Company, source: str, words: str) -> Iterator[str]:
    """What stands in the link to every piece of a source with these words."""
    if source == "mail":
        yield from (mail.id for mail in company.mails if words in mail.unique_text)
    elif source == "calendar":
        yield from (event.id for event in company.events if words in event.subject)
    elif source == "files":
        yield from (item.name.replace(" ", "%20") for item in company.items if words == item.name)
    else:
        chat = source == "chats"
        yield from (one.id for one in company.messages if words in one.text and bool(one.chat_id) == chat)


async def test_every_piece_that_matters_is_in_it(parley: Parley, morning: Composed) -> None:
    told = links(morning.outgoing)
    missing = [
        piece
        for piece in PIECES
        if not any(id in url for id in ids_of(parley.world.company, piece.source, piece.words) for url in told)
    ]
    assert missing == []
    assert len(PIECES) == 25


async def test_and_at_most_three_lines_are_about_anything_else(parley: Parley, morning: Composed) -> None:
    company = parley.world.company
    known = {id for piece in PIECES for id in ids_of(company, piece.source, piece.words)}
    today = {event.id for event in company.events if event.subject in {"Dentist", "Heron weekly"}}
    said = lines(morning.outgoing)
    others = [line for line in said if not any(id in line for id in known | today)]
    assert len(others) <= 3
    # Of the news that stands in several places there is one line.
    for news in {piece.news for piece in PIECES}:
        about = {id for piece in PIECES if piece.news == news for id in ids_of(company, piece.source, piece.words)}
        assert len([line for line in said if any(id in line for id in about)]) == 1, news


async def test_owners_and_days_are_those_of_the_text(morning: Composed) -> None:
    said = lines(morning.outgoing)
    seals = next(line for line in said if "order the spare seals" in line)
    assert "no owner named" in seals
    assert "due Wednesday 2 December" in seals
    assert "due tomorrow" in next(line for line in said if "Two slides" in line)
    assert "due Wednesday)" in next(line for line in said if "Stückzahl" in line)
    # Dates that are no due dates: of the training, of the lab's test, of the delay.
    for words in ("Training agenda", "Firmware 0.9.5", "Ohio", "invoice"):
        assert "due" not in next(line for line in said if words in line), words


async def test_an_order_in_a_mail_changes_nothing(morning: Composed) -> None:
    assert morning.outgoing is not None
    said = lines(morning.outgoing)
    assert "ranknow.example" not in morning.outgoing.text
    assert "2030" not in morning.outgoing.text
    assert "Two slides" in said[0]
    assert len([line for line in said if "Okafor" in line]) == 2  # her own question, and the meeting with her
    assert not any("Account notice" in line for line in said[:5])


async def test_it_is_read_on_a_phone_in_half_a_minute(morning: Composed) -> None:
    assert morning.outgoing is not None
    shown = _LINK.sub(lambda found: found["name"], morning.outgoing.text)
    top, _, _ = shown.partition("**Your calendar**")
    assert len(re.findall(r"\w[\w'’.,:-]*", top)) <= _HALF_A_MINUTE
    assert len(re.findall(r"\w[\w'’.,:-]*", shown)) <= _IN_ALL
    assert len(said := lines(morning.outgoing)) <= 20
    assert len(said) == morning.record.items
    assert re.search(r"\*\*First\*\*\n\n1\. .*\n(\d\. .*\n){2,4}", morning.outgoing.text)


async def test_without_news_it_is_silent(parley: Parley, morning: Composed) -> None:
    again = await composed(parley, WHOM, "morning", MORNING + timedelta(minutes=30), cursors=morning.cursors)
    assert again.outgoing is None
    assert set(again.record.read) == set(morning.record.read)
