"""Shared mailboxes ("support@…") that the asker has access to. Graph cannot list them, so the installation names them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from graph.base import Document, Query, SourceSpec
from graph.client import Graph
from graph.errors import NotFound
from graph.kql import mail_kql
from graph.mail import FIELDS, PREFER, letter
from graph.match import in_place
from graph.options import Options
from graph.parse import dicts_at, text_at
from graph.together import every
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment
from graph.wire.batches import Part

SCOPES = ("Mail.Read.Shared",)
MAX_HITS = 25


class SharedMailboxes:
    name: ClassVar[str] = "shared"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)
        self._closed: set[str] = set()
        """Mailboxes this person has no access to."""

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """The newest of all mailboxes that match; a place ("in the support mailbox") names one of them."""
        kql = mail_kql(query)
        named = [address for address in self._graph.options.shared_mailboxes if in_place(query.place, _name(address))]
        open_to_us = [address for address in named if address not in self._closed]
        if not kql or top <= 0 or not open_to_us:
            return []
        parts = [Part(_search_url(address, kql, min(top, MAX_HITS)), headers=PREFER) for address in open_to_us]
        answers = await self._graph.batch(parts)
        found: list[Document] = []
        for address, answer in zip(open_to_us, answers, strict=True):
            if answer.status in {403, 404}:
                self._closed.add(address)  # who has no access is not told that there is such a mailbox
            elif answer.ok:
                found += await self._documents(address, list(dicts_at(answer.body, "value")))
            else:
                answer.json()
        return sorted(found, key=lambda document: document.modified, reverse=True)[:top]

    async def _documents(self, address: str, messages: Sequence[Mapping[str, Any]]) -> list[Document]:
        read = await every(letter(message) for message in messages)
        return [
            _in(address, document, text_at(message, "id")) for document, message in zip(read, messages, strict=True)
        ]

    async def read(self, id: str) -> Document:
        address, message = _split(id)
        if address not in self._graph.options.shared_mailboxes:
            raise NotFound("There is no mail with this id.", status=404)
        path = f"/users/{segment(address)}/messages/{segment(message)}"
        return _in(address, await letter(await self._graph.get(path, {"$select": FIELDS}, PREFER)), message)

    async def readers(self, id: str) -> frozenset[str] | None:
        """None: Graph does not say who else has access to a shared mailbox."""
        return None


def _name(address: str) -> str:
    return f"{address.partition('@')[0]} mailbox {address}"


def _search_url(address: str, kql: str, top: int) -> str:
    escaped = kql.replace("\\", "\\\\").replace('"', '\\"')
    params = {"$search": f'"{escaped}"', "$select": FIELDS, "$top": str(top)}
    return f"/users/{segment(address)}/messages?{encoded(params)}"


def _in(address: str, document: Document, message: str) -> Document:
    id = f"shared:{quote(address, safe='@')}/{quote(message, safe='=')}"
    return replace(document, id=id, source=SharedMailboxes.name, place=address, complete=True)


def _split(id: str) -> tuple[str, str]:
    """(mailbox, mail). Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    address, separator, message = rest.partition("/")
    if prefix != SharedMailboxes.name or not separator or not address or not message or "/" in message:
        raise NotFound("There is no mail with this id.", status=404)
    return unquote(address), unquote(message)


def enabled(options: Options) -> bool:
    return bool(options.shared_mailboxes)


SOURCE = SourceSpec(
    "shared", "shared mailboxes you have access to", SCOPES, SharedMailboxes, optional=True, enabled=enabled
)
