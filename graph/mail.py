"""The asker's own mailbox: search, whole mails, and their attached files."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from graph.base import Document, Query, SourceSpec
from graph.client import Graph
from graph.errors import Forbidden, GraphError, NotFound, Rejected, Unavailable, Unreadable
from graph.extract.reasons import LINK
from graph.html_text import fold_quoted, read_html, tidy
from graph.kinds import kind_of
from graph.kql import mail_kql
from graph.mail_labels import labels_of
from graph.parse import dicts_at, hits_of, link_of, moment_of, summary_of, text_at
from graph.together import every
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment
from graph.wire.batches import MAX_PARTS, Answer, Part

SCOPES = ("Mail.Read",)
MAX_HITS = 25
"""Page size of message search. Source: https://learn.microsoft.com/graph/search-concept-messages"""
FIELDS = (
    "id,subject,from,receivedDateTime,sentDateTime,bodyPreview,body,uniqueBody,conversationId,webLink,hasAttachments,"
    "internetMessageHeaders"
)
PREFER = {"Prefer": 'IdType="ImmutableId", outlook.body-content-type="text"'}
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
FILE_FIELDS = "id,name,contentType,size,isInline"
MAX_FILES = 50
MAX_THREAD = 30
MAX_TALKS = 4
HTML_ON_LOOP = 100_000
"""Characters of HTML worth a thread: below, parsing takes a few milliseconds."""


