"""Whom a question means by "my manager" or "my team": the directory knows, so no model has to guess."""

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.grounding.asked import Asked
from bot.grounding.words import SPEECH
from graph.base import Relates, Relation, Source

MOST_NAMES = 8
"""Of a large team so many are looked for; a query grows with each name."""
_OWN = r"(?:my|our|meine[mnrs]?|mein|unsere[mnrs]?|unser)"
_MANAGERS = r"managers?|boss|supervisor|chefin|chefs?|vorgesetzte[mnr]?"
_REPORTS = r"(?:direct )?reports|team|mitarbeiter(?:innen|n)?|mitarbeitenden?"
_SAID = re.compile(
    rf"\b(?:from|by|to|did|does|has|had|laut|von|vom|an|hat|hatte|schrieb|sagte)\s+{_OWN}\s+"
    rf"(?:(?P<manager>{_MANAGERS})|(?P<reports>{_REPORTS}))\b(?!\s+(?:channel|chat|site|meeting|kanal))",
    re.IGNORECASE,
)


def relation_in(question: str) -> Relation | None:
    """The relation by which a question names an author or a recipient; "who is my manager" is about one, not from one."""
    found = _SAID.search(question)
    if found is None:
        return None
    return "manager" if found["manager"] else "reports"


def source_of(sources: Mapping[str, Source]) -> tuple[str, Relates] | None:
    """(its name, the source that knows), where this installation has one."""
    return next(((name, source) for name, source in sources.items() if isinstance(source, Relates)), None)


def resolved(of: Asked, names: list[str]) -> Asked:
    """The question with these people in the place of the word for them."""
    found = _SAID.search(of.text)
    if found is None or not names:
        return of
    said = {word.casefold() for word in found.group().split()}
    told = found.group().split()[0].casefold() in {"to", "an"}
    spoken = any(word.casefold() in SPEECH for word in of.words)
    people = tuple(dict.fromkeys([*of.people, *names[:MOST_NAMES]]))
    return replace(
        of,
        words=tuple(word for word in of.words if word.casefold() not in said | SPEECH),
        people=of.people if told else people,
        recipients=people if told else of.recipients,
        spoken=of.spoken or (not told and spoken),
    )
