"""Messages of one talk as news: who said what to whom, and what became of it since."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from graph.base import Document
from graph.feed import Entry
from graph.parse import dicts_at, text_at
from graph.talk import Said, said

SETTLING = timedelta(minutes=1)
"""What was said in the last minute is told the next time: our clock and that of Teams are not the same."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One message, with what `graph.talk.Said` leaves out."""

    said: Said
    author_id: str
    """Entra object id; empty for applications."""
    mentioned: frozenset[str]
    """Entra object ids."""


def remarks(messages: Iterable[Mapping[str, Any]]) -> list[Remark]:
    """Oldest first, each once; without what nobody said."""
    found: dict[str, Remark] = {}
    for message in messages:
        one = said(message)
        if one is not None:
            ids = [text_at(mention, "mentioned", "user", "id") for mention in dicts_at(message, "mentions")]
            found[one.id] = Remark(one, text_at(message, "from", "user", "id"), frozenset(ids) - {""})
    return sorted(found.values(), key=lambda remark: (remark.said.at, remark.said.id))


def entries(
    lines: Sequence[Remark],
    document: Document,
    me: str,
    since: datetime,
    until: datetime,
    *,
    people: tuple[str, ...],
    alone: bool,
    unheard: str,
    link: Callable[[str], str] = lambda _: "",
) -> list[Entry]:
    """What was said after `since`. `lines`: the whole talk as far as it was read; `alone`: only the two of them are in it.

    `link`: where the message with this id is shown, for one that does not say so itself.
    """
    found: list[Entry] = []
    for place, line in enumerate(lines):
        if not since < line.said.at <= until or (unheard and line.said.application == unheard):
            continue
        after, before = lines[place + 1 :], lines[:place]
        found.append(
            Entry(
                Document(
                    id=f"{document.id}/{line.said.id}" if document.id.count("/") == 0 else document.id,
                    source=document.source,
                    kind="chat",
                    title=document.title,
                    link=line.said.link or link(line.said.id) or document.link,
                    author=line.said.speaker,
                    modified=line.said.at,
                    text=line.said.text,
                    place=document.place,
                    thread=document.thread,
                ),
                author=line.said.speaker,
                at=line.said.at,
                mine=line.author_id == me,
                to_me=me in line.mentioned or alone,
                among=1 if alone else len(line.mentioned),
                people=people,
                answered=any(one.author_id == me for one in after),
                last=all(one.author_id == line.author_id for one in after),
                joined=any(one.author_id == me for one in before),
                inside=True,
                bulk=not line.author_id,
                mark=line.said.id,
            )
        )
    return found
