"""Whether the server would start with these settings."""

from collections.abc import Sequence

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, warning, wrong

PAGE = ".env.example says what each setting means."


async def run(context: Context) -> Sequence[Finding]:
    settings = context.settings
    found = [wrong(fault, PAGE) for fault in context.installation.faults]
    if settings.parley_local and settings.public_url and not context.among_ourselves:
        found.append(
            warning(
                "PARLEY_LOCAL=1 takes messages from anybody who reaches the port, and PUBLIC_URL says that people do.",
                "Remove PARLEY_LOCAL where Teams is served.",
            )
        )
    return found or [ok("The settings can be read and fit together.")]


CHECK = Check("settings", "Would the server start with these settings?", run)
