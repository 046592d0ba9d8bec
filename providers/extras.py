"""What a door needs beyond its SDK is an optional package; that it is missing is said before anything is opened."""

import importlib.util
import logging

from providers.errors import ConfigurationError


def needed(door: str, extra: str, *modules: str) -> None:
    """Raises ConfigurationError unless all `modules` can be imported. `extra`: the extra of this project that brings them."""
    if missing := [module for module in modules if not _installed(module)]:
        raise ConfigurationError(
            f"The door {door!r} needs the package of {', '.join(missing)}, which is not installed. "
            f"It comes with: pip install 'parley[{extra}]'."
        )


def quieted(*loggers: str) -> None:
    """These libraries log the requests they sign or send, which no log of ours may hold."""
    for name in loggers:
        logging.getLogger(name).setLevel(logging.WARNING)


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its parent is not there either
        return False
