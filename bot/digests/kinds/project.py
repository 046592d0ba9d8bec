"""What changed in a folder, library or site since last time."""

from datetime import timedelta

from bot.digests.kind import Kind

KIND = Kind(("changed",), back=timedelta(days=7), shared=True)
