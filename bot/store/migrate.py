"""Brings the schema to the newest version, inside the caller's transaction and under the caller's lock."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

SCRIPTS = Path(__file__).parent / "migrations"
HEAD = "0001"


def migrate(connection: Connection, revision: str = "head") -> None:
    """Does nothing, and costs one query, when the schema is at `HEAD` already."""
    if revision == "head" and _current(connection) == HEAD:
        return
    config = Config()
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
