"""A `Query` in Microsoft's search language. A space means AND there, so every OR is written out, no word becomes an operator.

Source: https://learn.microsoft.com/sharepoint/dev/general-development/keyword-query-language-kql-syntax-reference
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations

from graph.base import Query

MAX_LENGTH = 1500
"""Characters; the services refuse somewhat above 2,000."""
MAX_TERMS = 24
MAX_FOLDERS = 5
_PLAIN = re.compile(r"\w+")
_OPERATORS = frozenset({"and", "or", "not", "near", "onear", "words", "xrank", "all", "any", "none"})
_FILE_TYPE = re.compile(r"[a-z0-9]{1,10}")


def term(word: str) -> str:
    """A word or phrase that means itself, or with `*` at its end a word's beginning; empty when nothing searchable is left.

    KQL knows no escape for a quotation mark.
    """
    words = " ".join(re.sub(r'["\u201c\u201d\x00-\x1f\x7f*\\]+', " ", word).split())[:200].strip()
    if not any(character.isalnum() for character in words):
        return ""
    if _PLAIN.fullmatch(words) and word.endswith("*"):
        return f"{words}*"
    if _PLAIN.fullmatch(words) and words.casefold() not in _OPERATORS:
        return words
    return f'"{words}"'


def mail_kql(query: Query) -> str:
    """For messages. Source: https://learn.microsoft.com/graph/search-query-parameter (searchable properties of mail)"""
    return _written(
        query, {"from": query.people, "to": query.recipients, "participants": query.participants}, "received"
    )


def event_kql(query: Query) -> str:
    """For calendar events: words only, since the day is asked of the calendar itself."""
    return _written(Query(all_of=query.all_of, any_of=query.any_of), {}, "start")


def chat_kql(query: Query) -> str:
    """For messages of chats and channels."""
    return _written(query, {"from": (*query.people, *query.participants), "to": query.recipients}, "sent")


def file_kql(query: Query, *, folders: Sequence[str] = ()) -> str:
    """For files of SharePoint and OneDrive, folders left out. `folders` are the web addresses of which one must be above it."""
    words = _written(query, {"author": (*query.people, *query.participants)}, "lastmodifiedtime")
    types = [f"filetype:{kind}" for kind in map(_type, query.file_types) if kind]
    paths = [f"path:{written}" for written in map(_path, folders[:MAX_FOLDERS]) if written]
    parts = [part for part in (words, _any(types), _any(paths)) if part]
    return " AND ".join([*parts, "isDocument:true"]) if parts else ""


def folder_kql(place: str) -> str:
    """For the folders a place's name can mean."""
    name = term(place)
    return f"(filename:{name} OR title:{name}) AND isContainer:true" if name else ""


def item_kql(query: Query) -> str:
    """For entries of SharePoint lists and for pages, files left out."""
    words = _written(query, {"author": (*query.people, *query.participants)}, "lastmodifiedtime")
    return f"{words} AND isDocument:false" if words else ""


def _path(address: str) -> str:
    return f'"{address}"' if address.startswith("https://") and not re.search(r'["\x00-\x20\x7f]', address) else ""


def _type(value: str) -> str:
    value = value.strip().lstrip(".").casefold()
    return value if _FILE_TYPE.fullmatch(value) else ""


def _written(query: Query, people: Mapping[str, Sequence[str]], date: str) -> str:
    """`people`: by property, the names of which one must match."""
    required = [word for word in map(term, query.all_of[:MAX_TERMS]) if word]
    optional = [word for word in map(term, query.any_of[:MAX_TERMS]) if word]
    fixed = [
        *(_any([f"{role}:{word}" for word in map(term, names[:MAX_TERMS]) if word]) for role, names in people.items()),
        f"{date}>={_day(query.after)}" if query.after else "",
        f"{date}<={_day(query.before)}" if query.before else "",
    ]
    tail = [part for part in fixed if part]
    while True:
        parts = [*required, _some(optional, query.least), *tail]
        text = " AND ".join(part for part in parts if part)
        if len(text) <= MAX_LENGTH or not (optional or required):
            return text
        (optional or required).pop()


def _some(terms: Sequence[str], least: int) -> str:
    """At least so many of them; KQL counts nothing, so every combination is written out."""
    distinct = list(dict.fromkeys(terms))
    if least <= 1 or len(distinct) <= 1:
        return _any(distinct)
    together = [" AND ".join(some) for some in combinations(distinct, min(least, 3, len(distinct)))]
    return together[0] if len(together) == 1 else f"({' OR '.join(f'({some})' for some in together)})"


def _any(terms: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(terms))
    return f"({' OR '.join(distinct)})" if len(distinct) > 1 else "".join(distinct)


def _day(moment: datetime) -> str:
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date().isoformat()
