"""Files in OneDrive and SharePoint that the asker may open: search, text, who else may open them."""

import asyncio
import base64
import posixpath
from collections.abc import Awaitable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from graph.base import Document, Query, SourceSpec
from graph.client import Graph
from graph.errors import Conflict, Forbidden, IsFolder, NotFound, Rejected, SignInNeeded, Unavailable, Unreadable
from graph.extract.reasons import FORMAT, TOO_LARGE
from graph.kinds import kind_of
from graph.kql import MAX_FOLDERS, file_kql, folder_kql, term
from graph.match import in_place, named, words_of
from graph.once import Once
from graph.parse import dict_at, dicts_at, hits_of, link_of, moment_of, summary_of, text_at
from graph.together import ended
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment

SCOPES = ("Files.Read.All",)
GROUP_SCOPES = ("GroupMember.Read.All",)
MAX_HITS = 50
FIELDS = "id,name,size,file,folder,package,webUrl,parentReference,createdBy,lastModifiedBy,lastModifiedDateTime"
MAX_MEMBERS = 5000
_SHARED = frozenset(("shared", "with", "me", "mir", "mit", "geteilt", "geteilte", "freigegeben", "files", "dateien"))


class Files:
    name: ClassVar[str] = "files"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph, self._groups = graph.scoped(SCOPES), graph.scoped(GROUP_SCOPES)
        self._found: dict[str, Mapping[str, Any]] = {}
        """What search said about a file, by document id."""
        self._known_groups = Once[str, set[str]]()
        self._known_folders = Once[str, list[str]]()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """Best first, each with the passage that matched as its text. Without words the newest of a place, type or time."""
        if top <= 0:
            return []
        size, others = min(top, MAX_HITS), bool(query.place) and set(words_of(query.place)) <= _SHARED
        try:
            folders = await self._folders(query.place) if query.place and not others else []
            kql = file_kql(query, folders=folders) or ("isDocument:true" if others else "")
            if not kql:
                return []
            hits = await self._hits(kql, MAX_HITS if query.place else size, newest=not (query.all_of or query.any_of))
            own = await self._own_drive() if others else ""
        except (Rejected, Forbidden, NotFound, Unavailable):
            return await self._own_search(query, size)
        documents: dict[str, Document] = {}
        for hit in hits:
            item = dict_at(hit, "resource")
            if not _is_file(item) or (others and not _is_from_somebody(item, own)):
                continue
            document = document_of(item, text=summary_of(hit))
            # A site or library is no folder: what lies in one of that name has it in its address.
            if document is not None and (folders or others or in_place(query.place, *_places(document))):
                documents.setdefault(document.id, document)
                self._found.setdefault(document.id, item)
        return list(documents.values())[:size]

    async def _hits(self, kql: str, size: int, *, newest: bool = False) -> list[Mapping[str, Any]]:
        request: dict[str, Any] = {
            "entityTypes": ["driveItem"],
            "query": {"queryString": kql},
            "from": 0,
            "size": size,
        }
        if newest:
            request["sortProperties"] = [{"name": "lastModifiedDateTime", "isDescending": True}]
        return list(hits_of(await self._graph.post("/search/query", {"requests": [request]}, safe=True)))

    async def _folders(self, place: str) -> list[str]:
        """Web addresses of the folders a place's name can mean."""
        return await self._known_folders.get(place, lambda: self._ask_for_folders(place))

    async def _ask_for_folders(self, place: str) -> list[str]:
        kql = folder_kql(" ".join(named(place)))
        hits = await self._hits(kql, MAX_FOLDERS) if kql else []
        return [link for hit in hits if (link := link_of(text_at(hit, "resource", "webUrl")))]

    async def _own_drive(self) -> str:
        return text_at(await self._graph.get("/me/drive", {"$select": "id"}), "id")

    async def _own_search(self, query: Query, size: int) -> list[Document]:
        """The search of the asker's own OneDrive, for tenants where Microsoft Search is refused."""
        words = " ".join(word for word in map(term, (*query.all_of, *query.any_of)) if word)[:200].replace("'", "''")
        if not words:
            return []
        path = f"/me/drive/root/search(q='{quote(words, safe=chr(39))}')"
        pages = self._graph.pages(path, {"$top": str(size), "$select": FIELDS}, limit=size)
        found = [document_of(item, text="") async for item in pages if _is_file(item)]
        return [document for document in found if document is not None]

    async def read(self, id: str) -> Document:
        """What it is and what it holds are asked for at once: each call takes a person's time, so they don't wait for each other.

        A file that was found just now is known: then it is one call.
        """
        if id in self._found:
            return await self._read(self._found[id], self._content(id))
        about = asyncio.ensure_future(self._graph.get(_path(id), {"$select": FIELDS}))
        content = asyncio.ensure_future(self._content(id))
        try:
            return await self._read(await about, content)
        finally:
            await ended(about, content)

    async def open_file(self, url: str) -> tuple[Document, bytes]:
        """What is behind a web link, without its text, and its bytes. Raises `IsFolder` (see `graph.folders`).

        Source: https://learn.microsoft.com/graph/api/shares-get (encoding of links)
        """
        if urlsplit(url).scheme != "https" and not link_of(url):
            raise NotFound("This link leads to no file.", status=404)
        item = await self._graph.get(share_item(url), {"$select": FIELDS})
        if "folder" in item:
            raise IsFolder(FORMAT)
        document = self._readable(item)
        return document, await self._content(document.id)

    async def _content(self, id: str) -> bytes:
        return await self._graph.content(f"{_path(id)}/content", max_bytes=self._graph.documents.max_bytes)

    async def _read(self, item: Mapping[str, Any], content: Coroutine[Any, Any, bytes] | Awaitable[bytes]) -> Document:
        try:
            document = self._readable(item)
        except Unreadable:
            if isinstance(content, Coroutine):
                content.close()
            raise
        return await self._extracted(document, await content)

    def _readable(self, item: Mapping[str, Any]) -> Document:
        document = document_of(item, text="")
        if document is None or not _is_file(item):
            raise Unreadable(FORMAT)
        size, limit = item.get("size"), self._graph.documents.max_bytes
        if isinstance(size, int) and size > limit:
            raise Unreadable(TOO_LARGE)
        return document

    async def _extracted(self, document: Document, data: bytes) -> Document:
        extracted = await self._graph.documents.read(data, document.title)
        return replace(
            document,
            kind=kind_of(extracted.kind),
            text=extracted.text,
            truncated=extracted.truncated,
            hidden=extracted.hidden,
        ).labelled(*extracted.labels)

    async def readers(self, id: str) -> frozenset[str] | None:
        """Those who surely may open it: named people and members of named groups.

        Whoever might only come in by a link (for anyone, for the organisation) or through a group that we may not look
        into is left out, so the answer is never too large; None when no permission could be read at all.
        """
        try:
            pages = self._graph.pages(f"{_path(id)}/permissions", limit=500)
            permissions = [permission async for permission in pages]
        except (Forbidden, NotFound, Rejected, Conflict):
            return None
        people: set[str] = set()
        groups: set[str] = set()
        for permission in permissions:
            for identity in _identities(permission):
                people.add(text_at(identity, "user", "id"))
                groups.add(text_at(identity, "group", "id"))
        for group in groups - {""}:
            people |= await self._members(group)
        people.discard("")
        return frozenset(people) or None

    async def _members(self, group: str) -> set[str]:
        """Asked once a turn: most files of a site are open to the same few groups."""
        return await self._known_groups.get(group, lambda: self._ask_for_members(group))

    async def _ask_for_members(self, group: str) -> set[str]:
        path = f"/groups/{segment(group)}/transitiveMembers"
        try:
            pages = self._groups.pages(path, {"$select": "id", "$top": "999"}, limit=MAX_MEMBERS)
            return {text_at(member, "id") async for member in pages if _is_person(member)}
        except (Forbidden, NotFound, Rejected, SignInNeeded):
            return set()


