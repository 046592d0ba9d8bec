"""Events as Outlook's part of Graph writes them, and the expansion of weekly series."""

import html
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from infra.local.company.model import Event
from infra.local.graph.call import Call, iso
from infra.local.graph.index import plain

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OCCURRENCE = "_occ_"
"""Between a series' id and an occurrence's date, in the occurrence's id."""
NEVER = "0001-01-01T00:00:00Z"


def local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S.0000000")


def stamp(call: Call, moment: datetime) -> dict[str, str]:
    """dateTimeTimeZone in the zone the request prefers."""
    name, zone = call.timezone
    return {"dateTime": local(moment, zone), "timeZone": name}


def occurrences(event: Event, start: datetime, end: datetime) -> Iterator[Event]:
    """What of an event lies between two moments; a series week by week, at the same time of day in its own zone."""
    if event.weekly_until is None:
        if event.start < end and event.end > start:
            yield event
        return
    zone, length = ZoneInfo(event.timezone), event.end - event.start
    # Wall-clock arithmetic: a series keeps its hour when summer time ends.
    first = event.start.astimezone(zone)
    for week in range((event.weekly_until - event.start).days // 7 + 2):
        at = first + timedelta(weeks=week)
        if at > event.weekly_until or at >= end:
            return
        if at + length > start:
            yield replace(event, id=f"{event.id}{OCCURRENCE}{at:%Y%m%d}", start=at, end=at + length)


def find_occurrence(event: Event, event_id: str) -> Event | None:
    return next(
        (
            one
            for one in occurrences(event, event.start, datetime.max.replace(tzinfo=event.start.tzinfo))
            if one.id == event_id
        ),
        None,
    )


def event_json(call: Call, event: Event) -> dict[str, Any]:
    series, _, occurrence = event.id.partition(OCCURRENCE)
    kind = "occurrence" if occurrence else "singleInstance" if event.weekly_until is None else "seriesMaster"
    me = next((person for person in call.company.people if person.id == event.mailbox), None)
    organises = me is not None and me.mail.casefold() == event.organizer[1].casefold()
    text = call.prefer.get("outlook.body-content-type", "").lower() == "text"
    written = html.unescape(plain(event.body_html)).strip()
    body = {"contentType": "text", "content": written} if text else {"contentType": "html", "content": event.body_html}
    return {
        "@odata.etag": f'W/"{len(event.body_html):x}{int(event.start.timestamp()):x}"',
        "id": event.id,
        "createdDateTime": iso(event.start - timedelta(days=14)),
        "lastModifiedDateTime": iso(event.start - timedelta(days=7)),
        "changeKey": f"{int(event.end.timestamp()):x}",
        "categories": [],
        "transactionId": None,
        "originalStartTimeZone": event.timezone,
        "originalEndTimeZone": event.timezone,
        "iCalUId": event.ical_uid,
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": True,
        "hasAttachments": False,
        "subject": event.subject,
        "bodyPreview": " ".join(written.split())[:255],
        "importance": "normal",
        "sensitivity": "normal",
        "isAllDay": event.is_all_day,
        "isCancelled": event.is_cancelled,
        "isOrganizer": organises,
        "responseRequested": True,
        "seriesMasterId": series if occurrence else None,
        "showAs": event.show_as,
        "type": kind,
        "webLink": f"https://outlook.office365.com/owa/?itemid={event.id}&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": event.is_online,
        "onlineMeetingProvider": "teamsForBusiness" if event.is_online else "unknown",
        "allowNewTimeProposals": True,
        "isDraft": False,
        "hideAttendees": False,
        "recurrence": None if occurrence else recurrence(event),
        "responseStatus": {"response": "organizer" if organises else "accepted", "time": NEVER},
        "body": body,
        **_where_and_who(call, event),
    }


def _where_and_who(call: Call, event: Event) -> dict[str, Any]:
    place = {
        "displayName": event.location,
        "locationType": "default",
        "uniqueId": event.location,
        "uniqueIdType": "private",
    }
    return {
        "start": stamp(call, event.start),
        "end": stamp(call, event.end),
        "location": place,
        "locations": [place] if event.location else [],
        "attendees": [_attendee(*entry) for entry in event.attendees],
        "organizer": {"emailAddress": {"name": event.organizer[0], "address": event.organizer[1]}},
        "onlineMeeting": {"joinUrl": f"https://teams.microsoft.com/l/meetup-join/{event.ical_uid}"}
        if event.is_online
        else None,
    }


def _attendee(name: str, address: str, kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": {"response": "none", "time": NEVER},
        "emailAddress": {"name": name, "address": address},
    }


def recurrence(event: Event) -> dict[str, Any] | None:
    if event.weekly_until is None:
        return None
    first = event.start.astimezone(ZoneInfo(event.timezone))
    return {
        "pattern": {
            "type": "weekly",
            "interval": 1,
            "month": 0,
            "dayOfMonth": 0,
            "daysOfWeek": [WEEKDAYS[first.weekday()]],
            "firstDayOfWeek": "monday",
            "index": "first",
        },
        "range": {
            "type": "endDate",
            "startDate": f"{first:%Y-%m-%d}",
            "endDate": f"{event.weekly_until:%Y-%m-%d}",
            "recurrenceTimeZone": event.timezone,
            "numberOfOccurrences": 0,
        },
    }
