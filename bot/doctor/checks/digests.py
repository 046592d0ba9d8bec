"""Whether the engine under digests can work: its tables are a database of their own."""

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, unchecked, wrong
from bot.store.database import NoRoom, StoreError, StoreUnavailable
from bot.store.looking import engine_look, look


async def run(context: Context) -> Finding:
    if not context.settings.digests:
        return ok("This process makes no digests (DIGESTS=0).")
    url = context.settings.database_url
    try:
        await look(url)
    except (ValueError, StoreError):
        return unchecked("The database cannot be used.", "See the check `store`.")
    try:
        there = await engine_look(url)
    except NoRoom as error:
        return wrong(
            str(error),
            "As the database's owner: GRANT CREATE ON DATABASE <name> TO <the bot's user>; or set DIGESTS=0.",
        )
    except StoreUnavailable:
        return unchecked("The engine's database does not answer.", "See the check `store`.")
    except StoreError:
        return wrong(
            "The file of the engine of digests, beside the database (…-dbos.db), is no database.",
            "Stop the bot and remove that file: nothing is lost with it (docs/digests.md).",
        )
    return ok(
        "The engine of digests finds its tables."
        if there
        else "The engine of digests makes its tables at the first start."
    )


CHECK = Check("store", "Can digests be made?", run)
