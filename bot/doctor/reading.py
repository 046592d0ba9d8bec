"""Reads settings that may be wrong: the server refuses them, and here they are what is asked about."""

from typing import Self

from pydantic import ValidationError, model_validator

from bot.settings import Settings, faults


class _AsTheyAre(Settings):
    """Without the rules that hold between settings."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        return self


def from_environment() -> tuple[Settings, tuple[str, ...]]:
    """The settings, and why the server would not start with them. What cannot be read at all has its default."""
    return read({})


def read(values: dict[str, object]) -> tuple[Settings, tuple[str, ...]]:
    """`values` stand above the environment."""
    try:
        return Settings(**values), ()  # type: ignore[arg-type]  # checked by pydantic, which is the point
    except ValidationError as error:
        found = tuple(faults(error))
    try:
        return _AsTheyAre(**values), found  # type: ignore[arg-type]  # as above
    except ValidationError as error:
        unreadable = {str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]}
    defaults = {name: Settings.model_fields[name].get_default() for name in unreadable & Settings.model_fields.keys()}
    settings = _AsTheyAre(**{**values, **defaults})
    try:
        Settings(**settings.model_dump())
    except ValidationError as error:
        # What is also wrong between those that can be read was not reached at first.
        found += tuple(one for one in faults(error) if one not in found)
    return settings, found
