"""From words to commands, and from failures to sentences."""

import asyncio
import logging
from pathlib import Path

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
from bot.texts import Texts, words
from graph import errors as graph
from infra.local import company
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


QUESTIONS = [
    line.removeprefix("=== ")
    for line in (Path(company.__file__).parent / "texts" / "questions.txt").read_text(encoding="utf-8").splitlines()
    if line.startswith("=== ")
]
MODELS = ("claude", "gpt", "fast")


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_real_question_is_taken_for_a_command(question: str) -> None:
    for said in (question, question.lower(), question.rstrip("?."), f"please {question}", f"{question} bitte"):
        assert router(MODELS).route(said) == (ask.COMMAND, said)


def spoken() -> list[str]:
    """Everything that can be said, with its slots filled."""
    values = {"model": "gpt", "language": "deutsch", "text": "the sky is blue"}
    return [said.format_map(values) for said in words() if said[0].isalpha()]


@pytest.mark.parametrize("said", spoken())
def test_everything_in_the_tables_is_understood_and_politely_too(said: str) -> None:
    command, argument = FULL.route(said)
    assert command is not ask.COMMAND
    assert "{" not in argument
    for variant in (
        said.upper() if "ß" not in said else said,
        f"  {said}  ",
        f"/{said}",
        f"Please, {said}!",
        f"{said} bitte.",
    ):
        heard, _ = FULL.route(variant)
        assert heard is command, variant


FULL = router(MODELS)


@given(st.sampled_from(spoken()), st.sampled_from(QUESTIONS), st.booleans())
def test_a_command_with_a_question_around_it_is_a_question(said: str, question: str, first: bool) -> None:
    """A colon or a slash would make it one, and so would words that end in free text (which never end in a question mark)."""
    both = f"{said} {question}" if first else f"{question} {said}"
    if both.startswith(("?", "/")) or ":" in both:
        return
    assert FULL.route(f"{both}?")[0] is ask.COMMAND


@given(st.text(max_size=300))
def test_any_text_is_routed_alike_with_other_spaces(text: str) -> None:
    said = " ".join(text.split())
    assert FULL.route(said)[0] is FULL.route(f"  {said}\n")[0]


@pytest.mark.parametrize(
    "said", ["New: which pumps came in?", "Reset: how is error E42 reset?", "Stop: what did Oskar say?"]
)
def test_a_command_that_takes_nothing_leaves_a_question_after_a_colon_alone(said: str) -> None:
    assert FULL.route(said) == (ask.COMMAND, said)


def test_a_long_message_costs_nothing() -> None:
    said = "remember that " + "use gpt for this " * 5000
    assert FULL.route(said)[1].startswith("use gpt")
    assert FULL.route("use " * 20000)[0] is ask.COMMAND
