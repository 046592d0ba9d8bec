"""What is due: pure, so that a year passes in a test. Each slot becomes one run; after an outage the newest alone is made up for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.digests.schedule import Schedule, Slot
from bot.store.run import LATE_SECONDS, Plan, Run
from bot.store.subscriptions import Subscription

_AT_ONCE = 50
_MOST_SKIPPED = 100
"""Slots of one outage that are written down as missed; of a longer one the newest."""


def first_due(schedule: Schedule, now: float) -> float | None:
    """`Subscription.next_due` of a new one, or of one that goes on; None when nothing is left of the schedule."""
    following = schedule.slots(_moment(now), 1)
    return following[0].at.timestamp() if following else None


def plan(subscription: Subscription, now: float) -> Plan:
    """For a subscription whose `next_due` has come. Raises `BadSchedule`."""
    assert subscription.next_due is not None
    schedule = Schedule.from_json(subscription.schedule)
    owed, following = _owed(schedule, _moment(subscription.next_due) - timedelta(seconds=1), _moment(now))
    next_due = following.at.timestamp() if following else None
    if not owed:
        return Plan(subscription.id, subscription.next_due, next_due, ())
    missed = [replace(_run(subscription, slot), state="skipped", why="outage", finished=now) for slot in owed[:-1]]
    newest = _run(subscription, owed[-1])
    newest = replace(newest, again=now, late=bool(missed) or now - newest.due > LATE_SECONDS)
    return Plan(subscription.id, subscription.next_due, next_due, (*missed[-_MOST_SKIPPED:], newest))


def _owed(schedule: Schedule, since: datetime, now: datetime) -> tuple[list[Slot], Slot | None]:
    """(the slots up to now, the first one after now)"""
    owed: list[Slot] = []
    while True:
        some = schedule.slots(owed[-1].at if owed else since, _AT_ONCE if owed else 2)
        for slot in some:
            if slot.at > now:
                return owed, slot
            owed.append(slot)
        if not some:
            return owed, None


def _run(subscription: Subscription, slot: Slot) -> Run:
    return Run(
        subscription.id, slot.id, subscription.owner, subscription.tenant, subscription.conversation_id,
        slot.at.timestamp(),
    )  # fmt: skip


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
