"""The asker's own To Do: what they have to do, until when, and what is done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from graph.base import Document, Hints, Query, SourceSpec
from graph.client import Graph
from graph.errors import NotFound
from graph.html_text import html_to_text, tidy
from graph.match import best, in_place
from graph.once import Once
from graph.parse import NEVER, dicts_at, moment_of, text_at
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment
from graph.wire.batches import Part

SCOPES = ("Tasks.Read",)
MOST_LISTS = 40
MOST_TASKS = 100
LINK = "https://to-do.office.com/tasks/"
WORDS = frozenset(
    """
    task tasks todo todos do done due deadline deadlines open overdue list lists checklist reminder reminders finish
    aufgabe aufgaben erledigen erledigt fällig offen offene offenen überfällig frist fristen liste listen erinnerung
    """.split()  # noqa: SIM905 -- as a list literal this would be fifty lines
)


class Tasks:
    name: ClassVar[str] = "tasks"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)
        self._all = Once[str, list[tuple[Mapping[str, Any], Mapping[str, Any]]]]()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """Tasks with the words; by the words for tasks alone, all that are open, the most urgent first."""
        if top <= 0:
            return []
        rows = [
            (tasks, task)
            for tasks, task in await self._all.get("", self._ask)
            if in_place(query.place, text_at(tasks, "displayName")) and _in_span(query, task)
        ]
        if {word.casefold() for word in (*query.all_of, *query.any_of)} <= WORDS:
            rows = [row for row in rows if not _is_done(row[1])]
        rows.sort(key=lambda row: (_is_done(row[1]), _due(row[1]) or datetime.max.replace(tzinfo=NEVER.tzinfo)))
        found = best(rows, query, lambda row: f"{text_at(row[1], 'title')} {_body(row[1])}", top, ignore=WORDS)
        return [_document(tasks, task, self._graph) for tasks, task in found]

    async def _ask(self) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """(list, task) of all lists; asked once a turn, since Graph does not search tasks."""
        lists = [entry async for entry in self._graph.pages("/me/todo/lists", limit=MOST_LISTS)]
        top = encoded({"$top": str(MOST_TASKS)})
        answers = await self._graph.batch(
            [Part(f"/me/todo/lists/{segment(text_at(entry, 'id'))}/tasks?{top}") for entry in lists]
        )
        return [
            (entry, task)
            for entry, answer in zip(lists, answers, strict=True)
            for task in dicts_at(answer.found(), "value")
        ]

    async def read(self, id: str) -> Document:
        tasks, task = _split(id)
        path = f"/me/todo/lists/{segment(tasks)}/tasks/{segment(task)}"
        return _document({"id": tasks}, {**await self._graph.get(path), "id": task}, self._graph)

    async def readers(self, id: str) -> frozenset[str] | None:
        """None: a list of things to do is its owner's, and Graph does not say with whom it is shared."""
        return None


def _in_span(query: Query, task: Mapping[str, Any]) -> bool:
    """By the day it is due; without a day of its own it is in no span."""
    if query.after is None and query.before is None:
        return True
    due = _due(task)
    return due is not None and not (query.after and due < query.after) and not (query.before and due > query.before)


def _due(task: Mapping[str, Any]) -> datetime | None:
    moment = moment_of(text_at(task, "dueDateTime", "dateTime")[:26])
    return None if moment == NEVER else moment


def _is_done(task: Mapping[str, Any]) -> bool:
    return text_at(task, "status") == "completed"


def _body(task: Mapping[str, Any]) -> str:
    content = text_at(task, "body", "content")
    html = text_at(task, "body", "contentType").casefold() == "html"
    return html_to_text(content) if html else tidy(content)


def _document(tasks: Mapping[str, Any], task: Mapping[str, Any], graph: Graph) -> Document:
    due, place = _due(task), " ".join(text_at(tasks, "displayName").split())
    title = " ".join(text_at(task, "title").split()) or "(no title)"
    status = {
        "completed": "done",
        "inProgress": "begun",
        "waitingOnOthers": "waiting for others",
        "deferred": "deferred",
    }
    lines = [
        title,
        f"Status: {status.get(text_at(task, 'status'), 'not begun')}",
        f"Due: {due:%A, %d %B %Y}" if due else "",
        "Important" if text_at(task, "importance") == "high" else "",
    ]
    body = _body(task)
    return Document(
        id=f"tasks:{quote(text_at(tasks, 'id'), safe='=')}/{quote(text_at(task, 'id'), safe='=')}",
        source=Tasks.name,
        kind="task",
        title=title,
        link=LINK,
        author="",
        modified=moment_of(text_at(task, "lastModifiedDateTime")),
        text="\n".join([*(line for line in lines if line), *(["", body] if body else [])]),
        place=f"To Do: {place}" if place else "To Do",
        complete=True,
    )


def _split(id: str) -> tuple[str, str]:
    """(list, task). Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    tasks, separator, task = rest.partition("/")
    if prefix != Tasks.name or not separator or not tasks or not task or "/" in task:
        raise NotFound("There is no task with this id.", status=404)
    return unquote(tasks), unquote(task)


def wanted(hints: Hints) -> bool:
    return hints.says(WORDS - {"do", "list", "lists", "done", "liste", "listen"})


SOURCE = SourceSpec("tasks", "your To Do", SCOPES, Tasks, optional=True, wanted=wanted)
