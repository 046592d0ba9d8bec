"""From what somebody said to a command's name: whole messages only, so that a question is never taken for a command."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

LONGEST = 200
"""Characters; whoever writes more asks something. Words that end in free text may be longer."""
FREE = "text"
"""The one slot that takes any words; it stands last, and a message with a question mark at its end never fills it."""
_SLOT = re.compile(r"\{(\w+)\}")
_CLOSING = " .!?…"
_SLASHED = re.compile(r"/([^\W\d_][\w'’-]{0,31})(?:[\s:]|$)")
_NEVER = r"(?!)"


@dataclass(frozen=True, slots=True)
class Meant:
    name: str
    """Of a command."""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class _Pattern:
    form: re.Pattern[str]
    name: str
    argument: str
    free: bool


class Phrases:
    """`names`: words -> a command's name. `phrases`: what people say -> `command` or `command: argument`, both with slots
    such as `{model}` in them; `slots` says which words fill each (case-folded). `idle` words may stand before and after.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        phrases: Mapping[str, str] | None = None,
        slots: Mapping[str, Collection[str]] | None = None,
        idle: Iterable[str] = (),
    ) -> None:
        self._exact: dict[str, Meant] = {}
        self._patterns: list[_Pattern] = []
        self._idle = frozenset(idle)
        by_words = {_plain(words): name for words, name in names.items()}
        for words, name in by_words.items():
            self._exact[words] = Meant(name)
        for said, meant in (phrases or {}).items():
            head, _, argument = meant.partition(":")
            name = by_words.get(_plain(head), "")
            if not name:
                continue  # a language file may know words for a command that this build does not have
            if _SLOT.search(said):
                self._patterns.append(_pattern(said, name, argument.strip(), slots or {}))
            else:
                self._exact[_plain(said)] = Meant(name, argument.strip())

    def find(self, said: str) -> Meant | None:
        """What the whole message means; None for a question. `said` has single spaces."""
        words = said.removeprefix("/") if _SLASHED.match(said) else said
        return self._whole(words) or self._before_colon(words) or self._slotted(words)

    def slashed(self, said: str) -> tuple[str, Meant | None]:
        """For a message that begins with a slash and a word: (the word, the command it names and what follows it).

        ("", None) for any other; (word, None) when no command is called so.
        """
        match = _SLASHED.match(said)
        if match is None:
            return "", None
        parts = said.removeprefix("/").split(" ")
        for count in range(min(len(parts), 4), 0, -1):
            found = self._exact.get(_plain(" ".join(parts[:count])))
            if found is not None and not found.argument:
                return match[1], Meant(found.name, " ".join(parts[count:]))
        return match[1], None

    def _whole(self, said: str) -> Meant | None:
        if len(said) > LONGEST:
            return None
        plain = _plain(said)
        return self._exact.get(plain) or self._exact.get(plain.rstrip(_CLOSING)) or self._exact.get(self._bare(plain))

    def _before_colon(self, said: str) -> Meant | None:
        head, colon, rest = said.partition(":")
        found = self._exact.get(_plain(head)) if colon and len(head) <= LONGEST else None
        return Meant(found.name, rest.strip()) if found is not None and not found.argument else None

    def _slotted(self, said: str) -> Meant | None:
        free = "" if said.endswith("?") else self._begun(said)
        bare = self._bare(said) if len(said) <= LONGEST else ""
        for pattern in self._patterns:
            match = pattern.form.fullmatch(free if pattern.free else bare)
            if match is not None:
                return Meant(pattern.name, pattern.argument.format_map(match.groupdict()))
        return None

    def _bare(self, said: str) -> str:
        """Without closing marks and idle words at either end."""
        words = self._begun(said.rstrip(_CLOSING)).split(" ")
        while words and words[-1].casefold() in self._idle:
            del words[-1]
        return " ".join(words).rstrip(_CLOSING + ",")

    def _begun(self, said: str) -> str:
        """Without idle words at its beginning."""
        first, _, rest = said.partition(" ")
        while rest and first.rstrip(",").casefold() in self._idle:
            said = rest
            first, _, rest = said.partition(" ")
        return said


def _plain(said: str) -> str:
    return " ".join(said.replace("’", "'").casefold().split())


def _pattern(said: str, name: str, argument: str, slots: Mapping[str, Collection[str]]) -> _Pattern:
    free = False
    form = ""
    for number, part in enumerate(_SLOT.split(said)):
        if number % 2 == 0:
            form += re.escape(part)
        elif part == FREE:
            free = True
            form += rf"(?P<{FREE}>.+)"
        else:
            longest_first = sorted(slots.get(part, ()), key=len, reverse=True)
            form += rf"(?P<{part}>{'|'.join(map(re.escape, longest_first)) or _NEVER})"
    return _Pattern(re.compile(form, re.IGNORECASE), name, argument, free)