def share_item(url: str) -> str:
    """Where Graph shows the file behind a web link. Source: https://learn.microsoft.com/graph/api/shares-get (encoding of links)"""
    share = "u!" + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return f"/shares/{segment(share)}/driveItem"


def share_path(url: str) -> str:
    return f"{share_item(url)}?{encoded({'$select': FIELDS})}"


def _is_person(member: Mapping[str, Any]) -> bool:
    """Members are people, devices and other groups; an answer of one kind only leaves the kind out."""
    return text_at(member, "@odata.type") in {"", "#microsoft.graph.user"}


def _identities(permission: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Whom a permission names. A link that works for anyone or the whole organisation names nobody."""
    if text_at(permission, "link", "scope") in {"anonymous", "organization"}:
        return []
    roles = permission.get("roles")
    if roles and not (isinstance(roles, list) and {"read", "write", "owner", "sp.full control"} & set(map(str, roles))):
        return []
    single = [dict_at(permission, "grantedToV2") or dict_at(permission, "grantedTo")]
    several = list(dicts_at(permission, "grantedToIdentitiesV2")) or list(dicts_at(permission, "grantedToIdentities"))
    return [identity for identity in (*single, *several) if identity]


def _is_from_somebody(item: Mapping[str, Any], own: str) -> bool:
    """In another person's OneDrive: it is there for the asker because it was shared with them."""
    return text_at(item, "parentReference", "driveType") == "business" and (
        text_at(item, "parentReference", "driveId") != own
    )


def _places(document: Document) -> tuple[str, ...]:
    """The folders above it, each alone: a place's name is one of them."""
    return tuple(part for part in f"{unquote(urlsplit(document.link).path)}/{document.place}".split("/") if part)


def _is_file(item: Mapping[str, Any]) -> bool:
    return "folder" not in item and "package" not in item and bool(text_at(item, "name"))


def document_of(item: Mapping[str, Any], *, text: str) -> Document | None:
    """None for an entry without the two ids that address it."""
    drive, id = text_at(item, "parentReference", "driveId"), text_at(item, "id")
    if not drive or not id:
        return None
    name, link = " ".join(text_at(item, "name").split()), link_of(text_at(item, "webUrl"))
    return Document(
        id=f"files:{quote(drive, safe='!')}/{quote(id, safe='!')}",
        source=Files.name,
        kind=kind_of(name),
        title=name,
        link=link,
        author=_who(item),
        modified=moment_of(text_at(item, "lastModifiedDateTime")),
        text=text,
        place=_place(item, link),
        label=text_at(item, "sensitivityLabel", "displayName"),
    )


def _who(item: Mapping[str, Any]) -> str:
    """Who made it and, where that is somebody else, who changed it last: people ask for a file by either."""
    names = [
        text_at(item, key, "user", "displayName") or text_at(item, key, "user", "email")
        for key in ("createdBy", "lastModifiedBy")
    ]
    return ", ".join(dict.fromkeys(" ".join(name.split()) for name in names if name))


def _place(item: Mapping[str, Any], link: str) -> str:
    """The folder: from the parent's path, or the link's."""
    _, found, path = text_at(item, "parentReference", "path").partition("root:")
    if found:
        return unquote(path).strip("/") or "/"
    return unquote(posixpath.dirname(urlsplit(link).path)).strip("/")


def _path(id: str) -> str:
    """The path of an item. Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    drive, separator, item = rest.partition("/")
    if prefix != Files.name or not separator or not drive or not item or "/" in item:
        raise NotFound("There is no file with this id.", status=404)
    return f"/drives/{segment(unquote(drive))}/items/{segment(unquote(item))}"


SOURCE = SourceSpec("files", "your files in OneDrive and SharePoint", SCOPES, Files, also=GROUP_SCOPES)
