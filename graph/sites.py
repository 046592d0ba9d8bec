"""SharePoint beyond files: entries of lists, pages, and the sites themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from graph.base import Document, Hints, Query, SourceSpec
from graph.client import Graph
from graph.errors import NotFound
from graph.html_text import html_to_text, tidy
from graph.kql import item_kql
from graph.match import in_place
from graph.parse import dict_at, hits_of, link_of, moment_of, summary_of, text_at
from graph.together import both
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment
from graph.wire.batches import Part

SCOPES = ("Sites.Read.All",)
MAX_HITS = 25
READ = 8
"""Entries whose columns are fetched with the search: search itself returns a title and an author."""
_OWN = frozenset(
    """
    id contenttype modified created authorlookupid editorlookupid attachments edit title linktitle linktitlenomenu
    itemchildcount folderchildcount appauthorlookupid _complianceflags _compliancetag _compliancetagwrittentime
    _compliancetaguserid _uiversionstring
    """.split()  # noqa: SIM905 -- as a list literal this would be twenty lines
)
"""Columns every list has, which say nothing about an entry."""
WORDS = frozenset(
    """
    list lists sharepoint site sites page pages intranet entry register tracker risk risks issue issues
    liste listen seite seiten intranet eintrag einträge verzeichnis risiko risiken
    """.split()  # noqa: SIM905 -- as a list literal this would be thirty lines
)


class Sites:
    name: ClassVar[str] = "sites"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """Entries of lists, pages and sites, best first; a place narrows them to sites and lists of that name."""
        kql = item_kql(query)
        if not kql or top <= 0:
            return []
        request = {
            "entityTypes": ["listItem", "site"],
            "query": {"queryString": kql},
            "from": 0,
            "size": MAX_HITS,
        }
        reply = await self._graph.post("/search/query", {"requests": [request]}, safe=True)
        found: dict[str, Document] = {}
        for hit in hits_of(reply):
            document = _document(dict_at(hit, "resource"), summary_of(hit))
            if document is not None and in_place(query.place, document.place, document.title):
                found.setdefault(document.id, document)
        return await self._with_columns(list(found.values())[:top])

    async def _with_columns(self, documents: Sequence[Document]) -> list[Document]:
        read = [document for document in documents if document.id.count("/") == 2][:READ]
        answers = await self._graph.batch([Part(f"{_path(document.id)}?{_EXPAND}") for document in read])
        whole = {
            document.id: _with(document, item)
            for document, answer in zip(read, answers, strict=True)
            if (item := answer.found())
        }
        return [whole.get(document.id, document) for document in documents]

    async def read(self, id: str) -> Document:
        path = _path(id)
        if id.count("/") == 2:
            item = await self._graph.get(path, {"$expand": "fields"})
            document = _document(item, "", id=id)
            if document is None:
                raise NotFound("There is no entry with this id.", status=404)
            return _with(document, item)
        site, lists = await both(self._graph.get(path), self._graph.get(f"{path}/lists"))
        document = _document({**site, "@odata.type": "#microsoft.graph.site"}, "")
        if document is None:
            raise NotFound("There is no site with this id.", status=404)
        names = [text_at(entry, "displayName") for entry in lists.get("value") or [] if isinstance(entry, Mapping)]
        listing = "\n".join(f"- {' '.join(name.split())}" for name in names if name)
        text = f"{document.text}\n\nLists and libraries:\n{listing}" if listing else document.text
        return replace(document, text=text, complete=True)

    async def readers(self, id: str) -> frozenset[str] | None:
        """None: who may open a site stands in its own groups, which Graph does not show to people."""
        return None


_EXPAND = encoded({"$expand": "fields"})


def _document(resource: Mapping[str, Any], summary: str, *, id: str = "") -> Document | None:
    """None for files and folders, which the source of files finds, and for what cannot be addressed."""
    link, kind = link_of(text_at(resource, "webUrl")), text_at(resource, "@odata.type")
    name = " ".join((text_at(resource, "displayName") or text_at(resource, "name")).split())
    if kind.endswith(".site"):
        about = "\n".join(part for part in (name, tidy(text_at(resource, "description"))) if part)
        found, place, title = f"sites:{_quoted(text_at(resource, 'id'))}", "SharePoint", name
    else:
        path = unquote(urlsplit(link).path)
        if not id and "/lists/" not in path.casefold() and not path.casefold().endswith(".aspx"):
            return None
        site = text_at(resource, "sharepointIds", "siteId") or text_at(resource, "parentReference", "siteId")
        entries = text_at(resource, "sharepointIds", "listId") or text_at(resource, "parentReference", "id")
        item = text_at(resource, "sharepointIds", "listItemId") or text_at(resource, "id")
        if not id and not (site and entries and item):
            return None
        fields = dict_at(resource, "fields")
        title = text_at(fields, "title") or text_at(fields, "Title") or name or "(no title)"
        found = id or f"sites:{_quoted(site)}/{_quoted(entries)}/{_quoted(item)}"
        place, about = " / ".join(part for part in path.split("/")[:-1] if part and part != "Lists"), summary or title
    if found == "sites:":
        return None
    return Document(
        id=found,
        source=Sites.name,
        kind="web",
        title=" ".join(title.split()),
        link=link,
        author=" ".join(text_at(resource, "lastModifiedBy", "user", "displayName").split()),
        modified=moment_of(text_at(resource, "lastModifiedDateTime")),
        text=about,
        place=place.removeprefix("sites / "),
    )


def _with(document: Document, item: Mapping[str, Any]) -> Document:
    """The entry's columns as lines, as its form shows them."""
    fields = dict_at(item, "fields")
    lines = [document.title]
    for name, value in fields.items():
        shown = _value(value)
        if shown and not name.startswith("@") and name.casefold() not in _OWN:
            lines.append(f"{_heading(name)}: {shown}")
    return replace(document, text="\n".join(lines), complete=True)


def _heading(name: str) -> str:
    """SharePoint writes what is no letter of a column's name as `_x0020_`."""
    for written, meant in (("_x0020_", " "), ("_x002d_", "-"), ("_x002f_", "/"), ("_x00fc_", "ü"), ("_x00e4_", "ä")):
        name = name.replace(written, meant)
    return name.strip("_")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return html_to_text(str(value)) if isinstance(value, str) and "<" in value else str(value).strip()
    if isinstance(value, list):
        return ", ".join(part for part in map(_value, value[:50]) if part)
    if isinstance(value, Mapping):
        return text_at(value, "LookupValue") or text_at(value, "Label") or text_at(value, "Description")
    return ""


def _quoted(id: str) -> str:
    return quote(id, safe=",=")


def _path(id: str) -> str:
    """Of a site, or of an entry of a list. Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    parts = [unquote(part) for part in rest.split("/")]
    if prefix != Sites.name or not all(parts) or len(parts) not in {1, 3}:
        raise NotFound("There is no entry with this id.", status=404)
    site = f"/sites/{segment(parts[0])}"
    return site if len(parts) == 1 else f"{site}/lists/{segment(parts[1])}/items/{segment(parts[2])}"


def wanted(hints: Hints) -> bool:
    return bool(hints.place) or hints.says(WORDS)


SOURCE = SourceSpec("sites", "SharePoint sites and lists", SCOPES, Sites, optional=True, wanted=wanted)
