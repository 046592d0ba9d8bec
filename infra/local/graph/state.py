"""What Graph remembers between requests besides the company itself. Tests turn its knobs through `graph_state(world)`."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from infra.local.graph.index import TextIndex
from infra.local.world import World

OUTLOOK_CONCURRENCY = 4
"""Requests at once per app and mailbox (throttling-limits, Outlook service limits)."""


@dataclass(slots=True)
class UploadSession:
    drive_id: str
    parent_id: str
    name: str
    behaviour: str
    person_id: str
    expires: datetime
    received: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Delta:
    """What a client already knows at one delta token: id -> a mark that changes with the resource."""

    scope: str
    known: dict[str, str]
    pending: list[str] = field(default_factory=list[str])
    """Ids still to be sent on following pages."""
    query: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class GraphState:
    """`world.state["graph"]`."""

    index: TextIndex = field(default_factory=TextIndex)
    latency: float = 0.002
    """Seconds each request takes; it is what makes requests overlap, as they do at Microsoft."""
    concurrency: int = OUTLOOK_CONCURRENCY
    busy: dict[str, int] = field(default_factory=dict[str, int])
    """Person id -> Outlook requests under way."""
    signing: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    download_seconds: int = 600
    """How long a pre-authenticated download address works."""
    uploads: dict[str, UploadSession] = field(default_factory=dict[str, UploadSession])
    deltas: dict[str, Delta] = field(default_factory=dict[str, Delta])
    dice: Random = field(default_factory=lambda: Random(1))
    """Shuffles the answers of a batch."""
    transactions: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """(person id, transactionId) -> event id."""


def graph_state(world: World) -> GraphState:
    state = world.state.get("graph")
    if not isinstance(state, GraphState):
        state = GraphState()
        world.state["graph"] = state
    return state
