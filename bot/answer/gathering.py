"""Everything a question is answered from, fetched at the same time: what was found, sent, said before and remembered."""

import asyncio
import re
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from bot.agent.history import Past
from bot.agent.tools import Content
from bot.answer.rules import Rules
from bot.background.history import history
from bot.background.known import Known
from bot.background.memory import memory
from bot.background.sent import sent
from bot.background.thread import thread
from bot.context import Audience
from bot.grounding import passages
from bot.grounding.asked import without_links
from bot.grounding.evidence import Coverage, Passage, Retrieved
from bot.grounding.packing import Scored, tokens_for
from bot.grounding.pages import where
from bot.grounding.queries import keywords
from bot.grounding.search import Grounding
from bot.images import seen_by
from bot.services import Turn
from graph.base import Document
from providers.base import Evidence, Message
from providers.capabilities import Described, capabilities_of

GIVEN_CHARACTERS = 40_000
"""Of what people sent or said beside the question; about 10,000 tokens, and no more than a quarter of what the model reads at
once, at four characters a token. Of more, the passages nearest to the question are used.
"""
READ_ON = 6
_FEW_WORDS = 3
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Gathered:
    history: Past
    known: Known
    """Of all parts of `bot.background` together."""
    passages: Sequence[Passage]
    """What was given first, then what was found."""
    grounding: Grounding
    rules: Rules


async def gather(turn: Turn, question: str, model: str, *, searches: bool, beside: str = "") -> Gathered:
    """`searches`: look into the sources; else only what stands beside the question. `model`: a configured name.

    `beside`: another one that is asked the same; then `bot.answer.narrowing` says what each of the two may be given.

    Raises `SignInNeeded` and `StoreError`.
    """
    audience = await turn.services.audience(turn) if searches else Audience(turn.person.id, None)
    rules = await Rules.of(turn, model, audience, Coverage(), beside)
    grounding = _grounding(turn, rules, searches=searches)
    room = min(_room(turn, name) for name in dict.fromkeys((model, beside or model)))
    grounding.budget = tokens_for(room)

    async def before_and_found() -> tuple[Past, list[Passage]]:
        said_before = await history(turn, rules.may_use)
        found = await grounding.search(_with_context(question, said_before.messages)) if searches else []
        return said_before, found

    others = [sent(turn), memory(turn), *([thread(turn)] if searches else [])]
    (said_before, found), *parts = await _together(before_and_found(), *others)
    known = Known(
        tuple(chain.from_iterable(part.documents for part in parts)),
        tuple(chain.from_iterable(part.images for part in parts)),
        tuple(one for part in parts for one in part.pictured if not rules.withholds(one[0])),
        tuple(chain.from_iterable(part.notes for part in parts)),
        tuple(chain.from_iterable(part.skipped for part in parts)),
    )
    known = replace(known, images=(*known.images, *chain.from_iterable(images for _, images in known.pictured)))
    models = turn.services.models
    known = seen_by(models[model] if models[model].images or not beside else models[beside], known, turn.say)
    grounding.coverage.skipped.extend(known.skipped)
    grounding.coverage.consents.update(*(part.consents for part in parts))
    given = grounding.retrieved.add(_given(known.documents, question, min(GIVEN_CHARACTERS, room)))
    both = [*given, *(passage for passage in found if passage not in given)]
    return Gathered(said_before, known, both, grounding, rules)


def _grounding(turn: Turn, rules: Rules, *, searches: bool) -> Grounding:
    services = turn.services
    retrieved = Retrieved(rules.withholds)

    async def token(scopes: tuple[str, ...], claims: str | None) -> str:
        return await services.sign_in.graph_token(turn.person, scopes, claims)

    graph = services.graph.for_person(
        turn.person.id, token, record=rules.coverage.calls.append, timezone=turn.incoming.reference.timezone
    )
    sources = {name: spec.open(graph) for name, spec in services.sources.items()} if searches else {}
    return Grounding(
        sources,
        rules.audience,
        lambda: services.now().timestamp(),
        deadline=services.search_seconds,
        specs=services.sources,
        timezone=turn.incoming.reference.timezone,
        retrieved=retrieved,
        coverage=rules.coverage,
    )


async def _together(*works: Coroutine[Any, Any, Any]) -> list[Any]:
    """All results in order; the first failure ends the others, so that nothing goes on for a turn that is over."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _with_context(question: str, said_before: Sequence[Message]) -> str:
    """A short follow-up ("and in 2027?") is searched together with the question before it; one with a link is about that."""
    if without_links(question) != question:
        return question
    before = next((message.text for message in reversed(said_before) if message.role == "user"), "")
    return f"{question} {before}" if before and len(keywords(question)) < _FEW_WORDS else question


def _room(turn: Turn, model: str) -> int:
    """Tokens this model reads at once."""
    provider = turn.services.models[model]
    return provider.capabilities.max_input if isinstance(provider, Described) else capabilities_of("").max_input


def _given(documents: Sequence[Document], question: str, most: int = GIVEN_CHARACTERS) -> list[Scored]:
    """All of it where it fits; else the beginning of each document and the passages nearest to the question, in reading order."""
    cut = [Scored(d, text, 0.0, place) for d in documents for place, text in enumerate(passages.of(d))]
    words = set(_WORD.findall(question.casefold()))

    def nearness(item: Scored) -> tuple[bool, int]:
        return item.place == 0, len(words & set(_WORD.findall(item.text.casefold())))

    chosen: set[int] = set()
    left = most
    for number, item in sorted(enumerate(cut), key=lambda entry: nearness(entry[1]), reverse=True):
        if len(item.text) <= left:
            left -= len(item.text)
            chosen.add(number)
    return [item for number, item in enumerate(cut) if number in chosen]


def evidence(passage: Passage) -> Evidence:
    """A passage in the form providers take."""
    document = passage.document
    page = where(document, passage.text)
    detail = ", ".join(
        part for part in (document.author, f"{document.modified:%Y-%m-%d}", document.place, page) if part
    )
    return Evidence(passage.id, document.title, passage.text, document.link, detail, frozenset(document.labels))


@dataclass(frozen=True, slots=True)
class Toolbox:
    """`bot.agent.tools.Toolbox`: tools see passages as evidence for the model."""

    gathered: Gathered

    async def search(self, question: str, only: Sequence[str] = ()) -> Content:
        return tuple(evidence(passage) for passage in await self.gathered.grounding.search(question, only))

    async def read(self, passage_id: str) -> Content:
        """Errors as `Grounding.read`."""
        grounding = self.gathered.grounding
        passage = grounding.retrieved.get(passage_id)
        given = {document.id for document in self.gathered.known.documents}
        if passage is None or passage.document.id not in given:
            return tuple(evidence(found) for found in await grounding.read(passage_id))
        texts = passages.of(passage.document)
        start = texts.index(passage.text) if passage.text in texts else 0
        more = [Scored(passage.document, text, 0.0, start + n) for n, text in enumerate(texts[start : start + READ_ON])]
        return tuple(evidence(found) for found in grounding.retrieved.add(more))
