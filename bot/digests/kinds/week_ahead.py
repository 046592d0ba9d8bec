"""The week ahead: seven days of the calendar, what is due in them, and who still waits."""

from datetime import timedelta

from bot.digests.kind import Kind

KIND = Kind(
    ("calendar", "commitments", "waiting"), back=timedelta(days=14), waits=timedelta(days=14), days=7, fresh=False
)
