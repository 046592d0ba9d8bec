"""What happened while somebody was away: of the time their calendar or their automatic replies say they were."""

from datetime import timedelta

from bot.digests.absence import absence
from bot.digests.kind import Kind

KIND = Kind(
    ("waiting", "mentions", "commitments", "documents"), back=timedelta(days=7), waits=timedelta(days=7), fresh=False,
    window=absence,
)  # fmt: skip
