"""A search in the compose box: what the person may open, as cards that name a document and link to it, and say nothing of what it holds."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.answering import Answering
from bot.cards import kit
from bot.cards.seal import MAX_SEALED, NotOurs
from bot.choice import spoken_with
from bot.context import Reference
from bot.grounding.queries import keywords
from bot.services import Services
from bot.signin.asking import Link
from bot.teams.activities import reference
from bot.texts import Texts
from graph.base import Document, Query
from graph.errors import ConsentRequired, GraphError, SignInNeeded, Throttled
from graph.files import Files
from graph.mail import Mail

log = logging.getLogger(__name__)

SECONDS = 3.5
"""Teams gives an extension five (https://learn.microsoft.com/microsoftteams/platform/messaging-extensions/how-to/search-commands)."""
MOST = 25
RECENT = timedelta(days=30)
MAX_TYPED = 200
MAX_PREVIEW = 160
VERB = "compose.insert"
THUMBNAIL = "application/vnd.microsoft.card.thumbnail"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the search box: empty when it was only opened."""

    text: str
    skip: int
    count: int


async def query(answering: Answering, link: Link, activity: dict[str, Any]) -> Mapping[str, Any]:
    """The body for `composeExtension/query`; always one of the documented kinds, whatever goes wrong."""
    services, where = answering.services, reference(activity)
    say = await spoken_with(services.preferences, where)
    if not services.sources or not where.person.id:
        return message(say("sign_in.without_account"))
    try:
        async with asyncio.timeout(SECONDS):
            await services.sign_in.graph_token(where.person, services.scopes)
            found = await _found(services, where, wanted := typed(activity.get("value")))
    except (SignInNeeded, TimeoutError, GraphError) as error:
        return _instead(error, where, link, say)
    page = found[wanted.skip : wanted.skip + wanted.count]
    return results([_result(services, where, one, say) for one in page]) if page else message(say("compose.nothing"))


def _instead(error: Exception, where: Reference, link: Link, say: Texts) -> Mapping[str, Any]:
    """What the person sees in place of results: a way to sign in, or a sentence."""
    if isinstance(error, SignInNeeded):
        scopes = error.scopes if isinstance(error, ConsentRequired) else ()
        address = link(where.person, scopes=scopes, claims=error.claims)
        actions = [{"type": "openUrl", "value": address, "title": say("sign_in.button")}]
        return {"composeExtension": {"type": "auth", "suggestedActions": {"actions": actions}}}
    if isinstance(error, TimeoutError):
        return message(say("compose.too_slow"))
    if isinstance(error, Throttled):
        return message(say("compose.busy"))
    log.warning("a search in the compose box failed: %s", type(error).__name__)
    return message(say("compose.failed"))


async def insert(answering: Answering, activity: dict[str, Any]) -> Mapping[str, Any]:
    """The body for `composeExtension/selectItem`: the card of the result that was chosen, built anew from what we sealed."""
    where, value = reference(activity), activity.get("value")
    say = await spoken_with(answering.services.preferences, where)
    try:
        opened = answering.services.seal.open(
            value if isinstance(value, dict) else {}, person_id=where.person.id, conversation_id=where.id
        )
        if opened.verb != VERB:
            raise NotOurs
    except NotOurs:
        return message(say("click.not_yours"))
    data = opened.data
    return results([_card(data["title"], data["link"], data["below"], say)])


def typed(value: object) -> Typed:
    """Of an invoke's value, which anybody may have written."""
    asked: Mapping[str, Any] = value if isinstance(value, dict) else {}
    parameters = asked.get("parameters")
    named = {
        p["name"]: p.get("value")
        for p in (parameters if isinstance(parameters, list) else ())
        if isinstance(p, dict) and isinstance(p.get("name"), str)
    }
    text = next((words for name, words in named.items() if name != "initialRun" and isinstance(words, str)), "")
    options = asked.get("queryOptions")
    options = options if isinstance(options, dict) else {}
    return Typed(
        " ".join(text[:MAX_TYPED].split()), _number(options.get("skip"), 0), _number(options.get("count"), MOST)
    )


def _number(value: object, default: int) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return min(max(value, 0), MOST) if is_number and isinstance(value, int) else default


async def _found(services: Services, where: Reference, wanted: Typed) -> list[Document]:
    async def token(scopes: tuple[str, ...], claims: str | None) -> str:
        return await services.sign_in.graph_token(where.person, scopes, claims)

    graph = services.graph.for_person(where.person.id, token, timezone=where.timezone)
    top = min(wanted.skip + wanted.count, MOST)
    if not wanted.text:
        recent = await Files(graph).search(Query(after=services.now() - RECENT), top=top)
        return sorted(recent, key=lambda document: document.modified, reverse=True)
    words = keywords(wanted.text) or tuple(wanted.text.split())
    # Somebody is still typing: the last word may be the beginning of one.
    asked = Query(all_of=(*words[:-1], f"{words[-1]}*") if words[-1].isalnum() else words)
    sources = [spec.open(graph) for name, spec in services.sources.items() if name in {Files.name, Mail.name}]
    answers = await asyncio.gather(*(source.search(asked, top=top) for source in sources), return_exceptions=True)
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    found = [answer for answer in answers if not isinstance(answer, BaseException)]
    if failures and (not found or not isinstance(failures[0], GraphError)):
        raise failures[0]
    return once_each(_in_turn(found))


def _in_turn(lists: Sequence[Sequence[Document]]) -> list[Document]:
    """The best of each source first, then the second best of each."""
    longest = max((len(documents) for documents in lists), default=0)
    return [documents[place] for place in range(longest) for documents in lists if place < len(documents)]


def once_each(documents: Sequence[Document]) -> list[Document]:
    """Of a thread of mails the best only: in a list of titles the others look like the same one again."""
    found: dict[str, Document] = {}
    for document in documents:
        found.setdefault(document.thread or document.id, document)
    return list(found.values())


def _result(services: Services, where: Reference, document: Document, say: Texts) -> dict[str, Any]:
    """What is inserted names the document; its words are in the preview only, which nobody but the person sees."""
    below = " · ".join(part for part in (document.author, f"{document.modified:%Y-%m-%d}", document.place) if part)[
        :300
    ]
    title, link = document.title[:200], document.link
    tap = services.seal.sign(
        VERB, {"title": title, "link": link, "below": below}, person_id=where.person.id, conversation_id=where.id
    )
    shown: dict[str, Any] = {
        "title": _plain(title),
        "text": _plain(f"{below}. {' '.join(document.text.split())}")[:MAX_PREVIEW],
    }
    if len(str(tap)) < MAX_SEALED:
        shown["tap"] = {"type": "invoke", "value": tap}
    return {**_card(title, link, below, say), "preview": {"contentType": THUMBNAIL, "content": shown}}


def _card(title: str, link: str, below: str, say: Texts) -> Mapping[str, Any]:
    """Letter by letter: a title is what somebody wrote, so nothing in it is read as markup."""
    hint = say("compose.open", title=title)
    return kit.card([kit.linked(title, link, hint=hint, below=below)], fallback=title, language=say.language)


def _plain(text: str) -> str:
    """A preview reads simple HTML."""
    return text.replace("<", "‹").replace(">", "›").replace("&", "+")


def results(attachments: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"composeExtension": {"type": "result", "attachmentLayout": "list", "attachments": [*attachments]}}


def message(text: str) -> Mapping[str, Any]:
    return {"composeExtension": {"type": "message", "text": text}}
