"""The entries of MODELS that can be read, without opening any."""

from collections.abc import Mapping, Sequence

from providers.discover import Entry, discover, entry_of
from providers.errors import ConfigurationError


def entries(models: Sequence[str]) -> list[Entry]:
    """Those that cannot be read are told by the check `models`."""
    doors, found = discover(), []
    for text in models:
        try:
            found.append(entry_of(text, doors))
        except ConfigurationError:
            continue
    return found


def named(models: Sequence[str]) -> Mapping[str, str]:
    """Door by name."""
    return {entry.name: entry.door for entry in entries(models)}
