"""What people saw of planned conversations, against the rules.

Nothing twice, nothing lost, nothing after a Stop, nothing into a closed door.
"""

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.texts import Texts
from infra.local.connector_state import Message, connector_state, conversation
from infra.local.world import World

TOKEN = re.compile(r"\bw(\d+)x(\d+)x(\d{5})\b")
ONE_STREAM = "one stream at a time"
STOP = "nothing follows a Stop"


@dataclass(slots=True)
class Case:
    """One conversation: what was asked there (words of each story) and what may excuse what."""

    id: str
    number: int
    words: list[int]
    breaks_off: set[int]
    """Questions whose answer may end early: the vendor failed, or the person said stop."""
    silenced: set[int]
    """Questions whose answer the person ended with the Stop button: nothing more was said."""
    stops: int
    """How often *stop* was typed: each is answered."""
    closed: bool
    dirty: bool
    """An answer of Teams got lost, or the bot died: a placeholder may have stayed behind, an apology may follow an answer."""
    deaths: int
    """Of the bot, in these minutes. What a dead process left streaming may have been stopped: the next one cannot know."""


@dataclass(slots=True)
class Verdict:
    wrong: list[str] = field(default_factory=list[str])
    counts: Counter[str] = field(default_factory=Counter[str])

    def note(self, case: Case, problem: str) -> None:
        self.wrong.append(f"conversation {case.number}: {problem}")


def judged(world: World, store: Path, cases: Iterable[Case]) -> Verdict:
    verdict, broken = Verdict(), _broken(world)
    refused = _refused(world)
    for case in cases:
        excused = [ONE_STREAM] * case.dirty + [STOP] * (case.deaths > 0)
        rules = [rule for rule in broken.get(case.id, []) if not any(words in rule for words in excused)]
        for rule in rules:
            verdict.note(case, f"broke the rule: {rule}")
        _saw(verdict, world, case)
        if case.closed:
            _kept_out(verdict, store, case, refused[case.id])
    return verdict


def _broken(world: World) -> dict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for line in connector_state(world).broken:
        id, _, rule = line.rpartition(": ")
        found[id].append(rule)
    return found


def _refused(world: World) -> dict[str, list[bool]]:
    """By conversation, of every call the bot made there: whether the door was closed."""
    calls = defaultdict[str, list[bool]](list)
    for request in world.record:
        if request.wire == "connector" and "/conversations/" in request.path:
            id = request.path.partition("/conversations/")[2].partition("/")[0]
            code = (request.response or {}).get("error", {}) if isinstance(request.response, dict) else {}
            calls[id].append(request.status in {403, 404} and code.get("code") != "ContentStreamNotAllowed")
    return calls


def _saw(verdict: Verdict, world: World, case: Case) -> None:
    place = conversation(world, case.id)
    assert place is not None
    messages = [m for m in place.thread(case.id) if m.author == "bot" and not m.deleted]
    told, sentences = defaultdict[int, list[int]](list), list[str]()
    for message in messages:
        tokens = [(int(q), int(n)) for who, q, n in TOKEN.findall(message.text) if int(who) == case.number]
        if case.dirty and _unfinished(message):
            verdict.counts["remains"] += 1
        elif tokens:
            for which, number in tokens:
                told[which].append(number)
            if _unfinished(message) and not (case.closed or tokens[0][0] in case.silenced):
                verdict.note(case, f"the answer to question {tokens[0][0]} was left unfinished")
        elif not _unfinished(message):
            sentences.append(message.text)
        elif not (case.closed or case.silenced):
            verdict.note(case, "a placeholder was left behind")
    if list(told) != sorted(told):
        verdict.note(case, "the answers came out of order")
    _weigh(verdict, case, told, sentences)


def _unfinished(message: Message) -> bool:
    return message.streaming or message.text.endswith("…")


def _weigh(verdict: Verdict, case: Case, told: dict[int, list[int]], sentences: list[str]) -> None:
    missing = optional = 0
    for which, words in enumerate(case.words):
        heard = told.get(which, [])
        if len(set(heard)) != len(heard):
            verdict.note(case, f"the answer to question {which} was said twice")
        elif heard == list(range(words)):
            verdict.counts["whole"] += 1
        elif heard != list(range(len(heard))):
            verdict.note(case, f"the answer to question {which} is not in order")
        elif which in case.silenced or case.closed:
            verdict.counts["silenced" if which in case.silenced else "closed"] += 1
            optional += not heard
        elif heard and which in case.breaks_off:
            verdict.counts["broken off"] += 1
        elif heard:
            verdict.note(case, f"the answer to question {which} stops after {len(heard)} of {words} words")
        else:
            missing += 1
    interrupted = Texts("en")("trouble.interrupted")
    apologies = sum(text.startswith(interrupted) for text in sentences)
    verdict.counts["apologised"] += missing
    if case.closed:
        return
    if len(sentences) < missing:
        verdict.note(case, f"{missing} questions without an answer, {len(sentences)} sentences")
    excused = optional + (apologies if case.dirty else 0)
    if len(sentences) > missing + case.stops + excused:
        verdict.note(
            case, f"{len(sentences)} sentences for {missing} questions without an answer and {case.stops} stops"
        )
    verdict.counts["apology after the answer"] += max(0, len(sentences) - missing - case.stops)


def _kept_out(verdict: Verdict, store: Path, case: Case, calls: list[bool]) -> None:
    """Nothing is tried again where the door is closed, and where it was is forgotten."""
    turns = len(case.words) + case.stops + case.deaths
    if sum(calls) > turns:
        verdict.note(case, f"knocked {sum(calls)} times at a closed door in {turns} turns")
    if calls and calls[-1]:
        with sqlite3.connect(store) as connection:
            kept: Any = connection.execute(
                "SELECT count(*) FROM conversation_references WHERE conversation_id = ?", (case.id,)
            ).fetchone()[0]
        connection.close()
        if kept:
            verdict.note(case, "the reference of a closed conversation was kept")
