"""A `Query` in Microsoft's search language. A space means AND there, so every OR is written out, no word becomes an operator.

Source: https://learn.microsoft.com/sharepoint/dev/general-development/keyword-query-language-kql-syntax-reference
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from graph.base import Query

MAX_LENGTH = 1500
"""Characters; the services refuse somewhat above 2,000."""
MAX_TERMS = 24
_PLAIN = re.compile(r"\w+")
_OPERATORS = frozenset({"and", "or", "not", "near", "onear", "words", "xrank", "all", "any", "none"})
_FILE_TYPE = re.compile(r"[a-z0-9]{1,10}")


def term(word: str) -> str:
    """A word or phrase that means itself; empty when nothing searchable is left. KQL knows no escape for a quotation mark."""
    words = " ".join(re.sub(r'["\u201c\u201d\x00-\x1f\x7f*\\]+', " ", word).split())[:200].strip()
    if not any(character.isalnum() for character in words):
        return ""
    if _PLAIN.fullmatch(words) and words.casefold() not in _OPERATORS:
        return words
    return f'"{words}"'


def mail_kql(query: Query) -> str:
    """For messages. Source: https://learn.microsoft.com/graph/search-query-parameter (searchable properties of mail)"""
    return _written(query, people="from", date="received")


def file_kql(query: Query) -> str:
    """For files of SharePoint and OneDrive, folders left out."""
    words = _written(query, people="author", date="lastmodifiedtime")
    types = [f"filetype:{kind}" for kind in map(_type, query.file_types) if kind]
    parts = [part for part in (words, _any(types)) if part]
    return " AND ".join([*parts, "isDocument:true"]) if parts else ""


def _type(value: str) -> str:
    value = value.strip().lstrip(".").casefold()
    return value if _FILE_TYPE.fullmatch(value) else ""


def _written(query: Query, *, people: str, date: str) -> str:
    required = [word for word in map(term, query.all_of[:MAX_TERMS]) if word]
    optional = [word for word in map(term, query.any_of[:MAX_TERMS]) if word]
    fixed = [
        *([_any([f"{people}:{word}" for word in map(term, query.people[:MAX_TERMS]) if word])]),
        f"{date}>={_day(query.after)}" if query.after else "",
        f"{date}<={_day(query.before)}" if query.before else "",
    ]
    tail = [part for part in fixed if part]
    while True:
        parts = [*required, _any(optional), *tail]
        text = " AND ".join(part for part in parts if part)
        if len(text) <= MAX_LENGTH or not (optional or required):
            return text
        (optional or required).pop()


def _any(terms: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(terms))
    return f"({' OR '.join(distinct)})" if len(distinct) > 1 else "".join(distinct)


def _day(moment: datetime) -> str:
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date().isoformat()
