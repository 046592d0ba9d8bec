"""Documents to text in child processes that can be killed: no file, however made, stops or fills the bot itself.

A child reads one document at a time, has no network and none of our secrets, and is replaced after trouble or after some
documents. Limits: memory and processor time by the system where it has them, watched from here everywhere; wall-clock time always.
"""

import asyncio
import contextlib
import json
import logging
import os
import struct
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from graph.errors import Unreadable
from graph.extract.reasons import ALL, BROKEN, CRASHED, EMPTY, NO_READER, TOO_LARGE, TOO_LONG
from graph.extract.remembered import Remembered, content_key

log = logging.getLogger(__name__)

MIB = 1024 * 1024
ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
MEMORY_POLL = 0.05
CHUNK = 256 * 1024
PASSED_ON = ("SYSTEMROOT", "PATH", "LD_LIBRARY_PATH", "TEMP", "TMP", "TMPDIR", "HOME")


@dataclass(frozen=True, slots=True)
class Extracted:
    """`kind` is one of `graph.base.Document.kind`, by the file's content and not its name."""

    text: str
    kind: str
    truncated: bool = False
    labels: tuple[str, ...] = ()
    """Names of the sensitivity labels inside the file."""
    hidden: bool = False
    """There was text in it that nobody sees; it was left out."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`media_type` is image/png or image/jpeg; the longest side is bounded (`graph.extract.pictures`)."""

    data: bytes
    media_type: str


