"""The child process that turns one document at a time into text. It trusts nothing it is given and can reach nothing.

Run as `python -m graph.extract.worker MEMORY`; `graph.documents` is the other end of its pipes.
"""

import json
import os
import struct
import sys
import sysconfig
from pathlib import Path
from typing import BinaryIO

from graph.extract.budget import Budget, Refused
from graph.extract.formats import extract
from graph.extract.labels import labels_of
from graph.extract.pictures import picture, scanned
from graph.extract.reasons import BROKEN, EMPTY, TOO_LARGE, TOO_LONG

if sys.platform == "win32":
    import msvcrt
else:
    import resource

FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "shutil.",
    "ctypes.dlopen",
    "webbrowser.",
    "urllib.",
    "http.",
    "ftplib.",
    "smtplib.",
)


def forbid_the_world() -> None:
    """From now on: no network, no programs, no file written, and none read but Python's own.

    A second line behind the parsers, which have no business doing any of this; an audit hook cannot be removed.
    """
    paths = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[1])}
    readable = tuple(str(Path(path).resolve()) for path in paths)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(FORBIDDEN):
            raise PermissionError(event)
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC)
            if writes or not os.path.realpath(os.fsdecode(arguments[0])).startswith(readable):
                raise PermissionError(event)

    sys.addaudithook(hook)


def limit_memory(limit: int) -> None:
    """Address space: what is mapped already (libraries, mostly untouched) plus what may still become resident. Linux only in effect."""
    statm = Path("/proc/self/statm")
    if sys.platform == "win32" or not statm.exists():
        return
    size, resident = (int(pages) * resource.getpagesize() for pages in statm.read_text().split()[:2])
    bound = size - resident + limit
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_processor(seconds: float) -> None:
    """The limit counts from the process's start, so each document moves it on."""
    if sys.platform != "win32":
        usage = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(usage.ru_utime + usage.ru_stime + seconds) + 2
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def answer(name: str, data: bytes, seconds: float) -> tuple[dict[str, object], bytes]:
    budget = Budget(seconds=0.7 * seconds)
    try:
        kind, text = extract(data, name, budget)
        labels = labels_of(data)
    except Refused as refusal:
        return {"reason": refusal.reason}, b""
    except MemoryError:
        return {"reason": TOO_LARGE}, b""
    except RecursionError:
        return {"reason": BROKEN}, b""
    except Exception:  # noqa: BLE001 -- parsers raise anything at all on hostile files; this process exists to contain that
        return {"reason": BROKEN}, b""
    # Form feeds at the beginning stay: they are empty pages, which count.
    text = budget.cut(text.replace("\x00", "").strip(" \t\r\n").rstrip())
    if not text.strip():
        return {"reason": TOO_LONG if budget.truncated else EMPTY}, b""
    about: dict[str, object] = {
        "kind": kind,
        "truncated": budget.truncated,
        "hidden": budget.hidden,
        "labels": labels,
    }
    return about, text.encode(errors="replace")


def answer_pictures(data: bytes, *, scan: bool) -> tuple[dict[str, object], bytes]:
    """One picture, or the first pages of a scanned PDF, one behind the other."""
    try:
        pages, shown = scanned(data) if scan else (1, [picture(data)])
    except Refused as refusal:
        return {"reason": refusal.reason}, b""
    except MemoryError:
        return {"reason": TOO_LARGE}, b""
    except Exception:  # noqa: BLE001 -- decoders raise anything at all on hostile files; this process exists to contain that
        return {"reason": BROKEN}, b""
    about = {"pages": pages, "kinds": [kind for kind, _ in shown], "sizes": [len(made) for _, made in shown]}
    return about, b"".join(made for _, made in shown)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    while len(prefix := source.read(4)) == 4:
        header = json.loads(source.read(struct.unpack(">I", prefix)[0]))
        data = source.read(header["size"])
        seconds = float(header["seconds"])
        limit_processor(seconds)
        if header.get("task") in {"picture", "scan"}:
            send(sink, *answer_pictures(data, scan=header["task"] == "scan"))
        else:
            send(sink, *answer(header["name"], data, seconds))


def send(sink: BinaryIO, header: dict[str, object], body: bytes) -> None:
    head = json.dumps({**header, "size": len(body)}).encode()
    sink.write(struct.pack(">I", len(head)) + head + body)
    sink.flush()


def main() -> None:
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    if sys.platform == "win32":
        msvcrt.setmode(source.fileno(), os.O_BINARY)
        msvcrt.setmode(sink.fileno(), os.O_BINARY)
    # Whatever a library prints must not reach the pipe that carries answers.
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)
    limit_memory(int(sys.argv[1]))
    forbid_the_world()
    send(sink, {}, b"")
    serve(source, sink)


if __name__ == "__main__":
    main()
