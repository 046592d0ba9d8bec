"""What a log line may hold."""

import io
import logging
from collections.abc import Iterator

import pytest

from bot.logs import FORMAT, OURS, Discreet, configure

SECRET = "canary-2b8d"


@pytest.fixture
def handler() -> Iterator[logging.StreamHandler[io.StringIO]]:
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(Discreet(FORMAT))
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def raised() -> Exception:
    try:
        raise KeyError(SECRET)
    except KeyError as cause:
        try:
            raise ValueError(SECRET) from cause
        except ValueError as error:
            return error


@pytest.mark.parametrize("name", ["bot.turns", "aiohttp.server", "asyncio"])
def test_an_exception_is_its_kinds_and_places(handler: logging.StreamHandler[io.StringIO], name: str) -> None:
    logging.getLogger(name).error("it failed for %s", "10.0.0.1", exc_info=raised())
    shown = handler.stream.getvalue()
    assert SECRET not in shown
    assert f"ERROR {name} it failed for 10.0.0.1 ValueError in raised:" in shown
    assert "from KeyError in raised:" in shown
    assert shown.count("\n") == 1


def test_of_libraries_only_the_first_line_is_kept(handler: logging.StreamHandler[io.StringIO]) -> None:
    message = f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{SECRET}')>"
    logging.getLogger("asyncio").error(message)
    logging.getLogger("bot").error("100%% of\n%s", "two lines")
    shown = handler.stream.getvalue()
    assert "never retrieved" in shown
    assert SECRET not in shown
    assert "100% of two lines" in shown


def test_libraries_are_heard_in_trouble_only() -> None:
    names = ("", "httpx", *OURS)
    before = {name: logging.getLogger(name).level for name in names}
    handlers = list(logging.getLogger().handlers)
    try:
        logging.getLogger().handlers.clear()
        configure("DEBUG")
        assert logging.getLogger("bot.router").isEnabledFor(logging.DEBUG)
        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
        assert not logging.getLogger("botbuilder").isEnabledFor(logging.INFO)
        (ours,) = logging.getLogger().handlers
        assert isinstance(ours.formatter, Discreet)
    finally:
        logging.getLogger().handlers[:] = handlers
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
