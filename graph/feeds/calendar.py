"""What is in the person's calendar in a span of time, and whether it was there when it was last told."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from graph.base import Document
from graph.client import Graph
from graph.feed import Entry, FeedSpec, News, Span
from graph.parse import dict_at, dicts_at, link_of, moment_of, text_at

SCOPES = ("Calendars.Read",)
FIELDS = (
    "id,subject,bodyPreview,start,end,location,organizer,attendees,isOrganizer,isCancelled,isAllDay,showAs,"
    "responseStatus,webLink,seriesMasterId,sensitivity"
)
MOST = 200
_TAKEN = frozenset({"busy", "tentative", "oof"})


class Calendar:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph.scoped(SCOPES)

    async def news(self, span: Span, cursor: Any) -> News:
        """Events of the span that were not told, or were told otherwise. The cursor holds a mark for each that is still to come."""
        params = {
            "startDateTime": span.since.isoformat(),
            "endDateTime": span.until.isoformat(),
            "$orderby": "start/dateTime",
            "$select": FIELDS,
            "$top": "100",
        }
        known = cursor if isinstance(cursor, Mapping) else {}
        found = [_entry(one) async for one in self._graph.pages("/me/calendarView", params, limit=MOST)]
        marks = {entry.document.id: entry.mark for entry in found}
        return News(
            tuple(entry for entry in found if cursor is None or known.get(entry.document.id) != entry.mark), marks
        )


def _entry(event: Mapping[str, Any]) -> Entry:
    start, end = _moment(event, "start"), _moment(event, "end")
    organizer = dict_at(event, "organizer", "emailAddress")
    invited = [dict_at(one, "emailAddress") for one in dicts_at(event, "attendees")]
    cancelled = event.get("isCancelled") is True
    response = text_at(event, "responseStatus", "response")
    place = " ".join(text_at(event, "location", "displayName").split())
    shows = text_at(event, "showAs")
    return Entry(
        Document(
            id=f"calendar:{quote(text_at(event, 'id'), safe='=')}",
            source="calendar",
            kind="event",
            title=" ".join(text_at(event, "subject").split()),
            link=link_of(text_at(event, "webLink")),
            author=_name(organizer),
            modified=start,
            text=text_at(event, "bodyPreview"),
            place=place,
            thread=text_at(event, "seriesMasterId"),
        ),
        author=_name(organizer),
        at=start,
        ends=end,
        mine=event.get("isOrganizer") is True,
        people=tuple(dict.fromkeys(name for name in map(_name, (organizer, *invited)) if name)),
        among=len(invited),
        all_day=event.get("isAllDay") is True,
        busy=shows in _TAKEN and not cancelled and response != "declined",
        away=shows == "oof",
        cancelled=cancelled,
        unanswered=response in {"notResponded", "none"} and event.get("isOrganizer") is not True,
        mark=f"{start.isoformat()}/{end.isoformat()}/{place}/{'x' if cancelled else ''}",
    )


def _moment(event: Mapping[str, Any], key: str) -> Any:
    """Without a `Prefer: outlook.timezone` Graph answers in UTC."""
    return moment_of(text_at(event, key, "dateTime")[:26])


def _name(address: Mapping[str, Any]) -> str:
    return " ".join(text_at(address, "name").split()) or text_at(address, "address").strip()


FEED = FeedSpec("calendar", SCOPES, Calendar)
