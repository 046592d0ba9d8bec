"""Finds the sources: every file of this folder that ends in a `SOURCE`. Adding one is adding a file."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

import graph
import graph.feeds
from graph.base import SourceSpec
from graph.feed import FeedSpec
from graph.options import Options


@cache
def discover() -> Mapping[str, SourceSpec]:
    """By name, in alphabetical order of their files. Raises `TypeError` when a `SOURCE` is not what its contract says."""
    found: dict[str, SourceSpec] = {}
    for module in pkgutil.iter_modules(graph.__path__):
        if module.ispkg:
            continue
        spec = getattr(importlib.import_module(f"graph.{module.name}"), "SOURCE", None)
        if spec is None:
            continue
        if not isinstance(spec, SourceSpec):
            raise TypeError(f"SOURCE in graph/{module.name}.py is not a SourceSpec.")
        found[spec.name] = spec
    return found


@cache
def feeds() -> Mapping[str, FeedSpec]:
    """By name: every file of `graph/feeds/` that ends in a `FEED`. Raises `TypeError` when one is not what its contract says."""
    found: dict[str, FeedSpec] = {}
    for module in pkgutil.iter_modules(graph.feeds.__path__):
        spec = getattr(importlib.import_module(f"graph.feeds.{module.name}"), "FEED", None)
        if spec is None:
            continue
        if not isinstance(spec, FeedSpec):
            raise TypeError(f"FEED in graph/feeds/{module.name}.py is not a FeedSpec.")
        found[spec.name] = spec
    return found


def available(options: Options, *, optional: bool = True) -> Mapping[str, SourceSpec]:
    """The sources this installation has. `optional`: also those whose consent is asked for only when first needed."""
    return {
        name: spec
        for name, spec in discover().items()
        if (spec.enabled is None or spec.enabled(options)) and (optional or not spec.optional)
    }


def first_scopes(sources: Mapping[str, SourceSpec]) -> tuple[str, ...]:
    """The permissions people are asked for at first: all that the sources need which no question is answered without."""
    return tuple(dict.fromkeys(scope for spec in sources.values() if not spec.optional for scope in spec.scopes))
