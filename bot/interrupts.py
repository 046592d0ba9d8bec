"""A typed "stop" must not wait behind the answer it is meant for: it is seen when it is admitted, not when its turn comes."""

from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.context import Incoming
from bot.stopping import Stopping
from bot.texts import words

WORDS = frozenset({"stop", *(said for said, meant in words().items() if meant == "stop")})
"""Everything the languages' files know for it: what *help* shows must end an answer too."""
_LONGEST = 200
"""Characters of a message that is looked at; a mention may stand before the word."""
_KEPT = 1000
_WAIT_SECONDS = 120.0
"""How long a stop applies to messages that were sent before it and are still waiting."""


@dataclass(frozen=True, slots=True)
class _Running:
    said: Incoming
    stopping: Stopping


@dataclass(slots=True)
class _Stop:
    said: Incoming
    at: float
    ended: bool = False


class Interrupts:
    """The turns of this process that can be stopped: one a conversation. `now` is monotonic seconds.

    A turn that runs in another process is not reached: its person sees the stop answered when that turn is over.
    """

    def __init__(self, *, now: Callable[[], float]) -> None:
        self._now = now
        self._running: dict[str, _Running] = {}
        self._stops: OrderedDict[tuple[str, str], _Stop] = OrderedDict()

    def heard(self, said: Incoming) -> None:
        """A message was admitted; a second delivery of the same one changes nothing."""
        key = (said.reference.id, said.id)
        if not is_stop(said.text) or key in self._stops:
            return
        stop = self._stops[key] = _Stop(said, self._now())
        if len(self._stops) > _KEPT:
            self._stops.popitem(last=False)
        running = self._running.get(said.reference.id)
        if running is not None and _meant(said, running.said):
            stop.ended = running.stopping.request()

    @contextmanager
    def running(self, said: Incoming) -> Generator[Stopping]:
        """For as long as a turn is worked on. One that waited when somebody said stop is stopped at once."""
        turn = _Running(said, Stopping())
        for stop in self._stops.values():
            recent = self._now() - stop.at < _WAIT_SECONDS
            if recent and stop.said.reference.id == said.reference.id and _meant(stop.said, said):
                stop.ended = turn.stopping.request()
        self._running[said.reference.id] = turn
        try:
            yield turn.stopping
        finally:
            if self._running.get(said.reference.id) is turn:
                del self._running[said.reference.id]

    def forget(self, person_id: str) -> None:
        for key in [key for key, stop in self._stops.items() if stop.said.reference.person.id == person_id]:
            del self._stops[key]

    def ended(self, said: Incoming) -> bool:
        """Whether this message, a stop, ended something."""
        stop = self._stops.get((said.reference.id, said.id))
        return stop is not None and stop.ended


def is_stop(text: str) -> bool:
    return len(text) <= _LONGEST and text.casefold().strip(" \t\n/.!?") in WORDS


def _meant(stop: Incoming, other: Incoming) -> bool:
    """By the same person, and of what was said before it. Teams numbers messages by the time they were sent."""
    one, two = stop.reference.person, other.reference.person
    if stop.id == other.id or not (one.id or one.channel_id) or (one.id, one.channel_id) != (two.id, two.channel_id):
        return False
    if stop.id.isdecimal() and other.id.isdecimal():
        return int(other.id) < int(stop.id)
    return True
