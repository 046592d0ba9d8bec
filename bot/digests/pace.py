"""How many digests are made at once, and how soon a silent process counts as dead.

How many are begun a second is nowhere said: as many as can be sent (`bot.teams.pacing.Line`), and no more.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Times are seconds."""

    at_once: int = 48
    """In one process. Most of their time they wait for Microsoft and for a model."""
    per_tenant: int = 192
    """In all processes together. Of one mailbox it is always one: Graph takes four requests at once for each
    (learn.microsoft.com/graph/throttling-limits, Outlook service limits)."""
    poll: float = 0.25
    """How often a process asks for work it has room for."""
    beat: float = 1.5
    silent: float = 5.0
    """After this a process that does not beat has died, and its work is taken over."""
    finish: int = 3
    """How long a stopping process goes on with what it works on."""
    crowd: int = 50
    """Turns under way from which on nothing more is composed: people who wait for an answer go first. Digests that wait for
    their place in Teams' limits count, too: what is composed much sooner than it is sent is old news when it arrives."""
    patience: float = 30.0
    """How long they wait at most; they must come, too."""
