"""One due time of a subscription as the rest of the bot sees it, and as its row has it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from providers.base import Usage

State = Literal["due", "composing", "ready", "delivered", "empty", "waiting", "failed", "unknown", "skipped"]
UNFINISHED: tuple[State, ...] = ("due", "composing", "ready")
OVER: tuple[State, ...] = ("delivered", "empty", "failed", "unknown", "skipped")
"""`waiting` is neither: somebody has to sign in first."""


LATE_SECONDS = 900.0
"""From when on a digest says that it is late."""
SIGNED_IN = "signed_in"
"""`Run.why` of one that waited for a sign-in and goes on."""
NOW = "now:"
"""How the slot of a run begins that its owner asked for in between."""
OVER_NOW = "over"
"""Why a subscription ended whose schedule holds no further time: its last run is still made."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a digest was made from: proof that something was done. Names and counts, no content."""

    read: Mapping[str, int] = field(default_factory=dict)
    """Items by source."""
    failed: tuple[str, ...] = ()
    """Sources that did not answer."""
    model: str = ""
    """The model that really answered; empty when none was asked."""
    usage: Usage = field(default_factory=Usage)
    items: int = 0
    """How many the reader is shown."""
    batch: str = ""
    """`used`: the model's words came in a batch; `late`: one was handed in, and the model was asked at once instead."""


@dataclass(frozen=True, slots=True)
class Run:
    """Times are seconds since 1970."""

    subscription_id: str
    slot: str
    """`bot.digests.schedule.Slot.id`, or `now:...` for one the owner asked for in between."""
    owner: str
    tenant: str
    conversation_id: str
    due: float
    state: State = "due"
    why: str = ""
    """Why there is no digest, a short key; empty for one that was delivered."""
    again: float | None = None
    """When it is taken up, anew if it was before; None when nothing is left to do."""
    attempt: int = 0
    """How often it was handed to a worker."""
    tries: int = 0
    """How often it was begun to be composed, or delivered, without an end: processes died over it."""
    preview: bool = False
    """Its cursors do not advance, and nobody counts on it."""
    late: bool = False
    started: float | None = None
    finished: float | None = None
    message_id: str = ""
    uncertain: int = 0
    """Beginnings of its message that may stand empty, since nobody heard whether they arrived."""
    cost: int | None = None
    """Millionths of a US dollar; None when it is not known."""
    record: Record = field(default_factory=Record)
    content: Mapping[str, Any] | None = None
    """`bot.digests.content`, once it is composed."""

    @property
    def activity_id(self) -> str:
        """What the inbox knows its delivery as."""
        return f"digest:{self.subscription_id}:{self.slot}:{self.attempt}"

    @property
    def between(self) -> bool:
        """Its owner asked for it in between, and waits for it."""
        return self.slot.startswith(NOW)

    @property
    def did_nothing(self) -> bool:
        """Looked at nothing, or nothing it asked answered: it fired and is done, but nothing was done.

        A source without news did answer: it is in the record, with none.
        """
        return self.state in {"delivered", "empty"} and not self.record.read


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tick does with one subscription."""

    subscription_id: str
    was_due: float
    next_due: float | None
    """None: there is no further slot."""
    runs: tuple[Run, ...]


PLAIN = (
    "subscription_id", "slot", "owner", "tenant", "conversation_id", "due", "state", "why", "again", "attempt", "tries", "preview", "late",
    "started", "finished", "message_id", "uncertain", "cost",
)  # fmt: skip


def to_row(run: Run) -> dict[str, Any]:
    """Of a new one: without record and content."""
    return {name: getattr(run, name) for name in PLAIN} | {"preview": int(run.preview), "late": int(run.late)}


def from_row(row: Mapping[str, Any]) -> Run:
    # Negative while one is placed; a process that died over it heard nothing of it any more.
    uncertain = -row["uncertain"] if row["uncertain"] < 0 else row["uncertain"]
    plain = (
        {name: row[name] for name in PLAIN}
        | {"uncertain": uncertain}
        | {"preview": bool(row["preview"]), "late": bool(row["late"])}
    )
    record = dict(row["record"] or {})
    if record:
        record |= {"usage": Usage(**record["usage"]), "failed": tuple(record["failed"])}
    return Run(**plain, record=Record(**record), content=row.get("content"))


def record_to_json(record: Record) -> dict[str, Any]:
    return {**asdict(record), "read": dict(record.read), "failed": list(record.failed)}
