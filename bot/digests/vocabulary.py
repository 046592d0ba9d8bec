"""The words for times of one language, from its table in `bot/digests/words`, as compiled expressions."""

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "de")
_TYPED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "\u2019": "'", "\u00a0": " ", "\u202f": " "})


def folded(text: str) -> str:
    """Small letters with umlauts written out, as people without a German keyboard type them."""
    return " ".join(text.casefold().translate(_TYPED).split())


@dataclass(frozen=True, slots=True)
class Vocabulary:
    days: Mapping[str, int]
    """Monday is 0."""
    months: Mapping[str, int]
    numbers: Mapping[str, int]
    ordinals: Mapping[re.Pattern[str], int]
    """The last is -1."""
    tables: Mapping[str, Mapping[str, tuple[re.Pattern[str], ...]]]
    named_times: tuple[tuple[re.Pattern[str], str], ...]
    """Expressions for an exact time, such as noon, and the time as HH:MM."""
    parts: tuple[tuple[re.Pattern[str], str], ...]
    """Parts of a day, and the time that is taken for them."""

    def matches(self, table: str, name: str, text: str) -> Iterator[re.Match[str]]:
        for pattern in self.tables[table].get(name, ()):
            if found := pattern.search(text):
                yield found

    def first(self, table: str, name: str, text: str) -> re.Match[str] | None:
        return next(self.matches(table, name, text), None)

    def number(self, said: str) -> int:
        """0 for words that are no number."""
        digits = said.strip(".")
        return int(digits) if digits.isdecimal() else self.numbers.get(said, 0)

    def ordinal(self, said: str) -> int:
        return next(value for pattern, value in self.ordinals.items() if pattern.fullmatch(said))

    def weekdays(self, said: str) -> list[int]:
        """All that are named, in the order of the week."""
        words = re.findall(r"[^\W\d_]+", said)
        named = {word: self.days.get(word, self.days.get(word.removesuffix("s"))) for word in words}
        return sorted({day for day in named.values() if day is not None})


@functools.cache
def vocabulary(language: str) -> Vocabulary:
    """Of one of `LANGUAGES`; English for any other."""
    name = language if language in LANGUAGES else LANGUAGES[0]
    table = tomllib.loads(files("bot.digests").joinpath("words", f"{name}.toml").read_text(encoding="utf-8"))
    words = {section: {folded(word): value for word, value in table[section].items()} for section in _NAMES}
    holes = {
        "{day}": _either(words["days"]),
        "{plural}": _either({f"{day}s": 0 for day in words["days"] if len(day) > 3}),
        "{month}": _either(words["months"]),
        "{n}": _either(words["numbers"]),
        "{ordinal}": _either(words["ordinals"], quoted=False),
    }

    def expressions(written: Any) -> tuple[re.Pattern[str], ...]:
        return tuple(_compiled(one, holes) for one in written)

    def timed(section: Mapping[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
        return tuple((_compiled(words, holes), clock) for words, clock in section.items())

    return Vocabulary(
        words["days"],
        words["months"],
        words["numbers"],
        {re.compile(pattern): value for pattern, value in words["ordinals"].items()},
        {section: {key: expressions(value) for key, value in table[section].items()} for section in _TABLES},
        timed(table["clock_names"]),
        timed(table["parts"]),
    )


_NAMES = ("days", "months", "numbers", "ordinals")
_TABLES = ("clock", "halves", "often", "rules", "once", "places", "kinds", "filler", "asking")


def _either(words: Mapping[str, int], *, quoted: bool = True) -> str:
    longest = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(re.escape(word) if quoted else word for word in longest)})"


def _compiled(written: str, holes: Mapping[str, str]) -> re.Pattern[str]:
    expression = written.translate(_TYPED)
    for hole, words in holes.items():
        expression = expression.replace(hole, words)
    # Lookarounds instead of word boundaries, so that "8." and "#" may stand at an end.
    return re.compile(rf"(?<!\w)(?:{expression})(?!\w)", re.IGNORECASE)
