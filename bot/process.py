"""What a server's process is tuned to. Measured in docs/performance.md: together they halve what a message costs beside our own code."""

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

if sys.platform != "win32":
    import uvloop

YOUNG = 5000
"""Objects made before the garbage collector looks for cycles among the youngest; Python's own 700 is for small programs."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop where it runs; Windows keeps asyncio's own loop."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


@contextmanager
def loading() -> Iterator[None]:
    """Within it nothing is collected: nearly all that a start makes stays until the end, and most of it are modules."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Call it when much was loaded: from now on the garbage collector leaves alone what a server keeps until its end.

    Looking through all modules and models again and again stops everybody's turns for a hundred milliseconds at a time.
    Nothing is collected before, for the same reason (`loading`).
    """
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
