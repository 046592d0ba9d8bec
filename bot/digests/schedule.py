"""When a digest is due: a recurrence rule over a person's own clock, made moments by the rules of their time zone.

The rule is counted in local time, so 08:30 stays 08:30 when the clocks change. What the change makes special is settled here:
a time that the clock jumps over is due right after the jump, by as much as it lies in it (02:30 becomes 03:30), and a time that
comes twice is due at its first. Two times that thereby fall on one moment are one slot.
"""

from bisect import insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

_PARTS = frozenset("FREQ INTERVAL BYDAY BYMONTHDAY BYMONTH BYSETPOS BYHOUR BYMINUTE COUNT UNTIL WKST".split())  # noqa: SIM905 -- reads like the RFC
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_LONGEST = 200
_WIDEST_JUMP = timedelta(days=1)
"""No clock has ever been moved by more."""
_LOOKED_AT = 30
"""Slots whose distances tell how often something is due."""


class BadSchedule(ValueError):
    """A rule, a time or a zone that is none; the text says which."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One due time. `local` is naive, as the rule says it; `at` is aware, UTC: when it really is."""

    local: datetime
    at: datetime

    @property
    def id(self) -> str:
        """Names the slot for ever, whatever becomes of the zone's rules."""
        return self.local.isoformat(timespec="minutes")


@dataclass(frozen=True, slots=True)
class Schedule:
    """`rule`: RFC 5545 section 3.3.10, without DTSTART; empty for something that is due once, at `start`.

    `start` is local and naive, to the minute: nothing is due before it, and the rule's own time of day is the start's. `zone` is
    a name of the IANA time zone database.
    """

    rule: str
    start: datetime
    zone: str

    def __post_init__(self) -> None:
        """Raises `BadSchedule`."""
        if self.start.tzinfo is not None or self.start.second or self.start.microsecond:
            raise BadSchedule("A schedule starts at a local time, to the minute.")
        zone_named(self.zone)
        _recurrence(self)

    def slots(self, after: datetime, n: int) -> list[Slot]:
        """The next `n` later than `after` (aware), soonest first; fewer when the schedule ends."""
        found: list[Slot] = []
        moments = set[datetime]()
        for slot in self._around(after):
            # Clocks that jump may put a later local time before an earlier one, but never by more than the jump.
            if len(found) >= n and slot.local - found[n - 1].local > _WIDEST_JUMP:
                break
            if slot.at > after and slot.at not in moments:
                moments.add(slot.at)
                insort(found, slot, key=lambda one: (one.at, one.local))
        return found[:n]

    def latest(self, until: datetime, since: datetime) -> Slot | None:
        """The newest slot after `since` and not later than `until` (both aware): what is owed after an outage."""
        owed = None
        while (following := self.slots(owed.at if owed else since, 1)) and following[0].at <= until:
            owed = following[0]
        return owed

    def shortest(self, after: datetime) -> timedelta | None:
        """The least time between two slots, as far as the next ones tell; None for something that is due once."""
        gaps = [later.at - sooner.at for sooner, later in pairwise(self.slots(after, _LOOKED_AT))]
        return min(gaps, default=None)

    def moved(self, zone: str) -> "Schedule":
        """The same times on another zone's clocks. Raises `BadSchedule`."""
        return Schedule(self.rule, self.start, zone)

    def to_json(self) -> dict[str, str]:
        return {"rule": self.rule, "start": self.start.isoformat(timespec="minutes"), "zone": self.zone}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Schedule":
        """Raises `BadSchedule` for what `to_json` never wrote."""
        try:
            return Schedule(str(value["rule"]), datetime.fromisoformat(value["start"]), str(value["zone"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BadSchedule("This is no schedule.") from error

    def _around(self, after: datetime) -> Iterator[Slot]:
        zone = zone_named(self.zone)
        since = after.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0) - _WIDEST_JUMP
        rule = _recurrence(self, since)
        if rule is None:
            yield Slot(self.start, _moment(self.start, zone))
            return
        for local in rule.xafter(since, inc=True):
            yield Slot(local, _moment(local, zone))


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    # PEP 495: with fold=0 a doubled time is its first, and one in a gap is counted with the offset before the jump.
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def zone_named(name: str) -> ZoneInfo:
    """Of the IANA time zone database. Raises `BadSchedule`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSchedule("There is no time zone of this name.") from error


def _recurrence(schedule: Schedule, since: datetime | None = None) -> rrule | None:
    """From `since` on (local), where that changes nothing: a rule is counted through from its start, which may be years ago."""
    if not schedule.rule:
        return None
    parts = dict(part.partition("=")[::2] for part in schedule.rule.upper().split(";"))
    if len(schedule.rule) > _LONGEST or not parts.keys() <= _PARTS or parts.get("FREQ") not in _FREQUENCIES:
        raise BadSchedule("This is no rule a schedule may have.")
    start = schedule.start
    if since is not None and since > start and _is_free_of_its_start(parts):
        start = datetime.combine(since, start.time())
    try:
        rule = rrulestr(schedule.rule, dtstart=start, cache=False)
    except (ValueError, TypeError) as error:
        raise BadSchedule("This is no rule of RFC 5545.") from error
    if not isinstance(rule, rrule):
        raise BadSchedule("A schedule has one rule.")
    return rule


def _is_free_of_its_start(parts: Mapping[str, str]) -> bool:
    """Whether nothing but the time of day comes from the day a rule starts on."""
    if parts.keys() & {"INTERVAL", "COUNT"}:
        return False
    dated = parts["FREQ"] == "DAILY" or bool(parts.keys() & {"BYDAY", "BYMONTHDAY"})
    return dated and (parts["FREQ"] != "YEARLY" or "BYMONTH" in parts)
