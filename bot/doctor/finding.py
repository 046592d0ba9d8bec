"""What a check is, and what it says. Sentences for whoever runs us: never a secret, never anything of a person."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from bot.doctor.context import Context

Area = Literal["settings", "Microsoft", "reach", "models", "store"]
AREAS: tuple[Area, ...] = ("settings", "Microsoft", "reach", "models", "store")
"""In the order they are shown."""


class State(Enum):
    OK = "ok"
    WARNING = "warning"
    """Works now, and will not for ever or not for everybody."""
    WRONG = "wrong"
    UNCHECKED = "not checked"
    """Could not be seen from here; says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    state: State
    what: str
    """One or two sentences."""
    cure: str = ""
    """The setting, command or page that mends it; there is one for every warning and everything wrong."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a file of `bot/doctor/checks` exports as `CHECK`; its name is the file's."""

    area: Area
    asks: str
    """What it asks, in a few words."""
    run: Callable[[Context], Awaitable[Finding | Sequence[Finding]]]
    """Several findings where there are several things of a kind. What it raises is told as a fault of the check itself."""


def ok(what: str) -> Finding:
    return Finding(State.OK, what)


def warning(what: str, cure: str) -> Finding:
    return Finding(State.WARNING, what, cure)


def wrong(what: str, cure: str) -> Finding:
    return Finding(State.WRONG, what, cure)


def unchecked(why: str, cure: str = "") -> Finding:
    return Finding(State.UNCHECKED, why, cure)
