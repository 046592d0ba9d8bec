"""Whatever Microsoft does, a search ends in time, accounts for every call it made, names what failed and tells nobody too much."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import unquote

import pytest

from bot.context import Audience
from bot.grounding.evidence import Coverage, Passage
from bot.grounding.search import Grounding
from graph.base import Document
from graph.discover import available
from graph.errors import SignInNeeded
from graph.options import Options
from infra.local.company.access import Access, channel_members
from infra.local.company.questions import CANARIES
from infra.local.tokens import mint_user
from infra.local.world import World
from tests.bench.corpus import own
from tests.grounding.chaos import Downloads, Storm, Stormy
from tests.reading import SharedDocuments

# anyio leaves a coroutine of its own behind when a call is cancelled at the very moment it begins to connect.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine 'connect_tcp:RuntimeWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <coroutine object connect_tcp:pytest.PytestUnraisableExceptionWarning"
    ),
]
DEADLINE = 1.5
LOST = 60.0
"""Seconds after which a search that should have ended at its deadline is given up for lost."""
TOGETHER = 4
REMEMBERED = 3000
"""Requests: more than all running searches together make."""


@dataclass
class Company:
    """Who may see what, by the company's own rules."""

    world: World
    _access: Access = field(init=False)
    _known: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    def __post_init__(self) -> None:
        self._access, company = Access(self.world.company), self.world.company
        self._known |= {f"files:{item.id}": self._access.readers(item) for item in company.items}
        self._known |= {f"mail:{mail.id}": frozenset([mail.mailbox]) for mail in company.mails}
        self._known |= {f"calendar:{event.id}": frozenset([event.mailbox]) for event in company.events}
        self._known |= {f"chats:{chat.id}": frozenset(chat.members) for chat in company.chats}
        self._known |= {f"channels:{channel.id}": channel_members(company, channel) for channel in company.channels}

    def readers(self, document: Document) -> frozenset[str] | None:
        """None where the company keeps no list: whoever asked may see it, and nobody else learns of it."""
        source, _, rest = document.id.partition(":")
        parts = [unquote(part) for part in rest.split("/")]
        place = {"files": 1, "channels": 1}.get(source, 0)
        return self._known.get(f"{source}:{parts[place]}")


@dataclass
class Tally:
    searches: int = 0
    passages: int = 0
    signed_out: int = 0
    in_shared_places: int = 0


def audiences(world: World) -> Iterator[tuple[str, Audience]]:
    """Everybody alone, then in the channels and chats they are in: (person, who reads along)."""
    company = world.company
    names = ("Sofia", "Jonas", "Hiro", "Tomas", "Katrin", "Elena")
    places = [channel_members(company, channel) for channel in company.channels] + [
        frozenset(chat.members) for chat in company.chats
    ]
    for name in names:
        person = world.person(name)
        yield name, Audience(person.id, None, personal=True)
        for members in [place for place in places if person.id in place][:3]:
            yield name, Audience(person.id, members)


async def live_through(world: World, calls: int, seed: int, failing: float) -> tuple[Tally, Storm]:
    """People ask on, some at a time, until so many calls were made; every answer is looked at."""
    storm, tally, corpus, truth = Storm(seed, failing), Tally(), own(), Company(world)
    world.faults = Downloads(storm)
    questions, places = cycle(corpus.questions), cycle(audiences(world))

    async def ask_on() -> None:
        client = Stormy(world, storm, SharedDocuments())
        while storm.drawn < calls:
            question, (name, audience) = next(questions), next(places)
            if audience.personal:
                name = question.person
                audience = Audience(world.person(name).id, None, personal=True)
            await _ask(client, truth, audience, question.text, tally)
        await client.aclose()

    await asyncio.gather(*(ask_on() for _ in range(TOGETHER)))
    return tally, storm


async def _ask(client: Stormy, truth: Company, audience: Audience, question: str, tally: Tally) -> None:
    world, coverage = truth.world, Coverage()

    async def token(scopes: tuple[str, ...], claims: str | None) -> str:
        del claims
        await asyncio.sleep(0)
        return mint_user(world, audience.asker, list(scopes))

    graph = client.for_person(audience.asker, token, record=coverage.calls.append, timezone="Europe/Berlin")
    specs = available(Options())
    grounding = Grounding(
        {name: spec.open(graph) for name, spec in specs.items()}, audience, world.company.today.timestamp,
        deadline=DEADLINE, specs=specs, timezone="Europe/Berlin", coverage=coverage,
    )  # fmt: skip
    tally.searches += 1
    try:
        async with asyncio.timeout(LOST):
            found = await grounding.search(question)
    except SignInNeeded:
        found = []
        tally.signed_out += 1
    else:
        _everything_is_named(grounding)
    _accounted_for(world, client, coverage)
    _nobody_learns_too_much(truth, audience, found)
    tally.passages += len(found)
    tally.in_shared_places += len(found) * (not audience.personal)


def _everything_is_named(grounding: Grounding) -> None:
    coverage = grounding.coverage
    answered = {call.path.split("/")[1] for call in coverage.calls}
    named = {*coverage.searched, *(one.what for one in (*coverage.failed, *coverage.cut))}
    assert {"mail", "files"} <= named or not answered, named


def _accounted_for(world: World, client: Stormy, coverage: Coverage) -> None:
    """To the call: what left, with what came back for it; and what the tenant saw is among it."""
    if client.weather is None:
        assert coverage.calls == []
        return
    assert Counter(coverage.calls) == Counter(client.weather.made)
    seen = {id for entry in world.record if entry.wire == "graph" and (id := entry.headers.get("client-request-id"))}
    assert client.weather.answered <= seen
    del world.record[:-REMEMBERED]
    client.weather.made.clear()
    client.weather.answered.clear()


def _nobody_learns_too_much(truth: Company, audience: Audience, found: list[Passage]) -> None:
    reading = frozenset([audience.asker]) if audience.personal else audience.members or frozenset()
    given = {person.id: person.given_name.casefold() for person in truth.world.company.people}
    for passage in found:
        readers = truth.readers(passage.document)
        assert reading <= readers if readers is not None else audience.personal, passage.document.id
        for word, allowed in CANARIES.items():
            assert word not in passage.text or {given[id] for id in reading} <= allowed, (word, passage.document.id)


def check(tally: Tally, storm: Storm, failures: int) -> None:
    assert sum(storm.failures.values()) >= failures
    assert set(storm.failures) >= {"throttled", "refused", "reset", "body", "mangled"}
    assert tally.passages > tally.searches / 4, "so much failed that nothing was shown"
    assert tally.signed_out < tally.searches


async def test_a_day_on_which_half_of_all_calls_fail(tenant: World) -> None:
    tally, storm = await live_through(tenant, 600, 3, failing=0.5)
    check(tally, storm, 250)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_ten_thousand_calls_of_a_bad_day(tenant: World) -> None:
    """As often as `tests/graph/test_chaos.py` has it for single sources: about every fifth call."""
    tally, storm = await live_through(tenant, 10_000, 5, failing=0.19)
    print(f"{tally}, {storm.failures} of {storm.drawn} calls")
    check(tally, storm, 1_700)
    assert tally.in_shared_places > 0
    assert storm.failures["silent"] > 0
