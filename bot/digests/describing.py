"""A schedule in words, as its owner reads it before it is saved: what was understood, not what was typed."""

from collections.abc import Mapping
from datetime import date, datetime

from bot.digests.schedule import Schedule
from bot.texts import Texts

_WORKDAYS, _WEEKEND = "MO,TU,WE,TH,FR", "SA,SU"
_BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def describe(schedule: Schedule, say: Texts) -> str:
    """ "every weekday at 08:30". The person's own zone is not named; see `moment` for the times that follow from it."""
    time = f"{schedule.start:%H:%M}"
    if not schedule.rule:
        return say("schedule.once", date=day(schedule.start, say), time=time)
    parts = dict(part.partition("=")[::2] for part in schedule.rule.upper().split(";"))
    key, named = _said(parts, say)
    return say(f"schedule.{key}", time=time, **named)


def day(moment: date, say: Texts) -> str:
    """ "Tuesday 24 November 2026"."""
    named = {"weekday": say(f"schedule.day.{moment.weekday()}"), "month": say(f"schedule.month.{moment.month}")}
    return say("schedule.date", day=moment.day, year=moment.year, **named)


def moment(local: datetime, say: Texts) -> str:
    """A due time, on the clock it is due on."""
    return say("schedule.moment", date=day(local, say), time=f"{local:%H:%M}")


def _said(parts: Mapping[str, str], say: Texts) -> tuple[str, dict[str, object]]:
    n, byday = int(parts.get("INTERVAL", "1")), parts.get("BYDAY", "")
    match parts["FREQ"]:
        case "DAILY":
            return ("daily", {}) if n == 1 else ("every_days", {"n": n})
        case "WEEKLY":
            key = {_WORKDAYS: "workdays", _WEEKEND: "weekends"}.get(byday, "weekly") if n == 1 else "every_weeks"
            return key, {"n": n, "days": _days(byday, say)}
        case "MONTHLY":
            return _monthly(parts, byday, say)
        case _:
            return "yearly", {"day": parts["BYMONTHDAY"], "month": say(f"schedule.month.{parts['BYMONTH']}")}


def _monthly(parts: Mapping[str, str], byday: str, say: Texts) -> tuple[str, dict[str, object]]:
    if byday == _WORKDAYS:
        return "monthly_workday", {"ordinal": say(f"schedule.ordinal.{parts['BYSETPOS']}")}
    if byday:
        named = say(f"schedule.day.{_BYDAY.index(byday[-2:])}")
        return "monthly_day", {"ordinal": say(f"schedule.ordinal.{byday[:-2]}"), "day": named}
    date = parts["BYMONTHDAY"]
    return ("monthly_last", {}) if date == "-1" else ("monthly_date", {"n": date})


def _days(byday: str, say: Texts) -> str:
    named = [say(f"schedule.days.{_BYDAY.index(one)}") for one in byday.split(",")]
    *first, last = named
    return say("schedule.and", first=", ".join(first), last=last) if first else last
