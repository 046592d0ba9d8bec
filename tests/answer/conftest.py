"""The commands' desk is what answers are tried at, too."""

from tests.commands.conftest import desk

__all__ = ["desk"]
