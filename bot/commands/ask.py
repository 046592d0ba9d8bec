"""A question: find the evidence, let a model answer from it, show where each statement comes from."""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.agent import loop, prompt
from bot.agent.loop import Cause, Outcome, Stopped
from bot.agent.summarise import Notes
from bot.answer import consents, models
from bot.answer.following import MOST, following
from bot.answer.gathering import Gathered, Toolbox, evidence, gather
from bot.answer.keeping import kept, made_from, remembered
from bot.answer.newcomers import Outgrown, Watch, answer_privately
from bot.answer.notices import notices
from bot.answer.said import Said
from bot.answer.whole import Whole, whole
from bot.background.sent import in_words
from bot.choice import model_for
from bot.context import Incoming, Outgoing, Place, Stream
from bot.grounding.citations import Citations
from bot.grounding.queries import small_talk
from bot.router import Command
from bot.services import Turn
from bot.store.answers import Kept
from bot.store.database import StoreError
from bot.teams.entities import shortened
from graph.errors import SignInNeeded
from providers.base import Message, Provider, Request

log = logging.getLogger(__name__)

_QUESTION = 100
"""Characters of a question that stand above its second answer."""
_PLACES = {Place.PERSONAL: "in a personal chat", Place.GROUP: "in a group chat", Place.CHANNEL: "in a channel"}


async def run(turn: Turn, argument: str) -> None:
    if not argument and not turn.incoming.sent and not turn.incoming.quoted:
        await turn.conversation.stream().finish(Outgoing(turn.say("answer.nothing_asked")))
        return
    model, _ = await model_for(turn)
    asked = replace(turn.incoming, text=argument or turn.say("sent.this_question"))
    await answer(turn, asked, model)


def _asked_elsewhere(turn: Turn, asked: Incoming) -> str:
    """A question that was typed into a dialog stands nowhere in the chat, so the answer begins with it."""
    if asked.action != "about":
        return ""
    author = next((one.author for one in asked.sent if one.author), "")
    said = turn.say("sent.message_by", name=author) if author else turn.say("sent.message")
    return f"{turn.say('compose.above', question=' '.join(asked.text.split()), message=said)}\n\n"


async def answer(turn: Turn, asked: Incoming, model: str, *, again: Kept | None = None) -> None:
    """Answers `asked` in this turn's conversation with this person's rights; sign-in is asked for when it is needed.

    `asked` is the turn's own message, or an earlier one that is answered once more: then `again` is what was answered before,
    which the model does not get to see. `model` is a configured name.
    """
    if turn.services.sources and not turn.person.id:
        await turn.conversation.stream().finish(Outgoing(turn.say("sign_in.without_account")))
        return
    try:
        await _answer(turn, asked, model, again)
    except SignInNeeded as needed:
        await turn.keep_for_later()
        await turn.services.ask_to_sign_in(turn, needed)
    except Outgrown:
        await answer_privately(turn, asked.text)


async def _answer(turn: Turn, asked: Incoming, model: str, again: Kept | None) -> None:
    services = turn.services
    searches = bool(services.sources) and not small_talk(asked.text)
    if searches:
        await services.sign_in.graph_token(
            turn.person, services.scopes
        )  # before anything is shown: it may ask to sign in
    stream = turn.conversation.stream()
    if searches:
        await stream.status(
            turn.say("answer.searching_own" if turn.incoming.reference.place is Place.PERSONAL else "answer.searching")
        )
    seen = replace(turn, incoming=asked)
    gathered = await gather(seen, asked.text, model, searches=searches)
    if gathered.passages:
        read = {passage.document.id for passage in gathered.passages}
        await stream.status(turn.say("answer.reading", n=len(read)))
    said = Said(stream, Citations(gathered.grounding.retrieved), turn.say("answer.searching_further"))
    watch = Watch(turn, gathered)
    above = _above(turn, asked, model) if again else _asked_elsewhere(turn, asked)
    if above:
        await stream.text(above)
    outcome = await _outcome(
        seen, asked.text, gathered, model, said, watch.before(said.more), stream, searched=searches
    )
    await watch.check()
    text = said.whole(outcome)
    made_of = await made_from(turn, asked, gathered, again)
    said_now = remembered(in_words(asked, turn.say), text, before=again.text if again else None)
    # Under the question's own id, also when it is answered once more: deleted or edited, it takes all its answers along.
    await services.transcripts.save(asked.kept_under, asked.id, said_now, made_of)
    positions = said.citations.positions()
    next_ = _suggestions(turn, gathered, outcome, positions, text, model, searched=searches)
    await _finish(turn, stream, outcome, gathered, said, f"{above}{text}", next_)
    label = services.labels.highest(made_of.labels)
    keeping = kept(asked, outcome, text, gathered.grounding, positions, model=model, suggestions=next_, label=label)
    await _keep(turn, stream, keeping)
    await consents.offer(turn, gathered.grounding.coverage.consents)
    await _compact(turn, turn.model(model, "summary"), gathered, said_now)


