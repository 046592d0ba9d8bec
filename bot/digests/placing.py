"""Where a digest goes to: to its person, into this conversation, or into a channel somebody named."""

import re
from dataclasses import replace

from bot.context import Place
from bot.digests.asking import Draft
from bot.digests.kind import kinds
from bot.digests.vocabulary import folded
from bot.services import Turn
from graph.channels import Channels
from graph.errors import GraphError, SignInNeeded

_THREAD = re.compile(r"\b(?:thread|faden|strang|conversation|unterhaltung|discussion|diskussion)\b", re.IGNORECASE)


async def placed(turn: Turn, draft: Draft) -> tuple[Draft, str] | str:
    """The draft with its target, and what is to be told of it; or a sentence why there is none."""
    here, say = turn.incoming.reference, turn.say
    if draft.target:
        return draft, ""
    told, where = "", draft.where
    may_be_shared = kinds()[draft.kind].shared
    if where in ("here", "thread", "channel") and not may_be_shared and not _personal(turn, where):
        told, where = say("digest.only_for_you"), "me"
    if where == "channel":
        return await _channel(turn, draft)
    if here.place is Place.PERSONAL or where == "me" or (not where and not may_be_shared) or turn.incoming.targeted:
        personal = await turn.services.personal_chat(here)
        if personal is None:
            return say("digest.no_personal")
        return replace(draft, where="me", target=personal.id, channel=""), told
    bare = here.id.partition(";")[0]
    fixed = here.place is Place.CHANNEL and ";" in here.id
    if fixed and (where == "thread" or (not draft.channel and _THREAD.search(draft.what))):
        return replace(draft, where="thread", target=here.id), told
    where = "here" if here.place is Place.CHANNEL else "group"
    return replace(draft, where=where, target=bare), told


def _personal(turn: Turn, where: str) -> bool:
    return where != "channel" and turn.incoming.reference.place is Place.PERSONAL


async def _channel(turn: Turn, draft: Draft) -> tuple[Draft, str] | str:
    """The channel of this name the person sees and we are in."""
    say, services, here = turn.say, turn.services, turn.incoming.reference

    async def token(scopes: tuple[str, ...], claims: str | None) -> str:
        return await services.sign_in.graph_token(turn.person, scopes, claims)

    graph = services.graph.for_person(turn.person.id, token, timezone=here.timezone)
    wanted = folded(draft.channel)
    try:
        known = await Channels(graph).known()
    except SignInNeeded:
        return say("digest.channel_sign_in", name=draft.channel)
    except GraphError:
        return say("digest.channel_unknown", name=draft.channel)
    found = [channel for channel in known.values() if wanted in (folded(channel.name), folded(channel.place))]
    # The first channel of a team is called General; people call it by the team.
    found = found or [
        one for one in known.values() if folded(one.team_name) == wanted and folded(one.name) == "general"
    ]
    if not found:
        return say("digest.channel_none", name=draft.channel)
    if len(found) > 1:
        return say("digest.channel_several", name=draft.channel, names=", ".join(f"*{one.place}*" for one in found[:8]))
    if await services.open_conversation(found[0].id, turn.person) is None:
        return say("digest.channel_closed", name=found[0].place)
    return replace(draft, target=found[0].id, channel=found[0].place), ""
