"""Online meetings by their join address, what was said in them, and the recap Copilot made."""

import base64
import re
from datetime import timedelta
from typing import Any

from infra.local.company.model import Event
from infra.local.company.work_model import Transcript
from infra.local.graph.call import Answer, Call, Refused, iso
from infra.local.graph.errors import bad_request
from infra.local.graph.paging import of_json, single

JOIN = "https://teams.microsoft.com/l/meetup-join/"
_BY_ADDRESS = re.compile(r"JoinWebUrl eq '([^']*)'", re.IGNORECASE)


def list_meetings(call: Call) -> Answer:
    """Only by join address or meeting id (user-list-onlinemeetings... onlinemeeting-get)."""
    match = _BY_ADDRESS.fullmatch(call.query.get("filter", "").strip())
    if match is None:
        raise bad_request(
            "A filter by JoinWebUrl, joinMeetingId or VideoTeleconferenceId is required.", "InvalidArgument"
        )
    ical = match[1].removeprefix(JOIN)
    rows = [_json(call, event) for event in _mine(call) if event.ical_uid == ical]
    return of_json(rows[:1], call, context=f"users('{call.me.id}')/onlineMeetings")


def get_meeting(call: Call, meeting: str) -> Answer:
    return single(call, _json(call, _find(call, meeting)), f"users('{call.me.id}')/onlineMeetings")


def list_transcripts(call: Call, meeting: str) -> Answer:
    found = _find(call, meeting)
    rows = [_transcript_json(call, found, one) for one in call.company.transcripts if one.ical_uid == found.ical_uid]
    return of_json(rows, call, context=f"users('{call.me.id}')/onlineMeetings('{meeting}')/transcripts")


def transcript_content(call: Call, meeting: str, transcript: str) -> Answer:
    found = _transcript(call, meeting, transcript)
    lines = ["WEBVTT", ""]
    for at, (second, name, words) in enumerate(found.turns):
        following = found.turns[at + 1][0] if at + 1 < len(found.turns) else second + 8
        lines += [f"{_clock(second)} --> {_clock(following)}", f"<v {name}>{words}</v>", ""]
    return Answer("\r\n".join(lines).encode(), headers={"Content-Type": "text/vtt"})


def list_insights(call: Call, person: str, meeting: str) -> Answer:
    rows = [_insight_json(one, full=False) for one in _recaps(call, person, meeting)]
    return of_json(rows, call, context="Collection(microsoft.graph.callAiInsight)")


def get_insight(call: Call, person: str, meeting: str, insight: str) -> Answer:
    for one in _recaps(call, person, meeting):
        if one.id == insight:
            return single(call, _insight_json(one, full=True), "copilot/users/onlineMeetings/aiInsights")
    raise _missing()


def _recaps(call: Call, person: str, meeting: str) -> list[Transcript]:
    if person != call.me.id:
        raise Refused(403, "Forbidden", "Forbidden")
    ical = _find(call, meeting).ical_uid
    return [one for one in call.company.transcripts if one.ical_uid == ical and (one.notes or one.actions)]


def _missing() -> Refused:
    return Refused(404, "NotFound", "The requested resource does not exist.")


def _mine(call: Call) -> list[Event]:
    return [event for event in call.company.events if event.mailbox == call.me.id and event.is_online]


def _id(call: Call, event: Event) -> str:
    return base64.b64encode(f"1*{call.me.id}*0**19:{event.ical_uid}".encode()).decode()


def _find(call: Call, meeting: str) -> Event:
    for event in _mine(call):
        if _id(call, event) == meeting:
            return event
    raise _missing()


def _transcript(call: Call, meeting: str, transcript: str) -> Transcript:
    found = _find(call, meeting)
    for one in call.company.transcripts:
        if one.id == transcript and one.ical_uid == found.ical_uid:
            return one
    raise _missing()


def _json(call: Call, event: Event) -> dict[str, Any]:
    return {
        "id": _id(call, event),
        "creationDateTime": iso(event.start),
        "startDateTime": iso(event.start),
        "endDateTime": iso(event.end),
        "joinWebUrl": f"{JOIN}{event.ical_uid}",
        "subject": event.subject,
    }


def _transcript_json(call: Call, event: Event, one: Transcript) -> dict[str, Any]:
    meeting = _id(call, event)
    last = one.turns[-1][0] if one.turns else 0
    return {
        "id": one.id,
        "meetingId": meeting,
        "callId": one.id[-24:],
        "contentCorrelationId": one.id[-20:],
        "transcriptContentUrl": f"{call.base}/users/{call.me.id}/onlineMeetings/{meeting}/transcripts/{one.id}/content",
        "createdDateTime": iso(one.start),
        "endDateTime": iso(one.start + timedelta(seconds=last + 8)),
    }


def _insight_json(one: Transcript, *, full: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": one.id,
        "callId": one.id[-24:],
        "contentCorrelationId": one.id[-20:],
        "createdDateTime": iso(one.start),
    }
    if full:
        shown["meetingNotes"] = [{"title": title, "text": text, "subpoints": []} for title, text in one.notes]
        shown["actionItems"] = [
            {"title": title, "text": text, "ownerDisplayName": owner} for title, text, owner in one.actions
        ]
    return shown


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000"
