"""When somebody was last away: by their calendar, else by their automatic replies."""

from datetime import datetime, timedelta

from bot.digests.gathering import Gathering
from graph.discover import feeds
from graph.errors import ConsentRequired, GraphError, SignInNeeded
from graph.feed import Entry, Span
from graph.parse import NEVER, dict_at, moment_of, text_at

LOOKED_BACK = timedelta(days=45)
RECENT = timedelta(days=3)
"""How long after it ended an absence is caught up with: over a weekend."""
SHORTEST = timedelta(hours=4)
SETTINGS = ("MailboxSettings.Read",)


async def absence(gathering: Gathering) -> Span | None:
    """From its beginning to now. Without one: what the kind looks back at where it was asked for this once, else None."""
    now = gathering.span.until
    found = await _in_calendar(gathering, now) or await _by_replies(gathering, now)
    if found is not None:
        return Span(found, now)
    once = not gathering.work.subscription.schedule.get("rule") or gathering.work.run.preview
    return gathering.span if once else None


async def _in_calendar(gathering: Gathering, now: datetime) -> datetime | None:
    """Absences that touch, such as two weeks in two entries with a weekend between, are one."""
    try:
        news = await feeds()["calendar"].open(gathering.graph).news(Span(now - LOOKED_BACK, now), None)
    except ConsentRequired:
        return None
    except SignInNeeded:
        raise
    except GraphError:
        return None
    away = [
        entry for entry in news.entries if _is_away(entry) and entry.ends is not None and entry.ends <= now + SHORTEST
    ]
    begin: datetime | None = None
    for entry in sorted(away, key=lambda one: one.ends or now, reverse=True):
        assert entry.at is not None
        assert entry.ends is not None
        if (begin or now) - entry.ends > RECENT:
            break
        begin = min(begin or entry.at, entry.at)
    return begin


def _is_away(entry: Entry) -> bool:
    return entry.away and entry.at is not None and entry.ends is not None and entry.ends - entry.at >= SHORTEST


async def _by_replies(gathering: Gathering, now: datetime) -> datetime | None:
    """Only those with a beginning and an end (mailboxSettings, `scheduled`); who has not agreed to it is not asked."""
    try:
        settings = await gathering.graph.scoped(SETTINGS).get("/me/mailboxSettings")
    except GraphError:
        return None
    replies = dict_at(settings, "automaticRepliesSetting")
    begin, end = (
        moment_of(text_at(replies, key, "dateTime")[:26]) for key in ("scheduledStartDateTime", "scheduledEndDateTime")
    )
    if text_at(replies, "status") != "scheduled" or NEVER in (begin, end) or not now - RECENT <= end <= now + SHORTEST:
        return None
    return begin if begin < now else None
