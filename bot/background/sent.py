"""What the person put into the message besides words: files, images, forwarded messages and links, read with their own rights."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.background.known import Known, all_of, together
from bot.background.opening import Opening
from bot.context import Incoming, Sent
from bot.grounding.queries import small_talk
from bot.services import Turn
from bot.texts import Texts
from providers.base import Message

REMEMBERED = timedelta(minutes=30)
TURNS_BEFORE = 3
"""A follow-up is about what was sent a moment ago, as often as not; after this many turns it has to be sent again."""
NOW = "With this question the person sent {n} thing(s) that stand first below; it is most likely about them."
BEFORE = "A moment ago the person sent {n} thing(s) that stand first below; the question may be about them."


async def sent(turn: Turn) -> Known:
    """Everything that could be opened, and by name what could not. Raises `SignInNeeded` when files need a new sign-in.

    A file or message that was sent here belongs to this conversation: everybody in it got it from the same person. What a
    link leads to does not, and passes the audience check like anything that was found. Nothing of what was sent is kept: a
    follow-up opens it anew, with the rights of that moment.
    """
    if turn.incoming.sent:
        return _noted(await _opened(turn, turn.incoming.sent), NOW)
    earlier = None if small_talk(turn.incoming.text) else await _moments_ago(turn)
    if earlier is None:
        return Known()
    things = [replace(one, download_url="") if one.url else one for one in earlier.sent]
    seen = replace(turn, incoming=replace(earlier, reference=turn.incoming.reference))
    # What can't be opened any more was named when it was sent.
    return replace(_noted(await _opened(seen, things), BEFORE), skipped=())


async def _opened(turn: Turn, things: Sequence[Sent]) -> Known:
    opening = Opening(turn)
    # Teams marks the files and images of a shared place without saying where they are.
    marked = [thing for thing in things if thing.kind in {"file", "image"} and not (thing.url or thing.download_url)]
    works = [opening.guarded(thing, partial(opening.open, thing)) for thing in things if thing not in marked]
    if marked:
        works.append(opening.of_own_message())
    return together(await all_of(works), turn)


def _noted(known: Known, note: str) -> Known:
    given = len(known.documents) + len(known.images) + len(known.pictured)
    return replace(known, notes=(note.format(n=given),)) if given else known


async def _moments_ago(turn: Turn) -> Incoming | None:
    """The last message that brought something, as long as this conversation still remembers that turn."""
    here, services = turn.incoming.kept_under, turn.services
    before = (await services.transcripts.recent(here, turns=TURNS_BEFORE, before=turn.incoming.id)).turns
    ids = {one.turn_id for one in before if any(map(_brought, one.messages))}
    for answer in await services.answers.of_turns({here}, ids) if ids else []:
        if answer.kept.asked.sent:
            age = services.now().timestamp() - answer.kept.created
            return answer.kept.asked if age < REMEMBERED.total_seconds() else None
    return None


def _brought(message: Message) -> bool:
    """Whether a kept message may have had something with it: a cheap look that spares most turns a question to the store."""
    return message.role == "user" and ("\n(" in message.text or "https://" in message.text)


def in_words(asked: Incoming, say: Texts) -> str:
    """What is kept of such a message: its words, and the names of what came with it; never what that held."""
    kinds = {"file": "sent.file_kept", "image": "sent.picture_kept", "message": "sent.message_kept"}
    kept = [say(kinds[one.kind], name=one.name or one.author).strip() for one in asked.sent if one.kind in kinds]
    return "\n".join((asked.text, *(f"({words})" for words in kept)))
