"""Commands and tools are found by file: one module, one constant. Adding one is adding a file."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

Constant = TypeVar("Constant")


def discover(package: ModuleType, constant: str, kind: type[Constant]) -> dict[str, Constant]:
    """The constants of a package's modules by module name, sorted. Modules without one are helpers.

    Raises TypeError when a constant is of another kind.
    """
    found: dict[str, Constant] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda entry: entry.name):
        value = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), constant, None)
        if value is None:
            continue
        if not isinstance(value, kind):
            raise TypeError(f"{package.__name__}.{module.name}.{constant} must be a {kind.__name__}.")
        found[module.name] = value
    return found
