"""Colleagues and the organisation: who somebody is, their manager, their reports, and who does what."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from graph.base import Document, Hints, Query, Relation, SourceSpec
from graph.client import Graph
from graph.errors import Forbidden, NotFound, Rejected, Unavailable
from graph.kql import term
from graph.match import words_of
from graph.parse import dict_at, dicts_at, hits_of, text_at
from graph.together import every
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment
from graph.wire.batches import Part

SCOPES = ("User.Read.All", "People.Read")
FIELDS = "id,displayName,mail,userPrincipalName,jobTitle,department,officeLocation,businessPhones,mobilePhone"
MAX_HITS = 10
MAX_REPORTS = 100
DESCRIBED = 5
"""People whose manager and reports are asked for."""
_MANAGER = frozenset(("manager", "boss", "supervisor", "chef", "chefin", "vorgesetzter", "vorgesetzte", "vorgesetzten"))
_REPORTS = frozenset(("report", "reports", "team", "mitarbeiter", "mitarbeitende", "mitarbeiterinnen"))
WORDS = frozenset(
    """
    who whose whom colleague colleagues person people contact responsible works department role title phone office
    organisation organization org knows expert reports manager boss
    wer wem wen wessen kollege kollegin kollegen ansprechpartner zuständig verantwortlich arbeitet abteilung rolle telefon
    büro chef chefin vorgesetzter vorgesetzte vorgesetzten mitarbeiter kennt
    """.split()  # noqa: SIM905 -- as a list literal this would be fifty lines
)


class People:
    name: ClassVar[str] = "people"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """The asker's manager or reports when the words say so, then people by name, title and department."""
        if top <= 0:
            return []
        said = {word for phrase in (*query.all_of, *query.any_of, *query.people) for word in words_of(phrase)}
        asked = [self.manager()] if said & _MANAGER else []
        asked += [self.reports()] if said & _REPORTS else []
        found = [person for part in await every([*asked, self._named(query)]) for person in part]
        known = {text_at(person, "id"): person for person in found if text_at(person, "id")}
        return await self._described(list(known.values())[: min(top, MAX_HITS)])

    async def manager(self) -> list[Mapping[str, Any]]:
        """The asker's manager as Graph writes a user; empty for who has none."""
        try:
            return [await self._graph.get("/me/manager", {"$select": FIELDS})]
        except NotFound:
            return []

    async def reports(self) -> list[Mapping[str, Any]]:
        pages = self._graph.pages("/me/directReports", {"$select": FIELDS}, limit=MAX_REPORTS)
        return [person async for person in pages]

    async def related(self, relation: Relation) -> list[str]:
        """`graph.base.Relates`."""
        people = await (self.manager() if relation == "manager" else self.reports())
        return [name for person in people if (name := " ".join(text_at(person, "displayName").split()))]

    async def _named(self, query: Query) -> list[Mapping[str, Any]]:
        """Microsoft's search of people where it is allowed, the directory's otherwise."""
        names = (*query.people, *query.participants, *query.recipients)
        wanted = _distinct(names or (*query.all_of, *query.any_of))
        if not wanted:
            return []
        request = {
            "entityTypes": ["person"],
            "query": {"queryString": " OR ".join(wanted)},
            "from": 0,
            "size": MAX_HITS,
        }
        try:
            reply = await self._graph.post("/search/query", {"requests": [request]}, safe=True)
        except (Rejected, Forbidden, NotFound, Unavailable):
            return await self._by_name(wanted)
        found = [{"id": text_at(hit, "hitId"), **dict_at(hit, "resource")} for hit in hits_of(reply)]
        return sorted(found, key=lambda person: -_fit(person, wanted))

    async def _by_name(self, wanted: Sequence[str]) -> list[Mapping[str, Any]]:
        clauses = " OR ".join(f'"displayName:{name}"' for name in (word.replace('"', "") for word in wanted[:5]))
        params = {"$search": clauses, "$select": FIELDS, "$top": str(MAX_HITS)}
        pages = self._graph.pages("/users", params, limit=MAX_HITS, headers={"ConsistencyLevel": "eventual"})
        return [person async for person in pages]

    async def _described(self, found: Sequence[Mapping[str, Any]]) -> list[Document]:
        described = await self._around([text_at(person, "id") for person in found[:DESCRIBED]])
        return [
            _document(
                person, *described.get(text_at(person, "id"), ({}, {}, [])), self._graph.now(), complete=n < DESCRIBED
            )
            for n, person in enumerate(found)
        ]

    async def _around(self, ids: Sequence[str]) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any], list[str]]]:
        """By id: (the directory's own entry, manager, names of the reports), as far as the asker may see them."""
        params = encoded({"$select": FIELDS, "$expand": "manager($select=id,displayName,jobTitle,mail)"})
        below = encoded({"$select": "id,displayName,jobTitle"})
        parts = [Part(f"/users/{segment(id)}?{params}") for id in ids]
        parts += [Part(f"/users/{segment(id)}/directReports?{below}") for id in ids]
        answers = await self._graph.batch(parts) if parts else []
        found: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], list[str]]] = {}
        for id, user, reports in zip(ids, answers[: len(ids)], answers[len(ids) :], strict=True):
            if about := user.found():
                names = [_named_with_title(person) for person in dicts_at(reports.found(), "value")]
                found[id] = (about, dict_at(about, "manager"), [name for name in names if name])
        return found

    async def read(self, id: str) -> Document:
        prefix, _, rest = id.partition(":")
        if prefix != People.name or not rest or "/" in rest:
            raise NotFound("There is no person with this id.", status=404)
        found = await self._around([unquote(rest)])
        if not found:
            raise NotFound("There is no person with this id.", status=404)
        ((user, manager, reports),) = found.values()
        return _document(user, user, manager, reports, self._graph.now(), complete=True)

    async def readers(self, id: str) -> frozenset[str] | None:
        """None: every member of the organisation may look this up and no guest may, but Graph has no list of the members."""
        return None


