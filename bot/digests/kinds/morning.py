"""The morning brief: the day ahead, who waits, what was said and changed, and what is due."""

from bot.digests.kind import Kind

KIND = Kind(("calendar", "waiting", "mentions", "documents", "commitments"))
