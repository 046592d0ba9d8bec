"""Runs all checks at once, each under a deadline of its own: one that hangs hides nothing of the others."""

import asyncio
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath

from bot.discover import discover
from bot.doctor.context import Context, Installation, opened
from bot.doctor.finding import AREAS, Check, Finding, State, unchecked, wrong

SECONDS = 30.0
"""For each check."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One check and what it found."""

    name: str
    check: Check
    findings: Sequence[Finding]

    @property
    def state(self) -> State:
        """The worst of its findings."""
        return max((finding.state for finding in self.findings), key=_WORSE.index)


_WORSE = (State.OK, State.UNCHECKED, State.WARNING, State.WRONG)


def checks() -> Mapping[str, Check]:
    """By name, in the order of their areas."""
    found = discover(import_module("bot.doctor.checks"), "CHECK", Check)
    return dict(sorted(found.items(), key=lambda one: AREAS.index(one[1].area)))


async def examine(
    installation: Installation,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    seconds: float = SECONDS,
    among: Mapping[str, Check] | None = None,
) -> list[Examined]:
    """In the order of `checks`. `among`: those there are, where it is not all."""
    wanted = {name: check for name, check in (among or checks()).items() if not only or name in only}
    wanted = {name: check for name, check in wanted.items() if name not in skip}
    async with opened(installation) as context:
        found = await asyncio.gather(*(_run(check, context, seconds) for check in wanted.values()))
    return [Examined(name, check, findings) for (name, check), findings in zip(wanted.items(), found, strict=True)]


async def _run(check: Check, context: Context, seconds: float) -> Sequence[Finding]:
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            found = await check.run(context)
    except TimeoutError as error:
        if deadline.expired():
            return [unchecked(f"This took longer than {seconds:g} seconds.", "Look at what it asks, or run it again.")]
        return [_broken(error)]
    except Exception as error:  # noqa: BLE001 -- the others are still to be heard; its text may quote anything, so it is not shown
        return [_broken(error)]
    return [found] if isinstance(found, Finding) else found


def _broken(error: Exception) -> Finding:
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{PurePath(last.filename).name}:{last.lineno}"
    return wrong(
        f"This check itself failed ({type(error).__name__} at {where}).",
        "What it asks could not be seen. Please report this line as a bug.",
    )
