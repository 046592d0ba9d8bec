"""The shape of the local tenant's company. Plain data: the wires in `infra/local` read it, `seed.py` writes it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from infra.local.company.work_model import ListItem, Plan, PlanTask, SharedMailbox, TodoTask, Transcript


@dataclass(slots=True)
class Person:
    id: str
    """Entra object id (GUID)."""
    teams_id: str
    """`29:...`, unique per bot and user."""
    given_name: str
    surname: str
    mail: str
    job_title: str
    department: str
    manager_id: str | None
    timezone: str = "Europe/Berlin"
    locale: str = "en-US"
    is_guest: bool = False

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.surname}"


@dataclass(slots=True)
class Attachment:
    id: str
    name: str
    content_type: str
    data: bytes
    is_inline: bool = False
    content_id: str = ""
    """What `cid:` in the body refers to, for an inline picture."""
    text: str = ""
    """What the mailbox's full-text index holds of it; empty where Microsoft's would have none."""


@dataclass(slots=True)
class Mail:
    """One message in one person's mailbox; the same mail in two mailboxes is two of these with one internet_message_id."""

    id: str
    mailbox: str
    """Person id of the mailbox's owner."""
    folder: str
    """`inbox`, `sentitems`, `archive`, `drafts`, `deleteditems` or a folder id of the mailbox."""
    internet_message_id: str
    conversation_id: str
    subject: str
    sender_name: str
    sender_address: str
    to: list[tuple[str, str]]
    """(name, address)"""
    cc: list[tuple[str, str]]
    sent: datetime
    body_html: str
    """With quoted history, as Outlook writes it."""
    body_text: str
    unique_text: str
    """This message's own part, without quoted history."""
    is_read: bool = True
    importance: Literal["low", "normal", "high"] = "normal"
    attachments: list[Attachment] = field(default_factory=list)
    label: str = ""
    """Name of its sensitivity label; a client writes it into the mail's headers."""


@dataclass(slots=True)
class MailFolder:
    id: str
    mailbox: str
    name: str
    well_known: str = ""
    parent_id: str = ""


@dataclass(slots=True)
class Grant:
    """One permission entry on an item; children inherit it unless they `break_inheritance`."""

    id: str
    person_id: str = ""
    group_id: str = ""
    """A `Group.id`."""
    role: Literal["read", "write", "owner"] = "read"
    link_scope: Literal["", "anonymous", "organization", "users"] = ""


@dataclass(slots=True)
class Item:
    """A file or folder of a drive."""

    id: str
    drive_id: str
    parent_id: str
    """Empty for the drive's root."""
    name: str
    created: datetime
    modified: datetime
    created_by: str
    modified_by: str
    is_folder: bool = False
    data: bytes = b""
    mime: str = "application/octet-stream"
    text: str = ""
    """What its full-text index holds; empty where Microsoft's would have none (a scan, an encrypted file)."""
    grants: list[Grant] = field(default_factory=list)
    break_inheritance: bool = False
    label: str = ""


@dataclass(slots=True)
class Drive:
    id: str
    name: str
    kind: Literal["business", "documentLibrary"]
    owner_id: str
    """A person id (OneDrive) or group id (site library)."""
    root_id: str
    web_url: str
    site_id: str = ""


@dataclass(slots=True)
class Site:
    id: str
    name: str
    display_name: str
    web_url: str
    group_id: str


@dataclass(slots=True)
class Group:
    """An Entra group: a department, or the group behind a team."""

    id: str
    name: str
    mail: str
    members: list[str]
    owners: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Event:
    id: str
    mailbox: str
    ical_uid: str
    subject: str
    body_html: str
    start: datetime
    end: datetime
    timezone: str
    organizer: tuple[str, str]
    attendees: list[tuple[str, str, Literal["required", "optional"]]]
    location: str = ""
    is_online: bool = False
    is_all_day: bool = False
    is_cancelled: bool = False
    weekly_until: datetime | None = None
    """Set for a weekly series: its last possible start."""
    show_as: Literal["free", "tentative", "busy", "oof", "workingElsewhere"] = "busy"


@dataclass(slots=True)
class Team:
    id: str
    """Thread id of the General channel (`19:...@thread.tacv2`), as Teams sends it in channelData.team.id."""
    group_id: str
    name: str
    description: str = ""


@dataclass(slots=True)
class Channel:
    id: str
    """`19:...@thread.tacv2`"""
    team_id: str
    name: str
    kind: Literal["standard", "private", "shared"] = "standard"
    members: list[str] = field(default_factory=list)
    """Person ids, for private and shared channels; a standard one has its team's members."""
    drive_id: str = ""
    folder_id: str = ""
    """The item that holds the channel's files."""


@dataclass(slots=True)
class Chat:
    id: str
    """`19:...@thread.v2`, `19:..._...@unq.gbl.spaces`, `19:meeting_...@thread.v2`"""
    kind: Literal["oneOnOne", "group", "meeting"]
    members: list[str]
    topic: str = ""


@dataclass(slots=True)
class ChatMessage:
    id: str
    """Milliseconds since 1970 as text; a channel root's id is the `;messageid=` of its thread."""
    author_id: str
    sent: datetime
    html: str
    text: str
    chat_id: str = ""
    team_id: str = ""
    channel_id: str = ""
    reply_to: str = ""
    """Root message id for a reply in a channel."""
    mentions: list[str] = field(default_factory=list)
    deleted: bool = False


@dataclass(slots=True)
class ExampleQuestion:
    """A question with a known answer, for the demo, tests and the benchmark."""

    person_id: str
    text: str
    expect: list[str]
    """Words a right answer contains."""
    sources: list[str]
    """Titles (mail subject, file name) of the documents that hold the answer; empty when nothing does."""
    place: Literal["personal", "channel", "group"] = "personal"
    place_id: str = ""
    """`Channel.id` or `Chat.id`, where it is not asked in the personal chat."""


@dataclass(slots=True)
class Company:
    tenant_id: str
    name: str
    domain: str
    today: datetime
    """The moment the story is told at; the tenant's clock starts here in tests."""
    people: list[Person] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    drives: list[Drive] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    mail_folders: list[MailFolder] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    chats: list[Chat] = field(default_factory=list)
    messages: list[ChatMessage] = field(default_factory=list)
    questions: list[ExampleQuestion] = field(default_factory=list)
    todo: list[TodoTask] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    plan_tasks: list[PlanTask] = field(default_factory=list)
    transcripts: list[Transcript] = field(default_factory=list)
    list_items: list[ListItem] = field(default_factory=list)
    shared_mailboxes: list[SharedMailbox] = field(default_factory=list)
    shared_mails: list[Mail] = field(default_factory=list)
    """`mailbox` is a `SharedMailbox.id`."""
