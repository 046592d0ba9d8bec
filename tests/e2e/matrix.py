"""The privacy matrix: places, guests, newcomers, sources and the ways an answer can take, with words that only one person may read.

Everything planted answers the same question, so that one question in one place tries all sources at once.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Literal
from urllib.parse import unquote

from bot.services import Services
from infra.local.company import ids
from infra.local.company.drives import item_at
from infra.local.company.model import (
    Attachment,
    Channel,
    Chat,
    ChatMessage,
    Event,
    Grant,
    Group,
    Item,
    Mail,
    Team,
)
from infra.local.company.people import person_id
from infra.local.company.work_model import TodoTask, Transcript
from infra.local.connector_state import personal_chat
from infra.local.teams import SeenMessage
from infra.local.world import World
from providers.base import Message, Text
from tests.e2e.parley import Parley

ASKER, COLLEAGUE, GUEST, NEWCOMER = "Sofia", "Hiro", "Marco", "Liam"
HERS: Mapping[str, str] = {
    "mail": "Marrowfen",
    "attachment": "Tansygate",
    "file": "Oxbarrow",
    "chat": "Pennywhin",
    "calendar": "Fallowmere",
    "transcript": "Cindersedge",
    "task": "Hobblewick",
}
"""Source -> the word in it that nobody but the asker may read."""
STAFF, TEAM = "Saltersreach", "Underholm"
"""In files that exactly the members may open: without a guest, and with the guest."""
REMEMBERED, DECIDED = "Thornapple", "Larkmoor"
"""Remembered in the asker's private chat; said in the place before somebody joined."""
SOURCES = (*HERS, "members' file")
ASKED = ("mail", "files", "chats", "calendar", "meetings", "tasks")
SECRETS = frozenset({*HERS.values(), STAFF, TEAM, REMEMBERED, DECIDED})
QUESTION = "What is the Quillstone code word for the harbour gate"
PLACES = ("group", "standard", "private", "shared")
PADDING = 24_000
_ASKING = re.compile(r"\w+ \w+ is asking in a (personal chat|group chat|channel)")
_CASE = re.compile(r"harbour gate \(([a-z]{2})\)")

Path = Literal["live", "cached", "memory", "summary", "preview", "sources", "other", "follow-up", "aside"]
PATHS: tuple[Path, ...] = ("live", "cached", "memory", "summary", "preview", "sources", "other", "follow-up", "aside")


