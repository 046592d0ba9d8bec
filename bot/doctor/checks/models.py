"""Whether each model answers: one short question through its door, which costs a few tokens."""

import asyncio
from collections.abc import Sequence

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, warning, wrong
from providers.base import DoorSettings, Message, Provider, Request, Text
from providers.discover import discover, open_models
from providers.errors import (
    AccessRefused,
    BadRequest,
    ConfigurationError,
    Incomplete,
    NetworkFailed,
    OutOfQuota,
    Overloaded,
    ProviderError,
    RateLimited,
    TimedOut,
)
from providers.listing import Listed, Standing

SECONDS = 20.0
"""For one model to answer."""
TOKENS = 64
"""At most, of its answer; no vendor takes less than 16."""
QUESTION = Request(
    system="Answer with one word.", messages=(Message("user", (Text("Say: ready"),)),), max_output_tokens=TOKENS
)
INSTALL = " It comes with: "


async def run(context: Context) -> Sequence[Finding]:
    models = context.settings.models
    if not models:
        return [wrong("MODELS names no model.", "Set MODELS, such as claude=anthropic:claude-sonnet-5-5.")]
    twice = _twice(models)
    opening = asyncio.Lock()
    found = await asyncio.gather(*(_checked(context, entry, opening) for entry in models))
    return [*twice, *found]


def _twice(models: Sequence[str]) -> list[Finding]:
    names = [entry.partition("=")[0].strip().casefold() for entry in models]
    return [
        wrong(f"MODELS gives the name {name!r} twice.", "Give each of MODELS a name of its own.")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]


async def _checked(context: Context, entry: str, opening: asyncio.Lock) -> Finding:
    doors = DoorSettings(context.installation.vendors, context.ca_bundle, read_timeout=SECONDS, retries=0)
    try:
        # In a thread and one after the other: an SDK takes seconds to load, and what the other checks wait for must not wait for that.
        async with opening:
            ((name, model),) = (await asyncio.to_thread(open_models, (entry,), doors)).items()
    except ConfigurationError as error:
        what, _, command = str(error).partition(INSTALL)
        return wrong(
            what, f"Run: {command}" if command else "Set the variable that is named, or mend MODELS: .env.example."
        )
    try:
        return await _asked(context, name, model)
    finally:
        await model.aclose()


async def _asked(context: Context, name: str, model: Provider) -> Finding:
    standing = await _standing(model) if context.settings.model_lists else Standing.UNKNOWN
    try:
        async with asyncio.timeout(SECONDS):
            async for _ in model.stream(QUESTION):
                pass
    except TimeoutError:
        return _failed(name, model, standing, TimedOut("It did not answer in time."))
    except ProviderError as error:
        return _failed(name, model, standing, error)
    if standing in {Standing.DEPRECATED, Standing.RETIRED}:
        return warning(
            f"{name}: {model.model} answers, and its vendor will end it ({standing.value}).",
            "Name its successor in MODELS.",
        )
    return ok(f"{name}: {model.door}:{model.model} answers.")


async def _standing(model: Provider) -> Standing:
    """What the vendor's list says; that it cannot be had is told by the call."""
    if not isinstance(model, Listed):
        return Standing.UNKNOWN
    try:
        async with asyncio.timeout(SECONDS / 2):
            await model.refresh()
    except (ProviderError, TimeoutError):
        return Standing.UNKNOWN
    return model.standing


def _failed(name: str, model: Provider, standing: Standing, error: ProviderError) -> Finding:
    what, reads = f"{name}: {error}", f"The door {model.door} reads: {discover()[model.door].help}"
    match error:
        case AccessRefused():
            return wrong(what, f"Check the vendor's key, and that it may use {model.model}. {reads}")
        case OutOfQuota():
            return wrong(what, "Pay in at the vendor, or raise the limit of the account or project the key belongs to.")
        case BadRequest() if standing in {Standing.UNLISTED, Standing.RETIRED} or "404" in str(error):
            return wrong(
                f"{name}: the vendor has no model {model.model} for this key.",
                "Mend the name in MODELS: the vendor's list of models has it, or the deployment's name.",
            )
        case RateLimited():
            return warning(what, "The key works. Run it again later; where it stays so, raise the account's limits.")
        case Overloaded():
            return warning(what, "This is the vendor's: see its status page, and have a second vendor in MODELS.")
        case NetworkFailed() | TimedOut():
            return wrong(what, f"Check the vendor's address, the firewall and CA_BUNDLE. {reads}")
        case Incomplete():
            return wrong(what, f"See whether a proxy stands between us and the vendor and holds streams back. {reads}")
    return wrong(what, f"Check MODELS and the vendor's variables. {reads}")


CHECK = Check("models", "Does each model answer?", run)
