"""Whether the policy file can be used, budgets included: each mistake with its line."""

from collections.abc import Sequence

from bot.cost.budgets import Budgets
from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, wrong
from bot.doctor.models import named
from bot.policy.file import PolicyError, read
from providers.discover import discover as doors

CURE = "Mend the file POLICY names: docs/policy.md."


async def run(context: Context) -> Finding | Sequence[Finding]:
    path = context.settings.policy
    try:
        policy = read(path, doors=doors(), models=named(context.settings.models))
        Budgets.read(policy.budgets or {})
    except PolicyError as error:
        return [wrong(line, CURE) for line in str(error).splitlines()]
    except ValueError as error:
        return wrong(str(error), CURE)
    return ok("The policy file can be used." if path else "There are no rules (POLICY is not set).")


CHECK = Check("models", "Can the policy file be used?", run)
