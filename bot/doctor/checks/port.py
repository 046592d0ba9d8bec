"""Whether the port can be listened on: it is free, or the bot listens there already."""

import asyncio

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, wrong
from bot.doctor.serving import listening, served


async def run(context: Context) -> Finding:
    settings = context.settings
    if not settings.port:
        return ok("A free port is picked at the start (PORT=0).")
    refused = await asyncio.to_thread(listening, settings.host, settings.port)
    if refused is None:
        return ok(f"Port {settings.port} is free; no bot is running here.")
    if await served(context):
        return ok(f"A bot is running at port {settings.port}.")
    return wrong(refused, "Set PORT to a free one, HOST to an address of this machine, or end the program that has it.")


CHECK = Check("reach", "Can the port be listened on?", run)
