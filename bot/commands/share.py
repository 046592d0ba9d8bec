"""A private answer, shared into the conversation its question came from: only by its asker, only after they saw exactly that text.

The button under a private answer leads to a preview; the preview's button shares that text and nothing else, once, if its
asker is still a member there and the rules for labels allow it at that moment.
"""

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

from bot.cards.kit import button, card, paragraph
from bot.context import Citation, Conversation, Outgoing
from bot.router import Command
from bot.services import Turn
from bot.store.answers import Answer
from bot.teams.errors import ConnectorError

log = logging.getLogger(__name__)

PREVIEW, APPROVE = "share.preview", "share.approve"
MOST_PREVIEWED = 6000
"""Characters: a card holds 28 KB. A longer answer is not shared by button; its asker can copy it."""


async def run(turn: Turn, argument: str) -> None:
    del argument
    await turn.conversation.stream().finish(Outgoing(turn.say("privacy.how_to_share")))


async def offer(turn: Turn, answer: Answer, target: str) -> Outgoing:
    """The small card under a private answer. `target`: id of the conversation its question came from."""
    say, text = turn.say, turn.say("privacy.offer_share")
    if len(answer.kept.text) > MOST_PREVIEWED:
        return Outgoing(say("privacy.too_long_to_share"))
    sealed = turn.services.seal.sign(
        PREVIEW, {"message": answer.message_id, "target": target},
        person_id=turn.person.id, conversation_id=turn.incoming.reference.id,
    )  # fmt: skip
    return Outgoing(
        "",
        card=card(
            [paragraph(text)], fallback=text, language=say.language, actions=[button(say("privacy.share"), sealed)]
        ),
    )


async def preview(turn: Turn, data: Mapping[str, Any]) -> None:
    """Shows exactly what would be posted, in place of the offer."""
    answer = await _answer(turn, data)
    if answer is None:
        await turn.conversation.update(turn.incoming.reply_to, Outgoing(turn.say("privacy.gone")))
        return
    shown = _posted(turn, answer)
    sealed = turn.services.seal.sign(
        APPROVE, {**_only(data), "digest": digest(shown)},
        person_id=turn.person.id, conversation_id=turn.incoming.reference.id, minutes=60,
    )  # fmt: skip
    say = turn.say
    sources = "\n".join(f"- [{one.position}] {one.title}" for one in shown.citations)
    body = [
        paragraph(say("privacy.preview"), heading=True),
        paragraph(shown.text),
        *([paragraph(f"{say('privacy.with_sources')}\n\n{sources}", subtle=True)] if sources else []),
        *(paragraph(notice, subtle=True) for notice in shown.notices),
    ]
    await turn.conversation.update(
        turn.incoming.reply_to,
        Outgoing(
            "",
            card=card(
                body, fallback=say("privacy.preview"), language=say.language,
                actions=[button(say("privacy.share_this"), sealed, style="positive")],
            ),
        ),
    )  # fmt: skip


async def approve(turn: Turn, data: Mapping[str, Any]) -> None:
    """Posts the text that was approved. Noted as done before it is posted: a second click, or a repeat after a crash, posts nothing."""
    await turn.conversation.update(turn.incoming.reply_to, Outgoing(await _shared(turn, data)))


async def _shared(turn: Turn, data: Mapping[str, Any]) -> str:
    answer = await _answer(turn, data)
    if answer is None:
        return turn.say("privacy.gone")
    shown = _posted(turn, answer)
    if digest(shown) != data.get("digest"):
        return turn.say("privacy.changed")
    target = await turn.services.open_conversation(str(data["target"]), turn.person)
    members = await target.members() if target is not None else None
    if target is None or members is None or turn.person.id not in members:
        return turn.say("privacy.not_a_member")
    if not turn.services.labels.allows_place(answer.kept.label, target.reference.place.value):
        return turn.say("privacy.label_forbids", label=answer.kept.label)
    owner, name = f"person:{turn.person.id}", f"shared:{data['digest'][:40]}"
    if await turn.services.preferences.get(owner, name):
        return turn.say("privacy.shared_before")
    await turn.services.preferences.set(owner, name, str(data["target"]))
    return await _post(turn, target, shown)


async def _post(turn: Turn, target: Conversation, shown: Outgoing) -> str:
    try:
        await target.send(shown)
    except ConnectorError as error:
        log.info("a shared answer could not be posted: %s", type(error).__name__)
        return turn.say("privacy.not_posted")
    return turn.say("privacy.shared")


async def _answer(turn: Turn, data: Mapping[str, Any]) -> Answer | None:
    answer = await turn.services.answers.get(turn.incoming.reference.id, str(data["message"]))
    return answer if answer is not None and answer.kept.person_id == turn.person.id else None


def _posted(turn: Turn, answer: Answer) -> Outgoing:
    kept = answer.kept
    citations = tuple(
        Citation(read.position, read.title, read.link, "", read.kind)
        for read in sorted(kept.read, key=lambda read: read.position)
        if read.position
    )
    by = turn.say("privacy.shared_by", name=turn.person.name, question=kept.question[:200])
    return Outgoing(kept.text, citations, kept.answered_by, ai=True, notices=(by,), label=kept.label)


def digest(shown: Outgoing) -> str:
    """Of all a reader would see."""
    parts = [shown.text, *shown.notices, *(f"{one.position} {one.title} {one.link}" for one in shown.citations)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _only(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("message", "target")}


COMMAND = Command(help="", run=run, clicks={PREVIEW: preview, APPROVE: approve})
