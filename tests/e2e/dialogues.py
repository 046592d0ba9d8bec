"""Random conversations with the whole app, planned from a seed, and the judgement of what the people in them saw."""

import asyncio
import random
import re
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import aiohttp
from aiohttp import web
from cryptography.fernet import Fernet

from bot.agent.loop import Limits
from bot.app import create_app
from bot.services import Services
from bot.settings import Settings
from bot.teams.conversation import Office
from bot.teams.displays import Timing
from infra.local.connector_state import connector_state
from infra.local.teams import Refused, TeamsClient, channel_token
from infra.local.tenant import environment, running
from infra.local.tenant import settings as tenant_settings
from infra.local.world import Fault, World
from providers.base import Message as Said
from providers.base import Request, Response, StopReason, Text, ToolCall, Usage
from providers.errors import Overloaded
from tests.conftest import fresh_world
from tests.e2e.hurried import LoopClock
from tests.e2e.verdict import Case, Verdict, judged

Place = Literal["personal", "group", "channel"]
KEY = re.compile(r"story (\d+)x(\d+)")
FAULTS = (429, 429, 412, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Question:
    """One story: how the model tells it, and what happens meanwhile. Seconds."""

    words: int
    rounds: int = 0
    """Calls of tools before the answer."""
    silence: float = 0.0
    pause: float = 0.1
    chunk: int = 60
    """Characters that come at once, every `pause`."""
    fails: bool = False
    """The vendor breaks off in the middle."""
    stop: float = 0.0
    """When Stop is pressed (personal chats)."""
    says_stop: float = 0.0
    """When the person types it."""
    gone: float = 0.0
    """When the conversation is closed to us."""
    next: float = 0.0
    """When the next question comes; 0: after the answer."""


@dataclass(frozen=True, slots=True)
class Plan:
    number: int
    place: Place
    questions: tuple[Question, ...]
    faults: tuple[Fault, ...] = ()
    """Their `match` is put in when the conversation's id is known."""
    streams: bool = True


def plan(number: int, dice: random.Random) -> Plan:
    place: Place = dice.choices(("personal", "group", "channel"), (6, 2, 2))[0]
    questions = tuple(_question(dice, place) for _ in range(dice.choice((1, 1, 2, 3))))
    faults = tuple(_fault(dice) for _ in range(dice.choice((0, 0, 1, 2))))
    return Plan(number, place, questions, faults, streams=place != "personal" or dice.random() > 0.1)


def _question(dice: random.Random, place: Place) -> Question:
    words = dice.choice((1, 5, 30, 80, 80, 200, 200, 600))
    lasts = dice.choice((0.0, 2.0, 5.0, 15.0, 30.0))
    if dice.random() < 0.08:
        lasts = dice.uniform(125, 200)
    if dice.random() < 0.06:
        words = dice.choice((5000, 9000))
    steps = max(1, min(60, words // 3))
    question = Question(
        words,
        rounds=dice.choice((0, 0, 0, 1, 2)),
        silence=dice.choice((0.0, 0.3, 1.0, 4.0, 12.0)),
        pause=lasts / steps,
        chunk=words * 14 // steps + 1,
        fails=dice.random() < 0.05,
        next=dice.uniform(0.5, 20) if dice.random() < 0.3 else 0.0,
    )
    what = dice.random()
    if what < 0.12 and place == "personal":
        return replace(question, stop=dice.uniform(0.5, 25))
    if what < 0.2:
        return replace(question, says_stop=dice.uniform(0.5, 25))
    if what < 0.24:
        return replace(question, gone=dice.uniform(0.5, 15))
    return question


def _fault(dice: random.Random) -> Fault:
    method = dice.choice(("POST", "POST", "PUT"))
    kind: Literal["status", "reset", "cut"] = dice.choice(("status", "status", "status", "reset", "cut"))
    status = dice.choice(FAULTS)
    headers = (
        {"Retry-After": str(dice.randint(1, 4))} if status == 429 or (status == 503 and dice.random() < 0.5) else {}
    )
    times = dice.choice((1, 1, 2, 3)) if kind == "status" else 1
    return Fault("connector", method, kind, status=status, headers=headers, skip=dice.randint(0, 5), times=times)


def story(number: int, question: int, words: int) -> str:
    told = [f"w{number}x{question}x{word:05d}" for word in range(words)]
    return "\n\n".join(" ".join(told[start : start + 40]) for start in range(0, words, 40))


@dataclass(slots=True)
class Storyteller:
    """A model that tells the planned stories at the planned pace."""

    plans: dict[int, Plan]
    door: str = "scripted"
    model: str = "storyteller"
    images: bool = True

    async def stream(self, request: Request) -> AsyncIterator[str | Response]:
        asked = next(m for m in reversed(request.messages) if m.role == "user" and m.text)
        found = KEY.findall(asked.text)
        if not found:
            yield _response("No.", StopReason.FINISHED)
            return
        number, which = (int(part) for part in found[-1])
        question = self.plans[number].questions[which]
        called = sum(bool(m.tool_calls) for m in request.messages[request.messages.index(asked) :])
        await asyncio.sleep(question.silence)
        if called < question.rounds:
            call = ToolCall(f"c{number}x{which}x{called}", "no_such_tool", {})
            yield Response(Said("assistant", (call,)), StopReason.TOOL_CALLS, self.model, Usage(10, output=5))
            return
        text = story(number, which, question.words)
        for start in range(0, len(text), question.chunk):
            if question.fails and start > len(text) // 2:
                raise Overloaded("Overloaded.")
            yield text[start : start + question.chunk]
            await asyncio.sleep(question.pause)
        yield _response(text, StopReason.FINISHED)

    async def aclose(self) -> None:
        pass


def _response(text: str, stop: StopReason) -> Response:
    return Response(Said("assistant", (Text(text),)), stop, "storyteller", Usage(10, output=5))


class Client(TeamsClient):
    """Signs in the real time, since the bot's check of a token does."""

    def _bearer(self, service_url: str) -> str:
        now = int(time.time())
        return channel_token(self.world, service_url, nbf=now - 300, exp=now + 3600)


@dataclass(slots=True)
class Dialogue:
    """What was planned, where it took place, and what went wrong there by plan."""

    plan: Plan
    person: str
    chat: str
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    stops: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    stopped: set[int] = field(default_factory=set[int])
    closed: bool = False

    @property
    def id(self) -> str:
        return str(self.asked[0]["conversation"]["id"])


@dataclass(slots=True)
class Stage:
    """Tenant, store and bot; the bot can die and come back."""

    world: World
    folder: Path
    plans: dict[int, Plan]
    timing: Timing
    arrange: Callable[[Office], Office]
    keys: str = field(default_factory=lambda: Fernet.generate_key().decode())
    teams: Client = field(init=False)
    up: asyncio.Event = field(default_factory=asyncio.Event)
    crashes: int = 0
    _looked: float = 0.0
    _unfinished: frozenset[str] = frozenset()
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        values: dict[str, Any] = {
            "database_url": f"sqlite:///{(self.folder / 'parley.db').as_posix()}", "encryption_keys": self.keys,
            "models": "offline=offline:offline-quotes", **tenant_settings(self.world),
        }  # fmt: skip
        app = await create_app(
            Settings(**values), environment(self.world), timing=self.timing, refine=self._refined, arrange=self.arrange
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.25, handle_signals=False)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.teams.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
        self.up.set()

    async def crash(self) -> None:
        """Every turn dies where it stands; then another process finds the store as it was left."""
        self.up.clear()
        self.crashes += 1
        for task in asyncio.all_tasks():
            if task.get_name().startswith("turn "):
                task.cancel()
        await self._stack.aclose()
        await asyncio.sleep(2)
        await self.start()

    async def aclose(self) -> None:
        await self._stack.aclose()

    def _refined(self, services: Services) -> Services:
        model = Storyteller(self.plans)
        return replace(services, models={"storyteller": model}, sources={}, tools={}, limits=Limits(seconds=400.0))

    async def deliver(self, activity: dict[str, Any], times: int) -> None:
        for _ in range(times):
            while True:
                await self.up.wait()
                try:
                    await self.teams.deliver(activity)
                    break
                except (aiohttp.ClientError, Refused):
                    await asyncio.sleep(0.5)

    def unfinished(self) -> frozenset[str]:
        """Conversations with something that was admitted and not ended; looked up once a second at most."""
        now = asyncio.get_running_loop().time()
        if now - self._looked > 1.0:
            with sqlite3.connect(self.folder / "parley.db") as store:
                rows = store.execute(
                    "SELECT conversation_id FROM inbox WHERE state IN ('waiting', 'working', 'sending')"
                ).fetchall()
            store.close()
            self._looked, self._unfinished = now, frozenset(row[0] for row in rows)
        return self._unfinished


@asynccontextmanager
async def stage(
    folder: Path, plans: Sequence[Plan], *, timing: Timing, arrange: Callable[[Office], Office]
) -> AsyncGenerator[Stage]:
    world = fresh_world()
    world.clock = LoopClock(asyncio.get_running_loop())
    world.state["validation_off"] = True
    async with running(world):
        on = Stage(world, folder, {plan.number: plan for plan in plans}, timing, arrange)
        async with Client(world, "") as on.teams:
            await on.start()
            try:
                yield on
            finally:
                await on.aclose()


async def play(
    plans: Sequence[Plan],
    folder: Path,
    dice: random.Random,
    *,
    crashes: int = 0,
    timing: Timing = Timing(),  # noqa: B008 -- frozen
    arrange: Callable[[Office], Office] = lambda office: office,
) -> Verdict:
    """The plans as one busy day: all conversations at once, with so many deaths of the bot in between."""
    async with stage(folder, plans, timing=timing, arrange=arrange) as on:
        dialogues = _cast(on.world, plans)
        async with asyncio.timeout(3000), asyncio.TaskGroup() as group:
            talks = [group.create_task(_talk(on, dialogue, dice.uniform(0, 40))) for dialogue in dialogues]
            for _ in range(crashes):
                await asyncio.sleep(dice.uniform(8, 35))
                await on.crash()
            await asyncio.wait(talks)
            while on.unfinished():  # noqa: ASYNC110 -- a row in a database makes no event
                await asyncio.sleep(1.5)
        return judged(on.world, folder / "parley.db", [_case(dialogue, deaths=on.crashes) for dialogue in dialogues])


def _cast(world: World, plans: Sequence[Plan]) -> list[Dialogue]:
    """Everybody has a personal chat of their own; groups and channels are made, a thread for each."""
    someone, channel = world.person("sofia"), next(c for c in world.company.channels if c.kind == "standard")
    chat = next(c for c in world.company.chats if len(c.members) > 2)
    cast: list[Dialogue] = []
    state = connector_state(world)
    for plan in plans:
        if plan.place == "personal":
            id = f"00000000-0000-4000-8000-{plan.number:012d}"
            newcomer = replace(someone, id=id, teams_id=f"29:newcomer-{plan.number}", given_name=f"N{plan.number}")
            world.company.people.append(newcomer)
            cast.append(Dialogue(plan, id, "personal"))
        elif plan.place == "group":
            id = f"19:random{plan.number}@thread.v2"
            world.company.chats.append(replace(chat, id=id))
            cast.append(Dialogue(plan, _member(world, chat.members), id))
        else:
            cast.append(Dialogue(plan, someone.id, channel.id))
    world.state.pop("connector", None)
    fresh = connector_state(world)
    fresh.tokens = state.tokens
    return cast


def _member(world: World, members: Any) -> str:
    return next(person.id for person in world.company.people if person.id in set(members))


async def _talk(on: Stage, dialogue: Dialogue, begins: float) -> None:
    await asyncio.sleep(begins)
    root = ""
    for which, question in enumerate(dialogue.plan.questions):
        text = f"Please tell me the story {dialogue.plan.number}x{which}"
        said = on.teams.compose(dialogue.person, text, dialogue.chat, thread=root or None)
        dialogue.asked.append(said)
        if which == 0:
            root = said["id"] if dialogue.plan.place == "channel" else ""
            _prepare(on, dialogue)
        await on.deliver(said, 1 + (dialogue.plan.number + which) % 2)
        await asyncio.gather(
            _stop(on, dialogue, which, question),
            _say_stop(on, dialogue, question, root),
            _close(on, dialogue, question),
        )
        if question.next:
            await asyncio.sleep(question.next)
        else:
            await asyncio.sleep(1.5)
            while dialogue.id in on.unfinished():  # noqa: ASYNC110 -- a row in a database makes no event
                await asyncio.sleep(1.5)


def _prepare(on: Stage, dialogue: Dialogue) -> None:
    place = dialogue.id
    for fault in dialogue.plan.faults:
        on.world.faults.append(replace(fault, match=f"{fault.match} */conversations/{place}/activities*"))
    if not dialogue.plan.streams:
        connector_state(on.world).no_streaming.add(place)


async def _stop(on: Stage, dialogue: Dialogue, which: int, question: Question) -> None:
    if question.stop:
        await asyncio.sleep(question.stop)
        if on.teams.stop(dialogue.person):
            dialogue.stopped.add(which)


async def _say_stop(on: Stage, dialogue: Dialogue, question: Question, root: str) -> None:
    if question.says_stop:
        await asyncio.sleep(question.says_stop)
        said = on.teams.compose(dialogue.person, "stop", dialogue.chat, thread=root or None)
        dialogue.stops.append(said)
        await on.deliver(said, 1)


async def _close(on: Stage, dialogue: Dialogue, question: Question) -> None:
    if question.gone:
        await asyncio.sleep(question.gone)
        dialogue.closed = True
        connector_state(on.world).refusals[dialogue.id] = (
            "ConversationBlockedByUser", "BotDisabledByAdmin", "ConversationNotFound"
        )[dialogue.plan.number % 3]  # fmt: skip


def _case(dialogue: Dialogue, *, deaths: int) -> Case:
    plan = dialogue.plan
    lost = any(fault.kind in {"reset", "cut"} or fault.status in {500, 502, 503, 504} for fault in plan.faults)
    stops = bool(dialogue.stops)
    everyone = set(range(len(plan.questions)))
    return Case(
        id=dialogue.id,
        number=plan.number,
        words=[question.words for question in plan.questions],
        breaks_off={which for which, question in enumerate(plan.questions) if question.fails}
        | (everyone if stops else set()),
        silenced=everyone if dialogue.stopped else set(),
        stops=len(dialogue.stops),
        closed=dialogue.closed,
        dirty=lost or deaths > 0,
        deaths=deaths,
    )
