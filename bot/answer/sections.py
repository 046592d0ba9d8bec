"""How two answers and their comparison stand in one message, so that nobody takes the words of one for those of the other."""

import re
from collections.abc import Iterable, Sequence

from bot.agent.council import Comparison
from bot.agent.loop import Cause, Stopped
from bot.agent.statements import folded
from bot.answer.heads import Head
from bot.answer.models import shown
from bot.answer.notices import ENDINGS
from bot.teams.gate import plain, render
from bot.teams.links import Links
from bot.teams.markdown import PARSER
from bot.texts import Texts

_BELOW = "below"
_WORDS = re.compile(r"\S.*\S|\S")


def beside(heads: Sequence[Head], texts: Sequence[str], links: Links, say: Texts) -> str:
    """One section each, with the model's name and the badge of the one that really answered. `texts` have our numbers."""
    titles = [f"{shown(head.name)} {head.model}" for head in heads] + [say("compare.title")]
    names = [shown(head.name) for head in heads]
    sections = []
    for head, text in zip(heads, texts, strict=True):
        said = _unforged(_closed(render(text, links)), titles, names)
        parts = [f"**{plain(shown(head.name))}** · *{plain(head.model)}*", said]
        if isinstance(head.outcome, Stopped) and head.outcome.cause is not Cause.STOPPED:
            parts.append(f"*{say(ENDINGS[head.outcome.cause])}*")
        sections.append("\n\n".join(parts))
    return "\n\n".join(sections)


def compared(found: Comparison, heads: Sequence[Head], writer: str, say: Texts) -> str:
    """Points as short lists; each is shown as the letters it has."""
    first, other = (plain(shown(head.name)) for head in heads)
    differ = [
        f"**{plain(one.about)}:** {first}: {plain(one.first)} · {other}: {plain(one.second)}" for one in found.differ
    ]
    lists = [
        _listed(say("compare.agree"), map(plain, found.agree)),
        _listed(say("compare.differ"), differ),
        _listed(say("compare.only", model=first), map(plain, found.only_first)),
        _listed(say("compare.only", model=other), map(plain, found.only_second)),
    ]
    title = f"**{say('compare.title')}** · *{say('compare.by', model=plain(writer))}*"
    return "\n\n".join([title, *(one for one in lists if one)])


def _listed(title: str, points: Iterable[str]) -> str:
    lines = "\n".join(f"- {point}" for point in points)
    return f"{title}\n\n{lines}" if lines else ""


def _closed(text: str) -> str:
    """A fence that was left open must not swallow what stands below."""
    last = next(iter(reversed(PARSER.parse(f"{text}\n\n{_BELOW}"))), None)
    return f"{text}\n{last.markup}" if last is not None and last.type == "fence" else text


def _unforged(text: str, titles: Sequence[str], names: Sequence[str]) -> str:
    """A line that reads like one of our titles stands in quotation marks: it is the model's."""
    begins, alone = tuple(map(folded, titles)), frozenset(map(folded, names))
    lines = []
    for line in text.split("\n"):
        letters = folded(line)
        forged = letters.startswith(begins) or letters in alone
        lines.append(_WORDS.sub(lambda found: f"“{found[0]}”", line, count=1) if forged else line)
    return "\n".join(lines)
