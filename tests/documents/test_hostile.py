"""Files made to do harm end as text or as a reason, in their child, while the bot goes on."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from graph.documents import MIB, Documents
from graph.errors import Unreadable
from graph.extract.reasons import CRASHED, NO_READER, TOO_LARGE, TOO_LONG
from tests.documents.conftest import outcome
from tests.documents.made import (
    docx,
    huge_sheet,
    paragraph,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_400_000_paragraphs_are_read_in_time(documents: Documents) -> None:
    extracted = await documents.read(docx(paragraph("word") * 400_000), "a.docx")
    assert extracted.text.startswith("word\nword")
    assert len(extracted.text) > 1_000_000


async def test_a_huge_sheet_is_read_as_far_as_the_budget_goes(documents: Documents) -> None:
    extracted = await documents.read(huge_sheet(500_000), "a.xlsx")
    assert extracted.truncated
    assert extracted.text.count("| word | 1 |") > 1000


async def test_a_deep_page_is_read_without_a_tree(documents: Documents) -> None:
    page = "<html>" + "<div>" * 20_000 + "deep" + "</div>" * 20_000
    assert "deep" in (await documents.read(page.encode(), "a.html")).text


async def test_the_loop_answers_while_bombs_are_read() -> None:
    reader = Documents(workers=1)
    await reader.warm()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    loop = asyncio.get_running_loop()
    started = loop.time()
    await reader.read(docx(paragraph("word") * 200_000), "a.docx")
    elapsed = loop.time() - started
    ticking.cancel()
    await reader.aclose()
    assert ticks > 0.3 * elapsed / 0.005


async def test_a_document_beyond_its_time_costs_its_child_and_nothing_else() -> None:
    reader = Documents(workers=1, seconds=0.05)
    with pytest.raises(Unreadable) as raised:
        await reader.read(docx(paragraph("word") * 300_000), "a.docx")
    assert raised.value.reason in {TOO_LONG, CRASHED}
    assert reader._idle == []
    reader._seconds = 10.0
    assert (await reader.read(b"still here", "a.txt")).text == "still here"
    await reader.aclose()


async def test_a_cancelled_reader_leaves_no_child_behind() -> None:
    reader = Documents(workers=1)
    await reader.warm()
    child = psutil.Process(reader._idle[0].process.pid)
    task = asyncio.create_task(reader.read(docx(paragraph("word") * 400_000), "a.docx"))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    await reader.aclose()


async def test_memory_is_bounded() -> None:
    reader = Documents(workers=1, memory=200 * MIB)
    text = "word " * (6 * MIB)
    assert await outcome(reader, docx(paragraph(text)), "a.docx") in {"read", TOO_LARGE}
    await reader.aclose()


ROOT = Path(__file__).parents[2]
PROBE = """
import sys
sys.path.insert(0, sys.argv[1])
from graph.extract.worker import forbid_the_world
import os, socket, subprocess
forbid_the_world()
def refused(call):
    try:
        call()
    except PermissionError:
        return True
    return False
print(
    refused(lambda: socket.create_connection(("127.0.0.1", 9))),
    refused(lambda: subprocess.run(["true"])),
    refused(lambda: open("/etc/passwd")),
    refused(lambda: open("made-by-a-document", "w")),
    refused(lambda: os.system("true")),
)
import wave
"""


async def test_a_child_reaches_neither_network_nor_files_nor_programs() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROBE, str(ROOT), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output.decode().split() == ["True"] * 5
    assert process.returncode == 0


async def test_a_child_knows_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS", "canary-secret")
    reader = Documents(workers=1)
    await reader.warm()
    environment = psutil.Process(reader._idle[0].process.pid).environ()
    assert "canary-secret" not in environment.values()
    await reader.aclose()


async def test_a_reader_that_does_not_start_is_a_reason_and_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    """As in an installation with a part missing: here a limit of memory that no system takes."""
    reader = Documents(memory=2**70)
    with pytest.raises(Unreadable, match=NO_READER):
        await reader.read(b"hello", "a.txt")
    assert "does not start" in caplog.text
    await reader.aclose()