def _distinct(names: Iterable[str]) -> list[str]:
    """Names as search terms; a person's name goes as its words, of which each must match."""
    found: list[str] = []
    for name in names:
        parts = [word for word in map(term, words_of(name)) if word and word not in _MANAGER | _REPORTS | _SMALL]
        if parts:
            found.append(f"({' AND '.join(parts)})" if len(parts) > 1 else parts[0])
    return list(dict.fromkeys(found))[:10]


_SMALL = frozenset(("my", "our", "mein", "meine", "meinem", "meinen", "unser", "unsere", "from", "von", "the"))


def _fit(person: Mapping[str, Any], wanted: Sequence[str]) -> int:
    """How many of the words are in a person's name, title or department; the search itself gives no order we can use."""
    known = set(
        words_of(
            " ".join(text_at(person, key) for key in ("displayName", "jobTitle", "department", "userPrincipalName"))
        )
    )
    return sum(word in known for clause in wanted for word in words_of(clause))


def _named_with_title(person: Mapping[str, Any]) -> str:
    name, title = (" ".join(text_at(person, key).split()) for key in ("displayName", "jobTitle"))
    return f"{name} ({title})" if name and title else name


def _document(
    person: Mapping[str, Any],
    user: Mapping[str, Any],
    manager: Mapping[str, Any],
    reports: Sequence[str],
    now: datetime,
    *,
    complete: bool,
) -> Document:
    about = {**person, **{key: value for key, value in user.items() if value}}
    name = " ".join(text_at(about, "displayName").split())
    phones = about.get("businessPhones")
    lines = [
        name,
        _line("Job title", text_at(about, "jobTitle")),
        _line("Department", text_at(about, "department")),
        _line("Mail", text_at(about, "mail") or text_at(about, "userPrincipalName")),
        _line("Phone", str(phones[0]) if isinstance(phones, list) and phones else text_at(about, "mobilePhone")),
        _line("Office", text_at(about, "officeLocation")),
        _line("Manager", _named_with_title(manager)),
        _line("Direct reports", ", ".join(reports)),
    ]
    return Document(
        id=f"people:{quote(text_at(about, 'id'), safe='')}",
        source=People.name,
        kind="person",
        title=name or "Somebody",
        link="",
        author="",
        modified=now,
        text="\n".join(line for line in lines if line),
        place="the company's directory",
        complete=complete,
    )


def _line(label: str, value: str) -> str:
    value = " ".join(value.split())
    return f"{label}: {value}" if value else ""


def wanted(hints: Hints) -> bool:
    return bool(hints.people) or hints.says(WORDS)


SOURCE = SourceSpec("people", "colleagues and the organisation", SCOPES, People, optional=True, wanted=wanted)
