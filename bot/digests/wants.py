"""The sentence of a message that wants something of its reader: a question, or a request. English and German, by rules."""

import re

from bot.digests.commitments import REQUEST
from bot.digests.sentences import sentences

LONGEST = 6_000
"""Characters of a message that are looked at."""
_SHORTEST = 6
_MOST_SHOWN = 140
_IDLE = re.compile(
    r"\b(?:please (?:find|note|do not reply|don['’]t reply|do not hesitate|excuse|accept|see (?:the )?attached)"
    r"|bitte (?:finden|beachten|nicht antworten|entschuldig\w*|z(?:ö|oe)gern)|bitte (?:auf|an) diese (?:e-?)?mail"
    r"|let me know if (?:you (?:have|need)|there are|anything|something)|(?:if|falls|wenn) .{0,40}(?:questions|fragen)"
    r"|how are you|how was your|hope you|wie geht(?:['’]s| es)|any questions(?=\?)|noch fragen(?=\?)"
    r"|unsubscribe|abmelden|abbestellen)\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^(?:hi|hello|dear|hey|hallo|moin|liebe[rs]?|guten (?:tag|morgen))\b.{0,40}[,!]\s*$", re.IGNORECASE
)


def wanted_in(text: str) -> str:
    """The first such sentence, on one line; empty where nothing is wanted."""
    for sentence in sentences(text[:LONGEST]):
        if len(sentence) < _SHORTEST or _GREETING.match(sentence):
            continue
        if _IDLE.search(sentence):
            continue
        if sentence.rstrip("\"”“')").endswith("?") or REQUEST.search(sentence):
            return sentence if len(sentence) <= _MOST_SHOWN else f"{sentence[: _MOST_SHOWN - 1].rsplit(' ', 1)[0]}…"
    return ""
