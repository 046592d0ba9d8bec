"""How we are: each vendor, Microsoft 365, our own store, and what holds in this conversation."""

import asyncio
import math
import time
from collections.abc import Awaitable
from datetime import datetime

from bot.answer.models import shown
from bot.answer.modes import mode_here
from bot.answer.settling import in_short
from bot.cards.kit import card, facts, paragraph
from bot.choice import chosen_model, conversation
from bot.context import Outgoing, Place
from bot.digests.standing import in_short as in_short_digests
from bot.errors import why
from bot.router import Command
from bot.routing.breaker import State
from bot.services import Turn
from bot.texts import languages
from bot.watched import Watched
from graph.errors import GraphError, SignInNeeded, Unavailable
from providers.base import Provider
from providers.listing import Standing

FOLLOW = "follow"
GRAPH_SECONDS = 5.0
_JUST_NOW = 60


async def run(turn: Turn, argument: str) -> None:
    del argument
    say, reference = turn.say, turn.incoming.reference
    private = reference.place is Place.PERSONAL or turn.incoming.targeted
    (followed, store), graph, now, mode = await asyncio.gather(
        _timed(turn.services.preferences.get(conversation(reference, thread=False), FOLLOW)),
        _graph(turn, private=private),
        chosen_model(turn),
        mode_here(turn),
    )
    pairs = [
        (say("status.model"), await in_short(turn, now)),
        *((shown(name), _vendor(turn, provider)) for name, provider in turn.services.models.items()),
        (say("status.graph"), graph),
        (say("status.store"), say("status.store_good", n=store)),
        (say("status.mode"), say(f"mode.now_{mode}")),
        (say("status.place"), say(f"status.place_{'personal' if private else reference.place.value}")),
        (say("status.language"), languages()[say.language]),
    ]
    if private and turn.person.id:
        pairs.append((say("digests.status"), await in_short_digests(turn)))
    if private and turn.services.sources:
        signed_in = bool(turn.person.id) and await turn.services.sign_in.signed_in(turn.person)
        pairs.append((say("status.signed_in"), say(f"status.signed_in_{'yes' if signed_in else 'no'}")))
    if reference.place is not Place.PERSONAL:
        pairs.append((say("status.following"), say(f"status.following_{'yes' if followed else 'no'}")))
    lines = "\n".join(f"{title}: {value}" for title, value in pairs)
    body = [paragraph(say("status.title"), heading=True), facts(pairs)]
    await turn.conversation.stream().finish(Outgoing("", card=card(body, fallback=lines, language=say.language)))


_ODD = {Standing.UNLISTED, Standing.DEPRECATED, Standing.RETIRED}


def _vendor(turn: Turn, provider: Provider) -> str:
    """How it does, and whether its vendor lists it at all."""
    how = _doing(turn, provider)
    if isinstance(provider, Watched) and provider.standing in _ODD:
        return turn.say(f"status.vendor_{provider.standing.value}", how=how)
    return how


def _doing(turn: Turn, provider: Provider) -> str:
    """How it did when it was last asked, and whether it is left alone; nothing is asked for the sake of this."""
    say, circuit = turn.say, turn.services.circuits.of(provider)
    if circuit.state is not State.CLOSED:
        return say(f"status.vendor_{circuit.state.value}", n=math.ceil(circuit.left))
    if isinstance(provider, Watched) and provider.failed is not None:
        when, kind = provider.failed
        return say("status.vendor_bad", ago=_ago(turn, when), why=why(kind, say))
    if isinstance(provider, Watched) and provider.answered is not None:
        return say("status.vendor_good", ago=_ago(turn, provider.answered))
    return say("status.vendor_quiet")


async def _graph(turn: Turn, *, private: bool) -> str:
    """One small request with the person's own permissions; in shared places whether somebody is signed in is nobody's business."""
    say, services = turn.say, turn.services
    if not private:
        return say("status.graph_private")

    async def token(scopes: tuple[str, ...], claims: str | None) -> str:
        return await services.sign_in.graph_token(turn.person, scopes, claims)

    if not turn.person.id or not services.sources or not await services.sign_in.signed_in(turn.person):
        return say("status.graph_unknown")
    graph = services.graph.for_person(turn.person.id, token, scopes=services.scopes)
    try:
        async with asyncio.timeout(GRAPH_SECONDS):
            _, milliseconds = await _timed(graph.get("/me", {"$select": "id"}))
    except TimeoutError:
        return say("status.graph_bad", why=why(Unavailable, say))
    except (GraphError, SignInNeeded) as error:
        return say("status.graph_bad", why=why(type(error), say))
    return say("status.graph_good", n=milliseconds)


async def _timed(work: Awaitable[object]) -> tuple[object, int]:
    """(result, milliseconds)"""
    start = time.monotonic()
    result = await work
    return result, round(1000 * (time.monotonic() - start))


def _ago(turn: Turn, when: datetime) -> str:
    seconds = (turn.services.now() - when).total_seconds()
    if seconds < _JUST_NOW:
        return turn.say("status.now")
    if seconds < 60 * _JUST_NOW:
        return turn.say("status.minutes", n=int(seconds // 60))
    return turn.say("status.hours", n=int(seconds // 3600))


COMMAND = Command(help="how I am, and what holds here", run=run, alone=True)
