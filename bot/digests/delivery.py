"""A composed digest reaches its conversation: in a message that is placed first, so that whatever dies, it is put there once."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.context import Receipt
from bot.store.run import Run
from bot.store.runs import Runs
from bot.teams.errors import Ambiguous

PLACING = (1.0, 3.0, 9.0)
"""Seconds before a message is placed anew that may have got lost. Each such one is counted: it may stand there empty."""


async def place(
    runs: Runs,
    run: Run,
    receipt: Receipt,
    post: Callable[[], Awaitable[str]],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Gives the run its message. The content goes nowhere else from then on, in whichever process.

    Raises what `post` raises; `Ambiguous` when that went on. The run says then how many may stand there empty.
    """
    id, uncertain = run.message_id or receipt.reply_id, run.uncertain
    for pause in () if id else (*PLACING, None):
        await runs.placing(run, uncertain)
        try:
            id = await post()
            break
        except Ambiguous:
            uncertain += 1
            if pause is None:
                raise
            await sleep(pause)
    if id != run.message_id or uncertain != run.uncertain:
        await runs.placed(run, id, uncertain)
    if not receipt.reply_id:
        await receipt.placed(id)
