"""Microsoft's example requests with the ids of the local company, and the comparison of an answer with Microsoft's."""

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infra.local.company.model import Chat, Company, Item
from infra.local.world import World

FOLDER = Path(__file__).parent.parent / "data" / "graph_examples"
WELL_KNOWN = {"inbox", "sentitems", "drafts", "archive", "deleteditems"}
PAGED = {"odata.nextLink", "odata.deltaLink", "odata.count"}
"""Depend on how much there is, not on the shape."""


@dataclass(frozen=True, slots=True)
class Example:
    file: str
    name: str
    method: str
    url: str
    headers: dict[str, str]
    body: Any
    status: int
    answers: list[Any]
    """Microsoft's example answers to this request; one must fit."""
    leave: list[str] = field(default_factory=list[str])


def examples() -> list[Example]:
    with (FOLDER / "examples.jsonl").open(encoding="utf-8") as lines:
        return [Example(**json.loads(line)) for line in lines]


class Ids:
    """Ids of the company that one person can use in place of Microsoft's."""

    def __init__(self, world: World, person_id: str, method: str = "GET") -> None:
        company = self.company = world.company
        self.person, self.method, self.query = world.person(person_id), method, ""
        mine = [mail for mail in company.mails if mail.mailbox == self.person.id]
        self.mail = next(
            mail for mail in mine if any(not entry.is_inline for entry in mail.attachments) and mail.folder == "inbox"
        )
        self.draft = next(mail for mail in mine if mail.folder == "drafts")
        self.event = next(event for event in company.events if event.mailbox == self.person.id)
        self.series = next(event for event in company.events if event.mailbox == self.person.id and event.weekly_until)
        self.drive = next(drive for drive in company.drives if drive.owner_id == self.person.id)
        self.team = next(team for team in company.teams if self.person.id in _members(company, team.group_id))
        self.channel = next(
            channel
            for channel in company.channels
            if channel.team_id == self.team.id and channel.kind == "standard" and channel.folder_id
        )
        self.root = next(
            message for message in company.messages if message.reply_to and message.channel_id == self.channel.id
        )
        self.chats: dict[str, Chat] = {chat.kind: chat for chat in company.chats if self.person.id in chat.members}
        self.site = next(site for site in company.sites if site.group_id == self.team.group_id)
        self.site_drive = next(drive for drive in company.drives if drive.site_id == self.site.id)
        self.folder = self._item(self.drive.id, folder=True)
        self.file = self._item(self.drive.id, folder=False)

    def _item(self, drive_id: str, *, folder: bool) -> Item:
        return next(
            item
            for item in self.company.items
            if item.drive_id == drive_id and item.parent_id and item.is_folder == folder
        )

    def chat(self, written: str) -> str:
        kind = "meeting" if "meeting" in written else "oneOnOne" if "unq.gbl" in written else "group"
        return self.chats.get(kind, next(iter(self.chats.values()))).id

    def path(self, url: str) -> str:
        """The path of an example with ids of the company; an id is known by what stands before it."""
        path, question, query = url.partition("?")
        self.query = query
        # A token of Microsoft's is none here; the newest one is as good.
        path = re.sub(r"\(token='[^']*'\)", "(token='latest')", path)
        for prefix in ("https://graph.microsoft.com", "/v1.0", "/V1.0"):
            path = path.removeprefix(prefix)
        if ":/" in path and "/drive" in path:
            path = self._by_path(path)
        parts = [part for part in path.split("/") if part]
        written: list[str] = []
        for at, part in enumerate(parts):
            written.append(self._segment(parts, at, part))
        return "/" + "/".join(written) + question + query.replace(" ", "%20")

    def _by_path(self, path: str) -> str:
        head, _, rest = path.partition(":/")
        tail = rest.rpartition(":/")[2] if ":/" in rest else ""
        if "FileB" in rest:
            return f"{head}:/New file.txt:/{tail}"
        place = quote(self.item_path(self.folder if tail == "children" else self.file))
        return f"{head}:/{place}:/{tail}"

    def item_path(self, item: Item) -> str:
        names, current = [item.name], item.parent_id
        while current and current != self.drive.root_id:
            item = next(item for item in self.company.items if item.id == current)
            names.insert(0, item.name)
            current = item.parent_id
        return "/".join(names)

    def _segment(self, parts: list[str], at: int, part: str) -> str:
        before = parts[at - 1].lower() if at else ""
        last = parts[-1].lower()
        if before in {"messages", "replies"}:
            return self._message(parts, before, part)
        if before == "chats":
            return quote(self.chat(part), safe=":@")
        if before == "items":
            return self.folder.id if last == "children" or last.startswith("children") else self.file.id
        known = {
            "users": self.person.id,
            "teams": self.team.group_id,
            "groups": self.team.group_id,
            "channels": quote(self.channel.id, safe=":@"),
            "drives": self.drive.id,
            "sites": self.site.id,
            "lists": self.site_drive.name,
            "events": self.series.id if last.startswith("instances") else self.event.id,
            "attachments": self.mail.attachments[0].id,
            "shares": self.share(self.folder if "expand=children" in self.query else self.file),
            "members": self._member(parts),
            "permissions": self._permission(),
        }
        if before == "mailfolders" and part.lower() not in WELL_KNOWN | {"delta"}:
            return "inbox"
        functions = {"delta", "getallmessages", "add", "createuploadsession", "$ref", "root", "bulkaddmembers"}
        return known[before] if before in known and part.partition("(")[0].lower() not in functions else part

    def _message(self, parts: list[str], before: str, part: str) -> str:
        if "channels" in parts:
            return self.root.id if before == "replies" else self.root.reply_to
        if "chats" in parts:
            chat = self.chat(parts[parts.index("chats") + 1])
            return next(message.id for message in self.company.messages if message.chat_id == chat)
        if part.startswith("delta"):
            return part
        return self.draft.id if parts[-1] == "send" or self.method == "PATCH" else self.mail.id

    def _permission(self) -> str:
        items = {item.id: item for item in self.company.items}
        current = self.file
        while not current.grants:
            current = items[current.parent_id]
        return current.grants[0].id

    def _member(self, parts: list[str]) -> str:
        chat = self.chat(parts[1]) if parts[0].lower() == "chats" else ""
        return base64.b64encode(f"{self.company.tenant_id}##{chat}##{self.person.id}".encode()).decode()

    def share(self, item: Item) -> str:
        address = f"{self.drive.web_url}/{quote(self.item_path(item))}"
        return "u!" + base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")

    def body(self, body: Any) -> Any:
        """Recipients of the examples become a person of the company, abbreviated bytes become bytes."""
        if isinstance(body, list):
            return [self.body(part) for part in body]
        if not isinstance(body, dict):
            return body
        changed: dict[str, Any] = {name: self.body(value) for name, value in body.items()}
        for name, value in changed.items():
            if name == "contentBytes":
                changed[name] = "YWJj"
            elif name in {"address", "email"} and isinstance(value, str):
                changed[name] = self.person.mail
            elif name.lower() == "schedules":
                changed[name] = [self.person.mail]
        return changed


