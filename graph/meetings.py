"""Online meetings the asker took part in: what was said in them, their agenda, and Copilot's recap where the tenant has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from graph.base import Document, Hints, Query, SourceSpec
from graph.calendar import WORDS as CALENDAR_WORDS
from graph.client import Graph
from graph.errors import Forbidden, NotFound, Rejected, SignInNeeded, Unreadable
from graph.html_text import tidy
from graph.match import names_somebody, score, words_of
from graph.once import Once
from graph.parse import dict_at, dicts_at, link_of, moment_of, text_at
from graph.together import both, every
from graph.vtt import turns
from graph.wire.addresses import query as encoded
from graph.wire.addresses import segment
from graph.wire.batches import Part

CALENDAR_SCOPES = ("Calendars.Read",)
MEETING_SCOPES = ("OnlineMeetings.Read", "OnlineMeetingTranscript.Read.All")
SCOPES = (*CALENDAR_SCOPES, *MEETING_SCOPES)
RECAP_SCOPES = ("OnlineMeetingAiInsight.Read.All",)
FIELDS = "id,subject,bodyPreview,start,end,organizer,attendees,onlineMeeting,isOnlineMeeting,isCancelled,webLink"
BACK = timedelta(days=45)
LOOKED_INTO = 6
"""Meetings whose transcripts are asked for; each is up to three calls."""
MAX_TRANSCRIPT = 4 * 1024 * 1024
WORDS = frozenset(
    """
    meeting meetings transcript transcripts recording recap minutes said discussed decided decision decisions agreed
    agenda notes call attended missed talked action actions
    besprechung besprechungen sitzung transkript aufzeichnung protokoll gesagt besprochen entschieden beschlossen
    beschluss vereinbart notizen
    """.split()  # noqa: SIM905 -- as a list literal this would be forty lines
)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """One transcript of one meeting."""

    event: Mapping[str, Any]
    meeting: str
    id: str
    begun: datetime


class Meetings:
    name: ClassVar[str] = "meetings"
    scopes: ClassVar[tuple[str, ...]] = SCOPES

    def __init__(self, graph: Graph) -> None:
        self._calendar, self._graph = graph.scoped(CALENDAR_SCOPES), graph.scoped(MEETING_SCOPES)
        self._recaps = graph.scoped(RECAP_SCOPES) if graph.options.copilot else None
        self._texts = Once[str, str]()
        self._known = Once[str, list[_Spoken]]()

    async def search(self, query: Query, *, top: int) -> list[Document]:
        """Transcripts of past meetings: those whose name, people and time fit, else the last ones that hold the words."""
        if top <= 0:
            return []
        events = await self._events(query)
        fitting = [event for event in events if _fit(event, query) > 0]
        fitting.sort(key=lambda event: -_fit(event, query))
        chosen = list({_join(event): event for event in (*fitting, *events)}.values())[:LOOKED_INTO]
        listed = await every(self._transcripts(event) for event in chosen)
        spoken = [one for part in listed for one in part if _in_span(one.begun, query)]
        texts = await every(self._text(one) for one in spoken)
        rows = [
            (_fit(one.event, query) * 2 + score(query, text, ignore=WORDS | CALENDAR_WORDS), one, text)
            for one, text in zip(spoken, texts, strict=True)
        ]
        rows.sort(key=lambda row: (-row[0], -row[1].begun.timestamp()))
        return [_document(one, text, self._graph) for value, one, text in rows[:top] if value > 0 and text]

    async def _events(self, query: Query) -> list[Mapping[str, Any]]:
        """Online meetings that have begun, the newest first."""
        now = self._calendar.now()
        start, end = query.after or (query.before or now) - BACK, min(query.before or now, now)
        if start >= end:
            return []
        params = {
            "startDateTime": start.isoformat(),
            "endDateTime": end.isoformat(),
            "$select": FIELDS,
            "$orderby": "start/dateTime desc",
            "$top": "100",
        }
        pages = self._calendar.pages("/me/calendarView", params, limit=200)
        found = [event async for event in pages if event.get("isCancelled") is not True and _join(event)]
        people = (*query.people, *query.participants)
        return [event for event in found if names_somebody(people, _names(event))]

    async def _transcripts(self, event: Mapping[str, Any]) -> list[_Spoken]:
        """A series has one join address and all its transcripts there."""
        return await self._known.get(_join(event), lambda: self._ask_for_transcripts(event, _join(event)))

    async def _ask_for_transcripts(self, event: Mapping[str, Any], join: str) -> list[_Spoken]:
        written = join.replace("'", "''")
        try:
            found = await self._graph.get("/me/onlineMeetings", {"$filter": f"JoinWebUrl eq '{written}'"})
            meeting = next((text_at(entry, "id") for entry in dicts_at(found, "value")), "")
            if not meeting:
                return []
            listed = await self._graph.get(f"/me/onlineMeetings/{segment(meeting)}/transcripts")
        except NotFound:
            return []
        return [
            _Spoken(event, meeting, text_at(entry, "id"), moment_of(text_at(entry, "createdDateTime")))
            for entry in dicts_at(listed, "value")
            if text_at(entry, "id")
        ]

    async def _text(self, spoken: _Spoken) -> str:
        return await self._texts.get(spoken.id, lambda: self._ask_for_text(spoken))

    async def _ask_for_text(self, spoken: _Spoken) -> str:
        """Recap first, then the words; empty for a transcript that is gone or larger than we take."""
        path = f"/me/onlineMeetings/{segment(spoken.meeting)}/transcripts/{segment(spoken.id)}"
        recap, data = await both(self._recap(spoken), self._vtt(path))
        said = [turn.line() for turn in turns(data.decode("utf-8-sig", "replace"))]
        return "\n\n".join(part for part in (recap, "\n".join(said)) if part)

    async def _vtt(self, path: str) -> bytes:
        address = f"{path}/content?{encoded({'$format': 'text/vtt'})}"
        try:
            return await self._graph.content(address, max_bytes=MAX_TRANSCRIPT)
        except (NotFound, Unreadable):
            return b""

    async def _recap(self, spoken: _Spoken) -> str:
        """What Copilot noted; it is one of several for a series, so the one that was made of the same call."""
        if self._recaps is None:
            return ""
        path = f"/copilot/users/{segment(self._graph.person_id)}/onlineMeetings/{segment(spoken.meeting)}/aiInsights"
        try:
            listed = await self._recaps.get(path)
            same = [
                text_at(entry, "id")
                for entry in dicts_at(listed, "value")
                if abs(moment_of(text_at(entry, "createdDateTime")) - spoken.begun) < timedelta(hours=12)
            ]
            return _written(await self._recaps.get(f"{path}/{segment(same[0])}")) if same else ""
        except (Forbidden, NotFound, Rejected, SignInNeeded):
            return ""

    async def read(self, id: str) -> Document:
        meeting, transcript = _split(id)
        path = f"/me/onlineMeetings/{segment(meeting)}"
        about, listed = await self._graph.batch([Part(path), Part(f"{path}/transcripts")])
        found = [entry for entry in dicts_at(listed.json(), "value") if text_at(entry, "id") == transcript]
        if not found:
            raise NotFound("There is no transcript with this id.", status=404)
        begun, meant = moment_of(text_at(found[0], "createdDateTime")), about.json()
        event = {"subject": text_at(meant, "subject"), "onlineMeeting": {"joinUrl": text_at(meant, "joinWebUrl")}}
        spoken = _Spoken(event, meeting, transcript, begun)
        return _document(spoken, await self._text(spoken), self._graph)

    async def behind(self, join: str) -> Document:
        """The newest transcript of the meeting that a link to join leads to. Raises `NotFound` where there is none."""
        spoken = max(await self._ask_for_transcripts({}, join), key=lambda one: one.begun, default=None)
        if spoken is None:
            raise NotFound("This meeting has no transcript.", status=404)
        return await self.read(_id(spoken))

    async def readers(self, id: str) -> frozenset[str] | None:
        """None: who was invited, who came and who was let in later differ, and the organizer decides who may read it."""
        return None


def _join(event: Mapping[str, Any]) -> str:
    return link_of(text_at(event, "onlineMeeting", "joinUrl"))


def _names(event: Mapping[str, Any]) -> str:
    entries = (dict_at(entry, "emailAddress") for entry in (dict_at(event, "organizer"), *dicts_at(event, "attendees")))
    return " | ".join(f"{text_at(entry, 'name')} {text_at(entry, 'address')}" for entry in entries)


def _fit(event: Mapping[str, Any], query: Query) -> int:
    """Words of the query in the meeting's name; words that ask for meetings as such don't count."""
    named = set(words_of(text_at(event, "subject"))) - CALENDAR_WORDS - WORDS
    asked = {word for phrase in (*query.all_of, *query.any_of, query.place) for word in words_of(phrase)}
    return len(named & asked)


def _in_span(begun: datetime, query: Query) -> bool:
    return not (query.after and begun < query.after) and not (query.before and begun > query.before)


def _written(insight: Mapping[str, Any]) -> str:
    notes = [_note(entry) for entry in dicts_at(insight, "meetingNotes")]
    actions = [
        f"- {text_at(entry, 'title')} {text_at(entry, 'text')} ({text_at(entry, 'ownerDisplayName') or 'nobody named'})"
        for entry in dicts_at(insight, "actionItems")
    ]
    parts = [*(["Recap by Copilot:", *notes] if notes else []), *(["Action items:", *actions] if actions else [])]
    return tidy("\n".join(parts))


def _note(entry: Mapping[str, Any]) -> str:
    below = [f"  {text_at(point, 'title')}: {text_at(point, 'text')}" for point in dicts_at(entry, "subpoints")]
    return "\n".join([f"- {text_at(entry, 'title')}: {text_at(entry, 'text')}", *below])


def _document(spoken: _Spoken, text: str, graph: Graph) -> Document:
    subject = " ".join(text_at(spoken.event, "subject").split()) or "Meeting"
    begun = spoken.begun.astimezone(graph.zone)
    people: Sequence[str] = [
        " ".join(text_at(entry, "emailAddress", "name").split())
        for entry in (dict_at(spoken.event, "organizer"), *dicts_at(spoken.event, "attendees"))
    ]
    invited = ", ".join(dict.fromkeys(name for name in people if name))
    head = [f"Transcript of “{subject}”, {begun:%A, %d %B %Y, %H:%M}", f"Invited: {invited}" if invited else ""]
    agenda = tidy(text_at(spoken.event, "bodyPreview"))
    head.append(f"Agenda: {agenda}" if agenda else "")
    return Document(
        id=_id(spoken),
        source=Meetings.name,
        kind="transcript",
        title=f"{subject} ({begun:%d %B %Y}), transcript",
        link=_join(spoken.event) or link_of(text_at(spoken.event, "webLink")),
        author=" ".join(text_at(spoken.event, "organizer", "emailAddress", "name").split()),
        modified=spoken.begun,
        text="\n".join([*(line for line in head if line), "", text]),
        place="Teams meeting",
        thread=spoken.meeting,
        complete=True,
    )


def _id(spoken: _Spoken) -> str:
    return f"meetings:{quote(spoken.meeting, safe='=')}/{quote(spoken.id, safe='=')}"


def _split(id: str) -> tuple[str, str]:
    """(meeting, transcript). Raises `NotFound` for what is no id of ours."""
    prefix, _, rest = id.partition(":")
    meeting, separator, transcript = rest.partition("/")
    if prefix != Meetings.name or not separator or not meeting or not transcript or "/" in transcript:
        raise NotFound("There is no transcript with this id.", status=404)
    return unquote(meeting), unquote(transcript)


def wanted(hints: Hints) -> bool:
    """Transcripts are long and cost several calls: only where the question speaks of a meeting."""
    return hints.says(WORDS - {"said", "gesagt", "notes", "notizen", "call"})


SOURCE = SourceSpec(
    "meetings",
    "transcripts of your meetings",
    SCOPES,
    Meetings,
    also=RECAP_SCOPES,
    optional=True,
    wanted=wanted,
)
