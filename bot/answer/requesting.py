"""What a model is asked for one question: what was said before, the evidence, the situation, the question."""

import hashlib
from datetime import UTC
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.agent import prompt
from bot.answer.gathering import Gathered, evidence
from bot.answer.whole import Whole
from bot.context import Place
from bot.services import Turn
from providers.base import Request

_PLACES = {Place.PERSONAL: "in a personal chat", Place.GROUP: "in a group chat", Place.CHANNEL: "in a channel"}


def request_for(
    turn: Turn, question: str, gathered: Gathered, *, searched: bool, of_whole: Whole | None = None
) -> Request:
    reference = turn.incoming.reference
    try:
        zone = ZoneInfo(reference.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    asked = prompt.question(
        question,
        of_whole.pieces if of_whole else [evidence(passage) for passage in gathered.passages],
        name=turn.person.name,
        now=turn.services.now().astimezone(UTC).astimezone(zone),
        place=_PLACES[reference.place],
        unavailable=[failed.what for failed in gathered.grounding.coverage.failed],
        searched=searched,
        images=gathered.known.images,
        notes=(*gathered.known.notes, *([of_whole.note] if of_whole else ())),
    )
    read = [
        *(passage.document for passage in gathered.passages),
        *(document for document, _ in gathered.known.pictured),
    ]
    return Request(
        prompt.SYSTEM,
        (*gathered.history.messages, asked),
        cache_key=reference.tenant,
        user_hash=hashlib.sha256(f"{turn.person.tenant}/{turn.person.id}".encode()).hexdigest()[:32],
        labels=gathered.rules.provenance(read, gathered.history.provenance).labels,
    )
