"""What the tests in a browser share: a signed-in person before the Playground, once a file."""

from tests.browser.seat import seat

__all__ = ["seat"]
