"""Finds the doors by listing this folder, so that a new provider is one new file."""

import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import providers
from providers.base import Door, DoorSettings, Provider
from providers.capabilities import split
from providers.errors import ConfigurationError

_ENTRY = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_-]{0,31})=(?P<door>[a-z][a-z0-9_]*):(?P<model>[^\s,]{1,200})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One of MODELS, as it is written; `model` with what stands behind `@` and `+`."""

    name: str
    door: str
    model: str


def discover() -> dict[str, Door]:
    """Doors by name. No SDK is imported."""
    doors: dict[str, Door] = {}
    for module in sorted(pkgutil.iter_modules(providers.__path__), key=lambda found: found.name):
        door = getattr(importlib.import_module(f"providers.{module.name}"), "PROVIDER", None)
        if isinstance(door, Door):
            doors[door.name] = door
    return doors


def open_models(entries: Sequence[str], settings: DoorSettings) -> dict[str, Provider]:
    """Opens `name=door:model` and `name=door:model@capability` entries, in order; names are lower-cased.

    Raises ConfigurationError naming the entry at fault.
    """
    doors = discover()
    opened: dict[str, Provider] = {}
    if not entries:
        raise ConfigurationError("MODELS names no model. " + _form(doors))
    for text in entries:
        entry = entry_of(text, doors)
        if entry.name in opened:
            raise ConfigurationError(f"MODELS: the name {entry.name!r} is given twice.")
        try:
            model, capability = split(entry.model)
            opened[entry.name] = doors[entry.door].open(model, replace(settings, capability=capability))
        except ConfigurationError as err:
            raise ConfigurationError(f"MODELS: {text!r} cannot be opened. {err}") from err
    return opened


def entry_of(text: str, doors: Mapping[str, Door]) -> Entry:
    """Raises ConfigurationError naming the entry at fault."""
    match = _ENTRY.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(f"MODELS: {text!r} is not of the form name=door:model. {_form(doors)}")
    if match["door"] not in doors:
        raise ConfigurationError(f"MODELS: {text!r} names the door {match['door']!r}. {_form(doors)}")
    return Entry(match["name"].casefold(), match["door"], match["model"])


def _form(doors: Mapping[str, Door]) -> str:
    return f"An entry looks like claude=anthropic:claude-sonnet-5-5; the doors are {', '.join(sorted(doors))}."
