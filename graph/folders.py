"""What lies in a folder that somebody sent a link to: a list to answer from, and its newest files to open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graph.base import Document
from graph.client import Graph
from graph.errors import NotFound
from graph.files import FIELDS, SCOPES, document_of, share_item
from graph.parse import dict_at, dicts_at, text_at


@dataclass(frozen=True, slots=True)
class Folder:
    document: Document
    """The list, complete as far as it goes."""
    files: tuple[Document, ...]
    """Without their text, the newest first."""


async def folder_at(graph: Graph, url: str) -> Folder:
    """One call. Raises `NotFound` where the link leads to no folder that the asker may open.

    Source: https://learn.microsoft.com/graph/api/shares-get (`driveItem` with `$expand=children`)
    """
    asked = {"$expand": f"children($select={FIELDS})"}
    item = await graph.scoped(SCOPES).get(share_item(url), asked)
    document = document_of(item, text="")
    if document is None or "folder" not in item:
        raise NotFound("This link leads to no folder.", status=404)
    inside = list(dicts_at(item, "children"))
    files = [file for child in inside if "folder" not in child and (file := document_of(child, text=""))]
    files.sort(key=lambda file: file.modified, reverse=True)
    return Folder(_list(document, item, inside, files, graph), tuple(files))


def _list(
    document: Document,
    item: Mapping[str, Any],
    inside: Sequence[Mapping[str, Any]],
    files: Sequence[Document],
    graph: Graph,
) -> Document:
    folders = [" ".join(text_at(child, "name").split()) for child in inside if "folder" in child]
    lines = [f"- {name} (folder)" for name in sorted(folders)]
    for file in files:
        by = f", by {file.author}" if file.author else ""
        lines.append(f"- {file.title} (changed {file.modified.astimezone(graph.zone):%d %B %Y, %H:%M}{by})")
    count = dict_at(item, "folder").get("childCount")
    more = count - len(inside) if isinstance(count, int) else 0
    lines.append(f"and {more} more") if more > 0 else None
    text = "\n".join([f"The folder “{document.title}” holds:", *(lines or ["nothing"])])
    return replace(document, kind="other", text=text, complete=more <= 0)
