"""What Teams messages carry besides words, kept apart from the parts that put it there and show it."""

from dataclasses import dataclass, field
from typing import Any

from infra.local.world import World


@dataclass(slots=True)
class Carried:
    """What Graph shows of a message besides its words."""

    attachments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    hosted: dict[str, bytes] = field(default_factory=dict[str, bytes])


def carried(world: World, message_id: str) -> Carried:
    """`world.state["teams_files"]`, by message id."""
    kept: dict[str, Carried] = world.state.setdefault("teams_files", {})
    return kept.setdefault(message_id, Carried())
