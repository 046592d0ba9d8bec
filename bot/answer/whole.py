"""When somebody wants a whole document or mail thread summed up, the passages nearest to the question are not the answer.

What fits is given in full; what does not is read part by part by the same model, and the answer is written from its notes.
Nothing is read here that did not pass the audience check and the rules for labels.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.agent import summarise
from bot.agent.summarise import Notes
from bot.answer.estimates import estimate
from bot.answer.gathering import GIVEN_CHARACTERS, Gathered, evidence
from bot.background import thread
from bot.context import Stream
from bot.grounding.evidence import Passage, Retrieved, Skipped
from bot.grounding.packing import Scored
from bot.grounding.pages import Section, sections
from bot.grounding.words import FILE_TYPES, FILE_WORDS, MAIL_WORDS, STOP_WORDS
from bot.routing.task import WANTS_WHOLE
from bot.services import Turn
from graph.base import Document
from providers.base import Evidence, Provider, Request

PART_CHARACTERS = 24_000
"""About 6,000 tokens."""
MOST_PARTS = 40
"""A longer text is read in larger parts."""
_NOTE_TOKENS = 400
"""About as many as the notes on one part have."""
_PIECE_CHARACTERS = 4_000
"""Of what is given in full: small enough for a citation to say where."""
_MOST_TOGETHER = 5
"""Documents summed up at once."""
_ONLY_QUOTE = frozenset({"offline"})
"""Doors whose models quote evidence and write no text of their own."""
_MOST_ASKED = 0.75
"""Share of the question's own words that stand in the title of what it is about."""
_MOST_TITLE = 0.5
_WORD = re.compile(r"[^\W_]+")
_SMALL = (
    STOP_WORDS
    | MAIL_WORDS
    | FILE_WORDS
    | FILE_TYPES.keys()
    | frozenset(
        """
        whole entire full complete short brief briefly quick attached attachment link thread conversation discussion
        content contents page pages up re fw fwd pdf docx pptx xlsx ganze ganzen ganzes gesamte gesamten komplette
        kompletten kurz kurze kurzen anhang angehängte verlauf unterhaltung gespräch diskussion inhalt seite seiten
        zusammen aw wg von gib mir
        """.split()  # noqa: SIM905 -- as a list literal this would be fifty lines
    )
)
_IN_FULL = (
    "The person asked about the whole of a document or thread. The evidence is all of it, in order. Cover the whole in "
    "proportion, and say where things stand, as in (p. 12), where the evidence says so."
)
_FROM_NOTES = (
    "The person asked about the whole of a text that is too long to be given. The evidence is notes that you took on all its "
    "parts, in order. Write one account of the whole, not of part after part: what it is about and concludes first, then what "
    "matters most. Keep the page references of the notes, as in (p. 12), and cite the ids."
)


@dataclass(frozen=True, slots=True)
class Whole:
    """`pieces` take the place of the passages that were found."""

    pieces: tuple[Evidence, ...]
    note: str
    """For the model, about what `pieces` are."""
    read: Notes = field(default_factory=Notes)
    """What reading it part by part took; nothing when it was given in full."""


async def whole(
    turn: Turn, question: str, gathered: Gathered, provider: Provider, stream: Stream, like: Request
) -> Whole | None:
    """None when the question is not about a whole. Raises `ProviderError` when nothing of it could be read.

    `like` lends the caller's identity. Parts that could not be read are named in the coverage.
    """
    found = [document for document in targets(turn, question, gathered) if document.text.strip()]
    # What was gathered for two models may hold what this one must not read.
    wanted = [document for document in found if not gathered.rules.withholds(document)]
    if not wanted:
        return None
    size = sum(len(document.text) for document in wanted)
    if size > GIVEN_CHARACTERS and provider.door in _ONLY_QUOTE:
        return None
    fits = size <= GIVEN_CHARACTERS
    parts = _parts(gathered.grounding.retrieved, wanted, _PIECE_CHARACTERS if fits else _part_size(size))
    if not parts:
        return None
    skipped = gathered.grounding.coverage.skipped
    skipped += [Skipped(d.title, turn.say("whole.cut")) for d in wanted if d.truncated]
    if fits:
        return Whole(tuple(part.given for part in parts), _IN_FULL)

    cost = estimate(turn, (provider, size, len(parts) * _NOTE_TOKENS))

    async def show(done: int) -> None:
        reading = turn.say("whole.reading", n=min(done + 1, len(parts)), of=len(parts))
        await stream.status(f"{reading} {cost}".rstrip())

    given = [part.given for part in parts]
    read = await summarise.notes(provider, question, given, like=like, on_part=show, stopping=turn.stopping)
    missed = {part.id for part in read.missed}
    if not read.stopped:
        skipped += [part.named(turn, len(parts)) for part in parts if part.given.id in missed]
    return Whole(read.taken, _FROM_NOTES, read)


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    passage: Passage
    section: Section

    @property
    def given(self) -> Evidence:
        known = evidence(replace(self.passage, text=""))
        detail = ", ".join(one for one in (known.detail, self.section.where) if one)
        return replace(known, text=self.section.marked, detail=detail)

    def named(self, turn: Turn, of: int) -> Skipped:
        section = self.section
        if section.first:
            place = turn.say("whole.pages", first=section.first, last=section.last)
        else:
            place = turn.say("whole.part", n=self.number, of=of)
        return Skipped(f"{self.passage.document.title}, {place}", turn.say("whole.missed"))


def _parts(retrieved: Retrieved, documents: Iterable[Document], size: int) -> list[_Part]:
    """Without what a rule withholds."""
    found: list[_Part] = []
    for document in documents:
        for place, section in enumerate(sections(document, size)):
            for passage in retrieved.add([Scored(document, section.text, 0.0, place)]):
                found.append(_Part(len(found) + 1, passage, section))
    return found


def _part_size(characters: int) -> int:
    return max(PART_CHARACTERS, -(-characters // MOST_PARTS))


def targets(turn: Turn, question: str, gathered: Gathered) -> Sequence[Document]:
    """What the question wants summed up as a whole, in reading order; none when it asks for something else."""
    if not WANTS_WHOLE.search(question):
        return ()
    told = _telling(WANTS_WHOLE.sub(" ", question))
    given = [document for document in gathered.known.documents if document.source != thread.SOURCE]
    if given and (turn.incoming.sent or not told):
        return given[:_MOST_TOGETHER]
    documents = {document.id: document for document in (*given, *gathered.grounding.documents)}
    best = max(documents.values(), key=lambda one: _match(told, one), default=None)
    if best is None or not any(_match(told, best)):
        return ()
    if best.kind == "mail" and best.thread:
        talk = [document for document in documents.values() if document.thread == best.thread]
        return sorted(talk, key=lambda document: document.modified)
    return (best,)


def _match(told: frozenset[str], document: Document) -> tuple[float, float]:
    title = _telling(document.title)
    shared = len(told & title)
    if not shared or shared < _MOST_ASKED * len(told - _telling(document.author)):
        return 0.0, 0.0
    share = shared / len(title)
    return (shared, share) if share >= _MOST_TITLE or shared > 1 else (0.0, 0.0)


def _telling(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(text.casefold()) if word not in _SMALL and len(word) > 1)