class Mail:
    name: ClassVar[str] = "mail"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)
        self._bare: set[str] = set()
        """Mails that surely have no files attached."""
        self._listed: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        """Id of an attached file -> (its mail, its entry in the list of files)."""
        self._expanded: set[str] = set()
        """Conversations whose other mails were already given."""
        self._threads: dict[str, str] = {}
        """Id of a found mail -> its conversation."""
        self._talks: dict[str, Sequence[Mapping[str, Any]]] = {}
        """Conversation -> its mails, as they came with the mail that was found."""

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """Best first, in one call, with the passage that matched as text. Microsoft's search where it is allowed, the
        mailbox's own search otherwise (guests, tenants without it).
        """
        kql = mail_kql(query)
        if not kql or top <= 0:
            return []
        size = min(top, MAX_HITS)
        try:
            found = await self._hits(kql, size)
        except (Rejected, Forbidden, NotFound, Unavailable):
            return await self._own_search(kql, size)
        self._bare |= {_id(id) for id, hit in found if hit.get("hasAttachments") is False}
        self._threads |= {_id(id): text_at(hit, "conversationId") for id, hit in found}
        return [await letter({**hit, "id": id}) for id, hit in found]

    async def _hits(self, kql: str, size: int) -> list[tuple[str, Mapping[str, Any]]]:
        """(id, the hit's resource with its summary as preview)"""
        request = {
            "entityTypes": ["message"],
            "query": {"queryString": kql},
            "from": 0,
            "size": size,
            "enableTopResults": True,
        }
        reply = await self._graph.post("/search/query", {"requests": [request]}, IMMUTABLE, safe=True)
        found: dict[str, Mapping[str, Any]] = {}
        for hit in hits_of(reply):
            resource = hit.get("resource")
            id = text_at(hit, "hitId") or text_at(resource, "id")
            if id and isinstance(resource, Mapping):
                found.setdefault(id, {"bodyPreview": summary_of(hit), **resource})
        return list(found.items())[:size]

    async def _own_search(self, kql: str, size: int) -> list[Document]:
        escaped = kql.replace("\\", "\\\\").replace('"', '\\"')
        params = {"$search": f'"{escaped}"', "$select": FIELDS, "$top": str(size)}
        pages = self._graph.pages("/me/messages", params, limit=size, headers=PREFER)
        return [await letter(message) async for message in pages]

    async def read(self, id: str) -> Document:
        """A whole mail with the names of its files, or one attached file (`mail:<mail>/att/<attachment>`)."""
        mail_id, attachment_id = _split(id)
        if id in self._listed:
            return await self._attachment(*self._listed[id], mail_id, attachment_id)
        message = await self._graph.get(f"/me/messages/{segment(mail_id)}", {"$select": FIELDS}, PREFER)
        if attachment_id:
            path = f"/me/messages/{segment(mail_id)}/attachments/{segment(attachment_id)}"
            entry = await self._graph.get(path, {"$select": FILE_FIELDS}, IMMUTABLE)
            return await self._attachment(message, entry, mail_id, attachment_id)
        entries: list[Mapping[str, Any]] = []
        if message.get("hasAttachments") is not False:
            path, params = f"/me/messages/{segment(mail_id)}/attachments", {"$select": FILE_FIELDS}
            entries = [entry async for entry in self._graph.pages(path, params, limit=MAX_FILES, headers=IMMUTABLE)]
        return await self._whole({**message, "id": mail_id}, mail_id, entries)

    async def read_many(self, ids: Sequence[str]) -> list[Document | GraphError]:
        """Whole mails with the names of their files, in one round of batches; each fails alone.

        The conversations of the first few come along, so that `around` needs no call of its own.
        """
        known = [_split(id)[0] for id in ids]
        threads = [t for t in dict.fromkeys(self._threads.get(id, "") for id in ids) if t and t not in self._talks][
            :MAX_TALKS
        ]
        with_files = [mail_id for id, mail_id in zip(ids, known, strict=True) if id not in self._bare]
        parts = [Part(_message_url(mail_id), headers=PREFER) for mail_id in known]
        parts += [Part(_files_url(mail_id), headers=IMMUTABLE) for mail_id in with_files]
        parts += [Part(_thread_url(thread), headers=PREFER) for thread in threads]
        answers = await self._at_once(parts)
        listed = dict(zip(with_files, answers[len(known) :], strict=False))
        for thread, answer in zip(threads, answers[len(known) + len(with_files) :], strict=True):
            self._talks[thread] = list(dicts_at(answer.found(), "value"))
        found: list[Document | GraphError] = []
        for mail_id, answer in zip(known, answers, strict=False):
            if answer.error is not None:
                found.append(answer.error)
                continue
            files = listed.get(mail_id)
            entries = list(dicts_at(files.json(), "value")) if files is not None and files.ok else []
            found.append(await self._whole({**answer.json(), "id": mail_id}, mail_id, entries))
        return found

    async def around(self, documents: Sequence[Document]) -> list[Document]:
        """The other mails of the same conversations, newest first, each once a turn."""
        known = {document.id for document in documents}
        threads = [t for t in dict.fromkeys(document.thread for document in documents) if t and t not in self._expanded]
        self._expanded |= set(threads)
        missing = [thread for thread in threads if thread not in self._talks]
        answers = await self._at_once([Part(_thread_url(thread), headers=PREFER) for thread in missing])
        for thread, answer in zip(missing, answers, strict=True):
            self._talks[thread] = list(dicts_at(answer.found(), "value"))
        found = [await letter(message) for thread in threads for message in self._talks[thread]]
        others = {document.id: document for document in found if document.id not in known}
        return sorted(others.values(), key=lambda document: document.modified, reverse=True)

    async def _at_once(self, parts: Sequence[Part]) -> list[Answer]:
        chunks = [parts[start : start + MAX_PARTS] for start in range(0, len(parts), MAX_PARTS)]
        return [answer for some in await every(map(self._graph.batch, chunks)) for answer in some]

    async def _whole(self, message: Mapping[str, Any], mail_id: str, entries: Sequence[Mapping[str, Any]]) -> Document:
        """With the names of what a reader sees as attached; pictures inside the text are left out."""
        document = await letter(message)
        shown = {
            _id(mail_id, text_at(entry, "id")): entry
            for entry in entries
            if text_at(entry, "id") and entry.get("isInline") is not True
        }
        if not shown:
            return document
        self._listed |= {id: (message, entry) for id, entry in shown.items()}
        names = tuple(map(_file_name, shown.values()))
        listing = "\n".join(f"- {name}" for name in names)
        text = f"{document.text}\n\nAttached files:\n{listing}"
        return replace(document, text=text, attachments=tuple(shown), attachment_names=names)

    async def _attachment(
        self, message: Mapping[str, Any], entry: Mapping[str, Any], mail_id: str, attachment_id: str
    ) -> Document:
        path = f"/me/messages/{segment(mail_id)}/attachments/{segment(attachment_id)}"
        if text_at(entry, "@odata.type").endswith("referenceAttachment"):
            raise Unreadable(LINK)
        is_item = text_at(entry, "@odata.type").endswith("itemAttachment")
        name = _file_name(entry)
        data = await self._graph.content(f"{path}/$value", max_bytes=self._graph.documents.max_bytes)
        extracted = await self._graph.documents.read(data, f"{name}.eml" if is_item else name)
        return Document(
            id=_id(mail_id, attachment_id),
            source=Mail.name,
            kind=kind_of(extracted.kind),
            title=name,
            link=link_of(text_at(message, "webLink")),
            author=_author(message),
            modified=moment_of(text_at(message, "receivedDateTime")),
            text=extracted.text,
            place=f"attached to “{_subject(message)}”",
            thread=text_at(message, "conversationId"),
            attachment_of=_id(mail_id),
            truncated=extracted.truncated,
            hidden=extracted.hidden,
        ).labelled(*extracted.labels, *labels_of(message))

    async def readers(self, id: str) -> frozenset[str] | None:
        """None: a mailbox is its owner's; who else has a copy says nothing about who may learn of it here."""
        return None


