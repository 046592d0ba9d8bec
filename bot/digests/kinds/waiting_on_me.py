"""Everybody who waits for this person: all of it each time, until it is answered."""

from datetime import timedelta

from bot.digests.kind import Kind

KIND = Kind(("waiting", "mentions"), back=timedelta(days=14), waits=timedelta(days=30), fresh=False)
