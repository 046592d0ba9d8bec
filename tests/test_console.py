"""The terminal as its user meets it: a program with arguments, a prompt, and output that may be piped."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.console import ConsoleConversation, ConsoleStream
from bot.context import Citation, Outgoing
from infra.local.demo import ROOT, settings
from infra.local.world import World
from tests.commands.desk import PERSONAL

BUDGET = "What is the Heron budget now, and who approved it?"


def _interruptible() -> None:
    """A suite that was started in the background ignores Ctrl+C, and so would what it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@asynccontextmanager
async def console(world: World, folder: Path, *arguments: str, **changes: str) -> AsyncIterator[Process]:
    """`python -m bot console` as Sofia."""
    environment = {**os.environ, **settings(world, folder), **changes}  # noqa: TID251 -- what a process needs to run
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "console", "--as", world.person("Sofia").mail, *arguments,
        cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE,
        preexec_fn=None if os.name == "nt" else _interruptible,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ended(process: Process, typed: str = "") -> tuple[int | None, str, str]:
    shown, faults = await asyncio.wait_for(process.communicate(typed.encode()), 60)
    return process.returncode, shown.decode(), faults.decode()


async def until(process: Process, wanted: str) -> str:
    """What was shown until the prompt, or whatever else, appeared."""
    assert process.stdout is not None
    shown = b""
    async with asyncio.timeout(60):
        while not shown.decode(errors="ignore").endswith(wanted):
            piece = await process.stdout.read(1)
            assert piece, shown.decode()
            shown += piece
    return shown.decode()


async def test_it_asks_and_ends(tenant: World, tmp_path: Path) -> None:
    """After signing out in between, the question signs in again and is answered."""
    asks = [part for words in (BUDGET, "help", "sign out", BUDGET) for part in ("--ask", words)]
    async with console(tenant, tmp_path, *asks) as process:
        code, shown, faults = await ended(process)
    assert code == 0, faults
    first, second, third, fourth = shown.split("\n> ")[1:]
    answer, _, below = first.partition("\n\n  [1] ")
    assert answer.startswith(BUDGET)
    assert "485,000" in answer
    assert "Tomas" in answer
    title, link, *rest = below.splitlines()
    assert title == "Re: Heron: budget for the project"
    assert link.strip().startswith("https://outlook.office365.com/")
    assert rest[-1] == "  Answered by offline-quotes"
    assert "show where each answer comes from" in second
    assert "deleted your tokens" in third
    assert "485,000" in fourth
    assert faults == "Signed in as Sofia Almeida.\n" * 2


async def test_the_link_is_shown_when_no_browser_opens(tenant: World, tmp_path: Path) -> None:
    nothing = f"'{Path(sys.executable).as_posix()}' -c 'raise SystemExit(1)' '%s'"
    async with console(tenant, tmp_path, "--ask", "help", BROWSER=nothing) as process:
        assert process.stderr is not None
        sentence = await asyncio.wait_for(process.stderr.readline(), 60)
        link = await asyncio.wait_for(process.stderr.readline(), 60)
    assert b"open this yourself" in sentence
    assert link.startswith(b"http://127.0.0.1:")


async def test_a_prompt_goes_on_and_ends_with_its_input(tenant: World, tmp_path: Path) -> None:
    async with console(tenant, tmp_path, "--ask", "help", "--stay") as process:
        code, shown, faults = await ended(process, "model\n\n   \nnew\n")
    assert code == 0, faults
    assert shown.count("\n> ") == 6
    assert "forgotten what we talked about" in shown


@pytest.mark.parametrize("word", ["exit", "QUIT"])
async def test_a_word_ends_it(tenant: World, tmp_path: Path, word: str) -> None:
    async with console(tenant, tmp_path) as process:
        code, shown, _ = await ended(process, f"{word}\nhelp\n")
    assert (code, shown) == (0, "\n> ")


async def test_ctrl_c_at_the_prompt_ends_it_at_once(tenant: World, tmp_path: Path) -> None:
    async with console(tenant, tmp_path) as process:
        await until(process, "\n> ")
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 10) == 130
        assert process.stderr is not None
        faults = (await process.stderr.read()).decode()
    assert "Traceback" not in faults
    assert "Fatal" not in faults


async def test_whoever_read_the_output_may_leave(tenant: World, tmp_path: Path) -> None:
    async with console(tenant, tmp_path, "--ask", "help") as process:
        assert process.stdout is not None
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]  # -- what `| head` does to us
        assert process.stderr is not None
        faults = (await process.stderr.read()).decode()
        assert await asyncio.wait_for(process.wait(), 60) == 141
    assert "Traceback" not in faults
    assert "Exception ignored" not in faults


def test_nothing_of_a_document_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b]0;owned\x07\x1b[2JBudget\u202e.xlsx\r\n  [2] Forged\u2066\x9b31m"
    citation = Citation(1, evil, "https://example.org/\x1b[0m", "", "excel")
    message = Outgoing(f"Fine {evil}", (citation,), model="m\n  [3] x\x1b", ai=True, notices=(evil,))
    asyncio.run(ConsoleStream().finish(message))
    shown = capsys.readouterr().out
    assert not set(shown) & {"\x1b", "\x07", "\u202e", "\u2066", "\x9b", "\r"}
    assert "  [1] ]0;owned[2JBudget.xlsx [2] Forged31m\n      https://example.org/[0m\n" in shown
    assert "\n  [3]" not in shown


async def _streamed(deltas: list[str], text: str) -> None:
    stream = ConsoleConversation(PERSONAL).stream()
    await stream.status("Searching…")
    for delta in deltas:
        await stream.text(delta)
    await stream.finish(Outgoing(text))


@pytest.mark.parametrize(
    ("deltas", "text", "shown"),
    [
        (["It is", " 5"], "It is 5.", "It is 5.\n"),
        (["It is 5.", "\n\n"], "It is 5.", "It is 5.\n\n\n"),
        ([], "It is 5.", "It is 5.\n"),
        (["It is 4"], "It is 5.", "It is 4\nIt is 5.\n"),
    ],
)
def test_nothing_is_shown_twice(capsys: pytest.CaptureFixture[str], deltas: list[str], text: str, shown: str) -> None:
    asyncio.run(_streamed(deltas, text))
    captured = capsys.readouterr()
    assert captured.out == shown
    assert not captured.err


async def test_a_message_of_its_own_is_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    conversation = ConsoleConversation(PERSONAL)
    await conversation.send(Outgoing("Later."))
    await conversation.update("", Outgoing("Later still."))
    assert capsys.readouterr().out == "Later.\nLater still.\n"
    assert await conversation.members() == frozenset({PERSONAL.person.id})
