"""The failover matrix: every way a model can fail, at every point of an answer, and what must become of the answer. Judged at the wire.

The first model's words and the other's are told apart by one word each, so that a mixture shows wherever it was sent.
"""

import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from bot.services import Services
from bot.watched import Watched
from infra.local.tenant import environment
from infra.local.vendors.script import Call, Reply
from infra.local.world import Fault, Wire
from providers.base import DoorSettings
from providers.discover import open_models
from tests.conftest import fresh_world
from tests.e2e.parley import QUICK, Parley, parley_running

MODELS = "claude=anthropic:claude-sonnet-5,gpt=openai:gpt-5.6"
NAMES = {"claude": "Claude", "gpt": "GPT"}
WIRES: dict[str, Wire] = {"claude": "claude", "gpt": "openai"}
OTHER = {"claude": "gpt", "gpt": "claude"}
ASKED = "What does the casting tool from Brenta cost?"
FIRST_WORD, OTHER_WORD, REMARK = "Kestrel", "Bullfinch", "Wagtail"
FIRST = f"{FIRST_WORD} says that the tool costs a good deal, and that is not all there is to say about it. " * 3
OTHERS = f"{OTHER_WORD} says that the tool costs 27,400 EUR."
STALLED = 0.8
"""Seconds of silence after which a model counts as silent here."""
PEOPLE = ("Sofia", "Hiro", "Elena", "Dana")
Point = Literal["headers", "words", "middle", "loop headers", "loop words", "loop middle"]
EVENTS = {"claude": {"words": 2, "middle": 12}, "gpt": {"words": 3, "middle": 14}}
"""How many events come before the stream ends: none of the text, some of it."""
OVERLOADED = {"claude": "overloaded_error", "gpt": "server_error"}


def _status(status: int, **more: Any) -> Callable[[str, str], Reply]:
    return lambda model, text: Reply(error=status, wire=WIRES[model], **more)


def _ended(how: str) -> Callable[[str, str], Reply]:
    def reply(model: str, text: str) -> Reply:
        point = "middle" if text else "words"
        ending: dict[str, Any] = {how: EVENTS[model][point]}
        return Reply(text=text or FIRST, wire=WIRES[model], delay=0.08 if text else 0.0, **ending)

    return reply


def _broken(**what: Any) -> Callable[[str, str], Reply]:
    def reply(model: str, text: str) -> Reply:
        named = {"break_with": OVERLOADED[model]} if what.get("break_with") else what
        return Reply(text=text, wire=WIRES[model], delay=0.02 if text else 0.0, **named)

    return reply


BEFORE = {
    "429": _status(429),
    "429 with a pause": _status(429, retry_after=30),
    "500": _status(500),
    "503": _status(503),
    "504": _status(504),
    "reset": None,
    "silent": None,
    "no budget": _status(402),
}
"""Instead of an answer. None: a fault of the wire."""
WITHIN = {
    "cut": _ended("cut"),
    "early": _ended("early"),
    "error event": _broken(break_with=True),
    "broken chunk": _broken(malformed=True),
    "stall": _broken(stall=3.0),
}


@dataclass(frozen=True, slots=True)
class Case:
    fault: str
    point: Point
    first: str

    @property
    def id(self) -> str:
        return f"{self.fault}, {self.point}, {self.first}"

    @property
    def in_loop(self) -> bool:
        return self.point.startswith("loop")

    @property
    def where(self) -> str:
        return self.point.removeprefix("loop ")

    def arrange(self, parley: Parley) -> None:
        wire, model = WIRES[self.first], self.first
        script: list[Any] = []
        if self.in_loop:
            search = Call("search_files", {"query": "Brenta casting tool quote"})
            script.append(Reply(text=f"{REMARK} looks closer. ", calls=[search], wire=wire))
        if self.where == "headers" and BEFORE[self.fault] is None:
            kind: Literal["reset", "delay"] = "reset" if self.fault == "reset" else "delay"
            parley.world.faults.append(Fault(wire, kind=kind, seconds=600.0, skip=int(self.in_loop)))
        else:
            made = BEFORE.get(self.fault) or WITHIN[self.fault]
            script.append(made(model, FIRST if self.where == "middle" else ""))
        script.append(Reply(text=OTHERS, wire=WIRES[OTHER[model]]))
        parley.world.state["script"] = script


def cases() -> Iterator[Case]:
    for first in NAMES:
        for loop in ("", "loop "):
            for fault in BEFORE:
                yield Case(fault, f"{loop}headers", first)  # type: ignore[arg-type]  # one of the points
            for fault in WITHIN:
                yield Case(fault, f"{loop}words", first)  # type: ignore[arg-type]  # as above
                yield Case(fault, f"{loop}middle", first)  # type: ignore[arg-type]  # as above


