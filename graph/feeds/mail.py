"""New mail in the inbox: to whom it was directed, whether a person or a machine wrote it, and whether it was answered."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from graph.client import Graph
from graph.errors import GraphError
from graph.feed import Entry, FeedSpec, News, Span
from graph.feeds.changes import changes, is_removed
from graph.mail import letter
from graph.parse import NEVER, dict_at, dicts_at, moment_of, text_at
from graph.together import both, every

SCOPES = ("Mail.Read",)
INBOX = "/me/mailFolders/inbox/messages/delta"
SENT = "/me/mailFolders/sentitems/messages"
FIELDS = (
    "id,subject,from,toRecipients,ccRecipients,receivedDateTime,bodyPreview,body,conversationId,webLink,importance,"
    "internetMessageHeaders"
)
PREFER = {"Prefer": 'IdType="ImmutableId", outlook.body-content-type="text", odata.maxpagesize=50'}
MOST_SENT = 500
LATE = timedelta(days=2)
"""What is older and comes into the inbox was moved there, and is no news."""
_SECOND = timedelta(seconds=1)
_MACHINE = re.compile(
    r"^(?:.*[._+-])?(?:no-?reply|do-?not-?reply|noreply\d*|notifications?|newsletters?|news|mailer(?:-daemon)?|alerts?"
    r"|digest|updates?|marketing|builds?|jenkins|postmaster|bounces?|info|system)(?:[._+-].*)?@",
    re.IGNORECASE,
)
_LIST_HEADERS = frozenset({"list-unsubscribe", "list-id", "x-auto-response-suppress"})


class Mail:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)

    async def news(self, span: Span, cursor: Any) -> News:
        """By delta of the inbox: what came since, whether it was read or not."""
        since = moment_of(text_at(cursor, "since"))
        since = span.since if since == NEVER else since
        params = {"$select": FIELDS, "$filter": f"receivedDateTime ge {_iso(since)}", "changeType": "created"}
        link = text_at(cursor, "link")
        found, sent = await both(
            changes(self._graph, INBOX, params, link, headers=PREFER), self._sent(min(since, span.since))
        )
        mine, last = sent
        mine |= await self._addresses()
        # The link says what is new, and counts what comes late or while it is asked for; only when it is lost the time does.
        oldest = since if found.anew else since - LATE
        came = {text_at(one, "id"): one for one in found.entries if not is_removed(one) and _received(one) >= oldest}
        entries = await every(_entry(one, mine, last) for one in came.values())
        entries.sort(key=lambda entry: entry.document.modified)
        told = max([span.until, *(entry.document.modified + _SECOND for entry in entries)])
        return News(tuple(entries), {"link": found.link, "since": _iso(told)})

    async def _sent(self, since: datetime) -> tuple[set[str], dict[str, datetime]]:
        """(the person's addresses, when they last wrote by conversation)"""
        params = {
            "$select": "conversationId,sentDateTime,from",
            "$filter": f"sentDateTime ge {_iso(since)}",
            "$top": "100",
        }
        mine: set[str] = set()
        last: dict[str, datetime] = {}
        async for one in self._graph.pages(SENT, params, limit=MOST_SENT):
            mine.add(text_at(one, "from", "emailAddress", "address").casefold())
            talk, at = text_at(one, "conversationId"), moment_of(text_at(one, "sentDateTime"))
            last[talk] = max(at, last.get(talk, NEVER))
        return mine - {""}, last

    async def _addresses(self) -> set[str]:
        """Whose mailbox it is; who has written nothing lately is asked for."""
        try:
            me = await self._graph.scoped(("User.Read",)).get("/me", {"$select": "mail,userPrincipalName"})
        except GraphError:
            return set()
        return {text_at(me, key).casefold() for key in ("mail", "userPrincipalName")} - {""}


async def _entry(message: Mapping[str, Any], mine: set[str], last: Mapping[str, datetime]) -> Entry:
    document = await letter(message)
    to = [dict_at(one, "emailAddress") for one in dicts_at(message, "toRecipients")]
    cc = [dict_at(one, "emailAddress") for one in dicts_at(message, "ccRecipients")]
    sender = text_at(message, "from", "emailAddress", "address").casefold()
    return Entry(
        document,
        author=_name(dict_at(message, "from", "emailAddress")),
        at=document.modified,
        mine=sender in mine,
        to_me=any(text_at(one, "address").casefold() in mine for one in to),
        among=len(to),
        people=tuple(name for name in map(_name, (*to, *cc)) if name),
        answered=last.get(document.thread, NEVER) > document.modified,
        bulk=bool(_MACHINE.match(sender)) or _from_list(message),
        inside=sender.partition("@")[2] in {address.partition("@")[2] for address in mine},
        urgent=text_at(message, "importance") == "high",
    )


def _from_list(message: Mapping[str, Any]) -> bool:
    for header in dicts_at(message, "internetMessageHeaders"):
        name, value = text_at(header, "name").casefold(), text_at(header, "value").casefold()
        if name in _LIST_HEADERS or (name == "precedence" and value in {"bulk", "list", "junk"}):
            return True
        if name == "auto-submitted" and value != "no":
            return True
    return False


def _name(address: Mapping[str, Any]) -> str:
    return " ".join(text_at(address, "name").split()) or text_at(address, "address").strip()


def _received(message: Mapping[str, Any]) -> datetime:
    return moment_of(text_at(message, "receivedDateTime"))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


FEED = FeedSpec("mail", SCOPES, Mail)
