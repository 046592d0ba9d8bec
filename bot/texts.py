"""The fixed texts a person reads, in that person's language: one TOML file a language, English for what a file lacks."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "languages"
DEFAULT = "en"


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
        found = _texts(self.language).get(key)
        if found is None:
            found = _texts(DEFAULT)[key]
        if isinstance(found, dict):
            found = found["one" if values.get("n") == 1 else "other"]
        return str(found).format_map(values) if values else str(found)


@cache
def languages() -> Mapping[str, str]:
    """The name of each language in itself, by its two letters."""
    return {path.stem: str(_texts(path.stem)["language.name"]) for path in sorted(FOLDER.glob("*.toml"))}


@cache
def _texts(language: str) -> Mapping[str, Any]:
    with (FOLDER / f"{language}.toml").open("rb") as file:
        sections = tomllib.load(file)
    return {f"{section}.{key}": text for section, texts in sections.items() for key, text in texts.items()}
