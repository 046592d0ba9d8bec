"""What stands apart from an answer: why it is not whole, what could not be searched, what was left out."""

from collections.abc import Iterable

from bot.agent.loop import Cause, Outcome, Stopped
from bot.grounding.evidence import Coverage
from bot.naming import joined, reason, source
from bot.texts import Texts

ENDINGS = {cause: f"ending.{cause.value}" for cause in Cause}


_NAMED = 3


def notices(
    outcome: Outcome, coverage: Coverage, *, found: bool, say: Texts, hidden: Iterable[str] = (), offered: bool = False
) -> tuple[str, ...]:
    """In the person's language. `found`: there was anything to answer from; `hidden`: documents with text that nobody sees.

    `offered`: the answer before this one offered a private one, so the button alone says it now.
    """
    if isinstance(outcome, Stopped) and outcome.cause is Cause.STOPPED:
        return (say(ENDINGS[outcome.cause]),)
    lines = [say(ENDINGS[outcome.cause])] if isinstance(outcome, Stopped) else []
    lines += [
        say("answer.not_searched", what=source(failed.what, say), why=reason(failed.why, say))
        for failed in coverage.failed
    ]
    lines += [
        say("answer.not_used", what=source(skipped.what, say), why=reason(skipped.why, say))
        for skipped in coverage.skipped
    ]
    secretive = [*hidden]
    if secretive:
        lines.append(say("untrusted.hidden", what=joined(secretive[:_NAMED], say)))
    if coverage.withheld and not offered:
        lines.append(say("privacy.withheld"))
    if not found and coverage.words:
        words = ", ".join(coverage.words)
        if coverage.searched:
            lines.append(
                say(
                    "answer.searched", where=joined((source(name, say) for name in coverage.searched), say), words=words
                )
            )
        else:
            lines.append(say("answer.searched_nothing", words=words))
    return tuple(lines)
