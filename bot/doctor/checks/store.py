"""Whether the database answers, can be written, and has the schema this version works with. Nothing in it is changed."""

from bot.doctor.context import Context
from bot.doctor.finding import Check, Finding, ok, warning, wrong
from bot.doctor.handshake import host_of
from bot.outbound import is_loopback
from bot.store.database import NoRoom, StoreError, StoreUnavailable
from bot.store.looking import Look, look
from bot.store.migrate import HEAD

OLDEST = 14
"""Of PostgreSQL: older ones get no security fixes any more (postgresql.org/support/versioning)."""
SKEW = 30.0


async def run(context: Context) -> Finding:
    url = context.settings.database_url
    try:
        found = await look(url)
    except ValueError as error:
        return wrong(str(error), "Set DATABASE_URL.")
    except NoRoom as error:
        return wrong(
            str(error),
            "Let the user who runs the bot write the file, its folder or the database that DATABASE_URL names; see the check `disk`.",
        )
    except StoreUnavailable as error:
        return wrong(
            f"The database does not answer ({type(error.__cause__).__name__}).",
            "Start the database DATABASE_URL names, and see that this machine, user and password may connect.",
        )
    except StoreError:
        return wrong("What DATABASE_URL names is no database of ours.", "Check DATABASE_URL, or restore a backup.")
    return _schema(found) or _postgresql(found, context) or _good(found)


def _schema(found: Look) -> Finding | None:
    if found.revision is None or found.revision == HEAD:
        return None
    said = f"The database's schema is {found.revision}, this version's is {HEAD}"
    if found.revision > HEAD:
        return warning(
            f"{said}: an update is under way, or was taken back.",
            "Finish the update, or take the schema back with the newer version's `python -m bot migrate`: docs/upgrading.md.",
        )
    return warning(
        f"{said}: the next start brings it there.",
        "Back the database up and run `python -m bot migrate`: docs/upgrading.md.",
    )


def _postgresql(found: Look, context: Context) -> Finding | None:
    if found.backend != "postgresql":
        return None
    if found.version < OLDEST:
        return warning(f"PostgreSQL {found.version} is no longer maintained.", f"Move to PostgreSQL {OLDEST} or newer.")
    ahead = found.seconds - context.installation.now()
    if abs(ahead) > SKEW:
        return warning(
            f"The database's clock differs from this machine's by {abs(ahead):.0f} seconds: leases and times in it are its own.",
            "Let both machines take their time from the network.",
        )
    if not found.encrypted and not _is_here(context.settings.database_url):
        return warning("The connection to PostgreSQL is not encrypted.", "Add ?sslmode=verify-full to DATABASE_URL.")
    return None


def _is_here(url: str) -> bool:
    """On this machine, or by a socket of it."""
    return is_loopback(host_of(url)) or not host_of(url)


def _good(found: Look) -> Finding:
    if not found.exists:
        return ok("There is no database yet; the first start makes it.")
    return ok(f"The database answers, can be written, and its schema is {found.revision or 'made at the first start'}.")


CHECK = Check("store", "Does the database answer, with the right schema?", run)
