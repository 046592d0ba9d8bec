"""Sources and reasons in the person's language: the parts below us name them in plain English, as keys and for the log."""

import re
from collections.abc import Iterable

from bot.texts import Texts

_OTHER = re.compile(r"[^a-z0-9]+")


def source(name: str, say: Texts) -> str:
    """`mail` -> what people call it; a source that came with one new file keeps its name."""
    return _said(f"source.{name}", name, say)


def reason(phrase: str, say: Texts) -> str:
    """A phrase such as "it is too large"; one without a translation, or already translated, stays as it is."""
    return _said(f"why.{key(phrase)}", phrase, say)


def key(phrase: str) -> str:
    return _OTHER.sub("_", phrase.casefold()).strip("_")


def joined(names: Iterable[str], say: Texts) -> str:
    *most, last = [*names] or [""]
    return f"{', '.join(most)} {say('answer.and')} {last}" if most else last


def _said(key: str, otherwise: str, say: Texts) -> str:
    return say(key) if say.has(key) else otherwise
