"""How well documents become text: every file read or refused with a reason, within the limits; recall and precision of words by format.

Run: python -m tests.bench.documents [FOLDER]
"""

import asyncio
import contextlib
import json
import re
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import psutil

from graph.documents import Documents
from graph.errors import Unreadable

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared" / "data" / "documents"
COPIED = REPOSITORY / "tests" / "data" / "documents"
NOT_DOCUMENTS = {"LICENSE", "pairs.json", "corpus_expected.json", "SOURCE.md"}
LOW = 0.95
"""Files with less recall or precision are named."""
EXPECTATIONS = {"groundtruth", "expected_outputs", "fixtures"}


@dataclass
class Tally:
    files: int = 0
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    compared: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    """(recall, precision) of words, by file."""


def corpus(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name not in NOT_DOCUMENTS and not EXPECTATIONS & set(path.relative_to(folder).parts)
    )


def expectations(folder: Path) -> dict[Path, str]:
    """Expected text by file: from pairs.json, and from files named like the document in `expected_outputs`."""
    found: dict[Path, str] = {}
    for listing in folder.rglob("pairs.json"):
        for pair in json.loads(listing.read_text("utf-8")):
            texts = [(folder / name).read_text("utf-8") for name in pair["expected_md"]]
            found[folder / pair["file"]] = "\n".join(texts)
    for expected in folder.rglob("expected_outputs/*.md"):
        for document in expected.parent.parent.glob(f"{expected.stem}.*"):
            if document.suffix == ".pdf":
                found.setdefault(document, expected.read_text("utf-8"))
    return found


def made(expected: dict[Path, str]) -> Iterator[tuple[str, bytes, str]]:
    """(name, bytes, expected text): mails whose body is a page with an expected text, and expected texts as Markdown files."""
    for path, text in expected.items():
        yield f"{path.stem}.md", text.encode(), text
        if path.suffix != ".html":
            continue
        mail = EmailMessage()
        mail["From"], mail["To"] = "Elena Marchetti <elena@contoso.example>", "Jonas Brandt <jonas@contoso.example>"
        mail["Subject"], mail["Date"] = path.stem, "Mon, 16 Nov 2026 09:30:00 +0100"
        mail.set_content(path.read_text("utf-8"), subtype="html", cte="quoted-printable")
        head = f"From {mail['From']} To {mail['To']} Subject {mail['Subject']} Date {mail['Date']}"
        yield f"{path.stem}.eml", mail.as_bytes(), f"{head}\n{text}"


def words(text: str) -> Counter[str]:
    text = re.sub(r"<!--.*?-->|data:image/[^)\s]+|&\w+;|\]\([^)\s]*\)", " ", text, flags=re.DOTALL)
    text = text.replace(" 00:00:00", " ")  # how one tool writes a day without a time
    text = unicodedata.normalize("NFKC", text).replace("\\", "").casefold()
    return Counter(re.findall(r"\w+", text))


def compare(expected: str, got: str) -> tuple[float, float]:
    """(recall, precision): the share of the expected words that are there, and of those there that are expected."""
    wanted, have = words(expected), words(got)
    both = (wanted & have).total()
    return both / wanted.total() if wanted else 1.0, both / have.total() if have else 0.0


async def highest_memory(peak: list[int]) -> None:
    """Keeps the largest resident size of any child in `peak[0]`, in bytes."""
    while True:
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.Error):
                peak[0] = max(peak[0], child.memory_info().rss)
        await asyncio.sleep(0.02)


async def measure(folder: Path) -> tuple[dict[str, Tally], int]:
    documents = Documents()
    expected = expectations(folder)
    tallies: dict[str, Tally] = defaultdict(Tally)
    await documents.warm()
    peak = [0]
    watching = asyncio.create_task(highest_memory(peak))
    try:
        for path in corpus(folder):
            tally = tallies[path.suffix.lower().lstrip(".") or "mail"]
            text = await _read(documents, path.name, await asyncio.to_thread(path.read_bytes), tally)
            if path in expected and words(expected[path]):
                tally.compared[str(path.relative_to(folder))] = compare(expected[path], text)
        for name, data, wanted in made(expected):
            tally = tallies[f"{Path(name).suffix.lstrip('.')}, made"]
            text = await _read(documents, name, data, tally)
            if words(wanted):
                tally.compared[name] = compare(wanted, text)
    finally:
        watching.cancel()
        await documents.aclose()
    return tallies, peak[0]


async def _read(documents: Documents, name: str, data: bytes, tally: Tally) -> str:
    """Empty for what is refused."""
    tally.files += 1
    started = time.perf_counter()
    try:
        text = (await documents.read(data, name)).text
        tally.read += 1
    except Unreadable as error:
        text = ""
        tally.refused[error.reason] += 1
    tally.slowest = max(tally.slowest, time.perf_counter() - started)
    return text


def report(tallies: dict[str, Tally], peak: int) -> str:
    lines = ["format   files  read  slowest s  compared   recall  precision  refused"]
    for name, tally in sorted(tallies.items()):
        refused = "; ".join(f"{count} {reason}" for reason, count in tally.refused.items())
        lines.append(
            f"{name:8} {tally.files:5} {tally.read:5} {tally.slowest:10.2f} {_means(tally.compared)}  {refused}".rstrip()
        )
    every = {name: value for tally in tallies.values() for name, value in tally.compared.items()}
    total = sum(tally.files for tally in tallies.values())
    lines.append(f"{'all':8} {total:5} {sum(t.read for t in tallies.values()):5} {'':10} {_means(every)}")
    lines.append(f"largest child: {peak / 2**20:.0f} MiB resident")
    low = sorted((min(value), name) for name, value in every.items() if min(value) < LOW)
    return "\n".join([*lines, *(f"  {every[name][0]:.3f} {every[name][1]:.3f} {name}" for _, name in low)])


def _means(compared: dict[str, tuple[float, float]]) -> str:
    if not compared:
        return f"{0:9} {'-':>8} {'-':>10}"
    recall, precision = (sum(values) / len(compared) for values in zip(*compared.values(), strict=True))
    return f"{len(compared):9} {recall:8.3f} {precision:10.3f}"


def main() -> None:
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED if SHARED.is_dir() else COPIED
    print(report(*asyncio.run(measure(given.resolve()))))


if __name__ == "__main__":
    main()
