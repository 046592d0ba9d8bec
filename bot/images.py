"""Pictures on their way to a model: which bytes are one, and what a model that cannot see is told instead."""

from dataclasses import replace

from bot.background.known import Known
from bot.grounding.evidence import Skipped
from bot.texts import Texts
from providers.base import Provider

_BEGINNINGS = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
CANNOT_SEE = (
    "The person sent {n} picture(s) with this question, and you cannot see pictures. Say so in one sentence where it "
    "matters, never guess what they show, and answer the rest."
)


def is_picture(data: bytes) -> bool:
    """By its first bytes: a name says anything."""
    return data.startswith(_BEGINNINGS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def seen_by(provider: Provider, known: Known, say: Texts) -> Known:
    """What this model may be given: without the pictures, and with a word about it, when it reads text only."""
    if provider.images or not known.images:
        return known
    skipped = Skipped(say("sent.pictures", n=len(known.images)), say("sent.cannot_see", model=provider.model))
    notes = (*known.notes, CANNOT_SEE.format(n=len(known.images)))
    return replace(known, images=(), notes=notes, skipped=(*known.skipped, skipped))
