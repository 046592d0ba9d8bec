"""Which events, chat messages, people and sites a KQL query finds."""

import functools
from collections.abc import Callable
from typing import TypeVar

from infra.local.company.access import members_of
from infra.local.company.model import ChatMessage, Event, Person, Site
from infra.local.company.work_model import ListItem
from infra.local.graph.call import Call
from infra.local.graph.errors import bad_request
from infra.local.graph.index import normalise, plain
from infra.local.graph.kql import KqlError, Term, in_range, in_text, matches, parse
from infra.local.graph.sites import visible_site

EVENT_PROPERTIES = frozenset({"subject", "from", "to", "participants", "organizer", "location", "body", "start"})
CHAT_PROPERTIES = frozenset({"from", "to", "sent", "mentions", "ismentioned", "hasattachment", "isread"})

Row = TypeVar("Row")


def _matching(rows: list[Row], query: str, properties: frozenset[str], test: Callable[[Term, Row], bool]) -> list[Row]:
    try:
        node = parse(query, properties)
        return [row for row in rows if matches(node, functools.partial(_swap, test, row))]
    except KqlError as error:
        raise bad_request(f"Query is malformed: {error}") from error


def _swap(test: Callable[[Term, Row], bool], row: Row, term: Term) -> bool:
    return test(term, row)


def search_events(call: Call, query: str) -> list[Event]:
    def test(term: Term, event: Event) -> bool:
        if term.property == "start":
            return in_range(term, event.start, call.now())
        who = " ".join(f"{name} {address}" for name, address, _ in event.attendees)
        texts = {
            "subject": event.subject,
            "location": event.location,
            "body": plain(event.body_html),
            "from": " ".join(event.organizer),
            "organizer": " ".join(event.organizer),
            "to": who,
            "participants": f"{who} {' '.join(event.organizer)}",
        }
        text = (
            texts[term.property]
            if term.property
            else " ".join(texts[name] for name in ("subject", "location", "body", "participants"))
        )
        return in_text(term, normalise(text))

    rows = [event for event in call.company.events if event.mailbox == call.caller.person_id]
    return sorted(_matching(rows, query, EVENT_PROPERTIES, test), key=lambda event: event.start, reverse=True)


def visible_messages(call: Call) -> list[ChatMessage]:
    """Of chats and channels the caller is a member of."""
    person = call.caller.person_id
    chats = {chat.id for chat in call.company.chats if person in chat.members}
    channels = {channel.id for channel in call.company.channels if person in members_of(call.company, channel)}
    return [
        message
        for message in call.company.messages
        if not message.deleted and (message.chat_id in chats or message.channel_id in channels)
    ]


def search_chats(call: Call, query: str) -> list[ChatMessage]:
    def test(term: Term, message: ChatMessage) -> bool:
        if term.property == "sent":
            return in_range(term, message.sent, call.now())
        if term.property in {"mentions", "ismentioned"}:
            wanted = call.caller.person_id if term.property == "ismentioned" else term.text
            mentioned = {person.replace("-", "") for person in message.mentions}
            return (wanted.replace("-", "") in mentioned) != (term.text.lower() == "false")
        if term.property in {"hasattachment", "isread"}:
            return term.text.lower() == ("true" if term.property == "isread" else "false")
        author = call.people.get(message.author_id)
        name = f"{author.name} {author.mail}" if author else ""
        return in_text(term, normalise(name if term.property == "from" else message.text))

    found = _matching(visible_messages(call), query, CHAT_PROPERTIES, test)
    return sorted(found, key=lambda message: message.sent, reverse=True)


def search_people(call: Call, query: str) -> list[Person]:
    def test(term: Term, person: Person) -> bool:
        text = f"{person.name} {person.mail} {person.job_title} {person.department}"
        return in_text(Term(term.text, prefix=True), normalise(text))

    return _matching(call.company.people, query, frozenset(), test)


def search_sites(call: Call, query: str) -> list[Site]:
    def test(term: Term, site: Site) -> bool:
        if term.property in {"isdocument", "iscontainer"}:
            return term.text.casefold() in {"false", "0"}
        if term.property not in {"", "title"}:
            return False
        return in_text(term, normalise(f"{site.display_name} {site.name}"))

    rows = [site for site in call.company.sites if visible_site(call, site)]
    return _matching(rows, query, ENTRY_PROPERTIES, test)


ENTRY_PROPERTIES = frozenset(
    {"title", "author", "path", "isdocument", "iscontainer", "lastmodifiedtime", "filetype", "filename"}
)


def search_entries(call: Call, query: str) -> list[ListItem]:
    """Entries of lists of the sites one may open."""
    seen = {site.id: site for site in call.company.sites if visible_site(call, site)}

    def test(term: Term, entry: ListItem) -> bool:
        if term.property in {"isdocument", "iscontainer"}:
            return term.text.casefold() in {"false", "0"}
        if term.property == "lastmodifiedtime":
            return in_range(term, entry.modified, call.now())
        if term.property == "author":
            author = call.people.get(entry.author)
            return in_text(term, normalise(author.name if author else ""))
        if term.property == "path":
            return f"{seen[entry.site_id].web_url}/lists/{entry.list_name}".casefold().startswith(term.text.casefold())
        if term.property in {"filetype", "filename"}:
            return False
        return in_text(term, normalise(" ".join([entry.title, *([] if term.property else entry.columns.values())])))

    rows = [entry for entry in call.company.list_items if entry.site_id in seen]
    return _matching(rows, query, ENTRY_PROPERTIES, test)
