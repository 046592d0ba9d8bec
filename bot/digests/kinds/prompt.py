"""Whatever somebody wants to have asked on a schedule: answered like any question of theirs, by the model and in the way they chose."""

from bot.digests.kind import Kind
from bot.digests.prompted import prompted

KIND = Kind(shared=True, make=prompted)
