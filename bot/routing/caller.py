"""Who a model call is made for, and the steps it passes on its way to a vendor."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.context import Person, Place
from bot.cost.tally import Tally
from providers.base import Provider

Purpose = Literal["answer", "summary", "review", "compare", "digest"]
"""What a call is for: an answer somebody waits for, a summary of what is too long, a reviewer, one of two heads, a digest."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`conversation` is what transcripts are kept under (`Incoming.kept_under`); `question` the id of the message that asks."""

    person: Person
    place: Place
    """A private question in a shared place counts as personal."""
    conversation: str
    question: str
    purpose: Purpose
    model: str
    """The configured name of the one that is called."""
    tally: Tally = field(default_factory=Tally, compare=False)
    """The turn's: what its calls lead to besides an answer."""
    others: bool = False
    """Another model stands by, should this one fail: it is neither tried twice nor waited for long."""


class Step(Protocol):
    """One concern of a model call: what it returns is a `Provider` around the one it gets."""

    def __call__(self, inner: Provider, caller: Caller) -> Provider: ...


def through(steps: Iterable[Step], provider: Provider, caller: Caller) -> Provider:
    """`steps` in the order a call passes them: the first sees it first, the last stands next to the vendor."""
    for step in reversed(tuple(steps)):
        provider = step(provider, caller)
    return provider
