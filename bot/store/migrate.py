"""Brings the schema to the newest version, inside the caller's transaction and under the caller's lock."""

from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, inspect, text

SCRIPTS = Path(__file__).parent / "migrations"
HEAD = "0005"


def migrate(connection: Connection, revision: str = "head") -> None:
    """Does nothing, and costs one query, when the schema is at `HEAD` already."""
    if revision == "head" and _current(connection) == HEAD:
        return
    # Loaded only now: Alembic brings every database's dialect with it, a quarter of a second that most starts can do without.
    command = import_module("alembic.command")
    config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    if revision in {"head", HEAD}:
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
