"""Whether the model gets what answers the question: recall, ranking, size and delay of the evidence, on the real path.

`python -m tests.bench.grounding` asks the local tenant's own judged questions; with `--mailbox`, `--files`, `--questions`
and `--judgements` those of any corpus. Every question goes over HTTP to `/api/messages` of the real app beside the local
tenant; the evidence is read from the request that reached the model's wire, the calls from what reached Graph's.
"""

import argparse
import asyncio
import html
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.services import Services
from infra.local.entra_state import entra_state
from infra.local.world import Recorded, World
from tests.bench import measures
from tests.bench.corpus import Corpus, Question, own
from tests.bench.floor import Floor
from tests.bench.loading import load
from tests.e2e.parley import Parley, parley_running

CHARACTERS_A_TOKEN = 4
PATIENCE = 120.0
SEARCH_SECONDS = 60.0
"""More than in production: how long the local tenant searches a large mailbox, word by word, says nothing of Microsoft."""
_EVIDENCE = re.compile(r"<evidence ([^>]*)>\n(.*?)\n</evidence>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
Ranking = list[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what it led to."""

    question: Question
    ranking: Ranking
    """Ids of the documents handed to the model, in the order it reads them."""
    tokens: int
    calls: int
    """Graph calls before the model was asked."""
    seconds: float
    """From the question to the model's first request."""


async def ask_all(corpus: Corpus, questions: Sequence[Question], folder: Path) -> list[Asked]:
    """One question after the other, so that calls and times belong to it alone."""
    world = World(corpus.company)

    def at_the_story(services: Services) -> Services:
        services.graph.clock = corpus.company.today.timestamp
        return replace(services, now=lambda: corpus.company.today, search_seconds=SEARCH_SECONDS)

    found: list[Asked] = []
    async with parley_running(world, folder, door="gpt", refine=at_the_story, log_level="ERROR") as parley:
        entra_state(world).consents.clear()  # everybody has agreed to what the app asks for
        await parley.sign_in(*dict.fromkeys(question.person for question in questions))
        found += [await _ask(parley, corpus, question) for question in questions]
    return found


async def _ask(parley: Parley, corpus: Corpus, question: Question) -> Asked:
    await parley.teams.answer_to(await parley.teams.say(question.person, "new"), quiet=0.02)
    world = parley.world
    world.record.clear()
    began = world.clock.now()
    await parley.teams.say(question.person, question.text)
    async with asyncio.timeout(PATIENCE), world.changed:
        await world.changed.wait_for(lambda: _request_about(question, world) is not None)
    model = _request_about(question, world)
    assert model is not None
    calls = [entry for entry in world.record if entry.wire == "graph" and entry.at < model.at]
    pieces = list(evidence_in(model))
    ranking = list(dict.fromkeys(corpus.document_of(link, title) for link, title, _ in pieces))
    tokens = sum(len(text) for _, _, text in pieces) // CHARACTERS_A_TOKEN
    return Asked(question, ranking, tokens, len(calls), (model.at - began).total_seconds())


def _request_about(question: Question, world: World) -> Recorded | None:
    """The first request to the model that holds the question."""
    return next(
        (r for r in world.record if r.wire == "openai" and any(question.text in text for text in _strings(r.body))),
        None,
    )


def evidence_in(request: Recorded) -> Iterator[tuple[str, str, str]]:
    """(link, title, text) of the evidence in a request to the model."""
    for text in _strings(request.body.get("input")):
        for attributes, body in _EVIDENCE.findall(text):
            named = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
            yield named.get("link", ""), named.get("title", ""), body


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


@dataclass(frozen=True, slots=True)
class Figures:
    questions: int
    values: dict[str, float]

    @staticmethod
    def of(corpus: Corpus, rankings: Sequence[tuple[Question, Ranking]]) -> "Figures":
        """Over the questions that have an answer."""
        judged = [(ranking, corpus.judgements[q.id]) for q, ranking in rankings if q.id in corpus.judgements]
        kinds: dict[str, Callable[[Ranking, dict[str, int]], float]] = {
            "hit@5": lambda ranking, grades: measures.hit(ranking, grades, 5),
            "recall@5": lambda ranking, grades: measures.recall(ranking, grades, 5),
            "recall@10": lambda ranking, grades: measures.recall(ranking, grades, 10),
            "recall@20": lambda ranking, grades: measures.recall(ranking, grades, 20),
            "MRR@10": lambda ranking, grades: measures.reciprocal_rank(ranking, grades, 10),
            "nDCG@10": lambda ranking, grades: measures.ndcg(ranking, grades, 10),
        }
        return Figures(
            len(judged),
            {name: statistics.fmean(f(*one) for one in judged) if judged else 0.0 for name, f in kinds.items()},
        )


def nothing(corpus: Corpus, rankings: Sequence[tuple[Question, Ranking]]) -> tuple[int, int]:
    """(how many of the questions without an answer got no evidence, how many there are)"""
    unanswerable = [ranking for question, ranking in rankings if question.id not in corpus.judgements]
    return sum(not ranking for ranking in unanswerable), len(unanswerable)


def floor_of(corpus: Corpus, questions: Sequence[Question]) -> list[tuple[Question, Ranking]]:
    world, floor = World(corpus.company), Floor(corpus.documents.values())
    try:
        return [(q, floor.ranking(q.text, world.person(q.person).id)) for q in questions]
    finally:
        floor.close()


def report(corpus: Corpus, asked: Sequence[Asked]) -> str:
    ours = [(one.question, one.ranking) for one in asked]
    floor = floor_of(corpus, [one.question for one in asked])
    kinds = [*dict.fromkeys(one.question.kind for one in asked if one.question.id in corpus.judgements), ""]
    lines = [f"{'':24}{'questions':>10}" + "".join(f"{name:>11}" for name in Figures.of(corpus, ours).values)]
    for kind in kinds:
        for who, rankings in (("Parley", ours), ("BM25 over everything", floor)):
            figures = Figures.of(corpus, [(q, r) for q, r in rankings if kind in {q.kind, ""}])
            name = f"{kind or 'all'}" if who == "Parley" else f"  {who}"
            lines.append(f"{name:24}{figures.questions:>10}" + "".join(f"{v:>11.3f}" for v in figures.values.values()))
    for who, rankings in (("Parley", ours), ("BM25", floor)):
        kept, of = nothing(corpus, rankings)
        if of:
            lines.append(f"without an answer, and nothing handed over ({who}): {kept} of {of} = {kept / of:.0%}")
    tokens, calls, seconds = ([getattr(one, name) for one in asked] for name in ("tokens", "calls", "seconds"))
    lines.append(f"tokens handed over: median {statistics.median(tokens):.0f}, most {max(tokens)}")
    lines.append(f"Graph calls: median {statistics.median(calls):.0f}, most {max(calls)}")
    lines.append(f"until the model is asked: median {statistics.median(seconds):.2f} s, longest {max(seconds):.2f} s")
    return "\n".join(lines)


def missed(corpus: Corpus, asked: Sequence[Asked]) -> Iterator[str]:
    """What went wrong, question by question, for whoever improves it."""
    for one in asked:
        judged = corpus.judgements.get(one.question.id)
        if judged is None and one.ranking:
            yield f"{one.question.id} should find nothing: {one.question.text}\n    {one.ranking[:5]}"
        elif judged and not measures.hit(one.ranking, judged, 5):
            yield f"{one.question.id} no hit: {one.question.text}\n    wanted {sorted(judged)}\n    got {one.ranking[:6]}"
        elif judged and measures.recall(one.ranking, judged, 10) < 1:
            yield f"{one.question.id} lacks {sorted(set(judged) - set(one.ranking[:10]))}: {one.question.text}"


async def main(given: argparse.Namespace | None = None) -> None:
    given = given or arguments([])
    if given.questions:
        began = time.perf_counter()
        corpus = await load(given.mailbox, given.files, given.questions, given.judgements)
        print(f"{len(corpus.documents)} documents loaded in {time.perf_counter() - began:.1f} s")
    else:
        corpus = own()
    questions = [q for q in corpus.questions if given.only in q.id]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        asked = await ask_all(corpus, questions, Path(folder))
    print(f"\nGrounding: {corpus.name}, {len(questions)} questions")
    print(report(corpus, asked))
    if given.missed:
        print("\n".join(missed(corpus, asked)))
    if given.run:
        lines = [line for one in asked for line in measures.run_lines(one.question.id, one.ranking, "parley")]
        given.run.write_text("\n".join([*lines, ""]), "utf-8")
        print(f"Run file: {given.run}")


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.grounding", description="Measures what the model is given to answer from."
    )
    parser.add_argument("--mailbox", type=Path, help="mails as JSON lines: id, from, to, cc, date, subject, body")
    parser.add_argument("--files", type=Path, help="a folder of documents; a document's id is its path in it")
    parser.add_argument("--questions", type=Path, help="tab separated: id, person (may be left out), question")
    parser.add_argument("--judgements", type=Path, help="TREC qrels: question 0 document grade")
    parser.add_argument("--run", type=Path, help="write a TREC run file here")
    parser.add_argument("--only", default="", help="only questions whose id holds this")
    parser.add_argument("--missed", action="store_true", help="also print what was not found, question by question")
    given = parser.parse_args(words)
    if given.questions and not given.judgements:
        parser.error("questions need --judgements")
    return given


if __name__ == "__main__":
    asyncio.run(main(arguments()))
