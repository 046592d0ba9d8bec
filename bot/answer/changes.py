"""What a review changed, in words people read: the corrected text, a short list under it, and the sentence that sums it up."""

from bot.agent.critique import Change, Corrected, Verdict
from bot.teams.entities import shortened
from bot.teams.gate import plain
from bot.texts import Texts

MOST_TOLD = 8
LONGEST = 160
"""Characters of a statement in the list."""


def written(done: Corrected, say: Texts) -> str:
    """With the markers of the evidence; a sentence stands for a text of which nothing is left."""
    text = done.text or say("review.nothing_left")
    added = "\n".join(f"- {sentence}" for sentence in done.added)
    return f"{text}\n\n{say('review.also')}\n\n{added}" if added else text


def below(done: Corrected, model: str, say: Texts) -> str:
    """Markdown; empty when nothing changed. Statements are shown as the letters they have."""
    if not done.changes:
        return ""
    lines = [f"- {_line(change, say)}" for change in done.changes[:MOST_TOLD]]
    if len(done.changes) > MOST_TOLD:
        lines.append(f"- {say('review.more', n=len(done.changes) - MOST_TOLD)}")
    return "\n".join([f"**{say('review.changed', model=plain(model))}**\n", *lines])


def summed_up(done: Corrected, model: str, count: int, say: Texts) -> tuple[str, ...]:
    said = say("review.done", n=count, model=model)
    result = say("review.changes", n=len(done.changes)) if done.changes else say("review.no_change")
    unchecked = (say("review.unchecked", n=done.unchecked),) if done.unchecked else ()
    return (f"{said} {result}", *unchecked)


def _line(change: Change, say: Texts) -> str:
    was, now = plain(shortened(change.was, LONGEST)), plain(shortened(change.now, LONGEST))
    if not was:
        return say("review.added", now=now)
    if change.verdict is Verdict.UNSUPPORTED:
        return say("review.removed", was=was)
    return say("review.corrected", was=was, now=now) if now else say("review.removed_wrong", was=was)
