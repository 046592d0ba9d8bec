"""What a log line may hold."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import format_trace_id

from bot.logs import FORMAT, OURS, Discreet, DiscreetJson, configure

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


def test_as_json_each_record_is_one_object_of_the_same_sentences() -> None:
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(DiscreetJson())
    tracer = TracerProvider().get_tracer("test")
    log = logging.getLogger("bot.turns")
    logging.getLogger().addHandler(handler)
    try:
        with tracer.start_as_current_span("turn") as span:
            log.error('two\nlines and "quotes"', exc_info=raised())
        log.error("outside")
        logging.getLogger("asyncio").error("never retrieved\nfuture: %s", SECRET)
    finally:
        logging.getLogger().removeHandler(handler)
    shown = handler.stream.getvalue()
    assert SECRET not in shown
    inside, outside, foreign = (json.loads(line) for line in shown.splitlines())
    assert inside["message"].startswith('two lines and "quotes" ValueError in raised:')
    assert (inside["level"], inside["logger"]) == ("ERROR", "bot.turns")
    assert datetime.fromisoformat(inside["time"]).tzinfo is not None
    assert inside["trace_id"] == format_trace_id(span.get_span_context().trace_id)
    assert len(inside["span_id"]) == 16
    assert set(outside) == {"time", "level", "logger", "message"}
    assert foreign["message"] == "never retrieved"


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
        logging.getLogger().handlers.clear()
        configure("INFO", "json")
        (ours,) = logging.getLogger().handlers
        assert isinstance(ours.formatter, DiscreetJson)
    finally:
        logging.getLogger().handlers[:] = handlers
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
