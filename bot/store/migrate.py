"""Brings the schema to a revision, inside the caller's transaction and under the caller's lock.

A newer schema than ours is left as it is: while an update rolls, and after it was taken back, our statements run on it
(docs/upgrading.md has the rule that makes this true, `tests/store/test_migrations.py` holds every migration to it).
"""

from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, inspect, text

SCRIPTS = Path(__file__).parent / "migrations"
HEAD = "0006"
NEWEST = "head"
"""For `HEAD`, or what the database has when that is newer."""
NOTHING = "base"
"""Before the first revision: no tables of ours, and nothing in them."""


def revisions() -> list[str]:
    """All there are, the oldest first: their files are named by them, and they count up."""
    return sorted(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*_*.py"))


def migrate(connection: Connection, revision: str = NEWEST) -> None:
    """Does nothing, and costs one query, when the schema is there already. Raises ValueError for a revision we don't know."""
    current, wanted = revision_of(connection), HEAD if revision == NEWEST else revision
    if wanted not in (NOTHING, *revisions()):
        raise ValueError(f"There is no schema {wanted}. There are {', '.join(revisions())}.")
    if current == wanted or (revision == NEWEST and current is not None and current > HEAD):
        return
    if current is not None and current > revisions()[-1]:
        raise ValueError(f"The schema is {current}, of a newer version: only that version can take it back.")
    # Loaded only now: Alembic brings every database's dialect with it, a quarter of a second that most starts can do without.
    command = import_module("alembic.command")
    config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    forward = current is None or (wanted != NOTHING and current < wanted)
    change = command.upgrade if forward else command.downgrade
    change(config, wanted)


def revision_of(connection: Connection) -> str | None:
    """None: there is no schema yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
