"""A digest somebody asks for, before it is saved: from their words to a draft that a confirm card shows, and back from the card."""

import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.digests.kind import kinds
from bot.digests.phrases import Ask, Asked, parse
from bot.digests.schedule import BadSchedule, Schedule
from bot.digests.vocabulary import LANGUAGES, folded, vocabulary

LONGEST = 500
"""Characters of what is asked for: it travels in the buttons of its cards."""
LONGEST_MESSAGE = 400
"""Of a longer message nobody thinks that it asks for a digest, unless it says so."""
PROMPT = "prompt"
_TIMELY = frozenset({"what_time", "which_day", "unclear", "not_every_month", "two_times", "too_often"})
"""Questions back about a time that was named."""


@dataclass(frozen=True, slots=True)
class Draft:
    what: str
    """In the person's words."""
    schedule: Schedule
    kind: str = PROMPT
    target: str = ""
    """Conversation id; empty until it is known."""
    where: str = "me"
    """`me`, `here`, `thread` or `channel`: how people call the target."""
    channel: str = ""
    """The name of a channel that was named."""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """As `Subscription.options`."""
    other: Schedule | None = None
    """The other reading of a bare hour."""
    assumed: bool = False
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Of the subscription it becomes, or is a new version of."""

    def to_json(self) -> dict[str, Any]:
        return {
            "what": self.what, "schedule": self.schedule.to_json(), "kind": self.kind, "target": self.target,
            "where": self.where, "channel": self.channel, "options": dict(self.options), "id": self.id,
        }  # fmt: skip

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Draft":
        """Of what `to_json` wrote."""
        return Draft(**{**value, "schedule": Schedule.from_json(value["schedule"])})


def understood(text: str, now: datetime, zone: str, language: str, models: Mapping[str, str]) -> Draft | Ask:
    """`zone`: IANA, the person's own; UTC where Teams names one nobody knows. `models`: words -> the name of a model.

    In the person's language first; many write English to a German bot, and the other way round.
    """
    if len(text) > LONGEST:
        return Ask("too_long")
    try:
        found = _read(text, now, zone, language)
    except BadSchedule:
        found = _read(text, now, "UTC", language)
    if isinstance(found, Ask):
        return found
    what, options = _choices(found.what, models)
    kind = found.kind if found.kind in kinds() else PROMPT
    if found.about and kind != PROMPT:
        options["about"] = found.about
    where = {"me": "me", "here": "here", "channel": "channel"}.get(found.target, "")
    return Draft(
        what, found.schedule, kind, where=where, channel=found.channel, options=options, other=found.other,
        assumed=found.assumed,
    )  # fmt: skip


def rescheduled(draft: Draft, text: str, now: datetime, language: str) -> Draft | Ask:
    """The same at another time. Raises `BadSchedule` for a zone that is none any more."""
    found = _read(text, now, draft.schedule.zone, language)
    return found if isinstance(found, Ask) else replace(draft, schedule=found.schedule, other=found.other)


def asks_for_one(text: str, now: datetime, language: str) -> bool:
    """Whether a message that names no command wants something on a schedule. Whatever is doubtful is a question."""
    said = " ".join(text.split())
    if not said or len(said) > LONGEST_MESSAGE or "\n" in text.strip():
        return False
    return any(_wants(said, now, one) for one in dict.fromkeys((language, *LANGUAGES)))


def answered(text: str, question: Ask, answer: str) -> str:
    """The request again, with the answer to a question about it in place of the words that were unclear."""
    words = question.named.get("words", "")
    unclear = re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE) if words else None
    rest = unclear.sub(" ", text, count=1) if unclear and question.key != "what_time" else text
    return " ".join(f"{answer} {rest}".split())


def _read(text: str, now: datetime, zone: str, language: str) -> Asked | Ask:
    first = parse(_bare(text, language), now, zone, language)
    if isinstance(first, Asked):
        return first
    for other in LANGUAGES:
        if other != language and isinstance(found := parse(_bare(text, other), now, zone, other), Asked):
            return found
    return first


def _wants(said: str, now: datetime, language: str) -> bool:
    said = _bare(said, language)
    low = folded(said)
    if low.endswith("?") and not (":" in low and _begins(language, "when", low)):
        return False
    found = parse(said, now, "UTC", language)
    if isinstance(found, Ask):
        return found.key in _TIMELY and _leads(language, low) and _names_one(language, low)
    what = folded(found.what)
    if not what or _begins(language, "statement", what):
        return False
    return _begins(language, "deliver", low) or _ordered(language, low, what, found)


def _ordered(language: str, low: str, what: str, found: Asked) -> bool:
    """Something to do, with its time before it or behind it."""
    before = low.find(what) > 0
    verb = _begins(language, "verb", low)
    if not found.schedule.rule:
        return before and _begins(language, "verb", what)
    return before or verb or (bool(found.kind) and low.startswith(what[:12]))


def _bare(said: str, language: str) -> str:
    """Without a polite beginning, which makes a question of an order."""
    low = folded(said)
    polite = vocabulary(language).first("asking", "polite", low)
    if polite is None or polite.start():
        return said
    count = len(low[: polite.end()].split())
    return " ".join(said.split()[count:]).rstrip(" ?!.")


def _leads(language: str, low: str) -> bool:
    return any(_begins(language, name, low) for name in ("deliver", "verb", "noun", "when"))


def _names_one(language: str, low: str) -> bool:
    words = vocabulary(language)
    named = words.first("asking", "noun", low) is not None
    return named or any(words.first("kinds", kind, low) for kind in words.tables["kinds"])


def _begins(language: str, name: str, low: str) -> bool:
    return any(found.start() == 0 for found in vocabulary(language).matches("asking", name, low))


def _choices(what: str, models: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """ "compare: ..." and "with gpt: ..." say how it is answered, and not what."""
    options: dict[str, Any] = {}
    for _ in range(2):
        head, colon, rest = what.partition(":")
        word = folded(head).removeprefix("with ").removeprefix("using ").removeprefix("mit ").strip()
        mode = _modes().get(word, "")
        if not colon or not rest.strip() or not (mode or word in models):
            break
        options |= {"mode": mode} if mode else {"model": models[word]}
        what = rest.strip()
    asked = _WITH.search(what)
    if asked is not None and asked["model"].casefold() in models and "model" not in options:
        options["model"] = models[asked["model"].casefold()]
        what = what[: asked.start()].rstrip(" ,")
    return what, options


_WITH = re.compile(r"\b(?:with|using|by|mit|von) (?P<model>[\w.-]{2,60})\s*[.!]?$", re.IGNORECASE)


def _modes() -> Mapping[str, str]:
    return {
        found: mode
        for language in LANGUAGES
        for mode in ("compare", "review")
        for found in _plain_words(vocabulary(language).tables["asking"][mode])
    }


def _plain_words(patterns: Collection[re.Pattern[str]]) -> list[str]:
    return [pattern.pattern.removeprefix(r"(?<!\w)(?:").removesuffix(r")(?!\w)") for pattern in patterns]
