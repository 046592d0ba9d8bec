"""Calendars: a range of days, events, free and busy, new meetings."""

import html
import uuid
from datetime import datetime, timedelta
from typing import Any, Literal

from infra.local.company.model import Event, Person
from infra.local.graph.calendar_render import OCCURRENCE, event_json, find_occurrence, local, occurrences
from infra.local.graph.call import Answer, Call, Refused, parse_time, zone
from infra.local.graph.errors import bad_request, not_found
from infra.local.graph.paging import Listing, applied, chosen, listed, of_json, single

DEFAULT_TOP = 10
MAX_DAYS = 1825
BUSY = {"free": "0", "tentative": "1", "busy": "2", "oof": "3", "workingElsewhere": "4"}
Attendees = list[tuple[str, str, Literal["required", "optional"]]]


def calendar_view(call: Call) -> Answer:
    """Every occurrence between `startDateTime` and `endDateTime` (user-list-calendarview)."""
    start, end = _range(call)
    mine = [event for event in call.company.events if event.mailbox == call.owner.id]
    rows = sorted((one for event in mine for one in occurrences(event, start, end)), key=lambda event: event.start)
    return listed(call, rows, _listing(call), context=f"users('{call.owner.id}')/calendarView")


def _range(call: Call) -> tuple[datetime, datetime]:
    given = {name.lower(): value for name, value in call.query.items()}
    if "startdatetime" not in given or "enddatetime" not in given:
        text = "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime."
        raise bad_request(text, "ErrorInvalidParameter")
    try:
        start, end = parse_time(given["startdatetime"]), parse_time(given["enddatetime"])
    except ValueError as error:
        raise bad_request("The value of a date parameter is not valid.", "ErrorInvalidParameter") from error
    if end < start:
        raise bad_request("The requested time window is not valid: it ends before it starts.", "ErrorInvalidParameter")
    if end - start > timedelta(days=MAX_DAYS):
        raise bad_request(
            "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long.",
            "ErrorInvalidParameter",
        )
    return start, end


def _listing(call: Call) -> Listing:
    return Listing(
        lambda event, select: _selected(call, event, select),
        lambda event, name: _property(call, event, name),
        DEFAULT_TOP,
    )


def _selected(call: Call, event: Event, select: list[str]) -> dict[str, Any]:
    shown = event_json(call, event)
    if not call.has("Calendars.Read", "Calendars.ReadWrite"):
        shown = {name: value for name, value in shown.items() if name not in {"body", "bodyPreview"}}
    # `location` brings `locations` with it, in every example of Microsoft's.
    both = ["locations"] if "location" in select else []
    return chosen(shown, [*select, *both, "id"] if select else [])


def _property(call: Call, event: Event, name: str) -> Any:
    shown = event_json(call, event)
    return next((value for key, value in shown.items() if key.lower() == name.lower()), None)


def list_events(call: Call) -> Answer:
    rows = sorted(
        (event for event in call.company.events if event.mailbox == call.owner.id),
        key=lambda event: event.start,
        reverse=True,
    )
    return listed(call, rows, _listing(call), context=f"users('{call.owner.id}')/events")


def find_event(call: Call, event_id: str) -> Event:
    for event in call.company.events:
        if event.mailbox == call.owner.id and event.id == event_id.partition(OCCURRENCE)[0]:
            found = event if OCCURRENCE not in event_id else find_occurrence(event, event_id)
            if found is not None:
                return found
    raise not_found("outlook")


def get_event(call: Call, event: str) -> Answer:
    shown = _selected(call, find_event(call, event), call.select())
    return applied(
        call, Answer({"@odata.context": f"{call.base}/$metadata#users('{call.owner.id}')/events/$entity", **shown})
    )


def instances(call: Call, event: str) -> Answer:
    start, end = _range(call)
    rows = list(occurrences(find_event(call, event), start, end))
    return listed(call, rows, _listing(call), context=f"users('{call.owner.id}')/events('{event}')/instances")


def get_calendar(call: Call) -> Answer:
    return single(call, _calendar_json(call), f"users('{call.owner.id}')/calendar")


def list_calendars(call: Call) -> Answer:
    return of_json([_calendar_json(call)], call, context=f"users('{call.owner.id}')/calendars")


def _calendar_json(call: Call) -> dict[str, Any]:
    owner = call.owner
    return {
        "id": f"AAMkADcal{owner.id.replace('-', '')}",
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "changeKey": "1",
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": True,
        "isRemovable": False,
        "owner": {"name": owner.name, "address": owner.mail},
    }


def create_event(call: Call) -> Answer:
    """Invitations go out at once: every attendee of the company gets the event. `transactionId` makes it happen once."""
    body = call.json()
    transaction = (call.owner.id, str(body.get("transactionId") or uuid.uuid4()))
    known = call.state.transactions.get(transaction)
    if known is not None:
        raise Refused(
            409,
            "ErrorDuplicateTransactionId",
            "Your request cannot be completed because the transaction id was used before.",
        )
    event = _event(call, body, call.owner)
    call.company.events.append(event)
    call.state.transactions[transaction] = event.id
    addresses = {address.casefold() for _, address, _ in event.attendees}
    for person in call.company.people:
        if person.mail.casefold() in addresses and person.id != call.owner.id:
            copy = _event(call, body, person)
            copy.ical_uid, copy.organizer, copy.is_online = event.ical_uid, event.organizer, event.is_online
            call.company.events.append(copy)
    shown = event_json(call, event) | {"transactionId": body.get("transactionId")}
    return applied(
        call, Answer({"@odata.context": f"{call.base}/$metadata#users('{call.owner.id}')/events/$entity", **shown}, 201)
    )