async def _outcome(
    turn: Turn,
    question: str,
    gathered: Gathered,
    model: str,
    said: Said,
    show: Callable[[str], Awaitable[None]],
    stream: Stream,
    *,
    searched: bool,
) -> Outcome:
    provider = turn.model(model)
    request = _request(turn, question, gathered, searched=searched)
    of_whole = await whole(turn, question, gathered, turn.model(model, "summary"), stream, request)
    read = of_whole.read if of_whole else Notes()
    if read.stopped:
        return Stopped(request.messages, Cause.STOPPED, "", provider.model, read.usage)
    if of_whole:
        request = _request(turn, question, gathered, searched=searched, of_whole=of_whole)
    outcome = await loop.run(
        provider,
        request,
        turn.services.tools if searched and not of_whole else {},
        Toolbox(gathered),
        on_text=show,
        on_round=said.pause,
        limits=turn.services.limits,
        stopping=turn.stopping,
    )
    return replace(outcome, usage=read.usage + outcome.usage)


async def _finish(
    turn: Turn, stream: Stream, outcome: Outcome, gathered: Gathered, said: Said, text: str, next_: tuple[str, ...]
) -> None:
    grounding = gathered.grounding
    retrieved = grounding.retrieved
    offered = grounding.coverage.withheld and await _offered_before(turn)
    told = notices(
        outcome, grounding.coverage, found=bool(len(retrieved)), say=turn.say, hidden=retrieved.hidden, offered=offered
    )
    await stream.finish(
        Outgoing(
            text,
            said.citations.cited(),
            outcome.model,
            ai=True,
            notices=told,
            suggestions=next_,
            label=turn.services.labels.highest(said.citations.labels() or gathered.history.provenance.labels),
            language=turn.say.language,
            link_hosts=turn.services.link_hosts,
        )
    )


async def _offered_before(turn: Turn) -> bool:
    """Whether the newest answer here has the button for a private one: said under every answer, its sentence is noise."""
    latest = await turn.services.answers.latest(turn.incoming.kept_under, turn.person.id)
    return latest is not None and turn.say("privacy.button") in latest.kept.suggestions


async def _compact(turn: Turn, provider: Provider, gathered: Gathered, said_now: Sequence[Message]) -> None:
    """After the answer, so that it does not wait for it; a long conversation is summed up again next time when this fails."""
    if sum(len(message.text) for message in said_now) <= gathered.history.room:
        return
    try:
        await turn.services.history.compact(turn.incoming.kept_under, provider, may_use=gathered.rules.may_use)
    except StoreError as error:
        log.warning("a conversation could not be summed up: %s", type(error).__name__)


async def _keep(turn: Turn, stream: Stream, answered: Kept) -> None:
    """The answer has been given: what can't be kept of it now costs its buttons, not the answer."""
    try:
        await turn.services.answers.save(turn.incoming.kept_under, stream.message_id or turn.incoming.id, answered)
    except StoreError as error:
        log.warning("an answer was given and could not be kept: %s", type(error).__name__)


def _above(turn: Turn, asked: Incoming, model: str) -> str:
    return turn.say("other.again", model=models.shown(model), question=shortened(asked.text, _QUESTION)) + "\n\n"


def _suggestions(
    turn: Turn,
    gathered: Gathered,
    outcome: Outcome,
    positions: Mapping[str, int],
    text: str,
    model: str,
    *,
    searched: bool,
) -> tuple[str, ...]:
    """At most three fit under a message: questions first, then the list of sources and the other model, each where it has a use."""
    if isinstance(outcome, Stopped) or not text:
        return ()
    other = models.after(turn.services, model)
    buttons = [turn.say("sources.button")] if searched else []
    if gathered.grounding.coverage.withheld:
        buttons.append(turn.say("privacy.button"))
    buttons += [turn.say("other.try", model=models.shown(other))] if other and searched else []
    questions = following(gathered.grounding.retrieved, positions, text, turn.say)
    return (*questions[: max(MOST - len(buttons), 0)], *buttons)[:MOST]


def _request(
    turn: Turn, question: str, gathered: Gathered, *, searched: bool, of_whole: Whole | None = None
) -> Request:
    reference = turn.incoming.reference
    try:
        zone = ZoneInfo(reference.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    asked = prompt.question(
        question,
        of_whole.pieces if of_whole else [evidence(passage) for passage in gathered.passages],
        name=turn.person.name,
        now=turn.services.now().astimezone(UTC).astimezone(zone),
        place=_PLACES[reference.place],
        unavailable=[failed.what for failed in gathered.grounding.coverage.failed],
        searched=searched,
        images=gathered.known.images,
        notes=(*gathered.known.notes, *([of_whole.note] if of_whole else ())),
    )
    return Request(
        prompt.SYSTEM,
        (*gathered.history.messages, asked),
        cache_key=reference.tenant,
        user_hash=hashlib.sha256(f"{turn.person.tenant}/{turn.person.id}".encode()).hexdigest()[:32],
    )


COMMAND = Command(help="", run=run)