class _Child:
    """One worker process and its pipe. Frames: 4 bytes length, JSON header, then `size` raw bytes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.served, self.over_memory = process, 0, False

    @staticmethod
    async def start(memory: int) -> "_Child":
        # The child gets none of our settings, so none of our keys: a few names the system itself needs are passed on.
        inherited = {name: os.environ[name] for name in PASSED_ON if name in os.environ}  # noqa: TID251 -- see above
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-X",
            "utf8",
            "-W",
            "ignore",
            "-m",
            "graph.extract.worker",
            str(memory),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=ROOT,
            env={**inherited, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            limit=MIB,
        )
        child = _Child(process)
        try:
            async with asyncio.timeout(START_SECONDS):
                await child.receive()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await child.kill()
            raise
        return child

    async def ask(self, data: bytes, name: str, seconds: float, task: str) -> tuple[dict[str, object], bytes]:
        stdin = self.process.stdin
        if stdin is None:
            raise BrokenPipeError
        asked = {"name": name[-255:], "size": len(data), "seconds": seconds, "task": task}
        header = json.dumps(asked).encode()
        stdin.write(struct.pack(">I", len(header)) + header)
        for start in range(0, len(data), CHUNK):
            stdin.write(data[start : start + CHUNK])
            await stdin.drain()
        await stdin.drain()
        self.served += 1
        return await self.receive()

    async def receive(self) -> tuple[dict[str, object], bytes]:
        stdout = self.process.stdout
        if stdout is None:
            raise BrokenPipeError
        (length,) = struct.unpack(">I", await stdout.readexactly(4))
        header = json.loads(await stdout.readexactly(min(length, MIB)))
        return header, await stdout.readexactly(min(int(header["size"]), 64 * MIB))

    async def watch(self, memory: int) -> None:
        """Kills the child when it holds more than `memory` bytes; the only limit on systems without address-space limits."""
        try:
            watched = psutil.Process(self.process.pid)
            while watched.memory_info().rss <= memory:  # noqa: ASYNC110 -- no system call waits for another's memory
                await asyncio.sleep(MEMORY_POLL)
        except psutil.Error:
            return
        self.over_memory = True
        self.process.kill()

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        if self.process.stdin is not None:
            self.process.stdin.close()
        await self.process.wait()


class Documents:
    """`workers` children at most, `seconds` wall clock and `memory` bytes for each document, `max_bytes` for a file."""

    def __init__(
        self,
        *,
        workers: int = 2,
        seconds: float = 10.0,
        memory: int = 512 * MIB,
        max_bytes: int = 50 * MIB,
        recycle: int = 100,
    ) -> None:
        self.max_bytes, self._seconds, self._memory, self._recycle = max_bytes, seconds, memory, recycle
        self._free = asyncio.Semaphore(workers)
        self._idle: list[_Child] = []
        self._remembered = Remembered[Extracted]()
        self._closed = False

    def forget(self) -> None:
        """Texts that were read before: somebody was erased, whose files may be among them."""
        self._remembered.clear()

    async def warm(self) -> None:
        """Starts one child ahead of the first document."""
        async with self._child():
            pass

    async def read(self, data: bytes, name: str) -> Extracted:
        """The text of a file. Raises `Unreadable` with one of `graph.extract.reasons`."""
        if not data:
            raise Unreadable(EMPTY)
        if len(data) > self.max_bytes:
            raise Unreadable(TOO_LARGE)
        key = await asyncio.to_thread(content_key, data, name)
        extracted = self._remembered.get(key)
        if extracted is None:
            extracted = await self._extract(data, name)
            self._remembered.put(key, extracted, len(extracted.text))
        return extracted

    async def picture(self, data: bytes) -> Picture:
        """A picture as models take it: scaled, upright, without metadata. Raises `Unreadable` like `read`."""
        (picture,), _ = await self._pictures(data, "picture")
        return picture

    async def scan(self, data: bytes) -> tuple[list[Picture], int]:
        """The first pages of a PDF without text, as pictures, and how many pages it has. Raises `Unreadable` like `read`."""
        return await self._pictures(data, "scan")

    async def _pictures(self, data: bytes, task: str) -> tuple[list[Picture], int]:
        if not data:
            raise Unreadable(EMPTY)
        if len(data) > self.max_bytes:
            raise Unreadable(TOO_LARGE)
        header, body = await self._done(data, "", task)
        kinds, sizes, pages = header.get("kinds"), header.get("sizes"), header.get("pages")
        if not (isinstance(kinds, list) and isinstance(sizes, list) and isinstance(pages, int) and kinds):
            raise Unreadable(BROKEN)
        pictures: list[Picture] = []
        for kind, size in zip(kinds, sizes, strict=True):
            pictures.append(Picture(body[:size], str(kind)))
            body = body[size:]
        if any(picture.media_type not in {"image/png", "image/jpeg"} for picture in pictures):
            raise Unreadable(BROKEN)
        return pictures, pages

    async def _extract(self, data: bytes, name: str) -> Extracted:
        header, body = await self._done(data, name, "text")
        kind, labels = str(header.get("kind", "other")), header.get("labels")
        truncated, hidden = bool(header.get("truncated")), bool(header.get("hidden"))
        named = tuple(map(str, labels)) if isinstance(labels, list) else ()
        return Extracted(body.decode(errors="replace"), kind, truncated, named, hidden)

    async def _done(self, data: bytes, name: str, task: str) -> tuple[dict[str, object], bytes]:
        async with self._child() as child:
            watch = asyncio.create_task(child.watch(self._memory))
            try:
                async with asyncio.timeout(self._seconds):
                    header, body = await child.ask(data, name, self._seconds, task)
            except TimeoutError as error:
                raise Unreadable(TOO_LONG) from error
            except (asyncio.IncompleteReadError, OSError, ValueError, KeyError) as error:
                raise Unreadable(TOO_LARGE if child.over_memory else await _cause(child)) from error
            finally:
                watch.cancel()
        reason = header.get("reason")
        if reason:
            raise Unreadable(reason if isinstance(reason, str) and reason in ALL else BROKEN)
        return header, body

    @contextlib.asynccontextmanager
    async def _child(self) -> AsyncIterator[_Child]:
        """A child for one document. It goes back to the idle ones only when nothing went wrong."""
        async with self._free:
            child = self._idle.pop() if self._idle else await self._started()
            try:
                yield child
            except BaseException:
                await asyncio.shield(child.kill())
                raise
            if self._closed or child.served >= self._recycle or child.process.returncode is not None:
                await child.kill()
            else:
                self._idle.append(child)

    async def _started(self) -> _Child:
        """An installation whose reader does not start answers without documents, and says so."""
        try:
            return await _Child.start(self._memory)
        except (TimeoutError, asyncio.IncompleteReadError, OSError, ValueError, KeyError) as error:
            log.exception("the reader of documents does not start")
            raise Unreadable(NO_READER) from error

    async def aclose(self) -> None:
        self._closed = True
        while self._idle:
            await self._idle.pop().kill()


async def _cause(child: _Child) -> str:
    """Why a child ended by itself: POSIX systems name the signal; SIGXCPU (24) is our processor-time limit."""
    try:
        async with asyncio.timeout(1.0):
            code = await child.process.wait()
    except TimeoutError:
        return CRASHED
    return TOO_LONG if code == -24 else CRASHED
