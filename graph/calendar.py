"""The asker's own calendar: what is planned, with whom, where, and what was said about it beforehand."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from graph.base import Document, Hints, Query, SourceSpec
from graph.client import Graph
from graph.errors import Forbidden, NotFound, Rejected
from graph.html_text import html_to_text, tidy
from graph.kql import event_kql
from graph.match import best, names_somebody
from graph.once import Once
from graph.parse import dict_at, dicts_at, hits_of, link_of, moment_of, text_at
from graph.together import both
from graph.wire.addresses import segment

SCOPES = ("Calendars.Read",)
FIELDS = (
    "id,subject,bodyPreview,body,start,end,location,organizer,attendees,isOnlineMeeting,onlineMeeting,isCancelled,"
    "isAllDay,type,seriesMasterId,webLink,lastModifiedDateTime"
)
LISTED = FIELDS.replace("bodyPreview,body,", "bodyPreview,")
PREFER = {"Prefer": 'outlook.body-content-type="text"'}
PAST, AHEAD = timedelta(days=31), timedelta(days=92)
"""How far around today a question without a date looks."""
MAX_EVENTS = 300
MAX_HITS = 25
WORDS = frozenset(
    """
    calendar meeting meetings appointment appointments agenda schedule scheduled event events invite invitation call
    attend attendees free busy availability holiday vacation when next upcoming today tomorrow week
    kalender termin termine besprechung besprechungen sitzung sitzungen treffen einladung teilnehmer urlaub wann
    nächste nächsten nächster heute morgen woche verabredung
    """.split()  # noqa: SIM905 -- as a list literal this would be fifty lines
)
"""They ask for the calendar itself, so no event must contain them."""


class Calendar:
    name: ClassVar[str] = "calendar"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)
        self._views = Once[tuple[datetime, datetime], list[Mapping[str, Any]]]()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """The events of the span asked for, or around today those with the words; of a series the next and the last one."""
        if top <= 0:
            return []
        start, end = self._span(query)
        timed = query.after is not None or query.before is not None
        view, older = await both(
            self._views.get((start, end), lambda: self._view(start, end)), _nothing() if timed else self._older(query)
        )
        events = {text_at(event, "id"): event for event in [*view, *older]}
        people = (*query.people, *query.participants, *query.recipients)
        rows = [event for event in events.values() if names_somebody(people, _names(event))]
        now = self._graph.now()
        rows.sort(key=lambda event: _distance(_moment(event, "start"), now))
        if not timed:
            rows = _next_and_last(rows, now)
        found = best(rows, query, _searched, top, ignore=WORDS)
        return [_document(event, self._graph.zone) for event in found]

    def _span(self, query: Query) -> tuple[datetime, datetime]:
        if query.after is None and query.before is None:
            today = self._graph.now().replace(hour=0, minute=0, second=0, microsecond=0)
            return today - PAST, today + AHEAD
        start = query.after or (query.before or self._graph.now()) - PAST
        return start, max(query.before or start + AHEAD, start + timedelta(minutes=1))

    async def _view(self, start: datetime, end: datetime) -> list[Mapping[str, Any]]:
        params = {
            "startDateTime": start.isoformat(),
            "endDateTime": end.isoformat(),
            "$orderby": "start/dateTime",
            "$select": LISTED,
            "$top": "100",
        }
        return [event async for event in self._graph.pages("/me/calendarView", params, limit=MAX_EVENTS)]

    async def _older(self, query: Query) -> list[Mapping[str, Any]]:
        """Events of any time by Microsoft's search; nothing where it is refused (guests, tenants without it)."""
        kql = event_kql(query)
        if not kql:
            return []
        request = {"entityTypes": ["event"], "query": {"queryString": kql}, "from": 0, "size": MAX_HITS}
        try:
            reply = await self._graph.post("/search/query", {"requests": [request]}, safe=True)
        except (Rejected, Forbidden, NotFound):
            return []
        hits = [{"id": text_at(hit, "hitId"), **dict_at(hit, "resource")} for hit in hits_of(reply)]
        # A series is shown by its own days in the view; its first day says nothing.
        return [hit for hit in hits if text_at(hit, "id") and text_at(hit, "type") != "seriesMaster"]

    async def read(self, id: str) -> Document:
        event = await self._graph.get(f"/me/events/{segment(_event(id))}", {"$select": FIELDS}, PREFER)
        return _document({**event, "id": _event(id)}, self._graph.zone, complete=True)

    async def readers(self, id: str) -> frozenset[str] | None:
        """None: who was invited says nothing about who may see the owner's notes, and a calendar is private."""
        return None


async def _nothing() -> list[Mapping[str, Any]]:
    return []


