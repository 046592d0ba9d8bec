"""From what a question asks for to search queries: strict, relaxed, by person, by time.

A natural question sent as it is finds nothing: in KQL a space means AND, so every "what", "is" and "the" would have to
occur in the document. Mail comes back newest first and cut, so a query that only asks for any of the words would drown
in a large mailbox: between all and any stand those that ask for two or three of them.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from bot.grounding.asked import Asked, asked, keywords, small_talk, weight
from bot.grounding.words import SAME_WORDS
from graph.base import Query

__all__ = ["keywords", "queries", "small_talk", "stem"]

_STRICT_WORDS = 3
_PAIRED_WORDS = 6
_SHORTEST_STEM = 4
MOST_QUERIES = 4
"""Two sources with four each are what a person's lane of searches takes at once."""


def queries(question: Asked | str) -> tuple[Query, ...]:
    """From strict to relaxed, at most four; empty when the question has nothing worth searching for."""
    of = asked(question) if isinstance(question, str) else question
    by_weight = sorted(of.words, key=lambda word: -weight(word, of))
    telling = [word for word in by_weight if word.casefold() not in of.light] or by_weight
    topics = [word for word in telling if not any(word in name.split() for name in (*of.people, *of.recipients))]
    found: list[Query] = []
    if of.phrases:
        found.append(Query(all_of=of.phrases))
    found += _by_person_and_time(of, topics)
    if len(telling) > 1:
        found.append(_strict(telling))
    if len(telling) > 2:
        found.append(Query(any_of=tuple(map(stem, telling[:_PAIRED_WORDS])), least=2))
    if of.phrases or telling:
        found.append(Query(any_of=(*of.phrases, *map(stem, of.words), *_others(telling)), file_types=()))
        if of.file_types:
            found.append(Query(any_of=tuple(map(stem, of.words)), file_types=of.file_types))
    elif of.file_types or of.place:
        found.append(Query(file_types=of.file_types, place=of.place))
    placed = [Query(any_of=found[-1].any_of, place=of.place)] if of.place and found else []
    distinct = list(dict.fromkeys([*placed, *found]))
    while len(distinct) > MOST_QUERIES:
        # What two of the words find holds what all of them find; of the rest the last but one is the least telling.
        distinct.pop(next((at for at, query in enumerate(distinct) if len(query.all_of) > 1), -2))
    return tuple(distinct)


def _strict(telling: Sequence[str]) -> Query:
    """The most telling words together; a code ("TW-PO-20931") tells enough beside any of the others."""
    if any(c.isdigit() for c in telling[0]) and not telling[0].isdigit():
        return Query(all_of=(telling[0],), any_of=tuple(map(stem, telling[1:])))
    return Query(all_of=tuple(map(stem, telling[:_STRICT_WORDS])))


def _by_person_and_time(of: Asked, topics: Sequence[str]) -> list[Query]:
    recipients = of.recipients if of.spoken or not of.people else ()
    after, before = (of.window.after, of.window.before) if of.window else (None, None)
    fixed = Query(people=of.people, recipients=recipients, after=after, before=before)
    words = (*map(stem, topics), *_others(topics))
    if fixed == Query():
        return []
    with_words = [replace(fixed, any_of=words)] if words else []
    # A file's author is known where its words are not: what somebody made is also listed.
    listed = of.window or not words or (of.kind == "file" and of.spoken)
    return [*with_words, fixed] if listed else with_words


def _others(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(stem(other) for word in words for other in SAME_WORDS.get(word.casefold(), ()))


def stem(word: str) -> str:
    """A word as it is looked for: its beginning and `*`, since endings differ ("invoice", "invoices"; "Vertrag", "Vertrags")."""
    if len(word) <= _SHORTEST_STEM or not word.isalpha() or not _has_endings(word):
        return word
    return f"{word[: max(_SHORTEST_STEM, math.ceil(len(word) * 0.75))]}*"


def _has_endings(word: str) -> bool:
    """Scripts with letters of two cases: words of others end elsewhere, or nowhere."""
    return word.casefold() != word.upper()