def some() -> Iterator[Case]:
    """Every fault, at every point it has, with one model or the other first."""
    models = list(NAMES)
    for number, fault in enumerate(BEFORE):
        yield Case(fault, "loop headers" if number % 2 else "headers", models[number // 2 % 2])
    for number, fault in enumerate(WITHIN):
        yield Case(fault, "words" if number % 2 else "loop words", models[number % 2])
        yield Case(fault, "loop middle" if number % 2 else "middle", models[(number + 1) % 2])


@asynccontextmanager
async def two_vendors(
    folder: Path, refine: Callable[[Services], Services] = lambda services: services, **overrides: Any
) -> AsyncGenerator[Parley]:
    """Claude first and GPT beside it, quick to notice silence."""
    world = fresh_world()

    def quick(services: Services) -> Services:
        settings = DoorSettings(environment(world), read_timeout=STALLED, retries=0)
        opened = open_models(MODELS.split(","), settings)
        models = {name: Watched(model, now=services.now) for name, model in opened.items()}
        services.circuits.pause, services.circuits.first_words = 0.01, 2 * STALLED
        return refine(replace(services, models=models, search_seconds=90.0))

    # Fast, but within Teams' sixty messages in half a minute for one conversation, for all cases after each other.
    timing = replace(QUICK, stream_interval=0.3, edit_interval=0.3)
    async with parley_running(world, folder, models=MODELS, refine=quick, timing=timing, **overrides) as parley:
        await parley.sign_in(*PEOPLE)
        try:
            yield parley
        finally:
            for model in parley.services.models.values():
                await model.aclose()


@dataclass(slots=True)
class Verdict:
    wrong: list[str] = field(default_factory=list[str])
    played: int = 0
    broken_off: int = 0
    """Cases whose fault came after words that were shown."""


async def judged(parley: Parley, played: Iterable[Case]) -> Verdict:
    """Plays the cases one after the other, by several people in turn: Teams takes so many messages a conversation."""
    verdict = Verdict()
    for number, case in enumerate(played):
        found, shown = await _wrong(parley, case, PEOPLE[number % len(PEOPLE)])
        verdict.wrong += [f"{case.id}: {each}" for each in found]
        verdict.played += 1
        verdict.broken_off += case.where == "middle" and shown
    return verdict


async def _wrong(parley: Parley, case: Case, person: str) -> tuple[list[str], bool]:
    """What was not as promised, and whether words of the first model were shown."""
    world = parley.world
    parley.services.circuits._circuits.clear()
    await parley.services.preferences.set(f"person:{world.person(person).id}", "model", case.first)
    world.faults.clear()
    case.arrange(parley)
    since = len(world.record)
    said = await parley.teams.say(person, ASKED)
    seen = await parley.teams.answer_to(
        said, timeout=60, until=lambda m: m.ai_label or "try again" in m.text.casefold()
    )
    asked = parley.received(WIRES[case.first], since=since)
    others = parley.received(WIRES[OTHER[case.first]], since=since)
    first, other = NAMES[case.first], NAMES[OTHER[case.first]]
    sent = [_words(body) for body in parley.sent_to_teams(since)]
    answers = [m for m in parley.teams.seen(said["conversation"]["id"]) if m.id >= seen.id]
    badge = f"Answered by {others[0].body['model']}" if others else "?"
    promises = {
        f"one answer: {seen.text}": seen.text.count(OTHER_WORD) == len(answers) == 1,
        f"nothing of the first is left: {seen.text}": FIRST_WORD not in seen.text and REMARK not in seen.text,
        f"it says why: {seen.text}": f"{first} " in seen.text and f"{other} answered" in seen.text,
        f"the badge names who answered: {seen.text}": badge in seen.text,
        f"each is asked once, not {len(asked)} and {len(others)} times": (len(asked), len(others))
        == (1 + case.in_loop, 1),
        "no mixture is ever shown": {FIRST_WORD, OTHER_WORD} not in sent,
    }
    if case.in_loop and others:
        body = json.dumps(others[0].body)
        promises["what the tool found is handed over"] = "function_call_output" in body or "tool_result" in body
        promises["nothing is fetched twice"] = not [
            r for r in parley.received("graph", since=since) if r.at > asked[-1].at
        ]
    return [promise for promise, kept in promises.items() if not kept], {FIRST_WORD} in sent


def _words(body: Any) -> set[str]:
    return {word for word in (FIRST_WORD, OTHER_WORD) if word in str(body.get("text"))}
