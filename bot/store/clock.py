"""The database's own clock: processes on several machines share it, so a machine whose clock is wrong steals no lease."""

from typing import Any

from sqlalchemy import ColumnElement, Float, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class DatabaseNow(FunctionElement[float]):
    """Seconds since 1970 (UTC), with fractions, when the statement runs."""

    type = Float()
    inherit_cache = True


@compiles(DatabaseNow, "postgresql")
def _postgresql(element: DatabaseNow, compiler: SQLCompiler, **options: Any) -> str:
    return "EXTRACT(EPOCH FROM clock_timestamp())::double precision"


@compiles(DatabaseNow, "sqlite")
def _sqlite(element: DatabaseNow, compiler: SQLCompiler, **options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


AHEAD_SECONDS = 600.0
"""No lease is taken for longer."""


def lapsed(expires: ColumnElement[float]) -> ColumnElement[bool]:
    """Of a lease.

    One that expires later than any can was taken before that clock was put back: it would keep a dead owner's work from everybody
    for as long as the jump. A living owner extends it within a moment, and what two of them do is fenced.
    """
    return or_(expires < DatabaseNow(), expires > DatabaseNow() + AHEAD_SECONDS)
