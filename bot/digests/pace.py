"""How many digests are made at once, and how soon a silent process counts as dead."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Times are seconds."""

    at_once: int = 8
    """In one process. The rest of it is for people who wait for an answer."""
    per_tenant: int = 64
    """In all processes together. Of one mailbox it is always one: Graph takes four requests at once for each
    (learn.microsoft.com/graph/throttling-limits, Outlook service limits)."""
    poll: float = 0.5
    """How often a process asks for work it has room for."""
    beat: float = 1.5
    silent: float = 5.0
    """After this a process that does not beat has died, and its work is taken over."""
    finish: int = 3
    """How long a stopping process goes on with what it works on."""
    crowd: int = 50
    """Turns under way from which on digests wait: people who wait for an answer go first."""
    patience: float = 30.0
    """How long they wait at most; they must come, too."""
