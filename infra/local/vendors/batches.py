"""What both vendors' batches have in common here: each request is answered when the batch is due, unless it is late or cancelled.

`world.state["batches"]` has those of both. `world.state["batch_late"]` are ids that are never answered: they expire a day later.
A batch is due `SECONDS` after it was made, by the tenant's clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from infra.local.world import World

SECONDS = 60.0
DAY = 86_400.0
Outcome = Literal["answered", "failed", "expired", "cancelled"]


@dataclass
class Made:
    """One batch. `requests`: bodies by id; `results`: (how it went, the vendor's own form of it) by id, once it has ended."""

    id: str
    requests: dict[str, dict[str, Any]]
    created: float
    cancelled: bool = False
    ended: float = 0.0
    results: dict[str, tuple[Outcome, dict[str, Any]]] = field(
        default_factory=dict[str, tuple[Outcome, dict[str, Any]]]
    )
    files: dict[str, str] = field(default_factory=dict[str, str])
    """OpenAI's, by role."""

    @property
    def expires(self) -> float:
        return self.created + DAY

    def count(self, outcome: Outcome) -> int:
        return sum(how == outcome for how, _ in self.results.values())


def stored(world: World, id: str) -> Made | None:
    found: Made | None = world.state.setdefault("batches", {}).get(id)
    return found


def store(world: World, made: Made) -> None:
    world.state.setdefault("batches", {})[made.id] = made


def advance(world: World, made: Made, answer: Callable[[dict[str, Any]], tuple[Outcome, dict[str, Any]]]) -> None:
    """Ends the batch when its time has come, or when it was cancelled."""
    now = world.clock.now().timestamp()
    late = made.requests.keys() & set(world.state.get("batch_late", ()))
    due = made.expires if late else made.created + SECONDS
    if made.ended or not (made.cancelled or now >= due):
        return
    made.ended = now
    for id, body in made.requests.items():
        if made.cancelled:
            made.results[id] = ("cancelled", {})
        elif id in late:
            made.results[id] = ("expired", {})
        else:
            made.results[id] = answer(body)
