"""Which files a KQL query finds, as SharePoint searches: whole words in name and text, trimmed to what the caller may read."""

from collections.abc import Callable
from urllib.parse import unquote

from infra.local.company.model import Item
from infra.local.graph import drive_render as render
from infra.local.graph.call import Call
from infra.local.graph.errors import bad_request
from infra.local.graph.index import Prepared, normalise, words
from infra.local.graph.kql import KqlError, Node, Term, in_range, in_text, matches, parse

PROPERTIES = frozenset(
    [
        "title",
        "filename",
        "filetype",
        "fileextension",
        "author",
        "createdby",
        "modifiedby",
        "editor",
        "path",
        "site",
        "siteid",
        "isdocument",
        "iscontainer",
        "contenttype",
        "lastmodifiedtime",
        "lastmodifieddatetime",
        "write",
        "created",
        "createddatetime",
        "size",
        "informationprotectionlabelid",
    ]
)
DATES = {
    "lastmodifiedtime": "modified",
    "lastmodifieddatetime": "modified",
    "write": "modified",
    "created": "created",
    "createddatetime": "created",
}


def search_items(call: Call, query: str) -> list[Item]:
    """Best first: words in the name count most, then how often the words stand in the text, then the newest. Raises `Refused`."""
    try:
        node = parse(query, PROPERTIES)
        found = [
            item
            for item in call.company.items
            if item.parent_id and render.visible(call, item) and item_matches(call, node, item)
        ]
    except KqlError as error:
        raise bad_request(f"Query is malformed: {error}") from error
    wanted = [word for word in words(query) if word not in PROPERTIES]
    return sorted(found, key=lambda item: (-score(call, item, wanted), -item.modified.timestamp()))


def word_search(call: Call, text: str) -> list[Item]:
    """`search(q='...')`: plain words, no query language."""
    wanted = words(text)
    found = [
        item
        for item in call.company.items
        if item.parent_id
        and render.visible(call, item)
        and wanted
        and all(f" {word}" in prepared_item(call, item)["all"] for word in wanted)
    ]
    return sorted(found, key=lambda item: (-score(call, item, wanted), -item.modified.timestamp()))


def score(call: Call, item: Item, wanted: list[str]) -> float:
    prepared = prepared_item(call, item)
    named = sum(1 for word in wanted if f" {word} " in prepared["title"])
    counted = sum(min(prepared["all"].count(f" {word} "), 10) for word in wanted)
    return named * 10 + counted


def prepared_item(call: Call, item: Item) -> Prepared:
    return call.state.index.fields(
        f"item {item.drive_id} {item.id}", (item.name, item.text), lambda: _prepare(call, item)
    )


def _prepare(call: Call, item: Item) -> Prepared:
    title = normalise(item.name)
    return {
        "title": title,
        "all": title + normalise(item.text),
        "author": _names(call, item.created_by),
        "editor": _names(call, item.modified_by),
    }


def _names(call: Call, person_id: str) -> str:
    person = call.people.get(person_id)
    return normalise(f"{person.name} {person.mail}") if person else " "


def item_matches(call: Call, node: Node, item: Item) -> bool:
    prepared = prepared_item(call, item)
    return matches(node, lambda term: _test(call, term, item, prepared))


def _test(call: Call, term: Term, item: Item, prepared: Prepared) -> bool:
    name, wanted = term.property, term.text.casefold()
    if name in {"", "title", "filename"}:
        return in_text(term, prepared["title" if name else "all"])
    if name in {"author", "createdby"}:
        return in_text(term, prepared["author"])
    if name in {"editor", "modifiedby"}:
        return in_text(term, prepared["author"] + prepared["editor"])
    if name in DATES:
        return in_range(term, item.modified if DATES[name] == "modified" else item.created, call.now())
    found = _plain(call, name, item, wanted)
    return found != (term.operator == "<>")


def _plain(call: Call, name: str, item: Item, wanted: str) -> bool:
    yes = wanted in {"true", "1", "yes"}
    tests: dict[str, Callable[[], bool]] = {
        "filetype": lambda: not item.is_folder and item.name.rpartition(".")[2].casefold() == wanted.lstrip("."),
        "isdocument": lambda: (not item.is_folder) == yes,
        "iscontainer": lambda: item.is_folder == (yes or wanted == "folder"),
        "path": lambda: unquote(render.web_url(call, item)).casefold().startswith(unquote(wanted).rstrip("/")),
        "siteid": lambda: wanted in render.parent_reference(call, item).get("siteId", "").casefold(),
        "informationprotectionlabelid": lambda: item.label != "" and render.label_id(item.label) == wanted,
    }
    same = {"fileextension": "filetype", "contenttype": "iscontainer", "site": "path"}
    test = tests.get(same.get(name, name))
    if test is None:
        raise KqlError(f"The property '{name}' cannot be searched like this.")
    return test()
