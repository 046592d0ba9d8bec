"""Three hundred pages, summed up at the wire of both vendors: every page is read once, and the answer says where things stand."""

import io
import re

import pytest
from reportlab.pdfgen.canvas import Canvas

from infra.local import teams_files
from infra.local.vendors.script import Reply, View
from infra.local.world import World
from tests.e2e.parley import Parley

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGES = 300
WIRE = {"claude": "claude", "gpt": "openai"}
LINE = "The pumps of hall {n} were checked line by line and found in order by everybody there."


@pytest.fixture(scope="module", params=["claude", "gpt"])
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def handbook() -> bytes:
    sink = io.BytesIO()
    paper = Canvas(sink, pageCompression=1)
    for number in range(1, PAGES + 1):
        text = paper.beginText(50, 800)
        text.textLine(f"Finding number{number}x of the audit.")
        for line in range(15):
            text.textLine(f"{line} {LINE.format(n=number)}")
        paper.drawText(text)
        paper.showPage()
    paper.save()
    return sink.getvalue()


def reader(view: View) -> Reply:
    """Notes on a part are its first finding; the part around page 150 is refused; the answer is made from the notes."""
    (part, *_) = view.blocks
    if not view.question.startswith("Question about the whole"):
        last = view.blocks[-1]
        return Reply(text=f"The audit has findings throughout {re.findall('p. [0-9]+', last.text)[0]} [{last.id}]")
    if "number150x" in part.text:
        return Reply(stop="refusal")
    found = re.search(r"\[page (\d+)\]\s+Finding number(\d+)x", part.text)
    assert found is not None
    assert found[1] == found[2]
    return Reply(text=f"- finding number{found[2]}x (p. {found[1]}) [{part.id}]")


def texts(world: World, door: str, since: int) -> list[str]:
    return [str(request.body) for request in world.record[since:] if request.wire == WIRE[door]]


async def test_a_file_of_300_pages(parley: Parley, door: str, handbook: bytes) -> None:
    await parley.sign_in("sofia")
    world, since = parley.world, len(parley.world.record)
    world.state["script"] = [reader] * 60
    file = teams_files.file(world, "sofia", "Audit handbook.pdf", handbook)
    seen = await parley.ask("sofia", "Summarise this", attachments=[file])
    *parts, last = texts(world, door, since)
    assert 15 <= len(parts) <= 40
    assert all(sum(f"number{n}x" in part for part in parts) == 1 for n in range(1, PAGES + 1))
    assert "checked line by line" not in last
    assert f"finding number{1}x (p. 1)" in last
    assert re.search(r"findings throughout p\. 2\d\d \[1\]", seen.text)
    assert [one["name"] for one in seen.citations] == ["Audit handbook.pdf"]
    assert re.search(r"Not used: Audit handbook\.pdf, pages 1\d\d–1\d\d \(the model could not read", seen.text)
    shown = str(parley.sent_to_teams(since))
    assert re.search(rf"Reading part \d+ of {len(parts)}", shown)
