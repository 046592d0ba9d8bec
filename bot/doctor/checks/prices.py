"""Whether what models cost is known: budgets cannot count what has no price."""

from bot.cost.budgets import Budgets
from bot.cost.prices import Prices
from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, warning, wrong
from bot.doctor.models import entries, named
from bot.policy.file import read as read_policy
from bot.settings import Settings
from providers.capabilities import split
from providers.discover import discover

CURE = "Mend the file PRICES names: docs/cost.md."


async def run(context: Context) -> Finding:
    settings = context.settings
    try:
        prices = Prices.read(settings.prices)
    except ValueError as error:
        return wrong(str(error), CURE)
    unknown = prices.unknown((entry.door, split(entry.model)[0]) for entry in entries(settings.models))
    if unknown and _budgeted(settings):
        return wrong(
            f"There are budgets, and what {', '.join(unknown)} costs is not known, so the server does not start.",
            "Name a file in PRICES that says so, or take the budgets out of the file POLICY names.",
        )
    if unknown:
        return warning(
            f"What {', '.join(unknown)} costs is not known, so costs and budgets leave it out.",
            "Name a file in PRICES that says so: docs/cost.md.",
        )
    return ok(f"The price of every model is known, as of {prices.as_of.isoformat()}.")


def _budgeted(settings: Settings) -> bool:
    """Mistakes in the policy are told by the check `policy`."""
    try:
        policy = read_policy(settings.policy, doors=discover(), models=named(settings.models))
        return Budgets.read(policy.budgets or {}).any
    except ValueError:
        return False


CHECK = Check("models", "Is the price of every model known?", run)
