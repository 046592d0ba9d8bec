"""One piece of news in a digest: what it is, why it matters to this person, and where it stands."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

Kind = Literal["event", "conflict", "waiting", "mention", "question", "document", "promise", "request", "deadline"]

MOST_LINKS = 3


@dataclass(frozen=True, slots=True)
class Link:
    """One place the news stands in."""

    title: str
    url: str
    source: str
    """Name of the source in `graph/`."""
    document: str
    """Id of the document, for the record of what was read; never shown."""


@dataclass(frozen=True, slots=True)
class Item:
    """Everything in it comes from a source or from rules: a model may choose and reword, and adds nothing."""

    id: str
    """The same for the same news on every day: `<kind>:<document or thread>`."""
    kind: Kind
    title: str
    """Plain words, one line."""
    why: str
    """Why it matters to this person, a sentence or less in their language; plain words."""
    links: tuple[Link, ...]
    when: datetime | None = None
    """Aware: when it begins, was said or changed."""
    all_day: bool = False
    """Of an event: it has no time of day."""
    who: str = ""
    """Who wrote, asked or promised; empty where nobody is named."""
    due: date | None = None
    """Said in the source, and never guessed."""
    quote: str = ""
    """The sentence that makes it matter, in the source's own words; untrusted."""
    text: str = ""
    """What it was made from, for the model and for telling the same news apart; untrusted."""
    thread: str = ""
    labels: tuple[str, ...] = ()
    section: str = ""
    """Where it is shown, if not where its kind is (`bot.digests.ranking.SECTION_OF`)."""
    urgency: float = 0.0
    """From 0 to 1: how much it would hurt to miss it."""
    hidden: bool = False
    """Some of its source's text was invisible to readers, and is left out."""

    def along(self, other: "Item") -> "Item":
        """This news, told in another place as well."""
        links = {link.url: link for link in (*self.links, *other.links)}
        return replace(
            self,
            links=tuple(links.values())[:MOST_LINKS],
            urgency=max(self.urgency, other.urgency),
            labels=tuple(dict.fromkeys((*self.labels, *other.labels))),
            due=self.due or other.due,
            who=self.who or other.who,
        )
