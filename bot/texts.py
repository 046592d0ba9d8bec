"""The fixed texts a person reads, in that person's language, and the words people say: one TOML file a language."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "languages"
DEFAULT = "en"
WORDS, MANNERS = "words", "manners"
"""The sections that are about what people say; all others are what they read."""
PLURAL = frozenset({"one", "other"})


@dataclass(frozen=True, slots=True)
class Texts:
    """`texts("section.key", name=value)`: the sentence with its values put in. A value is never read as a pattern.

    A key may hold a table with `one` and `other`: then `n` decides. Raises KeyError for a key no language has.
    """

    language: str
    """Two letters, as the file is called."""

    @staticmethod
    def of(locale: str) -> "Texts":
        """For a locale such as `de-AT`; English when there is no file for it."""
        language = locale.partition("-")[0].casefold()
        return Texts(language if language in languages() else DEFAULT)

    def __call__(self, key: str, **values: object) -> str:
        found = self._find(key)
        if found is None:
            raise KeyError(key)
        if isinstance(found, dict):
            found = found["one" if values.get("n") == 1 else "other"]
        return str(found).format_map(values) if values else str(found)

    def has(self, key: str) -> bool:
        """Whether this language or English says it: for texts that a new file may bring along or not."""
        return self._find(key) is not None

    def _find(self, key: str) -> Any:
        found = texts_of(self.language).get(key)
        return texts_of(DEFAULT).get(key) if found is None else found


@cache
def languages() -> Mapping[str, str]:
    """The name of each language in itself, by its two letters."""
    return {path.stem: str(texts_of(path.stem)["language.name"]) for path in sorted(FOLDER.glob("*.toml"))}


@cache
def words() -> Mapping[str, str]:
    """What people say -> the command it stands for, of all languages: somebody may say "help" in a German Teams."""
    return {said: meant for language in languages() for said, meant in words_of(language).items()}


@cache
def words_of(language: str) -> Mapping[str, str]:
    """The same of one language, in the file's order."""
    return dict(_file(language)[WORDS])


@cache
def manners() -> frozenset[str]:
    """Words that change nothing before or after a command: please."""
    return frozenset(word for language in languages() for word in _file(language)[MANNERS]["idle"])


@cache
def language_names() -> Mapping[str, str]:
    """Two letters by every name a language has in any of ours, case-folded, and by its letters."""
    names = {code: code for code in languages()} | {name.casefold(): code for code, name in languages().items()}
    for language in languages():
        names |= {name.casefold(): code for code, name in _file(language)["languages"].items()}
    return names


@cache
def texts_of(language: str) -> Mapping[str, Any]:
    """Everything read in one language, by `section.key`, deeper tables as `section.table.key`; a plural stays a table."""
    sections = {name: section for name, section in _file(language).items() if name not in (WORDS, MANNERS)}
    return dict(_flat(sections, ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and not value.keys() <= PLURAL:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@cache
def _file(language: str) -> Mapping[str, Any]:
    with (FOLDER / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)