@dataclass(frozen=True, slots=True)
class Case:
    number: int
    place: str
    guest: bool
    joined: bool
    path: Path

    @property
    def id(self) -> str:
        """Of the chat or channel, which is this case's own."""
        return ids.group_chat(f"matrix {self.number}") if self.place == "group" else ids.thread(f"matrix {self.number}")

    @property
    def question(self) -> str:
        return f"{QUESTION} ({self.sign})?"

    @property
    def sign(self) -> str:
        """Tells its questions from others', and is too short to be searched for."""
        return chr(97 + self.number // 26) + chr(97 + self.number % 26)

    def allowed(self, *, after: bool, same_thread: bool) -> frozenset[str]:
        """What everybody here may read. A thread of a channel is there to be read, whoever joins later."""
        if after and not (same_thread and self.place != "group"):
            return frozenset({DECIDED}) if self.place != "group" else frozenset()
        return frozenset({TEAM, DECIDED} if self.guest else {TEAM, STAFF, DECIDED})


CASES = tuple(
    Case(number, place, guest, joined, path)
    for number, (path, place, guest, joined) in enumerate(product(PATHS, PLACES, (False, True), (False, True)), 1)
)


def sample() -> list[Case]:
    """Every path, and every place with and without guest and newcomer, in a ninth of the cases."""
    return [case for number, case in enumerate(CASES) if number % 16 == (number // 16 * 7) % 16]


def plant(world: World, cases: list[Case]) -> None:
    _plant_sources(world)
    for case in cases:
        _plant_place(world, case)


def _plant_place(world: World, case: Case) -> None:
    company, name = world.company, f"Matrix {case.number}"
    members = [person_id(key) for key in ("sofia", "hiro", *(("marco",) if case.guest else ()))]
    if case.place == "group":
        company.chats.append(Chat(case.id, "group", members, name))
        return
    team = case.id if case.place == "standard" else ids.thread(f"matrix team {case.number}")
    group = Group(ids.guid("group", name), name, f"matrix-{case.number}@{company.domain}", [*members], [members[0]])
    company.groups.append(group)
    company.teams.append(Team(team, group.id, name))
    if case.place == "standard":
        company.channels.append(Channel(case.id, team, "General"))
    else:
        kind: Literal["private", "shared"] = "private" if case.place == "private" else "shared"
        company.channels.append(Channel(case.id, team, name, kind, members))


def _plant_sources(world: World) -> None:
    company, now = world.company, world.clock.now()
    sofia, before = world.person(ASKER), now - timedelta(days=2)
    for key in ("mail", "attachment"):
        text = _text(HERS["mail"]) if key == "mail" else "The Quillstone code word for the harbour gate is attached."
        mail = Mail(
            ids.mail(f"matrix {key}"), sofia.id, "inbox", f"<{key}@matrix.example>", ids.conversation(f"matrix {key}"),
            f"Quillstone code word ({key})", "Maren Okafor", world.person("Maren").mail, [(sofia.name, sofia.mail)], [],
            before, f"<html><body><p>{text}</p></body></html>", text, text,
        )  # fmt: skip
        if key == "attachment":
            data = _text(HERS["attachment"])
            mail.attachments.append(
                Attachment(ids.attachment("matrix"), "Quillstone code word.txt", "text/plain", data.encode(), text=data)
            )
        company.mails.append(mail)
    for name, word, readers in (
        ("own", HERS["file"], ("sofia",)),
        ("staff", STAFF, ("sofia", "hiro")),
        ("team", TEAM, ("sofia", "hiro", "marco")),
    ):
        company.items.append(_file(sofia.id, before, name, word, readers))
    chat = Chat(ids.one_on_one(sofia.id, person_id("maren")), "oneOnOne", [sofia.id, person_id("maren")])
    if all(other.id != chat.id for other in company.chats):
        company.chats.append(chat)
    said = _text(HERS["chat"])
    company.messages.append(
        ChatMessage(ids.chat_message(before), person_id("maren"), before, f"<p>{said}</p>", said, chat_id=chat.id)
    )
    company.events.append(_event(sofia.id, "Quillstone code word", now + timedelta(days=1), HERS["calendar"]))
    company.events.append(_event(sofia.id, "Quillstone code word review", before, "", online=True))
    turns = [(5, "Maren Okafor", _text(HERS["transcript"]))]
    company.transcripts.append(
        Transcript(ids.event("matrix transcript"), ids.ical("Quillstone code word review"), before, turns)
    )
    company.todo.append(
        TodoTask(
            ids.event("matrix task"), sofia.id, "Tasks", "Quillstone code word", _text(HERS["task"]), "notStarted",
            now + timedelta(days=3), before,
        )
    )  # fmt: skip


def _text(word: str) -> str:
    return f"The Quillstone code word for the harbour gate is {word}."


def _file(owner: str, at: datetime, name: str, word: str, readers: tuple[str, ...]) -> Item:
    grants = [Grant(ids.grant(f"matrix {name} {key}"), person_id=person_id(key)) for key in readers]
    text = _text(word)
    return Item(
        ids.item(f"matrix {name}"), ids.drive("sofia"), item_at("sofia", ""), f"Quillstone code word {name}.txt", at, at,
        owner, owner, data=text.encode(), mime="text/plain", text=text, grants=grants, break_inheritance=True,
    )  # fmt: skip


def _event(mailbox: str, subject: str, start: datetime, word: str, *, online: bool = False) -> Event:
    body = f"<html><body><p>{_text(word)}</p></body></html>" if word else ""
    moment = start.replace(microsecond=0).astimezone(UTC)
    return Event(
        ids.event(f"matrix {subject}"), mailbox, ids.ical(subject), subject, body, moment, moment + timedelta(hours=1),
        "UTC", ("Sofia Almeida", "sofia.almeida@tidewell.example"), [], is_online=online,
    )  # fmt: skip


def thorough(services: Services) -> Services:
    """Every source of the matrix is asked every question and waited for: what is not found can't leak."""
    sources = {name: replace(services.sources[name], optional=False, wanted=None) for name in ASKED}
    return replace(services, sources=sources, search_seconds=90.0)


@dataclass(slots=True)
class Log(logging.Handler):
    """All that was logged, as it would be written."""

    lines: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        logging.Handler.__init__(self, logging.DEBUG)

    def __hash__(self) -> int:
        return id(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.exc_info or ''}")


@contextmanager
def listening() -> Iterator[Log]:
    log, loggers = Log(), [logging.getLogger(name) for name in ("bot", "graph", "providers")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(log)
        logger.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(log)
            logger.setLevel(level)


@dataclass(slots=True)
class Trial:
    """One case, played: what reached a model or the place from `began` on, and from `joined` on."""

    parley: Parley
    services: Services
    case: Case
    began: int = 0
    joined: int = -1
    same_thread: bool = False
    """The rest takes place in the thread where the first question was asked."""

    async def play(self) -> None:
        self.began = len(self.parley.world.record)
        await _ACTS[self.case.path](self)

    async def ask(self, more: str = "", thread: str | None = None) -> tuple[str, SeenMessage]:
        """(thread root, answer)"""
        text = f"{more}{self.case.question}"
        said = await self.parley.teams.say(ASKER, text, self.case.id, thread=thread)
        answer = await self.parley.teams.answer_to(said, 100, until=lambda message: message.ai_label)
        return str(said["conversation"]["id"]).partition("=")[2], answer

    async def say(self, text: str, thread: str) -> SeenMessage:
        said = await self.parley.teams.say(ASKER, text, self.case.id, thread=thread)
        return await self.parley.teams.answer_to(said, 100, quiet=0.3)

    async def summed_up(self) -> None:
        world = self.parley.world

        def asked() -> bool:
            bodies = [str(request.body) for request in world.record[self.began :] if request.wire == "claude"]
            return any("You condense" in body and f"({self.case.sign})" in body for body in bodies)

        async with world.changed:
            await world.changed.wait_for(asked)

    async def join(self) -> None:
        if not self.case.joined:
            return
        world, newcomer = self.parley.world, self.parley.world.person(NEWCOMER)
        history = world.state.setdefault("history_from", {})
        history[self.case.id, newcomer.id] = world.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.joined = len(world.record)
        await self.parley.teams.move(NEWCOMER, self.case.id, joined=True)

    def leaks(self, traffic: "Traffic") -> list[tuple[Case, str, str]]:
        """(case, wire, word)"""
        found: list[tuple[Case, str, str]] = []
        for number, wire, text in traffic.of(self.case):
            after = 0 <= self.joined <= number
            forbidden = SECRETS - self.case.allowed(after=after, same_thread=self.same_thread)
            found += [(self.case, wire, word) for word in sorted(forbidden) if word in text]
        return found


class Traffic:
    """All that went to everybody in a place, or to a model for an answer there; read once, when all is over."""

    def __init__(self, world: World) -> None:
        self._found: dict[str, list[tuple[int, str, str]]] = {}
        for number, request in enumerate(world.record):
            text, key = json.dumps(request.body, ensure_ascii=False), ""
            if request.wire == "connector" and request.method in {"POST", "PUT"}:
                key = "" if "isTargetedActivity" in request.query else _place_in(request.path)
            elif request.wire in {"claude", "openai"}:
                asking, signs = _ASKING.findall(text), _CASE.findall(text)
                key = signs[-1] if signs and (not asking or asking[-1] != "personal chat") else ""
            if key:
                self._found.setdefault(key, []).append((number, request.wire, text))

    def of(self, case: Case) -> list[tuple[int, str, str]]:
        """(number in the record, wire, body)"""
        return [*self._found.get(case.id, []), *self._found.get(case.sign, [])]


def _place_in(path: str) -> str:
    return unquote(path).partition("/conversations/")[2].partition("/")[0].partition(";")[0]


async def _live(trial: Trial) -> None:
    await trial.join()
    await trial.ask()


async def _cached(trial: Trial) -> None:
    """All that can be kept of a search is warm: asked in private, then in the place, then there once more."""
    await trial.parley.ask(ASKER, f"{QUESTION}?")
    await trial.ask()
    await trial.join()
    await trial.ask()


async def _memory(trial: Trial) -> None:
    said = await trial.parley.teams.say(ASKER, f"remember that the Quillstone word is {REMEMBERED}")
    await trial.parley.teams.answer_to(said, quiet=0.2)
    await trial.join()
    await trial.ask()


async def _summary(trial: Trial) -> None:
    """So much was said that old turns are summed up, with what people decided word for word."""
    thread, _ = await trial.ask(f"We decided on {DECIDED}. ")
    key = f"{trial.case.id};messageid={thread}" if thread else trial.case.id
    for number in range(3):
        words = Message("user", (Text(f"padding {number} " * (PADDING // 10)),))
        await trial.services.transcripts.save(key, f"padding-{number}", [words])
    trial.same_thread = True
    await trial.ask(thread=thread or None)
    await trial.summed_up()  # after the answer, from what those who were there may read
    await trial.join()
    await trial.ask(thread=thread or None)


async def _preview(trial: Trial) -> None:
    """Answered in private, and the asker looks at what could be shared, and shares nothing."""
    thread, _ = await trial.ask()
    await trial.join()
    trial.same_thread = True
    parley, chat = trial.parley, personal_chat(trial.parley.world, trial.parley.world.person(ASKER))
    before = {message.id for message in parley.teams.seen(chat)}
    await trial.say("answer me privately", thread)

    def offer() -> SeenMessage | None:
        fresh = [message for message in parley.teams.seen(chat) if message.id not in before]
        return next((message for message in fresh if "Share it there…" in str(message.attachments)), None)

    async with parley.world.changed:
        await parley.world.changed.wait_for(lambda: offer() is not None)
    message = offer()
    assert message is not None
    action = next(a for a in message.card()["actions"] if a["title"] == "Share it there…")
    value = {"action": {"type": action["type"], "data": action["data"], "verb": ""}, "trigger": "manual"}
    await parley.teams.invoke(ASKER, "adaptiveCard/action", value, reply_to=message.id)
    async with parley.world.changed:
        await parley.world.changed.wait_for(
            lambda: any(
                m.id == message.id and "Post exactly this" in str(m.attachments) for m in parley.teams.seen(chat)
            )
        )


def _afterwards(text: str) -> Callable[[Trial], Awaitable[None]]:
    async def act(trial: Trial) -> None:
        thread, _ = await trial.ask()
        await trial.join()
        trial.same_thread = True
        await trial.say(text, thread)

    return act


async def _follow_up(trial: Trial) -> None:
    """The first suggestion under the answer, or a short question where there is none."""
    thread, answer = await trial.ask()
    await trial.join()
    trial.same_thread = True
    actions: list[Any] = (answer.activity.get("suggestedActions") or {}).get("actions") or []
    said = str(actions[0]["value"]) if actions else f"and who chose the word for the harbour gate ({trial.case.sign})?"
    await trial.say(said, thread)


async def _aside(trial: Trial) -> None:
    """Asked there so that nobody else sees it, and then aloud."""
    said = await trial.parley.teams.say_privately(ASKER, f"{QUESTION}?", trial.case.id)
    await trial.parley.teams.answer_to(said, 100, until=lambda message: message.ai_label)
    await trial.join()
    await trial.ask()


_ACTS: Mapping[Path, Callable[[Trial], Awaitable[None]]] = {
    "live": _live,
    "cached": _cached,
    "memory": _memory,
    "summary": _summary,
    "preview": _preview,
    "sources": _afterwards("sources"),
    "other": _afterwards("other model"),
    "follow-up": _follow_up,
    "aside": _aside,
}
