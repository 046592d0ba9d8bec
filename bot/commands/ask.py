"""A question: find the evidence, let a model answer from it, show where each statement comes from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.agent import loop, prompt
from bot.agent.loop import Cause, Finished, Outcome, Stopped
from bot.agent.tools import Content
from bot.background.history import history as history_of
from bot.context import Audience, Outgoing, Place, Stream
from bot.grounding.citations import Citations
from bot.grounding.evidence import Passage
from bot.grounding.queries import keywords, small_talk
from bot.grounding.search import Grounding
from bot.router import Command
from bot.services import WITHOUT_ACCOUNT, Turn
from graph.errors import SignInNeeded
from providers.base import Evidence, Message, Request, Text

_FEW_WORDS = 3
_PLACES = {Place.PERSONAL: "in a personal chat", Place.GROUP: "in a group chat", Place.CHANNEL: "in a channel"}
_ENDINGS = {
    Cause.LENGTH: "The answer was cut off: it reached the model's length limit. Ask for the rest, or for less at once.",
    Cause.REFUSAL: "The model declined to answer this.",
    Cause.CONTEXT_OVERFLOW: "This conversation has grown too long for the model. Say *new* to start over.",
    Cause.DEADLINE: "I stopped here because it took too long. Ask for less at once, or try again.",
    Cause.STOPPED: "Stopped.",
    Cause.ROUNDS: "I stopped here because I kept searching without coming to an answer. Please ask more precisely.",
}


async def run(turn: Turn, argument: str) -> None:
    if not argument:
        await turn.conversation.stream().finish(Outgoing(turn.say("answer.nothing_asked")))
        return
    if turn.services.sources and not turn.person.id:
        await turn.conversation.stream().finish(Outgoing(WITHOUT_ACCOUNT))
        return
    try:
        await _answer(turn, argument)
    except SignInNeeded as needed:
        await turn.keep_for_later()
        await turn.services.ask_to_sign_in(turn, needed)


async def _answer(turn: Turn, question: str) -> None:
    services = turn.services
    searches = bool(services.sources) and not small_talk(question)
    if searches:
        await services.sign_in.graph_token(
            turn.person, services.scopes
        )  # before anything is shown: it may ask to sign in
    stream = turn.conversation.stream()
    if searches:
        await stream.status(
            turn.say("answer.searching_own" if turn.incoming.reference.place is Place.PERSONAL else "answer.searching")
        )
    history = await history_of(turn)
    grounding = await _grounding(turn, searches=searches)
    passages = await grounding.search(_with_context(question, history)) if searches else []
    if passages:
        await stream.status(turn.say("answer.reading", n=len({p.document.id for p in passages})))
    said = _Said(stream, Citations(grounding.retrieved), turn.say("answer.searching_further"))
    outcome = await loop.run(
        next(iter(services.models.values())),
        Request(
            prompt.SYSTEM,
            (*history, _question(turn, question, passages, grounding, searched=searches)),
            cache_key=turn.incoming.reference.tenant,
            user_hash=hashlib.sha256(f"{turn.person.tenant}/{turn.person.id}".encode()).hexdigest()[:32],
        ),
        services.tools if searches else {},
        _Toolbox(grounding),
        on_text=said.more,
        on_round=said.pause,
        limits=services.limits,
        stopping=turn.stopping,
    )
    text, notices = said.whole(outcome), _notices(outcome, grounding)
    await services.transcripts.save(turn.incoming.reference.id, turn.incoming.id, _kept(question, text))
    await stream.finish(Outgoing(text, said.citations.cited(), outcome.model, ai=True, notices=notices))


async def _grounding(turn: Turn, *, searches: bool) -> Grounding:
    services = turn.services
    if not searches:
        return Grounding({}, Audience(turn.person.id, None), lambda: services.now().timestamp())

    async def token(scopes: tuple[str, ...], claims: str | None) -> str:
        return await services.sign_in.graph_token(turn.person, scopes, claims)

    graph = services.graph.for_person(turn.person.id, token)
    sources = {name: spec.open(graph) for name, spec in services.sources.items()}
    audience = await services.audience(turn)
    return Grounding(sources, audience, lambda: services.now().timestamp(), deadline=services.search_seconds)


def _with_context(question: str, history: Sequence[Message]) -> str:
    """A short follow-up ("and in 2027?") is searched together with the question before it."""
    before = next((message.text for message in reversed(history) if message.role == "user"), "")
    return f"{question} {before}" if before and len(keywords(question)) < _FEW_WORDS else question


def _question(
    turn: Turn, question: str, passages: Sequence[Passage], grounding: Grounding, *, searched: bool
) -> Message:
    reference = turn.incoming.reference
    try:
        zone = ZoneInfo(reference.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return prompt.question(
        question,
        [evidence(passage) for passage in passages],
        name=turn.person.name,
        now=turn.services.now().astimezone(UTC).astimezone(zone),
        place=_PLACES[reference.place],
        unavailable=[failed.what for failed in grounding.coverage.failed],
        searched=searched,
    )


def evidence(passage: Passage) -> Evidence:
    """A passage in the form providers take."""
    document = passage.document
    detail = ", ".join(part for part in (document.author, f"{document.modified:%Y-%m-%d}", document.place) if part)
    return Evidence(passage.id, document.title, passage.text, document.link, detail)


def _notices(outcome: Outcome, grounding: Grounding) -> tuple[str, ...]:
    coverage = grounding.coverage
    notices = [_ENDINGS[outcome.cause]] if isinstance(outcome, Stopped) else []
    notices += [f"I could not search {failed.what}: {failed.why}." for failed in coverage.failed]
    notices += [f"Not used: {skipped.what} ({skipped.why})." for skipped in coverage.skipped]
    if not len(grounding.retrieved) and coverage.words:
        where = " and ".join(coverage.searched) or "nothing"
        notices.append(f"I searched {where} for: {', '.join(coverage.words)}.")
    return tuple(notices)


def _kept(question: str, answer: str) -> list[Message]:
    """What is remembered of a turn: no evidence, so that the next turn reads it anew with the rights of that moment."""
    return [Message("user", (Text(question),)), Message("assistant", (Text(answer or "(no answer)"),))]


class _Said:
    """The answer as it grows, with checked citations. Text of earlier rounds stays: what was shown is never taken back."""

    def __init__(self, stream: Stream, citations: Citations, searching_further: str) -> None:
        self._stream = stream
        self._searching_further = searching_further
        self.citations = citations
        self._text = ""
        self._round = ""
        self._held = ""
        self._began = False

    async def more(self, delta: str) -> None:
        """Looks at what is new only: an answer comes in thousands of pieces."""
        self._round += delta
        self._held += delta
        settled = self.citations.settled(self._held)
        visible = self.citations.visible(self._held[:settled], final=True)
        self._held = self._held[settled:]
        if not self._began:
            visible = visible.lstrip()
        if visible:
            self._began = True
            await self._stream.text(visible)

    async def pause(self) -> None:
        """A round ended in tool calls."""
        if self._round.strip():
            self._text += f"{self._round}\n\n"
            self._held += "\n\n"
        self._round = ""
        await self._stream.status(self._searching_further)

    def whole(self, outcome: Outcome) -> str:
        last = outcome.text if isinstance(outcome, Finished | Stopped) else ""
        return self.citations.visible(self._text + last, final=True).strip()


@dataclass(frozen=True, slots=True)
class _Toolbox:
    """Tools see passages as evidence for the model."""

    grounding: Grounding

    async def search(self, question: str, only: Sequence[str] = ()) -> Content:
        return tuple(evidence(passage) for passage in await self.grounding.search(question, only))

    async def read(self, passage_id: str) -> Content:
        return tuple(evidence(passage) for passage in await self.grounding.read(passage_id))


COMMAND = Command(help="", run=run)
