"""How long each kind of thing is kept: the defaults, and what an administrator sets instead."""

from collections.abc import Iterable, Mapping

DEFAULTS: Mapping[str, int] = {
    "transcripts": 365,
    "answers": 365,
    "feedback": 365,
    "memories": 0,
    "heard": 7,
    "pending": 1,
    "texts": 7,
    "runs": 90,
    "references": 365,
}
"""Days; 0: until somebody deletes it. `texts`: what digests said. `references`: places where nothing is kept any more."""
MOST = 36500
LONGEST: Mapping[str, int] = {"heard": 7}
"""What people are promised in the conversation itself."""
ENDLESS = frozenset({"transcripts", "answers", "feedback", "memories", "references"})
"""Kinds that may be kept without end; of the others we promise that they are not."""


def default() -> tuple[str, ...]:
    return tuple(f"{kind}:{days}" for kind, days in DEFAULTS.items())


def periods(given: Iterable[str]) -> Mapping[str, int]:
    """Of `kind:days`, ...; a kind that is not named keeps its default. Raises ValueError with a sentence."""
    found = dict(DEFAULTS)
    for one in given:
        kind, colon, days = one.partition(":")
        if kind not in DEFAULTS or not colon:
            raise ValueError(f"RETENTION_DAYS is kind:days, ...; the kinds are {', '.join(DEFAULTS)}.")
        if not days.isascii() or not days.isdecimal() or int(days) > MOST:
            raise ValueError(f"RETENTION_DAYS: {kind} needs a whole number of days, from 0 to {MOST}.")
        if not int(days) and kind not in ENDLESS:
            raise ValueError(f"RETENTION_DAYS: {kind} cannot be kept without end; use 1 or more.")
        if int(days) > LONGEST.get(kind, MOST):
            raise ValueError(f"RETENTION_DAYS: {kind} is kept for {LONGEST[kind]} days at most: people are told so.")
        found[kind] = int(days)
    return found
