"""What people keep beside mail and files: tasks, plans, what was said in meetings, list entries, a shared mailbox."""

import html
import re
from datetime import UTC, datetime

from infra.local.company import ids
from infra.local.company.bundle import moment, sections
from infra.local.company.drives import HOST
from infra.local.company.model import Mail
from infra.local.company.people import DOMAIN, address, group_id, person_id
from infra.local.company.work_model import ListItem, Plan, PlanTask, SharedMailbox, TodoTask, Transcript

SUPPORT = SharedMailbox(
    ids.guid("shared-mailbox", "support"), "Support", f"support@{DOMAIN}", [person_id("aisha"), person_id("oskar")]
)
_PLANS = ("Heron", "Kassel Operations")
_TURN = re.compile(r"(\d+) (\w+): (.+)")


def todo() -> list[TodoTask]:
    """Titles are `person/list/task`. Raises ValueError on a malformed entry, as all here do."""
    found: list[TodoTask] = []
    for entry in sections("work/todo.txt", frozenset({"due", "status"})):
        owner, list_name, title = entry.title.split("/", 2)
        due = _day(entry.fields["due"])
        found.append(
            TodoTask(
                id=ids.event(f"todo:{entry.title}"),
                owner=person_id(owner),
                list_name=list_name,
                title=title,
                body=entry.body,
                status=entry.fields["status"],
                due=due,
                modified=moment("2026-11-12 08:00"),
            )
        )
    return found


def plans() -> list[Plan]:
    return [Plan(ids.grant(f"plan:{name}"), f"{name} plan", group_id(name)) for name in _PLANS]


def plan_tasks() -> list[PlanTask]:
    found: list[PlanTask] = []
    for entry in sections("work/planner.txt", frozenset({"assigned", "due", "percent"})):
        plan, bucket, title = entry.title.split("/", 2)
        found.append(
            PlanTask(
                id=ids.grant(f"plan-task:{entry.title}"),
                plan_id=ids.grant(f"plan:{plan}"),
                bucket=bucket,
                title=title,
                description=entry.body,
                assigned=[person_id(key) for key in entry.fields["assigned"].split(", ")],
                percent=int(entry.fields["percent"]),
                due=_day(entry.fields["due"]),
            )
        )
    return found


def transcripts() -> list[Transcript]:
    """The meeting is the calendar's of the same name: of a series, the series."""
    calendars = {}
    for event in sections("calendar.txt", frozenset({"when"})):
        start = event.fields["when"].partition(" - ")[0]
        calendars[event.title, start[:10]] = ids.ical(f"{event.title}:{start}")
    found: list[Transcript] = []
    for entry in sections("work/transcripts.txt", frozenset({"start"})):
        begun = entry.fields["start"]
        series = next((ical for (title, _), ical in calendars.items() if title == entry.title), "")
        spoken = Transcript(
            ids.event(f"transcript:{entry.title}:{begun}"),
            calendars.get((entry.title, begun[:10]), series),
            moment(begun),
            [],
        )
        for line in entry.body.splitlines():
            _spoken(spoken, line)
        found.append(spoken)
    return found


def _spoken(transcript: Transcript, line: str) -> None:
    if line.startswith("note: "):
        title, _, text = line.removeprefix("note: ").partition(" | ")
        transcript.notes.append((title, text))
    elif line.startswith("action: "):
        title, text, owner = line.removeprefix("action: ").split(" | ")
        transcript.actions.append((title, text, address(owner)[0]))
    else:
        match = _TURN.fullmatch(line)
        if match is None:
            raise ValueError(f"Not a line of a transcript: {line}")
        transcript.turns.append((int(match[1]), address(match[2])[0], match[3]))


def list_items() -> list[ListItem]:
    found: list[ListItem] = []
    for at, entry in enumerate(sections("work/lists.txt", frozenset({"author", "modified"})), 1):
        library, list_name, title = entry.title.split("/", 2)
        columns = dict(line.split(": ", 1) for line in entry.body.splitlines())
        found.append(
            ListItem(
                id=str(at),
                site_id=ids.site(HOST, library),
                list_name=list_name,
                title=title,
                columns=columns,
                author=person_id(entry.fields["author"]),
                modified=moment(entry.fields["modified"]),
            )
        )
    return found


def shared_mails() -> list[Mail]:
    found: list[Mail] = []
    for entry in sections("work/shared.txt", frozenset({"from", "date"})):
        name, sender = address(entry.fields["from"])
        key = f"shared:{entry.title}"
        found.append(
            Mail(
                id=ids.mail(key),
                mailbox=SUPPORT.id,
                folder="inbox",
                internet_message_id=ids.internet_message(key, "mail.example"),
                conversation_id=ids.conversation(key),
                subject=entry.title,
                sender_name=name,
                sender_address=sender,
                to=[(SUPPORT.name, SUPPORT.mail)],
                cc=[],
                sent=moment(entry.fields["date"]),
                body_html=f"<html><body><p>{html.escape(entry.body)}</p></body></html>",
                body_text=entry.body,
                unique_text=entry.body,
            )
        )
    return found


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