def _next_and_last(rows: list[Mapping[str, Any]], now: datetime) -> list[Mapping[str, Any]]:
    """`rows` are nearest first. Of a series two days are enough."""
    seen: set[tuple[str, bool]] = set()
    kept: list[Mapping[str, Any]] = []
    for event in rows:
        series = text_at(event, "seriesMasterId")
        mark = (series, _moment(event, "start") >= now)
        if series and mark in seen:
            continue
        seen.add(mark)
        kept.append(event)
    return kept


def _distance(start: datetime, now: datetime) -> tuple[bool, timedelta]:
    """What is to come before what was, the nearest first."""
    return start < now, abs(start - now)


def _moment(event: Mapping[str, Any], key: str) -> datetime:
    """Without a `Prefer: outlook.timezone` Graph answers in UTC."""
    return moment_of(text_at(event, key, "dateTime")[:26])


def _who(entry: Mapping[str, Any]) -> str:
    name = " ".join(text_at(entry, "emailAddress", "name").split())
    return name or text_at(entry, "emailAddress", "address").strip()


def _names(event: Mapping[str, Any]) -> str:
    entries = [dict_at(event, "organizer"), *dicts_at(event, "attendees")]
    return " | ".join(f"{_who(entry)} {text_at(entry, 'emailAddress', 'address')}" for entry in entries)


def _searched(event: Mapping[str, Any]) -> str:
    parts = (
        _subject(event),
        text_at(event, "location", "displayName"),
        text_at(event, "bodyPreview"),
        text_at(event, "body", "content"),
        _names(event),
    )
    return "\n".join(parts)


def _subject(event: Mapping[str, Any]) -> str:
    return " ".join(text_at(event, "subject").split()) or "(no subject)"


def _document(event: Mapping[str, Any], zone: ZoneInfo, *, complete: bool = False) -> Document:
    start, end = _moment(event, "start"), _moment(event, "end")
    return Document(
        id=f"calendar:{quote(text_at(event, 'id'), safe='=')}",
        source=Calendar.name,
        kind="event",
        title=_subject(event),
        link=link_of(text_at(event, "webLink")),
        author=_who(dict_at(event, "organizer")),
        modified=start,
        text=_text(event, start, end, zone),
        place=" ".join(text_at(event, "location", "displayName").split()),
        thread=text_at(event, "seriesMasterId"),
        complete=complete,
    )


def _text(event: Mapping[str, Any], start: datetime, end: datetime, zone: ZoneInfo) -> str:
    invited = list(dicts_at(event, "attendees"))
    join = link_of(text_at(event, "onlineMeeting", "joinUrl"))
    lines = [
        _subject(event),
        "This meeting was cancelled." if event.get("isCancelled") is True else "",
        f"When: {_when(start, end, zone, all_day=event.get('isAllDay') is True)}",
        _line("Where", " ".join(text_at(event, "location", "displayName").split())),
        _line("Organizer", _who(dict_at(event, "organizer"))),
        *(
            _line(label, ", ".join(_who(entry) for entry in invited if (text_at(entry, "type") == "optional") is late))
            for label, late in (("Invited", False), ("Optional", True))
        ),
        _line("Online meeting", join),
    ]
    content = text_at(event, "body", "content")
    html = text_at(event, "body", "contentType").casefold() == "html"
    body = (html_to_text(content) if html else tidy(content)) or tidy(text_at(event, "bodyPreview"))
    return "\n".join([*(line for line in lines if line), *(["", body] if body else [])])


def _line(label: str, value: str) -> str:
    return f"{label}: {value}" if value else ""


def _when(start: datetime, end: datetime, zone: ZoneInfo, *, all_day: bool) -> str:
    """In the person's own time. A whole day has no zone: Graph writes it as midnight UTC, its end is the day after."""
    if all_day:
        last = end - timedelta(days=1)
        days = f"{start:%A, %d %B %Y}"
        return f"{days} (all day)" if last <= start else f"{days} to {last:%A, %d %B %Y} (whole days)"
    begin, stop = start.astimezone(zone), end.astimezone(zone)
    until = f"{stop:%H:%M}" if begin.date() == stop.date() else f"{stop:%A, %d %B %Y, %H:%M}"
    return f"{begin:%A, %d %B %Y, %H:%M} to {until} ({zone.key})"


def _event(id: str) -> str:
    """Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    if prefix != Calendar.name or not rest or "/" in rest:
        raise NotFound("There is no event with this id.", status=404)
    return unquote(rest)


def wanted(hints: Hints) -> bool:
    """A day, a person or one of the calendar's own words."""
    return hints.timed or bool(hints.people) or hints.says(WORDS)


SOURCE = SourceSpec("calendar", "your calendar", SCOPES, Calendar, optional=True, wanted=wanted)
