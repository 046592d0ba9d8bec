"""Planner: what a group has to do, who does it, until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from graph.base import Document, Hints, Query, SourceSpec
from graph.client import Graph
from graph.errors import Forbidden, NotFound, Rejected, SignInNeeded
from graph.html_text import tidy
from graph.match import best, in_place
from graph.once import Once
from graph.parse import NEVER, dict_at, dicts_at, moment_of, text_at
from graph.tasks import WORDS as TASK_WORDS
from graph.together import both
from graph.wire.addresses import segment
from graph.wire.batches import Part

SCOPES = ("Tasks.Read", "User.ReadBasic.All")
MEMBER_SCOPES = ("GroupMember.Read.All",)
MOST_PLANS = 20
MOST_PEOPLE = 40
LINK = "https://planner.cloud.microsoft/webui/plan/"
WORDS = TASK_WORDS | frozenset(
    """
    planner plan plans bucket buckets milestone milestones assigned progress
    plan pläne meilenstein meilensteine zugewiesen fortschritt
    """.split()  # noqa: SIM905 -- as the other lists of words
)


@dataclass(frozen=True, slots=True)
class _Board:
    """Everything one search needs, asked for once a turn."""

    tasks: Sequence[Mapping[str, Any]]
    plans: Mapping[str, str]
    """Title by plan id."""
    buckets: Mapping[str, str]
    names: Mapping[str, str]
    """Of people, by object id."""


class Planner:
    name: ClassVar[str] = "planner"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph, self._groups = graph.scoped(SCOPES), graph.scoped(MEMBER_SCOPES)
        self._board = Once[str, _Board]()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """Tasks of the asker's plans with the words; by the words for tasks alone, what is open, the most urgent first."""
        if top <= 0:
            return []
        board = await self._board.get("", self._ask)
        people = tuple(name.casefold() for name in (*query.people, *query.participants))
        rows = [
            task
            for task in board.tasks
            if in_place(query.place, _place(task, board))
            and _in_span(query, task)
            and (not people or any(person in _assigned(task, board).casefold() for person in people))
        ]
        if {word.casefold() for word in (*query.all_of, *query.any_of)} <= WORDS:
            rows = [task for task in rows if task.get("percentComplete") != 100]
        rows.sort(key=lambda task: (task.get("percentComplete") == 100, _due(task) == NEVER, _due(task)))
        found = best(rows, query, lambda task: _searched(task, board), top, ignore=WORDS)
        answers = await self._graph.batch([Part(f"{_path(text_at(task, 'id'))}/details") for task in found])
        return [
            _document(task, answer.found(), board, complete=True) for task, answer in zip(found, answers, strict=True)
        ]

    async def _ask(self) -> _Board:
        plans = [plan async for plan in self._graph.pages("/me/planner/plans", limit=MOST_PLANS)]
        ids = [text_at(plan, "id") for plan in plans]
        parts = [Part(f"/planner/plans/{segment(id)}/{kind}") for id in ids for kind in ("tasks", "buckets")]
        mine, answers = await both(self._mine(), self._graph.batch(parts))
        listed = [list(dicts_at(answer.found(), "value")) for answer in answers]
        tasks = {text_at(task, "id"): task for part in (*listed[::2], mine) for task in part}
        return _Board(
            list(tasks.values()),
            {text_at(plan, "id"): " ".join(text_at(plan, "title").split()) for plan in plans},
            {text_at(entry, "id"): " ".join(text_at(entry, "name").split()) for part in listed[1::2] for entry in part},
            await self._names(list(tasks.values())),
        )

    async def _mine(self) -> list[Mapping[str, Any]]:
        return [task async for task in self._graph.pages("/me/planner/tasks", limit=400)]

    async def _names(self, tasks: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Tasks name people by id only."""
        ids = list(dict.fromkeys(id for task in tasks for id in dict_at(task, "assignments")))[:MOST_PEOPLE]
        answers = await self._graph.batch([Part(f"/users/{segment(id)}?$select=id,displayName") for id in ids])
        if answers and all(answer.status in {401, 403} for answer in answers):
            answers[0].json()
        return {
            id: name
            for id, answer in zip(ids, answers, strict=True)
            if (name := " ".join(text_at(answer.found(), "displayName").split()))
        }

    async def read(self, id: str) -> Document:
        task_id = _task(id)
        task, details = await both(self._graph.get(_path(task_id)), self._graph.get(f"{_path(task_id)}/details"))
        plan = await self._graph.get(f"/planner/plans/{segment(text_at(task, 'planId'))}")
        board = _Board([task], {text_at(task, "planId"): text_at(plan, "title")}, {}, await self._names([task]))
        return _document(task, details, board, complete=True)

    async def readers(self, id: str) -> frozenset[str] | None:
        """The members of the plan's group; None for a plan that belongs to something else."""
        try:
            task = await self._graph.get(_path(_task(id)))
            plan = await self._graph.get(f"/planner/plans/{segment(text_at(task, 'planId'))}")
            if text_at(plan, "container", "type") != "group":
                return None
            group = segment(text_at(plan, "container", "containerId"))
            pages = self._groups.pages(
                f"/groups/{group}/transitiveMembers", {"$select": "id", "$top": "999"}, limit=5000
            )
            return frozenset([text_at(member, "id") async for member in pages]) - {""} or None
        except (Forbidden, NotFound, Rejected, SignInNeeded):
            return None


def _in_span(query: Query, task: Mapping[str, Any]) -> bool:
    if query.after is None and query.before is None:
        return True
    due = _due(task)
    return due != NEVER and not (query.after and due < query.after) and not (query.before and due > query.before)


def _due(task: Mapping[str, Any]) -> datetime:
    return moment_of(text_at(task, "dueDateTime"))


def _assigned(task: Mapping[str, Any], board: _Board) -> str:
    return ", ".join(board.names.get(id, "somebody") for id in dict_at(task, "assignments"))


def _place(task: Mapping[str, Any], board: _Board) -> str:
    parts = (board.plans.get(text_at(task, "planId"), ""), board.buckets.get(text_at(task, "bucketId"), ""))
    return " / ".join(part for part in parts if part)


def _searched(task: Mapping[str, Any], board: _Board) -> str:
    return f"{text_at(task, 'title')} {_place(task, board)} {_assigned(task, board)}"


def _document(task: Mapping[str, Any], details: Mapping[str, Any], board: _Board, *, complete: bool) -> Document:
    title, due, done = " ".join(text_at(task, "title").split()) or "(no title)", _due(task), task.get("percentComplete")
    status = {0: "not begun", 100: "done"}.get(done if isinstance(done, int) else 0, "begun")
    assigned = _assigned(task, board)
    checks = [entry for entry in dict_at(details, "checklist").values() if isinstance(entry, Mapping)]
    lines = [
        title,
        f"Status: {status}",
        f"Assigned to: {assigned}" if assigned else "Assigned to nobody",
        f"Due: {due:%A, %d %B %Y}" if due != NEVER else "",
        *(f"- {'[x]' if entry.get('isChecked') is True else '[ ]'} {text_at(entry, 'title')}" for entry in checks),
    ]
    body = tidy(text_at(details, "description"))
    return Document(
        id=f"planner:{quote(text_at(task, 'id'), safe='')}",
        source=Planner.name,
        kind="task",
        title=title,
        link=f"{LINK}{quote(text_at(task, 'planId'), safe='')}/view/board/task/{quote(text_at(task, 'id'), safe='')}",
        author=assigned,
        modified=moment_of(text_at(task, "completedDateTime") or text_at(task, "createdDateTime")),
        text="\n".join([*(line for line in lines if line), *(["", body] if body else [])]),
        place=f"Planner: {_place(task, board)}",
        thread=text_at(task, "planId"),
        complete=complete,
    )


def _path(task: str) -> str:
    return f"/planner/tasks/{segment(task)}"


def _task(id: str) -> str:
    """Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    if prefix != Planner.name or not rest or "/" in rest:
        raise NotFound("There is no task with this id.", status=404)
    return unquote(rest)


def wanted(hints: Hints) -> bool:
    return hints.says(WORDS - {"do", "list", "lists", "done", "liste", "listen"})


SOURCE = SourceSpec(
    "planner", "your Planner", SCOPES, Planner, also=("GroupMember.Read.All",), optional=True, wanted=wanted
)