def _members(company: Company, group_id: str) -> set[str]:
    return {person for group in company.groups if group.id == group_id for person in [*group.members, *group.owners]}


def misfits(example: Any, answer: Any, at: str = "", leave: frozenset[str] = frozenset()) -> list[str]:
    """What Microsoft's example shows and the answer lacks, or has in another JSON type. A null fits everything that is no structure."""
    if at in leave or example is None or (answer is None and not isinstance(example, dict | list)):
        return []
    if isinstance(example, dict):
        if not isinstance(answer, dict):
            return [f"{at}: {type(answer).__name__} instead of an object"]
        found: list[str] = []
        for name, value in example.items():
            place = f"{at}.{name}" if at else name
            if name in answer:
                found += misfits(value, answer[name], place, leave)
            elif name.rpartition("@")[2] not in PAGED and place not in leave:
                found.append(f"{place}: missing")
        return found
    if isinstance(example, list):
        if not isinstance(answer, list):
            return [f"{at}: {type(answer).__name__} instead of a list"]
        return [problem for element in example for problem in _element(element, answer, f"{at}[]", leave)]
    return [] if _kind(example) == _kind(answer) else [f"{at}: {_kind(answer)} instead of {_kind(example)}"]


def _element(element: Any, answer: list[Any], at: str, leave: frozenset[str]) -> list[str]:
    """Fits when one of the answer's elements fits; an empty collection has no shape."""
    problems = [misfits(element, other, at, leave) for other in answer]
    return min(problems, key=len, default=[])


def _kind(value: Any) -> str:
    return "boolean" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "string"