def _event(call: Call, body: dict[str, Any], owner: Person) -> Event:
    content = body.get("body") or {}
    text = str(content.get("content") or "") if isinstance(content, dict) else ""
    is_html = isinstance(content, dict) and str(content.get("contentType", "")).lower() == "html"
    start, timezone = _moment(body.get("start"))
    end, _ = _moment(body.get("end"))
    if end < start:
        raise bad_request("The event's end is before its start.", "ErrorPropertyValidationFailure")
    location = body.get("location")
    return Event(
        id=f"AAMkADev{uuid.uuid4().hex}",
        mailbox=owner.id,
        ical_uid=uuid.uuid4().hex.upper(),
        subject=str(body.get("subject") or ""),
        body_html=text if is_html else html.escape(text),
        start=start,
        end=end,
        timezone=timezone,
        organizer=(call.owner.name, call.owner.mail),
        attendees=_attendees(body.get("attendees")),
        location=str(location.get("displayName") or "") if isinstance(location, dict) else "",
        is_online=body.get("isOnlineMeeting") is True,
        is_all_day=body.get("isAllDay") is True,
        weekly_until=_weekly(body.get("recurrence")),
    )


def _moment(value: Any) -> tuple[datetime, str]:
    if not isinstance(value, dict) or not isinstance(value.get("dateTime"), str):
        raise bad_request("Start and end are required.", "ErrorPropertyValidationFailure")
    within = zone(str(value.get("timeZone") or "UTC"))
    try:
        # A dateTime with an offset of its own keeps it.
        written = datetime.fromisoformat(
            value["dateTime"].removesuffix("0") if "." in value["dateTime"] else value["dateTime"]
        )
    except ValueError as error:
        raise bad_request("The dateTime is not valid.", "ErrorPropertyValidationFailure") from error
    return (written if written.tzinfo else written.replace(tzinfo=within)), within.key


def _attendees(value: Any) -> Attendees:
    found: Attendees = []
    for entry in value or []:
        written = entry.get("emailAddress") if isinstance(entry, dict) else None
        if not isinstance(written, dict) or "@" not in str(written.get("address", "")):
            raise Refused(400, "ErrorInvalidRecipients", "At least one attendee is not valid.")
        kind: Literal["required", "optional"] = "optional" if entry.get("type") == "optional" else "required"
        found.append((str(written.get("name") or written["address"]), str(written["address"]), kind))
    return found


def _weekly(value: Any) -> datetime | None:
    """Only weekly series that end are kept; any other pattern is refused."""
    if value is None:
        return None
    pattern, limits = (value.get("pattern") or {}, value.get("range") or {}) if isinstance(value, dict) else ({}, {})
    if pattern.get("type") != "weekly" or not isinstance(limits.get("endDate"), str):
        raise bad_request("The recurrence pattern is not supported by the local tenant.", "ErrorInvalidRecurrence")
    return parse_time(limits["endDate"]) + timedelta(days=1)


def get_schedule(call: Call) -> Answer:
    """Free and busy of colleagues, without subjects of others' events (calendar-getschedule)."""
    body = {name.lower(): value for name, value in call.json().items()}
    start, _ = _moment(body.get("starttime"))
    end, _ = _moment(body.get("endtime"))
    interval = body.get("availabilityviewinterval", 30)
    if type(interval) is not int or not 5 <= interval <= 1440 or not start < end <= start + timedelta(days=62):
        raise bad_request("The requested schedule window is not valid.", "ErrorInvalidParameter")
    schedules = body.get("schedules")
    names = [name for name in schedules if isinstance(name, str)] if isinstance(schedules, list) else []
    rows = [_schedule(call, name, start, end, interval) for name in names]
    return applied(
        call,
        Answer(
            {"@odata.context": f"{call.base}/$metadata#Collection(microsoft.graph.scheduleInformation)", "value": rows}
        ),
    )


def _schedule(call: Call, address: str, start: datetime, end: datetime, interval: int) -> dict[str, Any]:
    person = next((person for person in call.company.people if person.mail.casefold() == address.casefold()), None)
    if person is None:
        problem = {
            "message": "Microsoft.Exchange.InfoWorker.Common.Availability.MailRecipientNotFoundException",
            "responseCode": "ErrorMailRecipientNotFound",
        }
        return {"scheduleId": address, "error": problem}
    mine = [event for event in call.company.events if event.mailbox == person.id and not event.is_cancelled]
    busy = sorted((one for event in mine for one in occurrences(event, start, end)), key=lambda event: event.start)
    name, within = call.timezone
    items: list[dict[str, Any]] = []
    for event in busy:
        times = {
            "start": {"dateTime": local(event.start, within), "timeZone": name},
            "end": {"dateTime": local(event.end, within), "timeZone": name},
        }
        own = (
            {"isPrivate": False, "subject": event.subject, "location": event.location}
            if person.id == call.caller.person_id
            else {}
        )
        items.append({**own, "status": event.show_as, **times})
    hours = {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "startTime": "08:00:00.0000000",
        "endTime": "17:00:00.0000000",
    }
    return {
        "scheduleId": address,
        "availabilityView": _availability(busy, start, end, interval),
        "scheduleItems": items,
        "workingHours": {**hours, "timeZone": {"name": person.timezone}},
    }


def _availability(busy: list[Event], start: datetime, end: datetime, interval: int) -> str:
    slots = []
    at = start
    while at < end:
        until = at + timedelta(minutes=interval)
        states = [BUSY[event.show_as] for event in busy if event.start < until and event.end > at]
        slots.append(max(states, default="0"))
        at = until
    return "".join(slots)
