"""The next meeting with others: who comes, what was said and written about it, and what they and this person promised."""

from datetime import timedelta

from bot.digests.kind import Kind

KIND = Kind(("meeting",), back=timedelta(days=14), waits=timedelta(days=14), fresh=False)
