"""Whether what is stored opens with ENCRYPTION_KEYS, and whether a rotation is under way."""

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, unchecked, warning, wrong
from bot.store.database import StoreError
from bot.store.looking import Keyed, keyed

MOST = 1000
"""Values looked at in each column."""
KEY_CHECK = "key_check"


async def run(context: Context) -> Finding:
    keys = [key.get_secret_value() for key in context.settings.encryption_keys]
    if not keys:
        return unchecked("ENCRYPTION_KEYS is not set, which the check `settings` tells.", "Make a key with `make key`.")
    try:
        found = await keyed(context.settings.database_url, keys, MOST)
    except ValueError:
        return unchecked("ENCRYPTION_KEYS or DATABASE_URL cannot be used.", "See the checks `settings` and `store`.")
    except StoreError:
        return unchecked("The database cannot be read.", "See the check `store`.")
    if found.lost:
        return _lost(found)
    if len(set(keys)) < len(keys):
        return warning("ENCRYPTION_KEYS names a key twice.", "Name each key in ENCRYPTION_KEYS once.")
    if old := sum(count for number, count in found.by_key.items() if number):
        return warning(
            f"A rotation is not finished: {old} of {sum(found.by_key.values())} values that were looked at are under older keys.",
            "Keep the older ENCRYPTION_KEYS until everything is under the first: docs/doctor.md, Rotating keys.",
        )
    if len(keys) > 1:
        looked = "nothing" if found.whole else "nothing of what was looked at"
        return ok(f"The first key encrypts; {looked} is under the {len(keys) - 1} others.")
    return ok(f"What is stored opens with the key ({sum(found.by_key.values())} values looked at).")


def _lost(found: Keyed) -> Finding:
    where = sorted({name.partition(".")[0] for name in found.lost} - {KEY_CHECK})
    told = f" in {', '.join(where)}" if where else ""
    return wrong(
        f"{sum(found.lost.values())} of the values looked at open with none of the ENCRYPTION_KEYS{told}.",
        "Put the key they were written with back into ENCRYPTION_KEYS, behind the first.",
    )


CHECK = Check("store", "Does what is stored open with the keys?", run)
