"""From words to commands, and from failures to sentences."""

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import router
from bot.commands import ask, new, sign_in, sign_out
from bot.commands import help as help_command
from bot.context import StopRequested, Superseded
from bot.errors import SENTENCES, sentence, without_content
from bot.router import Command, Router
from bot.services import Turn
from bot.texts import Texts
from graph import errors as graph
from providers import errors as providers
from tests.commands.conftest import desk
from tests.commands.desk import PERSONAL, Conversation, Desk

__all__ = ["desk"]  # a fixture: pytest finds it by this import

SECRET = "canary-5b1c"


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("help", help_command.COMMAND),
        ("  HELP  ", help_command.COMMAND),
        ("Help!", help_command.COMMAND),
        ("/help", help_command.COMMAND),
        ("?", help_command.COMMAND),
        ("What can you do?", help_command.COMMAND),
        ("new", new.COMMAND),
        ("New   chat.", new.COMMAND),
        ("sign in", sign_in.COMMAND),
        ("Sign\u00a0in", sign_in.COMMAND),
        ("Abmelden!", sign_out.COMMAND),
    ],
)
def test_a_command_is_the_whole_message(said: str, command: Command) -> None:
    assert router().route(said) == (command, "")


@pytest.mark.parametrize(
    "said",
    [
        "help me write an answer to Tomas",
        "new pumps: which ones do we have?",
        "Is there anything new",
        "sign in sheet of the fair",
        "sign_in",
        "??",
        ":",
        "note: help",
        "http://example.org/new",
    ],
)
def test_everything_else_is_a_question(said: str) -> None:
    assert router().route(said) == (ask.COMMAND, said)


def test_the_colon_form_takes_what_follows() -> None:
    assert router().route("Help: with  mail: mine ") == (help_command.COMMAND, "with mail: mine")
    assert router().route("/ask: help") == (ask.COMMAND, "help")
    assert router().route("new chat :") == (new.COMMAND, "")


@given(st.text())
def test_any_text_is_routed(text: str) -> None:
    command, argument = ROUTER.route(text)
    assert isinstance(command, Command)
    assert argument == argument.strip()


ROUTER = router()


def test_a_question_keeps_its_lines() -> None:
    assert ROUTER.route(" first\n\n  second ") == (ask.COMMAND, "first\n\n  second")


async def _run(desk: Desk, error: BaseException) -> Conversation:
    async def fail(turn: Turn, argument: str) -> None:
        raise error

    conversation = Conversation(PERSONAL, None)

    async def keep() -> None:
        pass

    failing = Command("", fail)
    said = desk.incoming(f"my question {SECRET}")
    await Router({}, failing).run(Turn(said, conversation, desk.services, keep))
    return conversation


async def test_a_failure_becomes_a_sentence_with_a_reference(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cause = ValueError(SECRET)
    error = RuntimeError(f"could not read {SECRET}")
    error.__cause__ = cause
    (shown,) = (await _run(desk, error)).shown.finished
    reference = shown.text.partition("(Reference ")[2].rstrip(")")
    assert shown.text.startswith("Something went wrong on my side")
    assert len(reference) == 8
    assert f"turn failed, reference {reference}: RuntimeError in fail:" in caplog.text
    assert "from ValueError" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in shown.text


@pytest.mark.parametrize(
    ("error", "words", "referenced"),
    [
        (graph.ConsentRequired(SECRET, scopes=("Mail.Read",)), "permission to look", False),
        (graph.SignInNeeded(SECRET), "Your sign-in has ended", False),
        (graph.Throttled(SECRET, seconds=9), "slow down", False),
        (graph.Conflict(SECRET), "could not do that", True),
        (providers.AccessRefused(SECRET), "refused my key", True),
        (providers.RateLimited(SECRET, seconds=3), "asked too much", False),
        (providers.Transient(SECRET), "could not answer", True),
        (TimeoutError(SECRET), "Something went wrong", True),
    ],
)
async def test_the_most_specific_sentence_wins(desk: Desk, error: Exception, words: str, referenced: bool) -> None:
    (shown,) = (await _run(desk, error)).shown.finished
    assert words in shown.text
    assert ("(Reference " in shown.text) is referenced
    assert SECRET not in shown.text
    assert not shown.ai


@pytest.mark.parametrize("error", [Superseded(), asyncio.CancelledError(), KeyboardInterrupt()])
async def test_what_is_not_a_failure_passes(desk: Desk, error: BaseException) -> None:
    with pytest.raises(type(error)):
        await _run(desk, error)


async def test_stop_ends_quietly(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    (shown,) = (await _run(desk, StopRequested())).shown.finished
    assert shown.text == "Stopped."
    assert not caplog.records


def _leaves(module: object) -> list[type[Exception]]:
    return [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Exception)]


@pytest.mark.parametrize("kind", [*_leaves(graph), *_leaves(providers)], ids=lambda kind: kind.__name__)
def test_every_error_has_a_sentence_of_its_own_tree(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    for say in (Texts.of("en"), Texts.of("de")):
        said = sentence(error, "r1", say)
        assert not said.startswith(say(SENTENCES[Exception]))
        assert said[0].isupper()


def test_an_exception_without_a_traceback_is_named() -> None:
    assert without_content(ValueError(SECRET)) == "ValueError"
