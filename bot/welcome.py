"""What somebody reads first: what this is, and questions that fit their own data where they are signed in already."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.answer.following import plain
from bot.cards.kit import Element, card, paragraph
from bot.context import Outgoing, Place, Reference
from bot.services import Services
from bot.texts import Texts
from graph.base import Document, Query
from graph.client import Graph
from graph.errors import GraphError

STARTERS = 4
SECONDS = 2.5
"""How long a greeting waits for the person's own data; without it the general questions do."""
_PER_SOURCE = 5
_AHEAD, _MAIL_BACK, _FILES_BACK = timedelta(days=7), timedelta(days=7), timedelta(days=30)
_FILES = ("docx", "pptx", "xlsx", "pdf")
GENERIC = ("welcome.generic_mail", "welcome.generic_file", "welcome.generic_meeting")


async def welcome(services: Services, reference: Reference, say: Texts) -> Outgoing:
    """A card for a person alone; a short text for a place where others read along."""
    if reference.place is not Place.PERSONAL:
        return Outgoing(say("welcome.shared"))
    signed_in = bool(reference.person.id) and await services.sign_in.signed_in(reference.person)
    own = await _own_starters(services, reference, say) if signed_in else ()
    starters = tuple(dict.fromkeys((*own, *(say(key) for key in GENERIC))))[:STARTERS]
    body = [
        paragraph(say("welcome.title"), heading=True),
        paragraph(say("welcome.what")),
        paragraph(say("welcome.try_one")),
        {"type": "ActionSet", "actions": [_said(starter, starter) for starter in starters]},
    ]
    actions = [_said(say("welcome.help_button"), say("welcome.help_said"))]
    actions.append(_said(say("welcome.digest_button"), say("welcome.digest_said")))
    if not signed_in and services.sources:
        actions.append(_said(say("welcome.sign_in_button"), say("welcome.sign_in_said")))
    shown = card(body, fallback=say("welcome.fallback"), language=say.language, actions=actions)
    return Outgoing("", card=shown)


def _said(title: str, text: str) -> Element:
    """A button that says something in the person's name, for everybody to see: Teams sends it as their message."""
    return {"type": "Action.Submit", "title": title, "data": {"msteams": {"type": "imBack", "value": text}}}


async def _own_starters(services: Services, reference: Reference, say: Texts) -> Sequence[str]:
    """At most one question a source. A source that fails, is slow or was not allowed yet is left out without a word."""

    async def token(scopes: tuple[str, ...], claims: str | None) -> str:
        return await services.sign_in.graph_token(reference.person, scopes, claims)

    person = reference.person.id
    graph = services.graph.for_person(person, token, timezone=reference.timezone)
    now = services.now()
    asked: Mapping[str, tuple[Query, str]] = {
        "calendar": (Query(after=now, before=now + _AHEAD), "welcome.about_meeting"),
        "mail": (Query(after=now - _MAIL_BACK), "welcome.from_person"),
        "files": (Query(after=now - _FILES_BACK, file_types=_FILES), "welcome.about_file"),
    }
    found = await asyncio.gather(
        *(_newest(services, graph, source, query) for source, (query, _) in asked.items() if source in services.sources)
    )
    keys = {source: key for source, (_, key) in asked.items()}
    starters = {
        source: [say(keys[source], name=name) for name in _names(source, documents, reference)]
        for source, documents in found
    }
    return [names[0] for names in starters.values() if names]


async def _newest(services: Services, graph: Graph, source: str, query: Query) -> tuple[str, list[Document]]:
    try:
        async with asyncio.timeout(SECONDS):
            return source, await services.sources[source].open(graph).search(query, top=_PER_SOURCE)
    except (GraphError, TimeoutError):
        return source, []


def _names(source: str, documents: Sequence[Document], reference: Reference) -> list[str]:
    """Titles and names are other people's words, put into the mouth of whoever presses the button: only plain ones."""
    wanted = (document.author if source == "mail" else document.title for document in documents)
    mine = reference.person.name.casefold()
    return [name for name in map(plain, wanted) if name and name.casefold() != mine]


def was_greeted(stored: Any, activity_id: str) -> bool:
    """`stored`: the preference `greeted`, the id of the activity that was greeted for; a repeated turn may go on."""
    return bool(stored) and stored != activity_id
