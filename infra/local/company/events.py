"""Everybody's calendar: weekly meetings, conflicts, whole days, online and cancelled ones; a copy for each who is asked."""

from datetime import UTC, datetime, tzinfo
from html import escape
from typing import Literal
from zoneinfo import ZoneInfo

from infra.local.company import ids
from infra.local.company.bundle import Section, sections
from infra.local.company.model import Event, Person
from infra.local.company.people import STAFF_KEYS, address, person_id

ShowAs = Literal["free", "tentative", "busy", "oof", "workingElsewhere"]


_KEYS = frozenset({"when", "organizer", "required", "optional", "place", "weekly until", "marks"})


def events(people: list[Person], name: str = "calendar.txt") -> list[Event]:
    """From a file of `texts/`; times there are on the organizer's own clock.

    One event for the organizer and one for each colleague asked, with a shared iCalendar id.
    """
    zones = {person.given_name.lower(): person.timezone for person in people}
    found: list[Event] = []
    for entry in sections(name, _KEYS):
        asked = dict.fromkeys((entry.fields["organizer"], *_names(entry, "required"), *_names(entry, "optional")))
        zone = zones[entry.fields["organizer"]]
        found += [_event(entry, owner, zone) for owner in asked if owner in STAFF_KEYS]
    return sorted(found, key=lambda event: (event.start, event.id))


def _event(entry: Section, owner: str, zone: str) -> Event:
    fields, marks = entry.fields, frozenset(_names(entry, "marks"))
    start, _, end = fields["when"].partition(" - ")
    clock = UTC if "all day" in marks else ZoneInfo(zone)  # a whole day begins at midnight UTC, as Graph stores it
    name = f"{entry.title}:{start}"
    return Event(
        id=ids.event(f"{owner}:{name}"),
        mailbox=person_id(owner),
        ical_uid=ids.ical(name),
        subject=entry.title,
        body_html=f"<html><body><p>{escape(entry.body)}</p></body></html>" if entry.body else "",
        start=_moment(start, clock),
        end=_moment(end, clock),
        timezone=zone,
        organizer=address(fields["organizer"]),
        attendees=[
            *((*address(key), "required") for key in _names(entry, "required")),
            *((*address(key), "optional") for key in _names(entry, "optional")),
        ],
        location=fields.get("place", ""),
        is_online="online" in marks,
        is_all_day="all day" in marks,
        is_cancelled="cancelled" in marks,
        weekly_until=_moment(f"{fields['weekly until']} 23:59", clock) if "weekly until" in fields else None,
        show_as=_show_as(marks),
    )


def _names(entry: Section, key: str) -> list[str]:
    return entry.fields[key].split(", ") if key in entry.fields else []


def _show_as(marks: frozenset[str]) -> ShowAs:
    if "oof" in marks:
        return "oof"
    if "elsewhere" in marks:
        return "workingElsewhere"
    if "tentative" in marks:
        return "tentative"
    return "free" if marks & {"free", "cancelled"} else "busy"


def _moment(text: str, clock: tzinfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=clock).astimezone(UTC)
