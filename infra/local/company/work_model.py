"""The shape of what people keep beside mail and files, as `model.py` has the rest."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class TodoTask:
    """An entry of somebody's To Do."""

    id: str
    owner: str
    list_name: str
    title: str
    body: str
    status: str
    due: datetime
    modified: datetime


@dataclass(slots=True)
class PlanTask:
    """A task of a plan; the plan belongs to a group."""

    id: str
    plan_id: str
    bucket: str
    title: str
    description: str
    assigned: list[str]
    percent: int
    due: datetime


@dataclass(slots=True)
class Plan:
    id: str
    title: str
    group_id: str


@dataclass(slots=True)
class Transcript:
    """What was said in an online meeting, with the recap Copilot made of it."""

    id: str
    ical_uid: str
    start: datetime
    turns: list[tuple[int, str, str]]
    """(seconds since the start, name, words)"""
    notes: list[tuple[str, str]] = field(default_factory=list)
    actions: list[tuple[str, str, str]] = field(default_factory=list)
    """(title, text, name of the owner)"""


@dataclass(slots=True)
class ListItem:
    """An entry of a SharePoint list that is no file."""

    id: str
    site_id: str
    list_name: str
    title: str
    columns: dict[str, str]
    author: str
    modified: datetime


@dataclass(slots=True)
class SharedMailbox:
    id: str
    name: str
    mail: str
    members: list[str]
