"""What do you know about me? Everything that was asked to be remembered, each with a button to forget it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.background.memory import owner
from bot.cards.kit import button, card, paragraph, row
from bot.context import Outgoing
from bot.router import Command
from bot.services import Turn
from bot.store.memories import Memory

FORGET = "memory.forget"
MOST_SHOWN = 20
"""A card holds 28 KB; a longer list is a text, from which *forget: 2* forgets as well."""


async def run(turn: Turn, argument: str) -> None:
    del argument
    await turn.conversation.stream().finish(await _shown(turn))


async def _shown(turn: Turn) -> Outgoing:
    reference = turn.incoming.reference
    mine = owner(reference, private=turn.incoming.targeted)
    kept = await turn.services.memories.of(mine)
    pins = await turn.services.history.pins(reference.id)
    private = mine.startswith("person:")
    pinned = turn.say("memory.pinned", list="\n".join(f"- {words}" for words in pins)) if pins else ""
    if not kept:
        nothing = turn.say("memory.nothing" if private else "memory.nothing_here")
        return Outgoing("\n\n".join(part for part in (nothing, pinned) if part))
    heading = turn.say("memory.known" if private else "memory.known_here")
    if len(kept) <= MOST_SHOWN:
        return Outgoing("", card=_card(turn, heading, kept, pinned, private=private))
    lines = "\n".join(f"{number}. {_line(one, private=private)}" for number, one in enumerate(kept, 1))
    parts = (f"{heading}\n\n{lines}", pinned, turn.say("memory.how_to_forget"))
    return Outgoing("\n\n".join(part for part in parts if part))


def _line(one: Memory, *, private: bool) -> str:
    return one.text if private else f"{one.text} ({one.by})"


def _card(turn: Turn, heading: str, kept: Sequence[Memory], pinned: str, *, private: bool) -> Mapping[str, Any]:
    reference = turn.incoming.reference

    def forget(one: Memory) -> Mapping[str, Any]:
        # In a shared place anybody there may tidy up, as anybody may add.
        sealed = turn.services.seal.sign(
            FORGET, {"id": one.id}, person_id=turn.person.id if private else "", conversation_id=reference.id
        )
        return button(turn.say("memory.forget"), sealed, hint=one.text[:80])

    rows = [row(f"{number}. {_line(one, private=private)}", forget(one)) for number, one in enumerate(kept, 1)]
    below = [
        paragraph(text, subtle=subtle)
        for text, subtle in ((pinned, False), (turn.say("memory.how_to_forget"), True))
        if text
    ]
    listed = "\n".join(f"{number}. {_line(one, private=private)}" for number, one in enumerate(kept, 1))
    return card(
        [paragraph(heading, heading=True), *rows, *below], fallback=f"{heading}\n{listed}", language=turn.say.language
    )


async def forget(turn: Turn, data: Mapping[str, Any]) -> None:
    """A click on one of the card's buttons: it is forgotten and the list shown anew in place of the old one."""
    mine = owner(turn.incoming.reference)
    await turn.services.memories.forget(mine, [int(data["id"])])
    await turn.conversation.update(turn.incoming.reply_to, await _shown(turn))


COMMAND = Command(
    help="what I was asked to remember",
    run=run,
    also=("memories", "what do you know about me", "was weißt du über mich", "gedächtnis"),
    clicks={FORGET: forget},
)
