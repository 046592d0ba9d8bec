"""One Graph request and its answer as plain values, so that a part of a $batch is handled exactly as a request of its own."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from infra.local.company.access import Access
from infra.local.company.model import Company, Mail, Person
from infra.local.company.work_model import SharedMailbox
from infra.local.graph.state import GraphState
from infra.local.tokens import Caller
from infra.local.world import World

PREFERENCES = {"outlook.body-content-type", "idtype", "odata.maxpagesize", "outlook.timezone"}
MAX_PAGE = 1000
WINDOWS_ZONES = {
    "UTC": "UTC",
    "W. Europe Standard Time": "Europe/Berlin",
    "Romance Standard Time": "Europe/Paris",
    "GMT Standard Time": "Europe/London",
    "Pacific Standard Time": "America/Los_Angeles",
    "Eastern Standard Time": "America/New_York",
    "India Standard Time": "Asia/Kolkata",
}


class Refused(Exception):
    """Graph's no: becomes an error body."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


@dataclass(slots=True)
class Answer:
    """`body` is JSON as dict, raw bytes, or None for no body."""

    body: dict[str, Any] | bytes | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Call:
    world: World
    state: GraphState
    caller: Caller
    method: str
    segments: list[str]
    """Decoded path below the version, normalised by `paths.normalise`."""
    query: dict[str, str]
    """System options without `$`, in lower case; others under their own name."""
    headers: dict[str, str]
    """Names in lower case."""
    body: Any
    """Parsed JSON, or bytes."""
    origin: str
    version: str
    target: str
    """Path and query as sent, below the version."""
    arguments: dict[str, str] = field(default_factory=dict[str, str])
    """Of a function: `search(q='x')`."""
    user: Person | None = None
    """Whose `/me` or `/users/{id}` the path is about."""

    @property
    def company(self) -> Company:
        return self.world.company

    @property
    def base(self) -> str:
        return f"{self.origin}/{self.version}"

    @cached_property
    def access(self) -> Access:
        return Access(self.company)

    @cached_property
    def people(self) -> dict[str, Person]:
        return {person.id: person for person in self.company.people}

    @cached_property
    def me(self) -> Person:
        """The signed-in person. Raises `Refused` for app-only callers."""
        if self.caller.app_only:
            raise Refused(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
        return self.people[self.caller.person_id]

    @property
    def owner(self) -> Person:
        """Whose mailbox or calendar is asked for: one's own, or a shared mailbox one has access to, unless the app itself asks."""
        if self.user is None:
            raise Refused(400, "BadRequest", "The request has no user.")
        if self.shared and self.has("Mail.Read.Shared") and self.caller.person_id in self.shared.members:
            return self.user
        if not self.caller.app_only and self.user.id != self.caller.person_id:
            raise Refused(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return self.user

    @property
    def shared(self) -> SharedMailbox | None:
        """The shared mailbox the path is about."""
        found = self.user.id if self.user else ""
        return next((mailbox for mailbox in self.company.shared_mailboxes if mailbox.id == found), None)

    @property
    def mails(self) -> list[Mail]:
        return self.company.shared_mails if self.shared else self.company.mails

    @cached_property
    def prefer(self) -> dict[str, str]:
        found = re.findall(r'([\w.-]+)\s*=\s*("[^"]*"|[^,;\s]+)', self.headers.get("prefer", ""))
        return {name.lower(): value.strip('"') for name, value in found if name.lower() in PREFERENCES}

    @property
    def preference_applied(self) -> str:
        found = re.findall(r'([\w.-]+)\s*=\s*("[^"]*"|[^,;\s]+)', self.headers.get("prefer", ""))
        return ", ".join(f"{name}={value}" for name, value in found if name.lower() in PREFERENCES)

    @property
    def timezone(self) -> tuple[str, ZoneInfo]:
        """As the request spells it, and the zone itself."""
        name = self.prefer.get("outlook.timezone", "UTC")
        return name, zone(name)

    def has(self, *scopes: str) -> bool:
        return not self.caller.scopes.isdisjoint(scopes)

    def json(self) -> dict[str, Any]:
        if not isinstance(self.body, dict):
            raise Refused(400, "BadRequest", "Unable to read JSON request payload.")
        return self.body

    def now(self) -> datetime:
        return self.world.clock.now()

    def page_size(self, default: int, maximum: int = MAX_PAGE) -> int:
        """From `$top`, else `Prefer: odata.maxpagesize`. Raises `Refused` outside 1..maximum."""
        raw = self.query.get("top") or self.prefer.get("odata.maxpagesize") or str(default)
        if not raw.isdecimal() or not 1 <= int(raw[:9]) <= maximum:
            raise Refused(
                400, "BadRequest", f"Invalid page size specified: '{raw}'. Must be between 1 and {maximum} inclusive."
            )
        return int(raw)

    def select(self) -> list[str]:
        return [name.strip() for name in self.query.get("select", "").split(",") if name.strip()]

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"


def zone(name: str) -> ZoneInfo:
    """Windows or IANA name. Raises `Refused` for an unknown one."""
    try:
        return ZoneInfo(WINDOWS_ZONES.get(name, name))
    except (KeyError, ValueError, OSError):
        raise Refused(
            400,
            "TimeZoneNotSupportedException",
            f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'.",
        ) from None


def iso(moment: datetime, *, millis: bool = False) -> str:
    at = moment.astimezone(UTC)
    return at.isoformat(timespec="milliseconds" if millis else "seconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """ISO 8601; without an offset it is UTC. A `+` that became a space in a query string is taken back. Raises `ValueError`."""
    # Microsoft writes seven decimals, Python reads at most six.
    cleaned = re.sub(r"(\.\d{6})\d+", r"\1", text.strip().replace(" ", "+"))
    moment = datetime.fromisoformat(cleaned)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
