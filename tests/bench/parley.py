"""The product as throughput measures it: the real app on SQLite, the bot's own token fixed, Teams' tenant-wide limit lifted."""

from pathlib import Path

from aiohttp import web

__all__ = ["parley_app"]


def parley_app(sink: str, folder: Path) -> web.Application:
    """To be written with the app."""
    raise NotImplementedError(sink, folder)
