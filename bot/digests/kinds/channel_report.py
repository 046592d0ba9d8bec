"""What happened in a channel or group chat: for all of its members, and of what all of them may read."""

from datetime import timedelta

from bot.digests.kind import Kind

KIND = Kind(("threads", "commitments", "channel_files"), back=timedelta(days=7), shared=True)