async def letter(message: Mapping[str, Any]) -> Document:
    text, hidden = await _body(message)
    return Document(
        id=_id(text_at(message, "id")),
        source=Mail.name,
        kind="mail",
        title=_subject(message),
        link=link_of(text_at(message, "webLink")),
        author=_author(message),
        modified=moment_of(text_at(message, "receivedDateTime") or text_at(message, "sentDateTime")),
        text=text,
        thread=text_at(message, "conversationId"),
        hidden=hidden,
    ).labelled(*labels_of(message))


async def _body(message: Mapping[str, Any]) -> tuple[str, bool]:
    """The mail's own part: what Outlook calls unique, or else the body with its quoted history folded, or the preview; and
    whether there was more that nobody sees."""
    own, hidden = await _plain(message, "uniqueBody")
    if own:
        return own, hidden
    whole, hidden = await _plain(message, "body")
    return fold_quoted(whole) if whole else tidy(text_at(message, "bodyPreview")), hidden


async def _plain(message: Mapping[str, Any], key: str) -> tuple[str, bool]:
    content = text_at(message, key, "content")
    if text_at(message, key, "contentType").casefold() != "html":
        return tidy(content), False
    if len(content) < HTML_ON_LOOP:
        return read_html(content)
    return await asyncio.to_thread(read_html, content)


def _subject(message: Mapping[str, Any]) -> str:
    return " ".join(text_at(message, "subject").split()) or "(no subject)"


def _author(message: Mapping[str, Any]) -> str:
    for key in ("from", "sender"):
        name = " ".join(text_at(message, key, "emailAddress", "name").split())
        address = text_at(message, key, "emailAddress", "address").strip()
        if name or address:
            return f"{name} <{address}>" if name and address and name != address else name or address
    return ""


def _message_url(id: str) -> str:
    return f"/me/messages/{segment(id)}?{encoded({'$select': FIELDS})}"


def _thread_url(thread: str) -> str:
    """No order is asked for: with this filter Outlook refuses one as too complex."""
    written = thread.replace("'", "''")
    params = {"$filter": f"conversationId eq '{written}'", "$select": FIELDS, "$top": str(MAX_THREAD)}
    return f"/me/messages?{encoded(params)}"


def _files_url(id: str) -> str:
    return f"/me/messages/{segment(id)}/attachments?{encoded({'$select': FILE_FIELDS, '$top': str(MAX_FILES)})}"


def _file_name(entry: Mapping[str, Any]) -> str:
    return " ".join(text_at(entry, "name").split()) or "file"


def _id(mail: str, attachment: str = "") -> str:
    return f"mail:{quote(mail, safe='=')}" + (f"/att/{quote(attachment, safe='=')}" if attachment else "")


def _split(id: str) -> tuple[str, str]:
    """(mail id, attachment id or ''). Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    mail, separator, attachment = rest.partition("/att/")
    if prefix != Mail.name or not mail or bool(separator) != bool(attachment) or "/" in mail + attachment:
        raise NotFound("There is no mail with this id.", status=404)
    return unquote(mail), unquote(attachment)


SOURCE = SourceSpec("mail", "your mailbox", SCOPES, Mail)
